"""Auto Scaling: lifecycle hooks, standby, attaching and detaching."""

from __future__ import annotations

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.refusals import refused
from tests.conformance.scaling_group import BOOT, LAUNCHING, TERMINATING, Fleet


@pytest.mark.row("ASG-L01", "ASG-L03", "ASG-L06", "ASG-L09")
def test_states_of_an_instance_with_hooks(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 0)
    fleet.put_hook("warm", LAUNCHING)
    fleet.put_hook("save", TERMINATING)
    fleet.capacity(1)
    abandoned = fleet.wait_state("Pending:Wait")
    fleet.complete("warm", abandoned, "ABANDON")
    cloud.until(lambda: fleet.names("Pending:Wait") - {abandoned}, 2 * BOOT, "launched again")
    (name,) = fleet.names("Pending:Wait") - {abandoned}
    seen: list[str] = []

    def ends_in(state: str | None) -> bool:
        found = fleet.state(name)
        if found and found not in seen[-1:]:
            seen.append(found)
        return found == state

    ends_in("Pending:Wait")
    fleet.complete("warm", name)
    cloud.until(lambda: ends_in("InService"), BOOT)
    fleet.about("enter_standby", name, ShouldDecrementDesiredCapacity=True)
    fleet.wait_state("Standby", name)
    fleet.about("exit_standby", name)
    fleet.wait_state("InService", name)
    fleet.capacity(0)
    cloud.until(lambda: ends_in("Terminating:Wait"), BOOT)
    fleet.complete("save", name)
    cloud.until(lambda: ends_in(None), BOOT)
    assert seen[:3] == ["Pending:Wait", "Pending:Proceed", "InService"]
    assert seen[-2:] == ["Terminating:Wait", "Terminating:Proceed"]


@pytest.mark.row("ASG-L05")
def test_a_heartbeat_restarts_the_timeout(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 0)
    fleet.put_hook("warm", LAUNCHING, HeartbeatTimeout=60, DefaultResult="CONTINUE")
    fleet.capacity(1)
    name = fleet.wait_state("Pending:Wait")
    cloud.pause(40)
    fleet.call("record_lifecycle_action_heartbeat", LifecycleHookName="warm", InstanceId=name)
    cloud.pause(40)
    assert fleet.state(name) == "Pending:Wait"
    fleet.wait_state("InService", name)


@pytest.mark.slow
@pytest.mark.row("ASG-L04", "ASG-L12")
def test_abandoned_terminations(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 2)
    for hook in ("save", "tell"):
        fleet.put_hook(hook, TERMINATING)
    first, second = sorted(fleet.names())
    end = cloud.autoscaling.terminate_instance_in_auto_scaling_group
    end(InstanceId=first, ShouldDecrementDesiredCapacity=True)
    fleet.wait_state("Terminating:Wait", first)
    fleet.complete("save", first)
    cloud.pause(30)
    assert fleet.state(first) == "Terminating:Wait"
    fleet.complete("tell", first)
    cloud.until(lambda: fleet.state(first) is None, BOOT)
    keep = {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}
    fleet.call("update_auto_scaling_group", InstanceLifecyclePolicy=keep)
    end(InstanceId=second, ShouldDecrementDesiredCapacity=True)
    fleet.wait_state("Terminating:Wait", second)
    fleet.complete("save", second, "ABANDON")
    fleet.wait_state("Terminating:Retained", second)
    assert fleet.desired == 0
    end(InstanceId=second, ShouldDecrementDesiredCapacity=False)
    cloud.until(lambda: not fleet.members(), BOOT)


@pytest.mark.row("ASG-D18", "ASG-D19", "ASG-H21")
def test_standby_detach_attach_terminate(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 3, MaxSize=3)
    first, second, third = sorted(fleet.names())
    fleet.about("detach_instances", first, ShouldDecrementDesiredCapacity=True)
    cloud.afterwards(cloud.ec2.terminate_instances, InstanceIds=[first])
    cloud.until(lambda: fleet.state(first) is None, 60)
    fleet.about("attach_instances", first)
    fleet.wait_for(3)
    assert fleet.desired == 3
    fleet.about("detach_instances", first, ShouldDecrementDesiredCapacity=True)
    cloud.until(lambda: fleet.state(first) is None, 60)
    fleet.call("update_auto_scaling_group", MaxSize=2)
    assert refused(fleet.about, "attach_instances", first) in {
        "ValidationError",
        "ResourceContention",
    }
    fleet.about("enter_standby", second, ShouldDecrementDesiredCapacity=True)
    fleet.wait_state("Standby", second)
    cloud.ec2.stop_instances(InstanceIds=[second])
    cloud.pause(60)
    assert fleet.members()[second]["HealthStatus"] == "Healthy"
    answer = fleet.about(
        "terminate_instance_in_auto_scaling_group",
        third,
        ShouldDecrementDesiredCapacity=True,
    )
    assert len(answer["Activities"]) == 1
    assert "Activity" not in answer
    cloud.until(lambda: fleet.state(third) is None, BOOT)
    assert fleet.desired == 0
