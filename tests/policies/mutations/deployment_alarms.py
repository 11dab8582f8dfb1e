"""What breaks the rules about the alarms that stop a deployment."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, MANDATORY, breaks, decides

GROUP = "deployment-group"
METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ACTIONS = ["arn:aws:sns:ap-northeast-2:123456789012:alarms"]

for _rule in ("exist", "at-most-ten", "watch-service", "not-moved"):
    decides(f"codedeploy-alarms-{_rule}", GROUP, "alarmConfiguration", absent=KEEPS, unknown=KEEPS)
decides(
    "codedeploy-alarms-polled",
    GROUP,
    "alarmConfiguration.ignorePollAlarmFailure",
    absent=KEEPS,
    unknown=BREAKS,
)


def alarm(stack, name, metric, threshold=1, dimensions=None, **properties):
    """Add an alarm that has everything but what the mutation is about."""
    namespace, _, metric_name = metric.rpartition(" ")
    stack.add(
        name,
        METRIC_ALARM,
        {
            "namespace": namespace,
            "metricName": metric_name,
            "threshold": threshold,
            "comparisonOperator": "GreaterThanOrEqualToThreshold",
            "evaluationPeriods": 2,
            "period": 60,
            "statistic": "Maximum",
            "dimensions": dimensions or {},
            "alarmActions": ACTIONS,
            **properties,
        },
    )


def watch(stack, *names):
    stack.set(GROUP, "alarmConfiguration.alarms", [Ref(name, "name") for name in names])


@breaks("codedeploy-alarms-exist")
def alarm_name_mistyped(stack):
    stack.set("alarm", "name", "shop-errors")
    stack.set(GROUP, "alarmConfiguration.alarms", ["shop-erors"])


@breaks("codedeploy-alarms-exist")
def alarm_by_arn(stack):
    arn = "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:shop-errors"
    stack.set(GROUP, "alarmConfiguration.alarms", [arn])


@breaks("codedeploy-alarms-at-most-ten")
def eleven_alarms(stack):
    watch(stack, *["alarm"] * 11)


@breaks("codedeploy-alarms-watch-service")
def only_the_database_is_watched(stack):
    watch(stack, "database-alarm")


@breaks("codedeploy-alarms-watch-service")
def another_balancer_is_watched(stack):
    where = {"LoadBalancer": "app/other/0123456789abcdef"}
    alarm(stack, "queue", "AWS/SQS ApproximateAgeOfOldestMessage", dimensions={"QueueName": "q"})
    alarm(stack, "elsewhere", "AWS/Lambda Errors", dimensions=where)
    watch(stack, "queue", "elsewhere")


@breaks("codedeploy-alarms-watch-service")
def only_processors_are_watched(stack):
    where = {"AutoScalingGroupName": Ref("group", "name")}
    alarm(stack, "busy", "AWS/EC2 CPUUtilization", 80, where)
    watch(stack, "busy", "database-alarm")


@breaks("codedeploy-alarms-watch-service")
def only_the_number_of_instances_is_watched(stack):
    stack.set("group", "enabledMetrics", ["GroupInServiceInstances"])
    where = {"AutoScalingGroupName": Ref("group", "name")}
    less = "LessThanThreshold"
    alarm(
        stack,
        "few",
        "AWS/AutoScaling GroupInServiceInstances",
        6,
        where,
        comparisonOperator=less,
    )
    watch(stack, "few")


def _hosts(stack, metric, threshold, comparison):
    where = {
        "LoadBalancer": Ref("load-balancer", "arnSuffix"),
        "TargetGroup": Ref("target-group", "arnSuffix"),
    }
    alarm(
        stack,
        "hosts",
        f"AWS/ApplicationELB {metric}",
        threshold,
        where,
        comparisonOperator=comparison,
    )


@breaks("codedeploy-alarms-not-moved")
def deployment_stops_itself(stack):
    _hosts(stack, "HealthyHostCount", 6, "LessThanThreshold")
    watch(stack, "alarm", "hosts")


@breaks("codedeploy-alarms-not-moved")
def deployment_stops_itself_at_half(stack):
    _hosts(stack, "HealthyHostCount", 3, "LessThanOrEqualToThreshold")
    watch(stack, "hosts")


@breaks("codedeploy-alarms-not-moved")
def deployment_stops_on_unhealthy_hosts(stack):
    watch(stack, "alarm", "unhealthy-hosts")


@breaks("codedeploy-alarms-polled", ADVISORY, production=MANDATORY)
def deployment_goes_on_without_alarms(stack):
    stack.set(GROUP, "alarmConfiguration.ignorePollAlarmFailure", True)
