"""More pairs until it can be told: how often that errs, whatever the looks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from loadtest.analysis import repeats, sequential
from loadtest.analysis.repeats import RepeatedRun
from loadtest.errors import LoadTestError
from loadtest.models import Percentile

SERIES = 40_000
PLANNED = sequential.looks(3, 12)


def stopped_early(level: float, shift: float, margin: float) -> tuple[float, float]:
    """The shares of series that end with a difference, and with equivalence, at any of the looks."""
    rng = np.random.default_rng(8)
    differences = rng.normal(shift, 1.0, size=(SERIES, PLANNED.last))
    open_, different, equivalent = np.full(SERIES, fill_value=True), 0, 0
    for n in range(PLANNED.first, PLANNED.last + 1):
        seen = differences[:, :n]
        half = stats.t.isf((1 - level) / 2, n - 1) * seen.std(axis=1, ddof=1) / math.sqrt(n)
        low, high = seen.mean(axis=1) - half, seen.mean(axis=1) + half
        within = (low > -margin) & (high < margin)
        apart = ((low > 0) | (high < 0)) & ~within
        different += int((open_ & apart).sum())
        equivalent += int((open_ & within).sum())
        open_ &= ~(within | apart)
    return different / SERIES, equivalent / SERIES


def test_looking_after_each_pair_errs_no_more_often_than_promised():
    """Of 40,000 series without a difference at most 5 % find one; their margin is out of reach."""
    level = sequential.confidence_at_each(PLANNED, 0.95)
    different, _ = stopped_early(level, shift=0.0, margin=0.0)
    assert different <= 0.05
    # With the usual interval at each look it would be several times as many: the test can fail.
    naive, _ = stopped_early(0.95, shift=0.0, margin=0.0)
    assert naive > 0.12


def test_a_difference_as_large_as_the_margin_is_seldom_called_equivalent():
    level = sequential.confidence_at_each(PLANNED, 0.95)
    _, equivalent = stopped_early(level, shift=1.5, margin=1.5)
    assert equivalent <= 0.05
    _, naive = stopped_early(0.85, shift=1.5, margin=1.5)
    assert naive > 0.05


def test_what_is_clear_is_told_by_most_series():
    level = sequential.confidence_at_each(PLANNED, 0.95)
    assert stopped_early(level, shift=2.5, margin=1.0)[0] > 0.9
    assert stopped_early(level, shift=0.0, margin=2.0)[1] > 0.9


def test_one_look_is_the_usual_interval_and_more_looks_are_wider():
    one = sequential.confidence_at_each(sequential.looks(5, 5), 0.95)
    assert 0.95 <= one <= 0.954
    levels = [sequential.confidence_at_each(sequential.looks(3, n), 0.95) for n in (3, 6, 12)]
    assert one < levels[1] < levels[2] < 1
    assert levels[0] >= 0.949


@pytest.mark.parametrize(("first", "last"), [(1, 5), (5, 4), (3, 51)])
def test_looks_that_show_nothing_are_refused(first: int, last: int):
    with pytest.raises(LoadTestError, match=f"{first} to {last} pairs cannot be planned"):
        sequential.looks(first, last)


def test_a_contrast_is_equivalent_where_pairs_agree_within_the_margin():
    runs = [
        RepeatedRun(
            slot=slot,
            stack=stack,
            run=f"{stack}-{slot}",
            outcome="kept",
            counted=True,
            users=27_000,
            failed_users=0,
            requests=54_000,
            timeouts=0,
            p99=Percentile(value_ms=25 + 0.1 * slot + (0.05 * slot if stack == "b" else 0)),
        )
        for slot in range(1, 6)
        for stack in "ab"
    ]
    _, contrasts, summary = repeats.pool(runs, ["a", "b"])
    assert [one.outcome for one in contrasts] == ["equivalent", "equivalent"]
    assert contrasts[1].finding == "higher"  # shown, but within the margin
    assert "b is within the margin of a there (± 10 %)" in " ".join(map(str, summary))
    assert repeats.all_decided(contrasts)
    _, wider, _ = repeats.pool(runs, ["a", "b"], confidence=0.9999)
    assert wider[1].low is not None
    assert contrasts[1].low is not None
    assert wider[1].low < contrasts[1].low
