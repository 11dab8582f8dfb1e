"""What cures the rules about deployments, their roles and alarms, and revisions."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.deployment_alarms import ACTIONS
from tests.policies.mutations.deployment_role import INLINE, document, statement, trust
from tests.policies.remedies.registry import cures, sets

GROUP = "deployment-group"
ALARMS = (GROUP, "alarmConfiguration.alarms", [Ref("alarm", "name")])
CODEDEPLOY = "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRole"
HALF = {"type": "FLEET_PERCENT", "value": 50}
DIGEST = "revisions/0123456789abcdef0123456789abcdef.zip"
TERMINATION = "blueGreenDeploymentConfig.terminateBlueInstancesOnDeploymentSuccess"

sets(
    "codedeploy-role-trusted",
    ("delivery-role", "assumeRolePolicy", document(trust("Allow", "codedeploy.amazonaws.com"))),
)
sets(
    "ec2-role-trusted",
    ("role", "assumeRolePolicy", document(trust("Allow", "ec2.amazonaws.com"))),
)
# The output name, which the preview knows of an alarm that has one.
sets("alarm_name_mistyped", (GROUP, "alarmConfiguration.alarms", ["shop-errors"]))
sets("application_for_functions", ("application", "computePlatform", "Server"))
sets("application_name_mistyped", (GROUP, "appName", Ref("application", "name")))
sets("application_by_arn", (GROUP, "appName", Ref("application", "name")))
sets(
    "codedeploy-blue-green-way-back",
    (GROUP, TERMINATION, {"action": "TERMINATE", "terminationWaitTimeInMinutes": 60}),
)
sets("codedeploy-keeps-capacity", ("config", "minimumHealthyHosts", HALF))
sets("codedeploy-works-without-a-zone", ("config", "minimumHealthyHosts", HALF))
sets("codedeploy-alarms-exist", ALARMS)
sets("codedeploy-alarms-at-most-ten", ALARMS)
sets("codedeploy-alarms-watch-service", ALARMS)
sets("codedeploy-alarms-not-moved", ALARMS)
sets("codedeploy-alarms-polled", (GROUP, "alarmConfiguration.ignorePollAlarmFailure", False))
sets("codedeploy-alarms-missing-data", ("alarm", "treatMissingData", "notBreaching"))
sets("codedeploy-alarms-in-time", ("alarm", "period", 60), ("alarm", "datapointsToAlarm", 2))
sets("s3-revision-versions-kept", ("object", "key", DIGEST))
sets("s3-revision-immutable", ("object", "key", DIGEST))
sets("s3-revision-bucket-kept", ("bucket", "forceDestroy", False))
sets(
    "ecs-service-rolls-back",
    ("containers", "deploymentCircuitBreaker", {"enable": True, "rollback": True}),
)
sets(
    "lambda-not-public",
    ("everybody", "principal", "elasticloadbalancing.amazonaws.com"),
    ("everybody", "sourceArn", Ref("target-group", "arn")),
)
sets("role_by_name", (GROUP, "serviceRoleArn", Ref("delivery-role", "arn")))


@cures("codedeploy-role-permissions")
def attach_the_managed_policy(stack):
    stack.add(
        "attached",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": Ref("delivery-role", "name"), "policyArn": CODEDEPLOY},
    )


@cures("role_may_not_touch_target_groups")
def remove_what_denies(stack):
    stack.drop("denied")


@cures("ec2-reads-revisions")
def let_instances_read(stack):
    readable = statement("Allow", "s3:GetObject", resource="arn:aws:s3:::*/revisions/*")
    stack.add("readable", INLINE, {"role": Ref("role"), "policy": document(readable)})


@cures("instances_denied_to_read")
def remove_what_denies_reading(stack):
    stack.drop("denied")


@cures("ec2-decrypts-revisions")
def let_instances_decrypt(stack):
    readable = statement("Allow", "s3:GetObject", resource="arn:aws:s3:::*/revisions/*")
    key = statement("Allow", "kms:Decrypt", resource="arn:aws:kms:*:123456789012:key/*")
    stack.set("reads", "policy", document(readable, key))


@cures("alb-unhealthy-host-alarm")
def watch_the_hosts(stack):
    stack.add(
        "hosts",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "namespace": "AWS/ApplicationELB",
            "metricName": "UnHealthyHostCount",
            "statistic": "Maximum",
            "threshold": 1,
            "comparisonOperator": "GreaterThanOrEqualToThreshold",
            "evaluationPeriods": 5,
            "period": 60,
            "dimensions": {
                "LoadBalancer": Ref("load-balancer", "arnSuffix"),
                "TargetGroup": Ref("target-group", "arnSuffix"),
            },
            "alarmActions": ACTIONS,
        },
    )
