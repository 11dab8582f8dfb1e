"""The arithmetic of scaling policies."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.autoscaling.scaling.adjustments import (
    CHANGE,
    EXACT,
    PERCENT,
    Step,
    adjusted,
    gap_or_overlap,
    step_for,
    tracked,
)

# The example of the user guide, "Step adjustments": threshold 50, a group of 10.
OUT = [Step(0, 10, 0), Step(10, 20, 10), Step(20, None, 30)]
IN = [Step(-10, 0, 0), Step(-20, -10, -10), Step(None, -20, -30)]


@pytest.mark.parametrize(
    ("capacity", "percent", "change"),
    # 12.7 -> 12, .67 -> 1, -.58 -> -1, -6.67 -> -6 (user guide, "Scaling adjustment types")
    [(127, 10, 12), (67, 1, 1), (58, -1, -1), (667, -1, -6), (4, 25, 1), (3, 20, 1), (0, 50, 0)],
)
def test_percentages_are_rounded_as_documented(capacity, percent, change):
    assert adjusted(capacity, PERCENT, percent) == capacity + change


def test_a_percentage_changes_at_least_its_minimum():
    assert adjusted(4, PERCENT, 25, least=2) == 6
    assert adjusted(8, PERCENT, -10, least=2) == 6
    assert adjusted(100, PERCENT, 25, least=2) == 125


def test_the_other_types():
    assert adjusted(4, CHANGE, -6) == 0
    assert adjusted(4, CHANGE, 2) == 6
    assert adjusted(4, EXACT, 9) == 9


@pytest.mark.parametrize(
    ("capacity", "metric", "after"), [(10, 60, 11), (11, 70, 14), (14, 40, 13), (13, 30, 10)]
)
def test_the_example_of_the_guide(capacity, metric, after):
    steps = OUT if metric > 50 else IN
    step = step_for(steps, metric - 50)
    assert step is not None
    assert adjusted(capacity, PERCENT, step.adjustment) == after


def test_bounds_belong_to_the_step_further_out():
    assert step_for(OUT, 10) == OUT[1]
    assert step_for(OUT, 9.99) == OUT[0]
    assert step_for(IN, -10) == IN[1]
    assert step_for(IN, -9.99) == IN[0]
    assert step_for(OUT, -1) is None


@pytest.mark.parametrize(
    ("steps", "wrong"),
    [
        (OUT, ""),
        (IN, ""),
        ([*OUT, *IN], ""),
        ([Step(0, None, 1)], ""),
        ([Step(None, None, 1)], ""),
        ([Step(0, 10, 1), Step(20, None, 2)], "gaps"),
        ([Step(0, 20, 1), Step(10, None, 2)], "overlap"),
        ([Step(0, None, 1), Step(10, None, 2)], "upper bound"),
        ([Step(None, 0, 1), Step(None, 10, 2)], "lower bound"),
        ([Step(0, 10, 1)], "unspecified upper bound"),
        ([Step(-10, 0, 1)], "unspecified lower bound"),
        ([Step(10, 10, 1), Step(10, None, 1)], "less than"),
    ],
)
def test_intervals_without_gaps(steps, wrong):
    found = gap_or_overlap(steps)
    assert wrong in found if wrong else not found


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=5, unique=True), st.floats(-90, 90))
def test_steps_that_are_accepted_cover_one_side_exactly_once(bounds, difference):
    ends: list[float | None] = [*sorted(bounds), None]
    steps = [Step(None, ends[0], 0)] + [
        Step(low, high, number) for number, (low, high) in enumerate(itertools.pairwise(ends))
    ]
    assert not gap_or_overlap(steps)
    assert step_for(steps, difference) is not None


@pytest.mark.parametrize(
    ("capacity", "metric", "target", "needed"),
    [
        (3, 75, 50, 5),
        (3, 25, 50, 2),
        (1, 100, 50, 2),
        (3, 50, 50, 3),
        (4, 0, 50, 0),
        (3, 70, 70, 3),
    ],
)
def test_a_fraction_counts_as_an_instance(capacity, metric, target, needed):
    assert tracked(capacity, metric, target) == needed


@given(st.integers(1, 100), st.floats(0.1, 1000), st.floats(1, 1000))
def test_the_target_is_met_by_what_is_needed_and_not_by_one_less(capacity, metric, target):
    needed = tracked(capacity, metric, target)
    load = capacity * metric
    assert load <= needed * target * (1 + 1e-6)
    assert load > (needed - 1) * target * (1 - 1e-6)
    assert not math.isnan(needed)
