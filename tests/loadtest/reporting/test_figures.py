"""What charts are drawn from: no request is lost or counted twice, and percentiles are observed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.analysis import columns
from loadtest.models import RunSummary
from loadtest.outcomes import ANSWERED, Outcome
from loadtest.reporting.html import figures
from loadtest.runs import table
from loadtest.runs.recording import Exchange

CASES = {
    Outcome.GOOD: {"status": 200, "expected": True, "error": None},
    Outcome.SERVER_ERROR: {"status": 502, "expected": False, "error": None},
    Outcome.TIMEOUT: {"status": None, "expected": None, "error": "ETIMEDOUT"},
    Outcome.RESET: {"status": None, "expected": None, "error": "ECONNRESET"},
}


@pytest.fixture(scope="module")
def run(story: Any) -> RunSummary:
    return story.report.ha


def requests(run: RunSummary, make_exchange: Callable[..., Exchange]) -> st.SearchStrategy[Any]:
    began = run.load_began_at.timestamp() * 1000

    def one(raw: tuple[int, float, float, Outcome, int]) -> Exchange:
        user, start, ttfb, outcome, instance = raw
        answered = outcome in ANSWERED
        return make_exchange(
            f"1-{user}",
            arrived_ms=began + user * 700,
            start_ms=began + start,
            ttfb_ms=ttfb if answered else None,
            total_ms=ttfb + 1 if answered else 10_000.0,
            instance=f"i-{instance}" if answered else None,
            **CASES[outcome],
        )

    raw = st.tuples(
        st.integers(0, 40),
        st.floats(-5, 60_000),
        st.floats(0.01, 9_999),
        st.sampled_from(list(CASES)),
        st.integers(0, 3),
    )
    return st.lists(raw.map(one), max_size=60).map(table.from_exchanges)


@settings(deadline=None)
@given(data=st.data())
def test_a_time_series_loses_nothing(
    data: st.DataObject, run: RunSummary, make_exchange: Callable[..., Exchange]
):
    rows = data.draw(requests(run, make_exchange))
    step = data.draw(st.sampled_from(figures.STEPS_S[:6]))
    series = figures.time_series(run, rows, step)
    assert len(series.p99) == len(series.median) == len(series)
    for outcome, rate in series.outcomes.items():
        assert rate.sum() * step == pytest.approx(rows.is_(outcome).sum())
    assert (series.good + series.slow + series.failed).sum() * step == pytest.approx(len(rows))
    if len(rows):
        assert series.arrivals.sum() * step <= len(set(rows.user.codes.tolist())) + 1e-6
    for median, p99 in zip(series.median, series.p99, strict=True):
        assert (median is None) == (p99 is None)
        assert median is None or median.value_ms <= p99.value_ms


@settings(deadline=None)
@given(data=st.data())
def test_percentiles_of_a_step_are_nearest_ranks(
    data: st.DataObject, run: RunSummary, make_exchange: Callable[..., Exchange]
):
    rows = data.draw(requests(run, make_exchange))
    began = run.load_began_at.timestamp() * 1000
    series = figures.time_series(run, rows, 10)
    for step, p99 in enumerate(series.p99):
        inside = [n for n, t in enumerate(rows.start_ms) if max(0, (t - began) // 10_000) == step]
        values = sorted(math.inf if np.isnan(v) else v for v in rows.ttfb_ms[inside])
        if not values:
            assert p99 is None
            continue
        expected = values[math.ceil(0.99 * len(values)) - 1]
        assert p99.at_least == math.isinf(expected)
        assert p99.value_ms == pytest.approx(min(expected, 10_000), abs=1e-3)


@settings(deadline=None)
@given(data=st.data())
def test_a_distribution_rises_up_to_what_was_answered(
    data: st.DataObject, run: RunSummary, make_exchange: Callable[..., Exchange]
):
    rows = data.draw(requests(run, make_exchange))
    found = figures.distribution(run, rows)
    answered = int(np.isfinite(rows.ttfb_ms).sum())
    assert (np.diff(found.ms) >= 0).all()
    assert (np.diff(found.share) > 0).all()
    if answered:
        assert found.share[-1] == pytest.approx(found.coverage)
        assert found.ms[-1] == np.nanmax(rows.ttfb_ms)
    assert found.coverage == pytest.approx(answered / len(rows) if len(rows) else 0)


def test_a_distribution_of_many_requests_is_drawn_from_few_points(run: RunSummary, story: Any):
    found = figures.distribution(run, story.evidence.ha)
    assert len(story.evidence.ha) == 5100
    assert 200 < len(found.ms) <= 2 * figures.CURVE_POINTS
    assert found.coverage == 1


@settings(deadline=None)
@given(data=st.data())
def test_instances_share_all_requests(
    data: st.DataObject, run: RunSummary, make_exchange: Callable[..., Exchange]
):
    rows = data.draw(requests(run, make_exchange))
    found = figures.instances(run, rows)
    assert sum(one.requests for one in found) == len(rows)
    assert sum(one.good for one in found) == rows.is_(Outcome.GOOD).sum()
    silent = [one for one in found if one.instance is None]
    assert all(set(one.latency.values()) == {None} for one in silent)
    assert [one.instance for one in found] == [
        *sorted(one.instance for one in found if one.instance),
        *(None for _ in silent),
    ]


@settings(deadline=None)
@given(st.floats(0, 10**7), st.integers(1, 500))
def test_steps_cover_the_time_in_few_parts(seconds: float, most: int):
    step = figures.step_for(seconds, most)
    assert step * most >= seconds
    assert step in figures.STEPS_S or step % 3600 == 0


def test_the_users_who_failed_are_those_that_were_counted(story: Any):
    for run, rows in zip((story.report.single, story.report.ha), story.evidence, strict=False):
        found = columns.users(rows)
        assert (int(found.failed.sum()), len(found.failed)) == (
            run.users.failed,
            run.users.created,
        )
        assert len(found.arrived_ms) == len(found.failed)
