"""Experiments on a real stack: survived as it is, and not survived with the guarded property broken."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from commandline.exit_codes import ExitCode
from loadtest.stack import outputs as stack_outputs
from loadtest.stack.run_command import UNFINISHED
from rehearsal import changes
from tests.e2e.experiment_stack import (
    Stack,
    attribute,
    everywhere,
    released,
    shown,
    targets,
    until,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.alone]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with released(tmp_path_factory.mktemp("experiments")) as made:
        yield made


def test_the_stack_survives_an_instance_that_dies_and_then_a_zone(stack: Stack) -> None:
    dies = stack.changed("instance-dies", recovery_s=240)
    lost = stack.changed("zone-lost-refused", recovery_s=240, seconds=10)
    code, (first, second) = stack.run(dies, lost)
    assert first.left == second.left == []
    assert (first.experiment, second.experiment) == ("instance-dies", "zone-lost-refused")
    (target,) = first.targets
    found = stack.client("ec2").describe_instances(InstanceIds=[target.id])
    assert found["Reservations"][0]["Instances"][0]["State"]["Name"] != "running"
    assert first.finished_ms <= (second.fault_began_ms or 0)
    for record in (first, second):
        assert record.impact is not None
        assert record.impact.requests > 0
        assert shown(record).outcome == "survived", record.reasons
        assert record.recovery_measured_s is not None
    assert code == ExitCode.SUCCESS


def test_without_elb_health_checks_a_hung_instance_stays(stack: Stack) -> None:
    group = stack.output("autoScalingGroupName")
    scaling = stack.client("autoscaling")
    scaling.update_auto_scaling_group(AutoScalingGroupName=group, HealthCheckType="EC2")
    try:
        hung = stack.changed("instance-hangs", recovery_s=40, seconds=100)
        code, (record,) = stack.run(hung)
    finally:
        scaling.update_auto_scaling_group(AutoScalingGroupName=group, HealthCheckType="ELB")
    assert record.reverted == [f"{record.targets[0].id}: the service goes on"]
    assert shown(record).outcome == "not survived"
    assert "experiment.not-recovered" in [one.id for one in record.reasons]
    assert code == ExitCode.BROKEN_PROMISE


class ByName:
    """The clients of a stack by the names of their services."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def __getitem__(self, service: str) -> Any:
        return self._stack.client(service)


def test_without_the_right_to_read_their_revision_nobody_replaces_who_died(stack: Stack) -> None:
    clients = ByName(stack)
    outputs = stack_outputs.from_file(str(stack.outputs))
    made = changes.instances_read_no_revision(clients, outputs)
    try:
        for change in made:
            change.do.make(clients)
        code, (record,) = stack.run(stack.changed("instance-dies", recovery_s=30))
    finally:
        for change in made:
            change.undo.make(clients)
    assert shown(record).outcome == "not survived"
    assert "experiment.not-recovered" in [one.id for one in record.reasons]
    assert code == ExitCode.BROKEN_PROMISE


def test_a_database_without_a_standby_is_not_survived(stack: Stack) -> None:
    code, (record,) = stack.run(stack.changed("database-fails-over", recovery_s=120))
    assert record.left == []
    assert shown(record).outcome == "not survived"
    assert "experiment.no-standby" in [one.id for one in record.reasons]
    assert code == ExitCode.BROKEN_PROMISE


SERVICE = "/opt/music-note/music_note"
STARTS_ANEW = f"""\
rm -rf {SERVICE}/__pycache__  # It is not compared with the sources.
systemctl restart music-note
sleep 5
"""
KEEPS_ITS_PASSWORD = f"""\
set -e
cp {SERVICE}/database.py /var/tmp/reads.py
sed -i 's/get(refused=credentials)/get()/' {SERVICE}/database.py
test $(grep -c 'credentials.get()$' {SERVICE}/database.py) = 2
{STARTS_ANEW}"""
READS_IT_AGAIN = f"""\
test -f /var/tmp/reads.py || exit 0
cp /var/tmp/reads.py {SERVICE}/database.py
{STARTS_ANEW}"""


def test_a_service_that_keeps_the_password_it_read_once_is_found(stack: Stack) -> None:
    rotates = stack.changed("password-rotates", recovery_s=60)
    everywhere(stack, "true")
    _, (intact,) = stack.run(rotates)
    assert intact.impact is not None
    assert shown(intact).outcome == "survived", intact.reasons
    everywhere(stack, KEEPS_ITS_PASSWORD)
    try:
        code, (record,) = stack.run(rotates)
    finally:
        everywhere(stack, READS_IT_AGAIN)
    assert shown(record).outcome == "not survived"
    assert "experiment.not-recovered" in [one.id for one in record.reasons]
    assert code == ExitCode.BROKEN_PROMISE


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("instance-errors", {"seconds": 200}),
        ("instance-starves", {"seconds": 15}),
        ("instance-out-of-memory", {}),
        ("disk-full", {"seconds": 15}),
        ("instance-leaves", {}),
        ("fleet-starves", {"seconds": 15}),
        ("connections-rest", {}),
    ],
)
def test_the_stack_survives(stack: Stack, name: str, arguments: dict[str, float]) -> None:
    code, (record,) = stack.run(stack.changed(name, recovery_s=240, **arguments))
    assert record.left == []
    assert shown(record).outcome == "survived", record.reasons
    assert code == ExitCode.SUCCESS


def test_a_health_check_that_queues_with_the_users_kills_a_fleet_that_is_only_slow(
    stack: Stack,
) -> None:
    # Whoever is not logged in gets 401, after the same queue as everybody.
    with targets(stack, HealthCheckPath="/me", Matcher={"HttpCode": "401"}):
        starved = stack.changed("fleet-starves", recovery_s=60, seconds=15, share=0.02)
        code, (record,) = stack.run(starved)
    assert shown(record).outcome == "not survived"
    assert "experiment.replaced" in [one.id for one in record.reasons]
    assert code == ExitCode.BROKEN_PROMISE


def test_without_a_deregistration_delay_long_requests_are_cut_off(stack: Stack) -> None:
    client, arn = stack.client("elbv2"), stack.output("targetGroupArn")
    with attribute(
        lambda: client.describe_target_group_attributes(TargetGroupArn=arn),
        lambda new: client.modify_target_group_attributes(TargetGroupArn=arn, Attributes=new),
        "deregistration_delay.timeout_seconds",
        "0",
    ):
        # At this speed the library's are over before the instance is.
        long = stack.changed("instance-leaves", recovery_s=240, request_s=200)
        code, (record,) = stack.run(long)
    assert shown(record).outcome == "not survived"
    assert "experiment.long-lost" in [one.id for one in record.reasons]
    assert code == ExitCode.BROKEN_PROMISE


def test_a_load_balancer_that_keeps_connections_longer_than_the_service_is_found(
    stack: Stack,
) -> None:
    client = stack.client("elbv2")
    arn = stack.output("targetGroupArn")
    (group,) = client.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    (balancer,) = group["LoadBalancerArns"]
    with attribute(
        lambda: client.describe_load_balancer_attributes(LoadBalancerArn=balancer),
        lambda new: client.modify_load_balancer_attributes(
            LoadBalancerArn=balancer, Attributes=new
        ),
        "idle_timeout.timeout_seconds",
        "75",
    ):
        code, (record,) = stack.run(stack.changed("connections-rest", recovery_s=240))
    assert shown(record).outcome == "not survived"
    assert "experiment.keep-alive" in [one.id for one in record.reasons]
    assert code == ExitCode.BROKEN_PROMISE


def test_a_killed_experiment_leaves_nothing_broken(stack: Stack) -> None:
    cut = stack.changed("database-cut", recovery_s=120, seconds=100)
    process = stack.start(cut)
    ec2 = stack.client("ec2")
    marked = [{"Name": "tag-key", "Values": ["haproof:fault"]}]
    deadline = time.monotonic() + 120
    while not ec2.describe_network_acls(Filters=marked)["NetworkAcls"]:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    deadline = time.monotonic() + 60
    while ec2.describe_network_acls(Filters=marked)["NetworkAcls"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert stack.recover() == "no experiment has left anything"


def test_a_killed_command_leaves_no_disk_full(stack: Stack) -> None:
    fleet = stack.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[stack.output("autoScalingGroupName")]
    )["AutoScalingGroups"][0]["Instances"]
    names = [one["InstanceId"] for one in fleet]
    enough = 7 * 1024**2
    assert min(free_kib(stack, names).values()) > enough
    process = stack.start(stack.changed("disk-full", recovery_s=240, seconds=40))
    until(lambda: 0 in free_kib(stack, names).values(), 120)
    # The other instances have all of theirs.
    full, *others = sorted(free_kib(stack, names).values())
    assert full == 0
    assert min(others) > enough
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    until(lambda: min(free_kib(stack, names).values()) > enough, 90)
    until(lambda: stack.recover() == "no experiment has left anything", 90)


def free_kib(stack: Stack, names: list[str]) -> dict[str, int]:
    """What instances have free on their disks; 0 if there is no room for a command."""
    ssm = stack.client("ssm")
    script = "df -Pk /var/tmp | awk 'NR == 2 {print $4}'"
    command = ssm.send_command(
        DocumentName="AWS-RunShellScript", InstanceIds=names, Parameters={"commands": [script]}
    )["Command"]["CommandId"]
    found = dict[str, int]()
    for name in names:
        answer: dict[str, Any] = {"Status": "Pending"}
        while answer["Status"] in UNFINISHED:
            time.sleep(0.3)
            answer = ssm.get_command_invocation(CommandId=command, InstanceId=name)
        failed = answer["Status"] != "Success"
        assert not failed or "No space left on device" in answer["StandardErrorContent"], answer
        found[name] = 0 if failed else int(answer["StandardOutputContent"])
    return found
