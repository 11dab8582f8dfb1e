"""How many requests a run needs before anything is known of one of its percentiles."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


def least_requests(q: float, confidence: float) -> int:
    """Return how many a run needs for an interval of its q-quantile; both are above 0 and below 1.

    With fewer, all of them are on the same side of the true quantile more often than one tail of the
    interval may miss it, q^n, and no resample of them shows the other side. For the p99 and 95 % it is 368.
    """
    return math.ceil(math.log((1 - confidence) / 2) / math.log(max(q, 1 - q)))


def too_few(a: ArrayLike, b: ArrayLike, q: float, confidence: float) -> bool:
    """Return whether nothing is known of the difference of two runs' q-quantiles; each has these values."""
    return min(len(np.asarray(one)) for one in (a, b)) < least_requests(q, confidence)
