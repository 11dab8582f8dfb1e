"""From samples to the verdict: a busy computer is never a broken promise, a busy fleet is explained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from loadtest.analysis import request_cost
from loadtest.analysis.host_windows import windows
from loadtest.analysis.measurements import Measurements
from loadtest.analysis.summary import summarise
from loadtest.analysis.verdict import exit_code
from loadtest.models import RunSummary
from loadtest.profiles import PROFILES
from loadtest.runs import table
from loadtest.runs.recording import Exchange
from tests.loadtest.analysis.computers import computer, target_of

QUICK = PROFILES["quick"]
BEGAN = 1_790_000_000_000.0
FLEET = [f"i-0{n}" for n in range(6)]


@pytest.fixture
def run(
    make_users: Callable[..., list[Exchange]], make_measurements: Callable[..., Measurements]
) -> Callable[..., RunSummary]:
    def made(
        *,
        ttfb_ms: float = 5.0,
        fleet: Callable[[str, float], float] = lambda name, second: 0.05,
        quota: float = 0.1,
        watched: bool = True,
        **of: Any,
    ) -> RunSummary:
        target = target_of(BEGAN, 30, FLEET, share=fleet, quota=quota)
        used = {"target": lambda second: sum(fleet(name, int(second)) for name in FLEET)}
        return summarise(
            make_measurements(
                make_users(QUICK, ttfb_ms=ttfb_ms),
                QUICK,
                host_watched=watched,
                target_watched=watched,
                host=computer(BEGAN, 30, **{**used, **of}),
                target=target,
            )
        )

    return made


def failed(summary: RunSummary) -> list[str]:
    return [str(check.name) for check in summary.validity.checks if not check.passed]


def served(second: float) -> float:
    """Share of the peak rate that arrives in that second."""
    return 0.0 if second < 0 else min((5 + 6 * second) / 125, 1.0)


def test_a_quiet_run_keeps_its_promise_and_records_the_computer(run: Any):
    summary = run()
    assert failed(summary) == []
    assert summary.verdict.outcome == "kept"
    assert summary.host is not None
    assert len(summary.host.ours) == 15
    assert summary.host.others == pytest.approx([0.05] * 15, abs=1e-3)
    assert sorted(summary.host.quota_shares) == FLEET
    assert RunSummary.model_validate_json(summary.model_dump_json()) == summary


def test_a_late_answer_on_a_busy_computer_is_not_a_broken_promise(run: Any):
    broken = run(ttfb_ms=900.0)
    assert broken.verdict.outcome == "broken"
    assert exit_code(broken.verdict) == 2

    busy = run(ttfb_ms=900.0, others=1.3)
    assert failed(busy) == ["CPU of the computer"]
    assert busy.verdict.outcome == "invalid"
    assert exit_code(busy.verdict) == 3
    assert "other programs used 1.3 of 2 CPUs from 0 s to 30 s" in str(busy.verdict.reasons[0])


def test_a_run_of_before_is_judged_as_it_was(run: Any):
    old = run(watched=False, others=1.3)
    assert old.host is None
    assert not any("computer" in str(check.name) for check in old.validity.checks)
    assert old.verdict.outcome == "kept"


def test_a_fleet_at_its_quota_is_named_as_the_cause(run: Any):
    summary = run(ttfb_ms=900.0, fleet=lambda name, second: 0.1 if second >= 0 else 0.01)
    assert summary.verdict.outcome == "broken"
    last = str(summary.verdict.reasons[-1])
    assert last.startswith("all 6 instances used all of their CPU then: more instances")
    assert "requestsPerTarget" in last


def test_the_part_of_a_fleet_at_its_quota_is_named(run: Any):
    summary = run(
        ttfb_ms=900.0, fleet=lambda name, second: 0.1 if name in {"i-01", "i-03"} else 0.05
    )
    assert "2 of 6 instances used all of their CPU then (i-01, i-03)" in str(
        summary.verdict.reasons[-1]
    )


def test_a_fleet_with_cpu_left_is_not_blamed(run: Any):
    summary = run(ttfb_ms=900.0)
    assert summary.verdict.outcome == "broken"
    assert not any("instances" in str(reason) for reason in summary.verdict.reasons)


def test_a_kept_promise_needs_no_explanation(run: Any):
    summary = run(fleet=lambda name, second: 0.1)
    assert summary.verdict.outcome == "kept"
    assert summary.verdict.reasons == []


@pytest.mark.parametrize(
    ("factor", "passed"), [(1.0, True), (1.3, True), (1.75, False), (0.5, False)]
)
def test_a_request_that_costs_more_at_the_peak_shows_a_slower_computer(
    run: Any, factor: float, passed: bool
):
    def fleet(name: str, second: float) -> float:
        return 0.004 + 0.04 * served(second) * (factor if second >= 20 else 1.0)

    summary = run(fleet=fleet)
    (check,) = [c for c in summary.validity.checks if str(c.name) == "CPU per request"]
    assert check.passed is passed
    if not passed:
        assert summary.verdict.outcome == "invalid"
        text = "the computer got slower" if factor > 1 else "the computer was slower at first"
        assert text in str(check.detail)


def test_an_instance_at_its_quota_says_nothing_about_the_cost_of_a_request(run: Any):
    def fleet(name: str, second: float) -> float:
        return min(0.004 + 0.1 * served(second) * (1.9 if second >= 20 else 1.0), 0.1)

    names = [str(check.name) for check in run(fleet=fleet).validity.checks]
    assert "CPU per request" not in names


def test_scatter_alone_is_no_change(make_users: Callable[..., list[Exchange]]):
    """Two windows of three are twice as dear: a large ratio that chance explains."""

    def fleet(name: str, second: float) -> float:
        wild = 3.0 if second >= 20 and int(second) % 6 in {2, 3} else 1.0
        return 0.004 + 0.02 * served(second) * wild

    requests = table.from_exchanges(make_users(QUICK))
    seen = windows(
        computer(BEGAN, 30),
        target_of(BEGAN, 30, FLEET, share=fleet),
        began_ms=BEGAN,
        duration_s=30,
        expects_target=True,
    )
    found = request_cost.compare(seen, requests, BEGAN, QUICK.record().phases)
    assert found is not None
    assert found.low < 1 < found.ratio
    assert not found.changed
