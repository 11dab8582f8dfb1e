"""How many instances a refresh replaces at a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from region.services.autoscaling.refresh.batches import (
    Bounds,
    bounds,
    next_batch,
    percentage_of,
    replaced_at,
)


def test_a_group_of_one_ends_before_it_begins_unless_told_otherwise():
    assert bounds(1, 90, 100, explicit=False) == Bounds(0, 0)
    assert bounds(1, 100, 100, explicit=False) == Bounds(0, 0)
    assert bounds(1, 100, 100, explicit=True) == Bounds(1, 1)
    assert bounds(1, 100, 200, explicit=True) == Bounds(1, 1)


def test_percentages_of_a_larger_group():
    assert bounds(10, 90, 100, explicit=False) == Bounds(9, 0)
    assert bounds(4, 50, 100, explicit=True) == Bounds(2, 0)
    assert bounds(4, 50, 150, explicit=True) == Bounds(2, 2)
    assert bounds(3, 90, 110, explicit=True) == Bounds(3, 1)


def simulate(desired, minimum, maximum, explicit):
    """Replace everything; return the fewest ready and the most there were."""
    limits = bounds(desired, minimum, maximum, explicit=explicit)
    old, new = desired, 0
    fewest = most = desired
    for _ in range(3 * desired + 3):
        batch = next_batch(limits, old + new, old, old)
        old -= batch.terminate
        fewest = min(fewest, old + new)
        new = max(new, desired + batch.surge - old)
        most = max(most, old + new)
    return old, fewest, most


@given(st.integers(1, 30), st.integers(0, 100), st.integers(100, 200), st.booleans())
def test_everything_is_replaced_within_the_bounds(desired, minimum, maximum, explicit):
    old, fewest, most = simulate(desired, minimum, maximum, explicit)
    limits = bounds(desired, minimum, maximum, explicit=explicit)
    assert old == 0
    assert fewest >= limits.lowest
    assert most <= desired + limits.surge


def test_checkpoints_and_percentages():
    assert replaced_at(2, 50) == 1
    assert replaced_at(3, 50) == 2
    assert replaced_at(3, 100) == 3
    assert percentage_of(1, 3) == 33
    assert percentage_of(0, 0) == 100
