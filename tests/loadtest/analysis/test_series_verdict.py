"""The verdict on repeated runs: counts hold for each run, percentiles for all of them together."""

from __future__ import annotations

import math
from typing import Any

import pytest

from loadtest.analysis.series_verdict import between_runs, decide
from loadtest.analysis.slo import Slo
from loadtest.models import Percentile, PercentileInterval, RunSummary
from loadtest.outcomes import Outcome

PROMISE = Slo(failed_users=0, latency_ms={"p99": 25.8})


def interval(low: float, high: float | None) -> PercentileInterval:
    last = None if high is None else Percentile(value_ms=high)
    return PercentileInterval(low=Percentile(value_ms=low), high=last)


def values(*ms: float) -> list[Percentile]:
    return [Percentile(value_ms=one) for one in ms]


def run_with(
    run: RunSummary, p99: float, low: float, high: float | None, **more: Any
) -> RunSummary:
    latency = run.latency.model_copy(
        update={
            "censored": {**(run.latency.censored or {}), "p99": Percentile(value_ms=p99)},
            "intervals": {"p99": interval(low, high)},
        }
    )
    return run.model_copy(update={"latency": latency, **more})


@pytest.mark.parametrize(
    ("p99s", "ends", "outcome"),
    [
        ([24, 24.2, 23.9, 24.1], (16, 39), "kept"),  # each alone shows nothing
        ([28, 28.3, 27.9], (18, 45), "broken"),
        ([24, 27, 22], (16, 39), "undecided"),
        ([24, 20], (16, 25), "kept"),  # each alone shows it; two values have a wide interval
        ([24, 20], (16, 26), "undecided"),
    ],
)
def test_runs_show_more_together(
    golden: tuple[RunSummary, RunSummary],
    p99s: list[float],
    ends: tuple[float, float],
    outcome: str,
):
    runs = [run_with(golden[1], p99, *ends) for p99 in p99s]
    assert decide(runs, PROMISE).outcome == outcome


def test_every_run_has_to_keep_a_count(golden: tuple[RunSummary, RunSummary]):
    good = run_with(golden[1], 20, 19, 21)
    failed = good.users.model_copy(update={"failed": 1})
    runs = [good, good.model_copy(update={"users": failed}), good]
    decided = decide(runs, PROMISE)
    assert decided.outcome == "broken"
    assert list(map(str, decided.reasons)) == ["1 of 27,000 users failed"]
    # Two runs with one failure each keep a limit of one: it is one for each run.
    assert decide([runs[1], runs[1]], Slo(failed_users=1)).outcome == "kept"


def test_an_invalid_run_leaves_the_series_without_a_verdict(
    golden: tuple[RunSummary, RunSummary],
):
    good = golden[1]
    check = good.validity.checks[0].model_copy(update={"passed": False})
    bad = good.model_copy(
        update={
            "validity": good.validity.model_copy(update={"checks": [check]}),
            "verdict": good.verdict.model_copy(update={"outcome": "invalid"}),
        }
    )
    assert decide([good, bad, good], PROMISE).outcome == "invalid"


def test_more_runs_show_an_availability_that_one_does_not(golden: tuple[RunSummary, RunSummary]):
    promise = Slo(availability_percent=99.9, confidence_percent=95)
    few = golden[1].requests.model_copy(update={"total": 2000, "outcomes": {Outcome.GOOD: 2000}})
    runs = [golden[1].model_copy(update={"requests": few})] * 2
    assert decide(runs, promise).outcome == "kept"


def test_an_endpoint_is_judged_over_all_runs_too(golden: tuple[RunSummary, RunSummary]):
    promise = Slo.model_validate({"endpoints": {"login": {"latency_ms": {"p99": 11.5}}}})
    assert decide([golden[1]] * 3, promise).outcome == "kept"
    absent = Slo.model_validate({"endpoints": {"search": {"latency_ms": {"p99": 11.5}}}})
    assert decide([golden[1]] * 3, absent).outcome == "broken"


def test_a_single_instance_is_measured_however_often(golden: tuple[RunSummary, RunSummary]):
    assert decide([golden[0]] * 3).outcome == "measured"


def test_the_interval_of_several_runs_is_no_wider_than_what_they_show_alone():
    wide = between_runs(values(24, 20), [interval(16, 39), interval(15, 30)])
    assert (wide.low, wide.high) == (15, 39)
    narrow = between_runs(values(24, 24.2, 23.9), [interval(16, 39)] * 3)
    assert narrow.low == pytest.approx(24.03, abs=0.4)
    assert narrow.high < 24.5
    assert between_runs(values(24, 20), [interval(16, None), interval(15, 30)]).high > 39
    assert not between_runs(values(24), [None]).known


def test_a_run_without_answers_leaves_no_upper_limit():
    silent = Percentile(value_ms=10_000, at_least=True)
    found = between_runs([*values(24, 25), silent], [interval(16, 39)] * 2 + [interval(9000, None)])
    assert found.high == math.inf
