"""When an alarm that stops a deployment goes off."""

from __future__ import annotations

import pytest
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


def zonal(draft, **properties):
    """The draft with one alarm, and these properties of its configuration's zones."""
    return only(draft).set("config", "zonalConfig", properties)


def paced(draft, name, size=6.0):
    """The draft with one alarm, a predefined configuration and so many instances."""
    only(draft).set("group", "minSize", size)
    draft.set("group", "desiredCapacity", size).set("group", "maxSize", 40.0)
    return draft.set(GROUP, "deploymentConfigName", name)


# A change and the one rule that it breaks.
BREAKS = [
    ("codedeploy-alarms-missing-data", lambda d: only(d, treatMissingData="breaching")),
    ("codedeploy-alarms-missing-data", lambda d: only(d, treatMissingData="ignore")),
    ("codedeploy-alarms-missing-data", lambda d: only(d, treatMissingData="breaching",
        metricName="TargetResponseTime")),
    ("codedeploy-alarms-in-time", lambda d: only(d, period=300.0, datapointsToAlarm=4.0,
        evaluationPeriods=4.0)),
    ("codedeploy-alarms-in-time", lambda d: only(d, period=3600.0, datapointsToAlarm=1.0)),
    # Two zones: what is watched, and one further batch of 20 s, of 180 s at least.
    ("codedeploy-alarms-in-time", lambda d: zonal(d, firstZoneMonitorDurationInSeconds=159.0)),
    ("codedeploy-alarms-in-time", lambda d: zonal(d, monitorDurationInSeconds=159.0)),
    ("codedeploy-alarms-in-time", lambda d: zonal(d, monitorDurationInSeconds=600.0,
        firstZoneMonitorDurationInSeconds=0.0)),
    ("codedeploy-alarms-in-time", lambda d: only(d).set("config", "zonalConfig", ...)),
    ("codedeploy-alarms-in-time", lambda d: paced(d, "CodeDeployDefault.HalfAtATime")),
    ("codedeploy-alarms-in-time", lambda d: paced(d, "CodeDeployDefault.OneAtATime", 12.0)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    only,
    lambda d: only(d, treatMissingData="missing"),
    lambda d: only(d, period=300.0, datapointsToAlarm=3.0, evaluationPeriods=5.0)
        .set("config", "zonalConfig.firstZoneMonitorDurationInSeconds", 1240.0),
    lambda d: zonal(d, firstZoneMonitorDurationInSeconds=220.0),
    lambda d: zonal(d, monitorDurationInSeconds=220.0),
    lambda d: zonal(d, monitorDurationInSeconds=UNKNOWN),
    lambda d: only(d).set("config", "zonalConfig", UNKNOWN),
    lambda d: paced(d, "CodeDeployDefault.OneAtATime", 13.0),  # twelve further batches
    # A metric of one's own may have short periods.
    lambda d: only(d, period=10.0, datapointsToAlarm=1.0, namespace="Shop", metricName="Errors")
        .set("config", "zonalConfig.firstZoneMonitorDurationInSeconds", 10.0),
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
    assert not violations(draft, "codedeploy-alarms-in-time", batchSeconds=7260.0)


def test_the_message_names_both_times_and_the_way_out():
    (found,) = violations(
        paced(Draft(), "CodeDeployDefault.HalfAtATime"), "codedeploy-alarms-in-time"
    )
    for part in ("needs up to 240 s", "only 20 s", "not rolled back"):
        assert part in found.what


@pytest.mark.parametrize(
    ("watched", "told"), [(159.0, [False]), (160.0, [True]), (219.0, [True]), (220.0, [])]
)
def test_an_alarm_may_need_a_period_more(watched: float, told: list[bool]):
    """The bad answers may begin at the end of a period, in which they are too few then."""
    draft = zonal(Draft(), firstZoneMonitorDurationInSeconds=watched)
    assert [one.undecided for one in violations(draft, "codedeploy-alarms-in-time")] == told


def test_how_long_batches_take_is_a_guess_and_what_a_configuration_waits_is_not():
    """Only what is written down rejects a stack; an alarm of hours stops no deployment at all."""
    guessed = paced(Draft(), "CodeDeployDefault.HalfAtATime")
    written = zonal(Draft(), firstZoneMonitorDurationInSeconds=0.0)
    hours = only(paced(Draft(), "CodeDeployDefault.HalfAtATime"), period=3600.0)
    told = [violations(one, "codedeploy-alarms-in-time") for one in (guessed, written, hours)]
    assert [[found.undecided for found in each] for each in told] == [[True], [False], [False]]
    assert "if a batch of instances takes 20 s" in told[0][0].what
