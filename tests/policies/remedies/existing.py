"""What cures the rules about single settings and their combinations."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.remedies.registry import cures, sets

GROUP = "deployment-group"
TARGET = [{"type": "forward", "targetGroupArn": Ref("target-group", "arn")}]
REDIRECT = [
    {
        "type": "redirect",
        "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"},
    }
]
CHECK = {"enabled": True, "protocol": "HTTP", "path": "/health", "interval": 10, "timeout": 5}
CERTIFICATE = "arn:aws:acm:ap-northeast-2:123456789012:certificate/" + "1" * 36
TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"


def new_group(stack, name="new-group"):
    """Create a group as the remedies say, and put the deployment group and the policy on it."""
    stack.add(
        name,
        "aws:autoscaling/group:Group",
        {
            "vpcZoneIdentifiers": [Ref("subnet-a"), Ref("subnet-b")],
            "minSize": 6,
            "maxSize": 9,
            "mixedInstancesPolicy": {
                "launchTemplate": {
                    "launchTemplateSpecification": {
                        "launchTemplateId": Ref("template"),
                        "version": Ref("template", "latestVersion"),
                    },
                    "overrides": [{"instanceType": "t4g.nano"}, {"instanceType": "t4g.micro"}],
                }
            },
            "targetGroupArns": [Ref("target-group", "arn")],
            "healthCheckType": "ELB",
            "healthCheckGracePeriod": 600,
            "defaultInstanceWarmup": 60,
            "instanceMaintenancePolicy": {
                "minHealthyPercentage": 100,
                "maxHealthyPercentage": 200,
            },
        },
    )


# --- the group ------------------------------------------------------------------------------------

sets("asg-multi-az", ("group", "vpcZoneIdentifiers", [Ref("subnet-a"), Ref("subnet-b")]))


@cures("no_auto_scaling_group")
def create_a_group(stack):
    new_group(stack)
    stack.set(GROUP, "autoscalingGroups", [Ref("new-group", "name")])
    stack.set("scaling-policy", "autoscalingGroupName", Ref("new-group", "name"))


@cures("one_zone_by_name")
def subnets_instead_of_zones(stack):
    stack.set("group", "vpcZoneIdentifiers", [Ref("subnet-a"), Ref("subnet-b")])
    stack.set("group", "availabilityZones", ...)


@cures("two_subnets_in_one_zone")
def another_zone(stack):
    stack.set("twin", "availabilityZone", "ap-northeast-2c")


sets("asg-elb-health-check", ("group", "healthCheckType", "ELB"))


MIXED = {
    "launchTemplate": {
        "launchTemplateSpecification": {
            "launchTemplateId": Ref("template"),
            "version": Ref("template", "latestVersion"),
        },
        "overrides": [{"instanceType": "t4g.nano"}, {"instanceType": "t4g.micro"}],
    }
}
sets(
    "asg-launch-template",
    ("group", "mixedInstancesPolicy", MIXED),
    ("group", "launchConfiguration", ...),
)
sets("asg-behind-listener", ("group", "targetGroupArns", [Ref("target-group", "arn")]))
sets("listener_answers_by_itself", ("https", "defaultActions", TARGET))


def https_listener(stack, name="new-https"):
    stack.add(
        name,
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Ref("load-balancer", "arn"),
            "port": 443,
            "protocol": "HTTPS",
            "sslPolicy": TLS,
            "certificateArn": CERTIFICATE,
            "defaultActions": TARGET,
        },
    )


@cures("no_listener")
def create_a_listener(stack):
    https_listener(stack)


sets(
    "asg-multiple-instance-types",
    ("group", "mixedInstancesPolicy", MIXED),
    ("group", "launchTemplate", ...),
)
sets("asg-capacity-rebalance", ("group", "capacityRebalance", True))

# --- the load balancer ----------------------------------------------------------------------------

sets(
    "elbv2-multi-az",
    ("load-balancer", "subnets", [Ref("public-a"), Ref("public-b")]),
)


@cures("load_balancer_mapped_to_one_zone")
def subnets_instead_of_mappings(stack):
    stack.set("load-balancer", "subnets", [Ref("public-a"), Ref("public-b")])
    stack.set("load-balancer", "subnetMappings", ...)


def watch(stack, balancer, targets):
    """Let the alarms be about these."""
    metric = "aws:cloudwatch/metricAlarm:MetricAlarm::web-watch"
    alarms = (f"{metric}-slow", f"{metric}-slow-few", f"{metric}-target-errors", "unhealthy-hosts")
    for name in alarms:
        dimensions = {
            "LoadBalancer": Ref(balancer, "arnSuffix"),
            "TargetGroup": Ref(targets, "arnSuffix"),
        }
        stack.set(name, "dimensions", dimensions)


@cures("no_load_balancer")
def create_a_load_balancer(stack):
    stack.add(
        "new-balancer",
        "aws:lb/loadBalancer:LoadBalancer",
        {
            "loadBalancerType": "application",
            "internal": False,
            "subnets": [Ref("public-a"), Ref("public-b")],
            "securityGroups": [Ref("security-group")],
            "dropInvalidHeaderFields": True,
            "enableDeletionProtection": True,
            "enableZonalShift": True,
            "accessLogs": {"bucket": "logs", "enabled": True},
        },
    )
    stack.add(
        "new-https",
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Ref("new-balancer", "arn"),
            "port": 443,
            "protocol": "HTTPS",
            "sslPolicy": TLS,
            "certificateArn": CERTIFICATE,
            "defaultActions": TARGET,
        },
    )
    stack.set(
        "scaling-policy",
        "targetTrackingConfiguration.predefinedMetricSpecification.resourceLabel",
        Ref("new-balancer", "arnSuffix"),
    )
    watch(stack, "new-balancer", "target-group")


sets("tg-health-check-defined", ("target-group", "healthCheck", CHECK))


@cures("no_target_group")
def create_a_target_group(stack):
    stack.add(
        "new-targets",
        "aws:lb/targetGroup:TargetGroup",
        {
            "vpcId": Ref("vpc"),
            "port": 8080,
            "protocol": "HTTP",
            "deregistrationDelay": 30,
            "healthCheck": CHECK,
        },
    )
    stack.add(
        "new-https",
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Ref("load-balancer", "arn"),
            "port": 443,
            "protocol": "HTTPS",
            "sslPolicy": TLS,
            "certificateArn": CERTIFICATE,
            "defaultActions": [{"type": "forward", "targetGroupArn": Ref("new-targets", "arn")}],
        },
    )
    stack.set("group", "targetGroupArns", [Ref("new-targets", "arn")])
    stack.set(
        GROUP, "loadBalancerInfo", {"targetGroupInfos": [{"name": Ref("new-targets", "name")}]}
    )
    stack.set(
        "scaling-policy",
        "targetTrackingConfiguration.predefinedMetricSpecification.resourceLabel",
        Ref("new-targets", "arnSuffix"),
    )
    watch(stack, "load-balancer", "new-targets")


sets("second_target_group_without_a_check", ("spare", "healthCheck", CHECK))
sets("alb-drop-invalid-headers", ("load-balancer", "dropInvalidHeaderFields", True))
sets("alb-desync-mode", ("load-balancer", "desyncMitigationMode", "strictest"))
sets("elb-deletion-protection", ("load-balancer", "enableDeletionProtection", True))
sets("elb-access-logs", ("load-balancer", "accessLogs", {"bucket": "logs", "enabled": True}))


@cures("elb-tls-listener", "certificate_without_https")
def https_beside_http(stack):
    https_listener(stack)
    stack.set("https", "defaultActions", REDIRECT)


sets("alb-http-to-https", ("http", "defaultActions", REDIRECT))
sets("rule_that_forwards_http", ("path", "listenerArn", Ref("https", "arn")))
sets("elb-tls-policy", ("https", "sslPolicy", TLS))

# --- deployments ----------------------------------------------------------------------------------


def new_deployment_group(stack):
    stack.add(
        "new-application", "aws:codedeploy/application:Application", {"computePlatform": "Server"}
    )
    stack.add(
        "new-deployment-group",
        "aws:codedeploy/deploymentGroup:DeploymentGroup",
        {
            "appName": Ref("new-application", "name"),
            "deploymentGroupName": "web",
            "serviceRoleArn": Ref("delivery-role", "arn"),
            "deploymentConfigName": Ref("config", "deploymentConfigName"),
            "autoscalingGroups": [Ref("group", "name")],
            "deploymentStyle": {
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
                "deploymentType": "IN_PLACE",
            },
            "loadBalancerInfo": {"targetGroupInfos": [{"name": Ref("target-group", "name")}]},
            "autoRollbackConfiguration": {
                "enabled": True,
                "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
            },
            "alarmConfiguration": {"enabled": True, "alarms": [Ref("alarm", "name")]},
            "terminationHookEnabled": True,
        },
    )


cures("no_deployment_group")(new_deployment_group)
sets("codedeploy-deployment-group", (GROUP, "autoscalingGroups", [Ref("group", "name")]))


@cures("deployment_by_tags")
def groups_instead_of_tags(stack):
    stack.set(GROUP, "autoscalingGroups", [Ref("group", "name")])
    stack.set(GROUP, "ec2TagFilters", ...)


sets(
    "codedeploy-traffic-control",
    (
        GROUP,
        "deploymentStyle",
        {"deploymentOption": "WITH_TRAFFIC_CONTROL", "deploymentType": "IN_PLACE"},
    ),
    (GROUP, "loadBalancerInfo", {"targetGroupInfos": [{"name": Ref("target-group", "name")}]}),
)
ROLLBACK = {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]}
sets("codedeploy-auto-rollback", (GROUP, "autoRollbackConfiguration", ROLLBACK))
sets(
    "codedeploy-rollback-and-alarms",
    (GROUP, "alarmConfiguration", {"enabled": True, "alarms": [Ref("alarm", "name")]}),
    (GROUP, "autoRollbackConfiguration", ROLLBACK),
)


@cures("codedeploy-no-copy-asg-bluegreen")
def deploy_in_place(stack):
    stack.set(GROUP, "deploymentStyle.deploymentType", "IN_PLACE")
    stack.set(GROUP, "blueGreenDeploymentConfig", ...)


@cures("codedeploy-one-dg-per-asg")
def one_deployment_group(stack):
    stack.drop(GROUP)


sets("codedeploy-outdated-instances-update", (GROUP, "outdatedInstancesStrategy", "UPDATE"))
sets(
    "codedeploy-min-healthy-hosts",
    ("config", "minimumHealthyHosts", {"type": "FLEET_PERCENT", "value": 50}),
)
sets(
    "codedeploy-healthy-hosts-possible",
    ("config", "minimumHealthyHosts", {"type": "FLEET_PERCENT", "value": 50}),
    ("group", "minSize", 4),
)
sets(
    "codedeploy-health-check-timing",
    ("target-group", "healthCheck.interval", 10),
    ("target-group", "healthCheck.healthyThreshold", 2),
    ("target-group", "deregistrationDelay", 30),
)

# --- data -----------------------------------------------------------------------------------------

sets("rds-multi-az", ("database", "multiAz", True))
sets("rds-deletion-protection", ("database", "deletionProtection", True))
sets("rds-encrypted", ("database", "storageEncrypted", True))
sets("rds-not-public", ("database", "publiclyAccessible", False))
sets("rds-backups", ("database", "backupRetentionPeriod", 7))
sets(
    "rds-managed-master-password",
    ("database", "manageMasterUserPassword", True),
    ("database", "password", ...),
)
sets("rds-minor-upgrade", ("database", "autoMinorVersionUpgrade", True))

# --- instances ------------------------------------------------------------------------------------

OPTIONS = {"httpTokens": "required", "httpPutResponseHopLimit": 1}
sets("ec2-imdsv2", ("template", "metadataOptions", OPTIONS))
sets("ec2-metadata-hop-limit", ("template", "metadataOptions.httpPutResponseHopLimit", 1))
sets(
    "ebs-encrypted",
    (
        "template",
        "blockDeviceMappings",
        [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "volumeType": "gp3"}}],
    ),
)
sets("ec2-instance-profile", ("template", "iamInstanceProfile", {"name": Ref("profile", "name")}))
CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


@cures("ec2-managed-by-ssm")
def session_manager(stack):
    stack.add(
        "core",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": Ref("role", "name"), "policyArn": CORE},
    )


@cures("sessions_denied")
def nothing_denies_it(stack):
    stack.drop("denied")


# --- the network ----------------------------------------------------------------------------------


# The rule is the one by which visitors reach the load balancer: without it, nobody is served.
VISITORS = (("ingress", "fromPort", 80), ("ingress", "toPort", 80))
sets("sg-no-remote-admin", *VISITORS, ("ingress", "cidrIpv4", "0.0.0.0/0"))
sets(
    "every_port_for_the_world",
    *VISITORS,
    ("ingress", "cidrIpv4", "0.0.0.0/0"),
    ("ingress", "cidrIpv6", ...),
)
sets("sg-open-only-to-authorized-ports", *VISITORS)
sets("no-public-ip", ("subnet-a", "mapPublicIpOnLaunch", False))

# --- the revisions --------------------------------------------------------------------------------

SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@cures("s3-public-access-blocked")
def block_public_access(stack):
    kind = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    stack.add("block", kind, {"bucket": Ref("bucket"), **dict.fromkeys(SWITCHES, True)})


@cures("s3-revision-bucket-versioning")
def keep_versions(stack):
    stack.add(
        "versions",
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": Ref("bucket"), "versioningConfiguration": {"status": "Enabled"}},
    )


@cures("s3-encryption")
def encrypt_by_default(stack):
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    stack.add("encrypted", kind, {"bucket": Ref("bucket"), "rules": [rule]})


@cures("s3-tls-only")
def deny_plain_http(stack):
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    stack.add(
        "tls-only",
        "aws:s3/bucketPolicy:BucketPolicy",
        {"bucket": Ref("bucket"), "policy": json.dumps(policy)},
    )


sets(
    "s3-revision-never-expires",
    (
        "lifecycle",
        "rules",
        [
            {
                "id": "old",
                "status": "Enabled",
                "noncurrentVersionExpiration": {"noncurrentDays": 90},
            }
        ],
    ),
)
sets("alarm-has-action", ("alarm", "alarmActions", ["arn:aws:sns:ap-northeast-2:123456789012:a"]))
