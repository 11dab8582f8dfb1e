"""The prediction of `size` is right in a simulated queue, where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import sizing as simulated
from loadtest.analysis.columns import quantile


def test_predictions_are_right_on_average_and_within_the_limit():
    found = simulated.accuracy(30, 8)
    assert found.predicted >= 7 / 8
    assert found.bias == pytest.approx(0.0, abs=0.12)


def test_a_stall_is_waited_out_by_whoever_meets_it():
    starts, costs = np.array([0.0, 1.0, 1.0, 1.01, 2.0]), np.full(5, 0.002)
    took = simulated.ends(starts, costs, [1.001]) - starts
    stalled = 0.002 + simulated.STALL_S
    # Two servers: the fourth arrives in the stall and waits for both.
    assert took == pytest.approx([0.002, stalled, stalled, stalled - 0.01 + 0.002, 0.002], abs=1e-3)


def test_more_load_is_slower():
    slow, fast = (
        quantile(simulated.play([(60.0, rate)], 1).latency_ms, 0.99)
        for rate in (simulated.RAMP[-1], simulated.RAMP[0])
    )
    assert slow > 1.3 * fast
