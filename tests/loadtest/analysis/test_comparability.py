"""Runs under different conditions are not compared, and every difference is named."""

from __future__ import annotations

from typing import Any

import pytest

from loadtest.analysis import comparability
from loadtest.errors import ComparisonError
from loadtest.host_record import HostRecord
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome


def changed(run: RunSummary, part: str, **values: Any) -> RunSummary:
    record = getattr(run, part)
    return run.model_copy(update={part: record.model_copy(update=values)})


@pytest.mark.parametrize(
    ("part", "values", "named"),
    [
        ("scenario", {"digest": "f" * 64}, "scenario ("),
        ("scenario", {"timeout_s": 5.0}, "timeout (10 s and 5 s)"),
        (
            "scenario",
            {"new_connection_per_user": False},
            "connections (a new one per user and shared among users)",
        ),
        ("profile", {"description": "1/s"}, "load profile ("),
        ("generator", {"artillery": "2.0.33"}, "Artillery (2.0.34 and 2.0.33)"),
        ("generator", {"node": "22.1.0"}, "Node (24.19.0 and 22.1.0)"),
        ("generator", {"workers": 9}, "worker threads ("),
        ("generator", {"host_cpus": 64}, "CPUs (2 and 64)"),
        ("users", {"created": 26_000}, "offered load (27,000 users and 26,000 users)"),
    ],
)
def test_runs_of_other_conditions_are_refused(
    golden: tuple[RunSummary, RunSummary], part: str, values: dict[str, Any], named: str
):
    other = changed(golden[1], part, **values)
    with pytest.raises(ComparisonError) as error:
        comparability.require(golden[1], other)
    assert named in str(error.value)
    assert error.value.exit_code == 3


def on(run: RunSummary, **host: Any) -> RunSummary:
    nothing = list[float | None]()
    record = HostRecord(
        window_s=1.0, cpus=2, ours=nothing, target=nothing, others=nothing, steal=nothing,
        idle=nothing, **host,
    )  # fmt: skip
    return run.model_copy(update={"host": record})


@pytest.mark.parametrize(
    ("a", "b", "named"),
    [
        (
            {"target_here": True},
            {"target_here": False},
            "where the target is (played on this computer and elsewhere)",
        ),
        (
            {"target_here": True, "vcpu_seconds": 3.0},
            {"target_here": True, "vcpu_seconds": 4.5},
            "calibration (3.00 CPU seconds for one of a vCPU and 4.50 CPU seconds for one of a vCPU)",
        ),
    ],
)
def test_targets_that_are_played_otherwise_are_not_compared(
    golden: tuple[RunSummary, RunSummary], a: dict[str, Any], b: dict[str, Any], named: str
):
    (found,) = comparability.differences(on(golden[1], **a), on(golden[1], **b))
    assert str(found.message) == named


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"target_here": True, "vcpu_seconds": 3.0}, {"target_here": True, "vcpu_seconds": 3.7}),
        # Runs saved before it was recorded.
        ({"target_here": True, "vcpu_seconds": 3.0}, {"target_here": True}),
        ({"target_here": True}, {}),
    ],
)
def test_calibrations_that_differ_by_measuring_again_are_compared(
    golden: tuple[RunSummary, RunSummary], a: dict[str, Any], b: dict[str, Any]
):
    assert not comparability.differences(on(golden[1], **a), on(golden[1], **b))


def test_every_difference_is_named_at_once(golden: tuple[RunSummary, RunSummary]):
    other = changed(changed(golden[1], "generator", node="22.1.0"), "scenario", timeout_s=5.0)
    assert [d.condition.id for d in comparability.differences(golden[1], other)] == [
        "difference.timeout",
        "difference.node",
    ]


def test_an_offered_load_within_two_percent_is_the_same(golden: tuple[RunSummary, RunSummary]):
    assert not comparability.differences(golden[1], changed(golden[1], "users", created=26_500))


@pytest.mark.parametrize(
    ("part", "values", "said"),
    [
        ("users", {"failed": 99_999_999}, "99,999,999 of 27,000 users failed, which cannot be"),
        ("users", {"failed": -1}, "it counted -1 of something, which cannot be"),
        (
            "requests",
            {"outcomes": {Outcome.GOOD: 99_999_999}},
            "outcomes are of more requests than",
        ),
    ],
)
def test_counts_that_somebody_has_changed_are_compared_with_nothing(
    golden: tuple[RunSummary, RunSummary], part: str, values: dict[str, Any], said: str
):
    with pytest.raises(ComparisonError, match=said):
        comparability.require_valid(golden[1], changed(golden[1], part, **values))
    comparability.require_valid(*golden)


def test_apart_from_the_load_runs_of_other_loads_are_alike(golden: tuple[RunSummary, RunSummary]):
    more = changed(changed(golden[1], "profile", description="1/s"), "users", created=9)
    more = changed(more, "generator", workers=9)
    assert comparability.apart_from_load(golden[1], more) == []
    other = changed(more, "scenario", timeout_s=5.0)
    (found,) = comparability.apart_from_load(golden[1], other)
    assert found.condition.id == "difference.timeout"
