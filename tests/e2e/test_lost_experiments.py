"""Faults on a real stack whose guarded property is broken, and which therefore does not survive them.

Those that `test_experiments` and `test_lost_deployments` do not have. A full disk and a database that is
cut off are missing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from commandline.exit_codes import ExitCode
from loadtest.experiments.models import ExperimentRecord
from tests.e2e.experiment_stack import (
    Stack,
    attribute,
    everywhere,
    released,
    shown,
    targets,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.alone]

SLOW_CHECKS = {"HealthCheckIntervalSeconds": 300, "UnhealthyThresholdCount": 10}
"""Two and a half minutes until a target has failed, at this region's speed."""
RELOADED = "systemctl daemon-reload\nsystemctl restart music-note\nsleep 5\n"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with released(tmp_path_factory.mktemp("lost")) as made:
        yield made


def lost(stack: Stack, name: str, recovery_s: float = 60, **arguments: float) -> ExperimentRecord:
    """Run an experiment that must not be survived."""
    code, (record,) = stack.run(stack.changed(name, recovery_s=recovery_s, **arguments))
    assert record.left == []
    assert shown(record).outcome == "not survived"
    assert code == ExitCode.BROKEN_PROMISE
    return record


def reasons(record: ExperimentRecord) -> list[str]:
    return [one.id for one in record.reasons]


@contextmanager
def group(stack: Stack, **settings: Any) -> Generator[None]:
    """The Auto Scaling group with other settings."""
    client, name = stack.client("autoscaling"), stack.output("autoScalingGroupName")
    (found,) = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    client.update_auto_scaling_group(AutoScalingGroupName=name, **settings)
    try:
        yield
    finally:
        before = {key: found[key] for key in settings}
        client.update_auto_scaling_group(AutoScalingGroupName=name, **before)


@contextmanager
def suspended(stack: Stack, *processes: str) -> Generator[None]:
    """The group without these of its processes."""
    client, name = stack.client("autoscaling"), stack.output("autoScalingGroupName")
    client.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=list(processes))
    try:
        yield
    finally:
        client.resume_processes(AutoScalingGroupName=name, ScalingProcesses=list(processes))


@contextmanager
def slow_checks(stack: Stack) -> Generator[None]:
    """Targets that fail late, and get as many requests as all others until then."""
    client, arn = stack.client("elbv2"), stack.output("targetGroupArn")
    with (
        targets(stack, **SLOW_CHECKS),
        attribute(
            lambda: client.describe_target_group_attributes(TargetGroupArn=arn),
            lambda new: client.modify_target_group_attributes(TargetGroupArn=arn, Attributes=new),
            "load_balancing.algorithm.type",
            "round_robin",
        ),
    ):
        yield


def test_an_instance_that_answers_500_keeps_its_users_where_checks_are_slow(stack: Stack) -> None:
    with slow_checks(stack):
        record = lost(stack, "instance-errors", seconds=40)
    assert "experiment.failed-outside" in reasons(record)


@pytest.mark.parametrize("name", ["zone-lost-silent", "zone-lost-no-capacity"])
def test_a_zone_without_a_network_keeps_its_users_where_checks_are_slow(
    stack: Stack, name: str
) -> None:
    # FIS's minute is three seconds at this speed: 42 s, so that it outlasts the window.
    with slow_checks(stack):
        record = lost(stack, name, recovery_s=700, seconds=800, at_least_s=55)
    assert "experiment.failed-outside" in reasons(record)


def test_a_zone_is_not_replaced_by_a_group_that_may_not_launch(stack: Stack) -> None:
    # It terminates nobody before a replacement is there: all is well once the zone is back, too late.
    with suspended(stack, "Launch"):
        record = lost(stack, "zone-lost-refused", recovery_s=30, seconds=60)
    assert {"experiment.not-recovered", "experiment.recovered-late"} & set(reasons(record))


def test_a_starving_instance_keeps_its_users_where_checks_are_slow(stack: Stack) -> None:
    with slow_checks(stack):
        record = lost(stack, "instance-starves", seconds=70, share=0.001)
    assert {"experiment.failed-share", "experiment.not-recovered"} & set(reasons(record))


def test_a_service_that_nobody_starts_again_stays_out_of_memory(stack: Stack) -> None:
    unit = "/etc/systemd/system/music-note.service.d"
    once = f"mkdir -p {unit}\nprintf '[Service]\\nRestart=no\\n' >{unit}/once.conf\n{RELOADED}"
    again = f"rm -rf {unit}\n{RELOADED}"
    with ExitStack() as broken:
        broken.enter_context(group(stack, HealthCheckType="EC2"))
        everywhere(stack, once)
        broken.callback(everywhere, stack, again)
        record = lost(stack, "instance-out-of-memory")
    assert "experiment.not-recovered" in reasons(record)
