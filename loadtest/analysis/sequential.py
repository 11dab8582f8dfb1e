"""Pairs of runs until a difference is decided: intervals that are valid at every look.

Whoever looks after each pair and stops at the first difference finds one far too often where there is
none. So each look gets a wider interval, as wide as it takes for all looks together to have the
confidence that was asked for (repeated confidence intervals, Jennison and Turnbull 1989, with the same
level at each look as in Pocock 1977). It then does not matter when and why somebody stops, and the
intervals serve both questions: whether there is a difference, and whether it is within the margin.
"""

from __future__ import annotations

import functools
import math
from typing import Final, NamedTuple

import numpy as np
import scipy  # loads `scipy.stats`, which takes a second or more, at its first use

from loadtest.errors import LoadTestError

FEWEST_PAIRS: Final = 3
"""The first look by default: with two pairs Student's t has one degree of freedom and shows nothing."""
MOST_PAIRS: Final = 50
_SERIES: Final = 200_000
_SEED: Final = 17
_CAUTION: Final = 6.0
"""Standard errors by which the simulated level is taken stricter than it came out."""


class Looks(NamedTuple):
    """After which numbers of pairs somebody looks: from the first to the last, after each."""

    first: int
    last: int


def looks(first: int, last: int) -> Looks:
    """Return the looks from the first to the last number of pairs.

    Raises:
        LoadTestError: There are too few or too many, or the last comes before the first.
    """
    if not 2 <= first <= last <= MOST_PAIRS:
        raise LoadTestError(
            f"{first} to {last} pairs cannot be planned: give at least 2 and at most {MOST_PAIRS} "
            "(--repeat is the fewest, --max-pairs the most)"
        )
    return Looks(first, last)


@functools.cache
def confidence_at_each(planned: Looks, confidence: float) -> float:
    """Return the level of each look's interval with which all looks together have `confidence`.

    Student's t of n differences has no unknown parameter, so the chance that any of the looks errs is
    that of simulated normal differences, for each variance and each true difference alike.
    """
    alpha = 1 - confidence
    rng = np.random.default_rng(_SEED)
    total, squares = np.zeros(_SERIES), np.zeros(_SERIES)
    least = np.ones(_SERIES)
    for n in range(1, planned.last + 1):
        drawn = rng.standard_normal(_SERIES)
        total += drawn
        squares += drawn**2
        if n < planned.first:
            continue
        variance = (squares - total**2 / n) / (n - 1)
        statistic = np.abs(total) / np.sqrt(n * variance)
        least = np.minimum(least, 2 * scipy.stats.t.sf(statistic, n - 1))
    expected = alpha * _SERIES
    rank = max(0, int(expected - _CAUTION * math.sqrt(expected * confidence)))
    return 1 - float(np.sort(least)[rank])
