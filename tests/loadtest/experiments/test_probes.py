"""What the steady state is made of."""

from __future__ import annotations

import gzip
import time
from pathlib import Path
from typing import Any

import pytest

from loadtest.experiments import probes
from loadtest.experiments.load_watch import LoadWatch
from loadtest.experiments.session import Session, under_way
from loadtest.runs import paths
from tests.loadtest.conftest import exchange, line_of
from tests.loadtest.experiments.conftest import FakeCloud, state


def health(cloud: FakeCloud, **states: str) -> None:
    cloud.answers["elbv2.describe_target_health"] = {
        "TargetHealthDescriptions": [
            {"Target": {"Id": f"i-{name[1:]}"}, "TargetHealth": {"State": state}}
            for name, state in states.items()
        ]
    }


@pytest.mark.parametrize(
    ("states", "missing"),
    [
        ({"i1": "healthy", "i2": "healthy", "i3": "healthy"}, 0),
        ({"i1": "healthy", "i2": "healthy", "i3": "unhealthy"}, 1),
        ({"i1": "healthy", "i2": "healthy"}, 1),
        ({"i1": "healthy", "i2": "healthy", "i3": "healthy", "i9": "draining"}, 0),
        # More than are wanted, and one of them hangs: it still gets health checks, and may get users.
        ({"i1": "healthy", "i2": "healthy", "i3": "healthy", "i4": "unhealthy"}, 1),
    ],
)
def test_instances_that_do_not_serve_are_missed(
    cloud: FakeCloud, session: Session, states: dict[str, str], missing: int
) -> None:
    health(cloud, **states)
    with under_way(session):
        assert probes.missing_instances() == missing


def test_a_group_that_wants_more_than_it_has_misses_them(
    cloud: FakeCloud, session: Session
) -> None:
    health(cloud, i1="healthy", i2="healthy", i3="healthy")
    groups: list[dict[str, Any]] = cloud.answers["autoscaling.describe_auto_scaling_groups"][
        "AutoScalingGroups"
    ]
    groups[0]["DesiredCapacity"] = 5
    with under_way(session):
        assert probes.missing_instances() == 2


def test_failures_count_for_a_while_after_they_ended(session: Session, tmp_path: Path) -> None:
    now = time.time() * 1000
    lines = [
        exchange("1-1", arrived_ms=now - 60_000, status=500, expected=False),
        exchange("1-2", arrived_ms=now - 1_000),
        exchange("1-3", arrived_ms=now - 1_000, status=500, expected=False),
    ]
    with gzip.open(tmp_path / f"{paths.REQUESTS}.gz", "wt") as file:
        file.writelines(map(line_of, lines))
    session.load = LoadWatch(tmp_path)
    with under_way(session):
        assert probes.failed_share() == 0.5


def test_a_load_that_nobody_answers_is_a_failure_of_all(session: Session, tmp_path: Path) -> None:
    session.load = LoadWatch(tmp_path)
    with under_way(session):
        assert probes.failed_share() == 1.0


@pytest.mark.parametrize(
    ("met", "at_most_s", "back"), [(True, None, True), (True, 60.0, True), (False, 0.05, False)]
)
def test_the_look_at_the_steady_state_ends_in_time(
    session: Session, *, met: bool, at_most_s: float | None, back: bool
) -> None:
    session.began_ms = time.time() * 1000
    session.states += [state(time.time() + 1, met=met) for _ in range(3)]
    with under_way(session):
        assert probes.steady_again(0.0, at_most_s) == back
    assert time.time() * 1000 - session.began_ms < 10_000


@pytest.mark.parametrize(
    ("state", "health", "kept"),
    [
        ("InService", "Healthy", True),
        # Its replacement is on the way.
        ("InService", "Unhealthy", False),
        ("Terminating:Wait", "Healthy", False),
    ],
)
def test_who_is_replaced_for_what_passes_by_itself_is_missed(
    cloud: FakeCloud, session: Session, state: str, health: str, *, kept: bool
) -> None:
    session.fleet = frozenset(session.stack.kept())
    groups = cloud.answers["autoscaling.describe_auto_scaling_groups"]["AutoScalingGroups"]
    groups[0]["Instances"][1] |= {"LifecycleState": state, "HealthStatus": health}
    with under_way(session):
        assert probes.kept_instances() == kept
    assert [one.params for one in session.found] == ([] if kept else [{"n": 1, "all": 3}])
