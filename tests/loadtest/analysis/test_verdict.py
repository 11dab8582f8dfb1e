"""A promise is kept in every part or not at all, and a single instance promises nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from loadtest.analysis.measurements import Measurements
from loadtest.analysis.slo import Slo
from loadtest.analysis.summary import summarise
from loadtest.analysis.verdict import exit_code
from loadtest.models import RunSummary
from loadtest.profiles import PROFILES, from_record
from loadtest.runs.recording import Exchange

SMOKE, QUICK = PROFILES["smoke"], PROFILES["quick"]


@pytest.mark.parametrize(
    ("last", "reasons"),
    [
        ({"status": 503, "expected": False}, ["1 of 233 users failed", "1 response was 5xx"]),
        (
            {"status": None, "expected": None, "ttfb_ms": None, "error": "ETIMEDOUT"},
            ["1 of 233 users failed", "1 request timed out"],
        ),
        ({"status": 401, "expected": False}, ["1 of 233 users failed"]),
    ],
)
def test_one_failure_breaks_the_promise(
    make_users: Callable[..., list[Exchange]],
    make_measurements: Callable[..., Measurements],
    last: dict[str, Any],
    reasons: list[str],
):
    exchanges = make_users(SMOKE)
    exchanges[-1] = exchanges[-1]._replace(**last)
    verdict = summarise(make_measurements(exchanges, SMOKE)).verdict
    assert verdict.outcome == "broken"
    assert list(map(str, verdict.reasons)) == reasons
    assert exit_code(verdict) == 2


def test_a_slow_stack_breaks_the_promise(
    make_users: Callable[..., list[Exchange]], make_measurements: Callable[..., Measurements]
):
    slow = make_measurements(make_users(QUICK, ttfb_ms=58), QUICK)
    assert list(map(str, summarise(slow).verdict.reasons)) == [
        "p99 is 64.0 ms; promised: at most 25.8 ms"
    ]
    assert summarise(slow, Slo(latency_ms={"p99": 64})).verdict.outcome == "kept"


def test_a_single_instance_promises_nothing(golden: tuple[RunSummary, RunSummary]):
    single, ha = golden
    assert (single.verdict.outcome, single.verdict.promise) == ("measured", None)
    assert exit_code(single.verdict) == 0
    assert str(ha.verdict.promise) == (
        "no failed users, no timeouts, no 5xx, p99 ≤ 25.8 ms over all requests"
    )


def smoked(
    make_users: Callable[..., list[Exchange]],
    make_measurements: Callable[..., Measurements],
    slo: Slo | None = None,
) -> RunSummary:
    return summarise(make_measurements(make_users(SMOKE), SMOKE), slo)


def test_a_check_of_the_wiring_is_judged_by_its_counts(
    make_users: Callable[..., list[Exchange]], make_measurements: Callable[..., Measurements]
):
    run = smoked(make_users, make_measurements)
    assert run.verdict.outcome == "kept"
    assert exit_code(run.verdict) == 0
    assert list(map(str, run.verdict.reasons)) == [
        "p99 is not judged: “smoke” is too short for it (8 s)"
    ]
    assert {str(one.name): (one.judged, one.kept) for one in run.verdict.objectives} == {
        "failed users": (True, True),
        "timeouts": (True, True),
        "5xx": (True, True),
        "p99": (False, None),
    }


def test_what_is_not_judged_is_not_kept_by_itself(
    make_users: Callable[..., list[Exchange]], make_measurements: Callable[..., Measurements]
):
    only = Slo(latency_ms={"p99": 25.8})
    verdict = smoked(make_users, make_measurements, only).verdict
    assert (verdict.outcome, exit_code(verdict)) == ("undecided", 3)
    assert "p99 is not judged" in str(verdict.reasons[0])


def test_another_open_question_stays_open(
    make_users: Callable[..., list[Exchange]], make_measurements: Callable[..., Measurements]
):
    slo = Slo(latency_ms={"p99": 25.8}, availability_percent=99.99, confidence_percent=95)
    verdict = smoked(make_users, make_measurements, slo).verdict
    assert verdict.outcome == "undecided"
    assert "too few" in str(verdict.reasons[0])


def test_other_profiles_judge_percentiles():
    assert [name for name, one in PROFILES.items() if not one.shows_percentiles] == ["smoke"]
    assert not SMOKE.record().shows_percentiles
    assert QUICK.record().shows_percentiles
    assert from_record(SMOKE.record()) == SMOKE
