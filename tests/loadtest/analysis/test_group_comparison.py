"""Groups of runs compared: Student's t of two samples, also of one run against several."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from loadtest.analysis.group_comparison import unpaired


def test_two_groups_agree_with_scipy():
    a, b = [25.0, 26.5, 24.0, 27.0], [30.0, 29.0, 33.0]
    found = stats.ttest_ind(b, a).confidence_interval(0.95)
    interval = unpaired(a, b, 0.95)
    assert (interval.low, interval.high) == pytest.approx((found.low, found.high))


def test_one_run_against_several_is_the_prediction_of_one_more():
    before, after = [25.0, 26.0, 24.0, 25.5], 31.0
    mean, sd = np.mean(before), np.std(before, ddof=1)
    half = stats.t.isf(0.025, 3) * sd * math.sqrt(1 + 1 / 4)
    interval = unpaired(before, [after], 0.95)
    assert (interval.low, interval.high) == pytest.approx(
        (after - mean - half, after - mean + half)
    )


def test_one_run_each_shows_nothing_about_runs():
    assert not unpaired([25.0], [400.0], 0.95).known
    assert not unpaired([], [1.0, 2.0, 3.0], 0.95).known
