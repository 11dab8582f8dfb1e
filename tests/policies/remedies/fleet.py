"""What cures the rules about fleets, their target groups and their templates."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.remedies.registry import cures, sets

METRIC = "targetTrackingConfiguration.predefinedMetricSpecification"
VERSION = "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.version"
MAINTENANCE = {"minHealthyPercentage": 100, "maxHealthyPercentage": 200}
LABEL = f"{METRIC}.resourceLabel"

sets(
    "asg-survives-zone-loss",
    ("group", "minSize", 2),
    ("group", "maxSize", 9),
    ("group", "desiredCapacity", 6),
)
sets("four_instances_of_weight_four", ("group", "minSize", 8), ("group", "desiredCapacity", 8))
sets("asg-instance-per-zone", ("group", "minSize", 3))
sets("asg-schedule-keeps-capacity", ("night", "minSize", 2), ("night", "desiredCapacity", 2))
sets(
    "nothing_at_night",
    ("night", "minSize", 2),
    ("night", "maxSize", -1),
    ("night", "desiredCapacity", 2),
)
sets(
    "asg-on-demand-base",
    ("group", "mixedInstancesPolicy.instancesDistribution.onDemandBaseCapacity", 2),
    ("group", "capacityRebalance", True),
)
sets("asg-placement-spans-zones", ("rack", "strategy", "spread"))
sets("one_dedicated_host", ("template", "placement", ...))
sets("asg-processes-run", ("group", "suspendedProcesses", ...))
sets("failed_instances_are_not_replaced", ("group", "suspendedProcesses", ["AZRebalance"]))
sets("asg-instance-lifetime", ("group", "maxInstanceLifetime", 604800))
sets(
    "asg-replacement-keeps-capacity",
    ("group", "instanceMaintenancePolicy.minHealthyPercentage", 90),
)
sets(
    "asg-refresh-keeps-capacity",
    ("group", "instanceRefresh.preferences.minHealthyPercentage", 90),
)
sets("asg-launch-before-terminate", ("group", "instanceMaintenancePolicy", MAINTENANCE))
sets("asg-grace-period", ("group", "healthCheckGracePeriod", 600))
sets("asg-launches-current-template", ("template", "updateDefaultVersion", True))
sets("asg-refresh-can-roll-back", ("group", VERSION, Ref("template", "latestVersion")))
sets("rollback_of_an_image_by_parameter", ("template", "imageId", "ami-0123456789abcdef0"))
sets("asg-refresh-starts", ("group", VERSION, Ref("template", "latestVersion")))
TRACKING = {
    "predefinedMetricSpecification": {
        "predefinedMetricType": "ALBRequestCountPerTarget",
        "resourceLabel": Ref("target-group", "arnSuffix"),
    },
    "targetValue": 1000,
}


@cures("asg-scaling-policy")
def follow_the_load(stack):
    stack.add(
        "grow",
        "aws:autoscaling/policy:Policy",
        {
            "autoscalingGroupName": Ref("group", "name"),
            "policyType": "TargetTrackingScaling",
            "targetTrackingConfiguration": TRACKING,
        },
    )


sets("a_fleet_that_cannot_grow", ("group", "maxSize", 9))
sets("scaling_policies_suspended", ("group", "suspendedProcesses", ...))
sets("asg-scaling-policy-works", ("scaling-policy", LABEL, Ref("target-group", "arnSuffix")))
sets("all_of_the_cpu", ("scaling-policy", "targetTrackingConfiguration.targetValue", 50))
sets("no_request_at_all", ("scaling-policy", "targetTrackingConfiguration.targetValue", 1000))
sets("asg-default-instance-warmup", ("group", "defaultInstanceWarmup", 60))
sets("ec2-detailed-monitoring", ("template", "monitoring", {"enabled": True}))
sets("asg-burst-credits-explicit", ("template", "creditSpecification", {"cpuCredits": "unlimited"}))
sets("asg-settings-accepted", ("group", "desiredCapacity", 6))
sets("minimum_above_the_maximum", ("group", "maxSize", 9))
sets("instances_live_an_hour", ("group", "maxInstanceLifetime", 604800))
sets("limits_too_far_apart", ("group", "instanceMaintenancePolicy", MAINTENANCE))
sets("a_process_that_there_is_not", ("group", "suspendedProcesses", ["AZRebalance"]))
sets("spot_in_the_template_of_a_mixed_group", ("template", "instanceMarketOptions", ...))
sets("a_schedule_above_its_own_maximum", ("morning", "desiredCapacity", 9))
sets(
    "tg-failing-target-leaves",
    ("target-group", "healthCheck.interval", 10),
    ("target-group", "healthCheck.unhealthyThreshold", 2),
    ("target-group", "healthCheck.timeout", 5),
)
sets("tg-deregistration-delay", ("target-group", "deregistrationDelay", 30))
sets("tg-stickiness-moderate", ("target-group", "stickiness.cookieDuration", 3600))
sets(
    "a_week_in_the_same_target_group",
    ("https", "defaultActions.0.forward.stickiness.duration", 3600),
)
sets("tg-cross-zone", ("target-group", "loadBalancingCrossZoneEnabled", ...))
sets("asg-launch-hook-completed", ("boot", "defaultResult", "CONTINUE"))
sets(
    "an_initial_hook_that_nobody_completes",
    ("group", "initialLifecycleHooks.0.defaultResult", "CONTINUE"),
)
sets("nat-gateway-per-zone", ("nat", "availabilityMode", "regional"), ("nat", "subnetId", ...))
sets(
    "both_nat_gateways_in_one_zone",
    (
        "aws:ec2/natGateway:NatGateway::web-network-private-ap-northeast-2c",
        "subnetId",
        Ref("public-b"),
    ),
)
sets(
    "vpc-endpoint-several-zones",
    ("secrets", "subnetIds", [Ref("subnet-a"), Ref("subnet-b")]),
)
sets(
    "asg-refresh-completes",
    ("group", "instanceRefresh.preferences.checkpointPercentages", [20, 50, 100]),
)
sets("asg-refresh-rolls-back", ("group", "instanceRefresh.preferences.autoRollback", True))
