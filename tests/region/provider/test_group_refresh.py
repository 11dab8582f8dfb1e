"""An update of a group's template starts an instance refresh, if the program wants one."""

from __future__ import annotations

from typing import Any

GROUP = "aws:autoscaling/group:Group"


def refreshes(harness: Any, group: Any) -> list[Any]:
    found = harness.context.aws.autoscaling.describe_instance_refreshes(
        AutoScalingGroupName=group.id
    )
    return list(found["InstanceRefreshes"])


def settings(world: Any, **refresh: Any) -> dict[str, Any]:
    return {
        "minSize": 0,
        "maxSize": 2,
        "vpcZoneIdentifiers": world.subnets,
        "launchTemplate": {"id": world.template.id, "version": "1"},
        "instanceRefresh": {"strategy": "Rolling", **refresh},
        "forceDelete": True,
    }


def second(harness: Any, world: Any) -> dict[str, Any]:
    harness.context.aws.ec2.create_launch_template_version(
        LaunchTemplateId=world.template.id,
        SourceVersion="1",
        LaunchTemplateData={"InstanceType": "t4g.micro"},
    )
    return {"id": world.template.id, "version": "2"}


def test_a_changed_template_is_rolled_out(harness: Any, world: Any) -> None:
    wanted = settings(world, preferences={"minHealthyPercentage": 50, "instanceWarmup": "30"})
    group = harness.create(GROUP, **wanted)
    harness.update(group, **wanted | {"maxSize": 3})
    assert refreshes(harness, group) == []
    harness.update(group, **wanted | {"launchTemplate": second(harness, world)})
    (refresh,) = refreshes(harness, group)
    preferences = refresh["Preferences"]
    assert (preferences["MinHealthyPercentage"], preferences["InstanceWarmup"]) == (50, 30)
    assert preferences["ScaleInProtectedInstances"] == "Ignore"
    assert group.state["launchTemplate"]["version"] == "2"


def test_a_trigger_is_another_reason(harness: Any, world: Any) -> None:
    wanted = settings(world, triggers=["tag"])
    group = harness.create(GROUP, **wanted)
    tag = {"key": "a", "value": "1", "propagateAtLaunch": True}
    harness.update(group, **wanted | {"tags": [tag]})
    assert len(refreshes(harness, group)) == 1


def test_with_a_rollback_the_refresh_brings_the_template(harness: Any, world: Any) -> None:
    wanted = settings(world, preferences={"autoRollback": True})
    group = harness.create(GROUP, **wanted)
    harness.update(group, **wanted | {"launchTemplate": second(harness, world)})
    (refresh,) = refreshes(harness, group)
    assert refresh["DesiredConfiguration"]["LaunchTemplate"]["Version"] == "2"


def test_a_warm_pool_comes_and_goes(harness: Any, world: Any) -> None:
    wanted = settings(world) | {"warmPool": {"minSize": 1, "poolState": "Stopped"}}
    group = harness.create(GROUP, **wanted)
    describe = harness.context.aws.autoscaling.describe_warm_pool
    assert describe(AutoScalingGroupName=group.id)["WarmPoolConfiguration"]["MinSize"] == 1
    for reuse in (True, False):
        policy = {"instanceReusePolicy": {"reuseOnScaleIn": True}} if reuse else {}
        harness.update(group, **wanted | {"warmPool": wanted["warmPool"] | policy})
        pool = describe(AutoScalingGroupName=group.id)["WarmPoolConfiguration"]
        assert pool["InstanceReusePolicy"]["ReuseOnScaleIn"] is reuse
    wanted.pop("warmPool")
    harness.update(group, **wanted | {"forceDeleteWarmPool": True})
    assert "WarmPoolConfiguration" not in describe(AutoScalingGroupName=group.id)
