"""One clock: the offset is never wrong by more than it says, and narrows down with every answer."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.experiments.clock import LoadClock
from loadtest.stack.clock_offset import ClockOffset, OffsetEstimator, TimedCalls, dated_at

NOW = 1_790_000_000.0
SECONDS = st.floats(0, 100, allow_nan=False)
ANSWERS = st.lists(st.tuples(SECONDS, st.floats(0, 2), st.floats(0, 1)), min_size=1, max_size=40)
"""When each was asked for, how long it took, and where in that time it was dated."""


def answered(offset: float, answers: list[tuple[float, float, float]]) -> OffsetEstimator:
    found = OffsetEstimator()
    for asked, took, share in answers:
        sent = NOW + asked
        dated = math.floor(sent + took * share + offset)
        found.add(sent, sent + took, dated)
    return found


@given(st.floats(-3600, 3600), ANSWERS)
def test_the_true_offset_is_within_what_is_known(
    offset: float, answers: list[tuple[float, float, float]]
):
    found = answered(offset, answers).offset()
    assert found.low_s - 1e-6 <= offset <= found.high_s + 1e-6
    assert abs(found.estimate_s - offset) <= found.uncertainty_s + 1e-6
    assert found.samples == len(answers)


@given(st.floats(-3600, 3600), ANSWERS, ANSWERS)
def test_more_answers_never_make_it_less_certain(
    offset: float,
    answers: list[tuple[float, float, float]],
    more: list[tuple[float, float, float]],
):
    few = answered(offset, answers).offset()
    many = answered(offset, [*answers, *more]).offset()
    assert many.low_s >= few.low_s - 1e-6
    assert many.high_s <= few.high_s + 1e-6


def test_polling_once_a_second_at_changing_phases_narrows_it_to_a_tenth():
    answers = [(n * 1.07, 0.004, 0.5) for n in range(20)]
    found = answered(0.31, answers).offset()
    assert found.uncertainty_s < 0.1
    assert found.estimate_s == pytest.approx(0.31, abs=0.1)


def test_a_clock_that_is_set_starts_the_estimate_anew():
    found = answered(0.0, [(1.0, 0.0, 0.0), (2.0, 0.0, 0.0)])
    found.add(NOW + 3, NOW + 3, NOW + 63)
    assert found.offset() == ClockOffset(low_s=60, high_s=61, samples=1)


def test_without_answers_the_clocks_are_taken_for_equal_and_it_says_so():
    assert OffsetEstimator().offset() == ClockOffset(low_s=0, high_s=0, samples=0)


@given(st.floats(-1e4, 1e4), st.floats(-60, 60))
def test_there_and_back_is_the_same_moment(at_s: float, offset: float):
    clock = LoadClock(NOW, ClockOffset(low_s=offset, high_s=offset, samples=1))
    assert clock.of_aws(clock.to_aws(at_s)) == pytest.approx(at_s, abs=0.002)


def test_aws_s_times_are_shifted_by_its_clock_s_offset_and_ours_are_not():
    clock = LoadClock(NOW, ClockOffset(low_s=1.5, high_s=2.5, samples=3))
    moment = datetime.fromtimestamp(NOW + 12, UTC)
    assert clock.of_aws(moment) == 10
    assert clock.of_aws(moment.replace(tzinfo=None)) == 10
    assert clock.of_aws(moment.astimezone(timezone(timedelta(hours=9)))) == 10
    assert clock.of_ours(NOW + 12) == 12


def headers(**found: str) -> dict[str, Any]:
    return {"ResponseMetadata": {"HTTPHeaders": found}}


@pytest.mark.parametrize(
    ("answer", "dated"),
    [
        (headers(date=format_datetime(datetime.fromtimestamp(NOW, UTC), usegmt=True)), NOW),
        (headers(date="yesterday"), None),
        (headers(), None),
        ({}, None),
    ],
)
def test_the_date_of_an_answer(answer: dict[str, Any], dated: float | None):
    assert dated_at(answer) == dated


def test_every_call_is_one_more_sample_and_its_answer_comes_through():
    found = OffsetEstimator()
    times = iter([NOW, NOW + 0.25])
    calls = TimedCalls(found, now=lambda: next(times))
    answer = headers(date=format_datetime(datetime.fromtimestamp(NOW + 5, UTC), usegmt=True))

    def describe(**params: Any) -> dict[str, Any]:
        return {**answer, "asked": params}

    assert calls(describe, Name="one")["asked"] == {"Name": "one"}
    assert found.offset() == ClockOffset(low_s=4.75, high_s=6.0, samples=1)
