"""Timeouts of BlockTraffic."""

from __future__ import annotations

import pytest

from region.services.elbv2 import target_groups

TRAFFIC = {
    "deploymentStyle": {
        "deploymentType": "IN_PLACE",
        "deploymentOption": "WITH_TRAFFIC_CONTROL",
    },
    "loadBalancerInfo": {"targetGroupInfoList": [{"name": "tg"}]},
}


@pytest.mark.parametrize(("delay", "seconds"), [(50, 1), (100, 2)])
def test_draining_times_out_after_the_target_groups_own_delay(
    stage, balancer_class, monkeypatch, delay, seconds
):
    # Shorter than the default of 300 s, which would be 6 s on this clock.
    monkeypatch.setattr(target_groups, "DRAIN_MARGIN", 0.0)
    monkeypatch.setattr(balancer_class, "drain_polls", 1_000_000)
    (name,) = stage.launch()
    group = stage.balancer([name])
    stage.aws.elbv2.modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}],
    )
    stage.until(lambda: stage.health(group) == {name: ("healthy", None)})
    stage.group(**TRAFFIC)
    deployment = stage.deploy()
    assert stage.ended(deployment)["status"] == "Failed"
    events = {
        event["lifecycleEventName"]: event
        for event in stage.target(deployment, name)["lifecycleEvents"]
    }
    assert events["BlockTraffic"]["status"] == "Failed"
    message = events["BlockTraffic"]["diagnostics"]["message"]
    assert message == f"The instance was still draining after {seconds} s."
    assert events["ApplicationStop"]["status"] == "Skipped"
