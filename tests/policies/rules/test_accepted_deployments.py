"""What CodeDeploy and CloudWatch refuse."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    alone,
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_it_is_not_refused,
    test_it_is_refused,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_it_is_not_refused",
    "test_it_is_refused",
]


GROUP = "deployment-group"
CONFIG = "aws:codedeploy/deploymentConfig:DeploymentConfig"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def alarm(**changes):
    properties = {
        "metricName": "CPUUtilization",
        "namespace": "AWS/EC2",
        "statistic": "Average",
        "period": 60.0,
        "evaluationPeriods": 3.0,
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 80.0,
        **changes,
    }
    return alone(ALARM, **{k: v for k, v in properties.items() if v is not ...})


# A change and the one rule that it breaks.
BREAKS = [
    ("codedeploy-accepted", lambda d: d.set(GROUP, "triggerConfigurations", [{}] * 11)),
    ("codedeploy-accepted", lambda d: d.add("c", CONFIG, {"computePlatform": "Server"})),
    ("alarm-accepted", lambda d: d.set("alarm", "treatMissingData", "good")),
]

REFUSED = {
    "codedeploy-accepted": [
        lambda d: d.set(GROUP, "ec2TagFilters", [{}]).set(GROUP, "ec2TagSets", [{}]),
        lambda d: d.set(GROUP, "outdatedInstancesStrategy", "LATEST"),
        lambda d: d.set(GROUP, "deploymentGroupName", "w" * 101),
        lambda d: d.set(GROUP, "blueGreenDeploymentConfig",
            {"terminateBlueInstancesOnDeploymentSuccess":
             {"action": "TERMINATE", "terminationWaitTimeInMinutes": 3000.0}}),
        alone(CONFIG, minimumHealthyHosts={"type": "HOST_COUNT", "value": -1.0}),
        alone(CONFIG, computePlatform="Lambda", minimumHealthyHosts={"type": "HOST_COUNT", "value": 1.0}),
        alone(CONFIG, computePlatform="Server", trafficRoutingConfig={"type": "TimeBasedLinear"},
              minimumHealthyHosts={"type": "HOST_COUNT", "value": 1.0}),
    ],
    "alarm-accepted": [
        alarm(period=3600.0, evaluationPeriods=200.0),
        alarm(period=60.0, evaluationPeriods=1500.0),
        alarm(extendedStatistic="p99"),
        alarm(metricQueries=[{"id": "m"}]),
        alarm(period=...),
        alarm(metricQueries=[{"id": "m"}, {"id": "e", "expression": "m * 2"}]),
        alarm(metricQueries=[{"id": "e", "expression": "m * 2", "returnData": True}]),
        alarm(alarmActions=[f"arn:aws:sns:eu-west-1:1:t{n}" for n in range(6)]),
        alarm(comparisonOperator="Greater"),
    ],
}  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("alarm", "datapointsToAlarm", ...),
    lambda d: (
        d.set("alarm", "period", 120.0)
        .set("alarm", "evaluationPeriods", 1.0)
        .set("alarm", "datapointsToAlarm", ...)
    ),
    lambda d: d.add("c", CONFIG, {"minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": 75.0}}),
]

SOUND = {
    "codedeploy-accepted": [
        alone(CONFIG, computePlatform="Lambda", trafficRoutingConfig={"type": "TimeBasedLinear"}),
        alone(CONFIG, computePlatform="Server", minimumHealthyHosts=UNKNOWN),
    ],
    "alarm-accepted": [
        alarm(),
        alarm(statistic=..., extendedStatistic="p99"),
        alarm(metricName=..., statistic=..., period=..., metricQueries=[{"id": "m"}]),
        alarm(threshold=..., thresholdMetricId="ad1"),
        alarm(threshold=0.0),
        alarm(period=UNKNOWN),
    ],
}
