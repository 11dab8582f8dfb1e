"""When an alarm that stops a deployment goes off."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, Ref, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

GROUP = "deployment-group"


def only(draft, **properties):
    """The draft with one alarm in its deployment group, with these properties."""
    for name, value in properties.items():
        draft.set("alarm", name, value)
    draft.set(GROUP, "alarmConfiguration.alarms", [UNKNOWN])
    return draft.link(GROUP, "alarmConfiguration", "alarm")


# A change and the one rule that it breaks.
BREAKS = [
    ("codedeploy-alarms-missing-data", lambda d: only(d, treatMissingData="breaching")),
    ("codedeploy-alarms-missing-data", lambda d: only(d, treatMissingData="ignore")),
    ("codedeploy-alarms-missing-data", lambda d: only(d, treatMissingData="breaching",
        metricName="TargetResponseTime")),
    ("codedeploy-alarms-in-time", lambda d: only(d, period=300.0, datapointsToAlarm=4.0,
        evaluationPeriods=4.0)),
    ("codedeploy-alarms-in-time", lambda d: only(d, period=3600.0, datapointsToAlarm=1.0)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    only,
    lambda d: only(d, treatMissingData="missing"),
    lambda d: only(d, period=300.0, datapointsToAlarm=3.0, evaluationPeriods=5.0),
    lambda d: only(d, period=UNKNOWN),
    lambda d: d.set("alarm", "period", 86400.0),  # the others are in time
    # Data is always there: that it is missing means something.
    lambda d: only(d, metricName="HealthyHostCount", threshold=1.0, treatMissingData="breaching",
        comparisonOperator="LessThanThreshold",
        dimensions={"LoadBalancer": Ref("load-balancer", "arnSuffix"),
                    "TargetGroup": Ref("target-group", "arnSuffix")}),
    lambda d: d.set("database-alarm", "treatMissingData", "ignore"),
    lambda d: only(d, period=3600.0).set(GROUP, "deploymentStyle.deploymentType", "BLUE_GREEN")
        .set(GROUP, "blueGreenDeploymentConfig",
            {"greenFleetProvisioningOption": {"action": "DISCOVER_EXISTING"}}),
]  # fmt: skip


def test_slow_deployments_have_time_for_slow_alarms():
    draft = only(Draft(), period=3600.0, datapointsToAlarm=1.0)
    assert violations(draft, "codedeploy-alarms-in-time")
    assert not violations(draft, "codedeploy-alarms-in-time", withinSeconds=3600.0)
