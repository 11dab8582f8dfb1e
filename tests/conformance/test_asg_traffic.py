"""Auto Scaling: a group behind a load balancer."""

from __future__ import annotations

import time

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.scaling_group import (
    BOOT,
    LAUNCHING,
    SITE,
    TERMINATING,
    TYPE,
    Balancer,
    Fleet,
    run,
)

BREAK = "rm /opt/site/www/health"
REPLACED = 3 * BOOT


def behind(
    cloud: Cloud, network: Network, balancer: Balancer, size: int, **settings: object
) -> Fleet:
    """Create a group of web servers that are targets of a balancer."""
    wanted = {"TargetGroupARNs": [balancer.target_group], "HealthCheckType": "ELB"}
    return Fleet(cloud, network, size, user_data=SITE, **wanted | settings)


@pytest.mark.slow
@pytest.mark.row("ASG-H04", "ASG-H06", "ASG-H07", "ASG-H09", "ASG-H20")
def test_traffic_sources_and_their_health(cloud: Cloud, network: Network) -> None:
    balancer = Balancer(cloud, network)
    fleet = behind(cloud, network, balancer, 2, HealthCheckType="EC2", TargetGroupARNs=[])
    source = {"TrafficSources": [{"Identifier": balancer.target_group, "Type": "elbv2"}]}
    seen: list[str] = []

    def reaches(state: str) -> bool:
        for found in balancer.sources(fleet):
            if found not in seen[-1:]:
                seen.append(found)
        return state in seen or (state == "gone" and not balancer.sources(fleet))

    fleet.call("attach_traffic_sources", **source)
    cloud.until(lambda: reaches("InService"), 120)
    assert seen == ["Adding", "Added", "InService"]
    broken, whole = sorted(fleet.names())
    run(cloud, [broken], BREAK)
    cloud.until(lambda: balancer.health().get(broken) == "unhealthy", 60)
    cloud.pause(120)
    assert fleet.names() == {broken, whole}
    fleet.call("update_auto_scaling_group", HealthCheckType="ELB")
    assert whole in fleet.wait_for(2, without=[broken])
    (ended,) = fleet.activities(f"Terminating EC2 instance: {broken}")
    assert ended["Cause"].endswith(
        "an instance was taken out of service in response to an ELB system health check failure."
    )
    second = balancer.make_target_group("/nothing")
    balancer.cloud.elbv2.create_rule(
        ListenerArn=balancer.listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/second*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": second}],
    )
    fleet.call("detach_traffic_sources", **source)
    seen.clear()
    cloud.until(lambda: reaches("gone"), 120)
    assert "Removing" in seen


@pytest.mark.slow
@pytest.mark.row("ASG-H08", "ASG-D20", "ASG-D21", "ASG-P04")
def test_never_healthy_and_out_of_traffic(cloud: Cloud, network: Network) -> None:
    balancer = Balancer(cloud, network)
    fleet = behind(cloud, network, balancer, 2)
    balancer.wait_in_service(fleet)
    first, second = sorted(fleet.names())
    fleet.about("enter_standby", first, ShouldDecrementDesiredCapacity=True)
    fleet.wait_state("Standby", first)
    assert balancer.health().get(first) in {None, "draining", "unused"}
    fleet.about("exit_standby", first)
    fleet.wait_for(2)
    cloud.until(lambda: balancer.health().get(first) == "healthy", 60)
    fleet.about("detach_instances", second, ShouldDecrementDesiredCapacity=True)
    cloud.afterwards(cloud.ec2.terminate_instances, InstanceIds=[second])
    cloud.until(lambda: fleet.state(second) is None, 60)
    assert balancer.health().get(second) in {None, "draining", "unused"}
    fleet.call("suspend_processes", ScalingProcesses=["AddToLoadBalancer"])
    fleet.capacity(2)
    (third,) = fleet.wait_for(2) - {first}
    fleet.call("resume_processes")
    cloud.pause(60)
    assert third not in balancer.health()
    # A group whose instances never answer keeps them.
    silent = Balancer(cloud, network)
    never = Fleet(cloud, network, 1, TargetGroupARNs=[silent.target_group], HealthCheckType="ELB")
    before = never.names()
    cloud.until(lambda: set(silent.health().values()) == {"unhealthy"}, 120)
    cloud.pause(120)
    assert never.names() == before
    assert silent.sources(never) == ["Added"]


@pytest.mark.slow
@pytest.mark.row("ASG-H13", "ASG-H15")
def test_a_fleet_that_fails_is_replaced_one_by_one(cloud: Cloud, network: Network) -> None:
    balancer = Balancer(cloud, network)
    fleet = behind(cloud, network, balancer, 3, DefaultInstanceWarmup=60)
    balancer.wait_in_service(fleet)
    before = fleet.names()
    cloud.until(lambda: set(balancer.health().values()) == {"healthy"}, 60)
    run(cloud, before, BREAK)
    most = 0

    def replaced() -> bool:
        nonlocal most
        leaving = [
            one for one in fleet.members().values() if one["LifecycleState"].startswith("Term")
        ]
        most = max(most, len(leaving))
        return not before & set(fleet.members())

    cloud.until(replaced, 3 * REPLACED)
    assert most == 1
    ended = sorted(one["StartTime"] for one in fleet.activities("Terminating"))
    gap = (ended[1] - ended[0]).total_seconds()
    assert gap >= cloud.seconds(60)


@pytest.mark.slow
@pytest.mark.row("ASG-L07", "ASG-L08", "ASG-H16")
def test_hooks_and_draining(cloud: Cloud, network: Network) -> None:
    delay = {"deregistration_delay__timeout_seconds": "60"}
    balancer = Balancer(cloud, network, **delay)
    fleet = behind(cloud, network, balancer, 0)
    fleet.put_hook("warm", LAUNCHING)
    fleet.put_hook("save", TERMINATING)
    fleet.capacity(1)
    name = fleet.wait_state("Pending:Wait")
    assert name not in balancer.health()
    fleet.complete("warm", name)
    fleet.wait_state("InService", name)
    balancer.wait_in_service(fleet)
    fleet.capacity(0)
    seen: list[tuple[str | None, str | None]] = []

    def waiting() -> bool:
        seen.append((fleet.state(name), balancer.health().get(name)))
        return seen[-1][0] == "Terminating:Wait"

    cloud.until(waiting, 120)
    states = [state for state, _ in seen]
    assert states.index("Terminating:Wait") == len(states) - 1
    assert name not in balancer.health()
    fleet.complete("save", name)
    cloud.until(lambda: not fleet.members(), BOOT)


@pytest.mark.slow
@pytest.mark.row("ASG-H14")
def test_replacement_waits_for_launches_under_way(cloud: Cloud, network: Network) -> None:
    balancer = Balancer(cloud, network)
    fleet = behind(cloud, network, balancer, 2)
    balancer.wait_in_service(fleet)
    broken = min(fleet.names())
    fleet.put_hook("hold", LAUNCHING)
    fleet.capacity(3)
    launched = fleet.wait_state("Pending:Wait")
    run(cloud, [broken], BREAK)
    cloud.until(lambda: balancer.health().get(broken) == "unhealthy", 60)
    cloud.pause(180)
    assert fleet.state(broken) == "InService"
    fleet.complete("hold", launched)
    cloud.until(lambda: fleet.state(broken) != "InService", REPLACED)


@pytest.mark.slow
@pytest.mark.row("ASG-H18")
def test_members_that_come_back_or_are_attached_have_a_grace_period(
    cloud: Cloud, network: Network
) -> None:
    grace = 240
    balancer = Balancer(cloud, network)
    fleet = behind(cloud, network, balancer, 2, HealthCheckGracePeriod=grace)
    balancer.wait_in_service(fleet)
    cloud.pause(grace)
    returning = min(fleet.names())
    fleet.about("enter_standby", returning, ShouldDecrementDesiredCapacity=True)
    fleet.wait_state("Standby", returning)
    run(cloud, [returning], BREAK)
    attached = cloud.ec2.run_instances(
        ImageId=network.image,
        InstanceType=TYPE,
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnets[0],
        SecurityGroupIds=[network.group],
    )["Instances"][0]["InstanceId"]
    cloud.afterwards(cloud.ec2.terminate_instances, InstanceIds=[attached])
    cloud.ec2.get_waiter("instance_running").wait(
        InstanceIds=[attached], WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    # Where an instance is attached, a zone may have one too many.
    fleet.call("suspend_processes", ScalingProcesses=["AZRebalance"])
    for call, name in (("exit_standby", returning), ("attach_instances", attached)):
        began = time.monotonic()
        fleet.about(call, name)
        fleet.wait_state("InService", name)
        cloud.until(lambda: balancer.health().get(name) == "unhealthy", 120)  # noqa: B023 - now
        cloud.until(lambda: fleet.state(name) != "InService", REPLACED)  # noqa: B023 - now
        assert time.monotonic() - began >= cloud.seconds(grace)
        (ended,) = fleet.activities(f"Terminating EC2 instance: {name}")
        assert "ELB system health check failure" in ended["Cause"]
