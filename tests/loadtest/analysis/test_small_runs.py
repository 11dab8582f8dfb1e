"""What a comparison of runs of 100 to 1,000 requests claims, on simulated runs whose difference is known.

Latencies are log-normal and alike for neighbors in time, as in `test_false_alarms.py`. Seeds are fixed.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from loadtest.analysis.inference import (
    Interval,
    Sample,
    percentile_change,
    percentile_difference,
    share_difference,
)
from loadtest.analysis.margins import Margin, judge
from loadtest.analysis.sample_size import least_requests
from loadtest.array_types import Floats

pytestmark = pytest.mark.simulation

PAIRS, EQUIVALENT = 150, 60
RUN_S, STEP_S, WANDER_S, WANDER = 60, 0.1, 2.0, 0.15
P99_MS = 30.1
"""The true p99 of a simulated run: of 1,000,000 requests."""


def moments(requests: int) -> Floats:
    return np.linspace(0, RUN_S, requests, endpoint=False)


def latencies(rng: np.random.Generator, requests: int) -> Floats:
    keep = np.exp(-STEP_S / WANDER_S)
    steps = rng.normal(scale=WANDER * np.sqrt(1 - keep**2), size=int(RUN_S / STEP_S) + 300)
    level = lfilter([1], [1, -keep], steps)[300:]
    seconds = moments(requests)
    return 10 * np.exp(level[(seconds / STEP_S).astype(int)]) * rng.lognormal(0, 0.45, requests)


def pairs(requests: int, ratio: float, count: int = PAIRS) -> list[tuple[Sample, Sample]]:
    """Pairs of runs of which the second is so many times slower."""
    made = list[tuple[Sample, Sample]]()
    for number in range(count):
        rng = np.random.default_rng([requests, number])
        times = moments(requests) * 1000
        a, b = (latencies(rng, requests) for _ in range(2))
        made.append((Sample(a, times), Sample(ratio * b, times)))
    return made


@pytest.mark.parametrize("requests", [400, 1000])
def test_the_interval_of_a_p99s_difference_covers_what_it_promises(requests: int):
    """95 %, although the second run is three times slower: its slowest requests decide."""
    found = [percentile_difference(*one, 0.99) for one in pairs(requests, 3.0)]
    covered = sum(2 * P99_MS in one for one in found)
    print(requests, "requests:", covered, "of", PAIRS)
    assert covered >= 0.92 * PAIRS


def test_of_fewer_requests_nothing_is_claimed():
    """Without a least number, a quarter of the intervals of 100 requests would miss."""
    assert [least_requests(q, 0.95) for q in (0.5, 0.95, 0.99)] == [6, 72, 368]
    for measure in (percentile_difference, percentile_change):
        assert not any(measure(*one, 0.99).known for one in pairs(367, 3.0, 5))
        assert all(measure(*one, 0.99).known for one in pairs(368, 3.0, 5))
    # With 0.99^100, all requests of a run are below the true p99.
    below = sum(max(np.asarray(b.values)) < 3 * P99_MS for _, b in pairs(100, 3.0))
    assert below > 0.25 * PAIRS


def equivalent(requests: int, ratio: float, percent: float) -> int:
    margin = Margin(value=percent, unit="%")
    found = [
        (percentile_difference(*one, 0.99), percentile_change(*one, 0.99))
        for one in pairs(requests, ratio, EQUIVALENT)
    ]
    return sum(judge(*both, margin) == "equivalent" for both in found)


def test_equivalence_is_seldom_claimed_of_a_difference_as_large_as_the_margin():
    """TOST with a 95 % interval: at most 2.5 % of pairs are called equivalent that are not."""
    assert equivalent(1000, 1.6, 60) <= 0.05 * EQUIVALENT
    assert equivalent(1000, 1.0, 60) > 0.8 * EQUIVALENT  # the power


def test_shares_as_different_as_the_margin_are_seldom_called_equivalent():
    wrong = right = 0
    margin, times = Margin(value=2, unit="pp"), moments(1000) * 1000
    for number in range(PAIRS):
        rng = np.random.default_rng([5, number])
        one, same, other = (
            Sample(rng.random(1000) < share, times) for share in (0.005, 0.005, 0.025)
        )
        wrong += judge(share_difference(one, other), None, margin) == "equivalent"
        right += judge(share_difference(one, same), None, margin) == "equivalent"
    print("wrong", wrong, "right", right)
    assert wrong <= 0.05 * PAIRS
    assert right >= 0.8 * PAIRS


def test_the_interval_of_no_requests_is_unknown():
    none = Sample(np.zeros(0), np.zeros(0))
    assert percentile_difference(none, none, 0.99) == Interval(-np.inf, np.inf)
