"""A run that cannot be trusted never gets a verdict, and every check has a run that fails it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from loadtest.analysis.measurements import ArtilleryReport, Measurements
from loadtest.analysis.summary import summarise
from loadtest.analysis.verdict import exit_code
from loadtest.messages.message import msg
from loadtest.models import RunSummary
from loadtest.profiles import PROFILES
from loadtest.runs.recording import Beat, Exchange

SMOKE = PROFILES["smoke"]


@pytest.fixture
def good(
    make_users: Callable[..., list[Exchange]], make_measurements: Callable[..., Measurements]
) -> Measurements:
    return make_measurements(make_users(SMOKE), SMOKE)


def with_counters(measured: Measurements, **changed: int) -> Measurements:
    assert measured.artillery is not None
    counters = {
        **measured.artillery.counters,
        **{name.replace("__", "."): value for name, value in changed.items()},
    }
    return dataclasses.replace(
        measured, artillery=ArtilleryReport({"counters": counters}, [counters])
    )


def failed_checks(summary: RunSummary) -> list[str]:
    return [str(check.name) for check in summary.validity.checks if not check.passed]


def test_a_good_run_is_valid(good: Measurements):
    summary = summarise(good)
    assert failed_checks(summary) == []
    # Every count is kept; eight seconds do not show a p99, which `smoke` therefore does not promise.
    assert [one.kept for one in summary.verdict.objectives] == [True, True, True, None]
    assert summary.verdict.outcome == "kept"
    assert exit_code(summary.verdict) == 0


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"vusers__created": 999}, "users add up"),
        ({"vusers__completed": 1}, "users add up"),
        ({"vusers__skipped": 3}, "users add up"),
        ({"http__requests": 470}, "requests recorded"),
        ({"http__codes__200": 460}, "responses add up"),
        ({"errors__ETIMEDOUT": 1}, "responses add up"),
    ],
)
def test_counts_that_do_not_add_up_spoil_the_run(
    good: Measurements, changed: dict[str, int], check: str
):
    summary = summarise(with_counters(good, **changed))
    assert check in failed_checks(summary)
    assert summary.verdict.outcome == "invalid"
    assert exit_code(summary.verdict) == 3
    assert any(check in str(reason) for reason in summary.verdict.reasons)


def test_the_recorders_own_errors_are_not_counted_twice(
    make_users: Callable[..., list[Exchange]], make_measurements: Callable[..., Measurements]
):
    exchanges = make_users(SMOKE)
    exchanges[-1] = exchanges[-1]._replace(status=503, expected=False)
    # A 200 whose body broke off: Artillery counts a code and an error.
    exchanges[-3] = exchanges[-3]._replace(error="ECONNRESET")
    # A 200 without what the scenario looks for in it: a code, and an error of Artillery's own.
    exchanges[-5] = exchanges[-5]._replace(expected=False)
    measured = make_measurements(exchanges, SMOKE)
    counters = {"errors.UNEXPECTED_STATUS_200": 0, "errors.Failed capture or match": 1}
    summary = summarise(with_counters(measured, **counters))
    assert failed_checks(summary) == []
    assert summary.verdict.outcome == "broken"
    assert summary.users.failed == 3
    assert summary.artillery is not None
    assert summary.artillery.errors["Failed capture or match"] == 1


def test_a_run_that_was_cut_short_is_not_valid(
    make_users: Callable[..., list[Exchange]], make_measurements: Callable[..., Measurements]
):
    some = [e for e in make_users(SMOKE) if int(e.user.split("-")[1]) < 50]
    part = make_measurements(some, SMOKE, artillery=None, cut_reason=msg("cut.interrupted"))
    summary = summarise(part)
    assert failed_checks(summary) == ["complete", "offered load"]
    assert (summary.cut_short, summary.cut_reason) == (True, msg("cut.interrupted"))
    assert "it was interrupted" in str(summary.validity.reasons[0])
    assert summary.verdict.outcome == "invalid"
    assert summary.users.created == 49


def test_late_arrivals_spoil_the_run(
    make_users: Callable[..., list[Exchange]], make_measurements: Callable[..., Measurements]
):
    late = [e._replace(arrived_ms=e.arrived_ms + 1_500) for e in make_users(SMOKE)]
    assert failed_checks(summarise(make_measurements(late, SMOKE))) == ["arrivals on time"]


def test_windows_that_do_not_add_up_invalidate_the_run(good: Measurements):
    assert good.artillery is not None
    artillery = good.artillery
    whole = good.artillery.counters
    half = {"http.requests": 400, "vusers.created": 200}
    rest = {name: count - half.get(name, 0) for name, count in whole.items()}

    def with_windows(*windows: dict[str, int]) -> RunSummary:
        found = dataclasses.replace(artillery, windows=windows)
        return summarise(dataclasses.replace(good, artillery=found))

    assert failed_checks(with_windows(half, rest)) == []
    summary = with_windows(half, {**rest, "http.requests": rest["http.requests"] - 1})
    assert failed_checks(summary) == ["windows add up"]
    assert "(http.requests: 465 and 466)" in str(summary.validity.reasons[0])


def test_a_generator_without_heartbeats_invalidates_the_run(good: Measurements):
    silent = [event for event in good.generator if not isinstance(event, Beat)]
    assert failed_checks(summarise(dataclasses.replace(good, generator=silent))) == [
        "generator monitored"
    ]


@pytest.mark.parametrize(
    ("lag", "busy", "check"), [(80.0, 0.5, "generator lag"), (2.0, 0.99, "generator CPU")]
)
def test_a_generator_at_its_limit_spoils_the_run(
    good: Measurements, lag: float, busy: float, check: str
):
    events: list[Any] = [
        dataclasses.replace(event, lag_p99_ms=lag, busy=busy) if isinstance(event, Beat) else event
        for event in good.generator
    ]
    assert failed_checks(summarise(dataclasses.replace(good, generator=events))) == [check]


CLOSED = replace(SMOKE, phases=tuple(replace(one, most_at_once=50) for one in SMOKE.phases))


def closed_run(
    make_users: Callable[..., list[Exchange]],
    make_measurements: Callable[..., Measurements],
    skipped: int,
) -> RunSummary:
    """A closed load that let in all but the last `skipped` of every second user."""
    gone = {f"1-{number}" for number in range(2, 2 * skipped + 1, 2)}
    exchanges = [one for one in make_users(CLOSED) if one.user not in gone]
    measured = make_measurements(exchanges, CLOSED)
    return summarise(with_counters(measured, vusers__skipped=skipped))


def test_a_closed_load_is_named_and_counts_whom_it_skipped(
    make_users: Callable[..., list[Exchange]], make_measurements: Callable[..., Measurements]
):
    summary = closed_run(make_users, make_measurements, skipped=3)
    assert failed_checks(summary) == []
    told = {str(one.name): str(one.detail) for one in summary.validity.checks}
    assert told["load model"] == (
        "closed: at most 50 users at a time, so that a slow stack gets less load; 3 of 233 arrivals "
        "were skipped and are in no percentile"
    )
    assert told["offered load"] == "230 of 233 planned users were let in, 3 were skipped"
    assert summary.verdict.outcome == "kept"
    # Those who came later were not late.
    assert summary.generator.schedule_lag_p99_ms < 1


def test_a_closed_load_that_skipped_many_shows_no_promise(
    make_users: Callable[..., list[Exchange]], make_measurements: Callable[..., Measurements]
):
    summary = closed_run(make_users, make_measurements, skipped=40)
    assert failed_checks(summary) == []
    assert summary.verdict.outcome == "undecided"
    assert list(map(str, summary.verdict.reasons)) == [
        "the closed model skipped 40 arrivals (17.2 %), of which nothing is known",
        "a load without `maxVusers`, the open model, shows it",
    ]
