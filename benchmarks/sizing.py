"""How often `size --check` confirms a right prediction, in simulation: is it estimator or noise?

A server with two workers and a queue (M/G/2) answers requests whose costs are as far apart as those of the
sample service's two pages. A ramp of six rates predicts the percentile at a rate between two of them; a
later hold measures it. As the truth is known, each is held against it, and the one against the other. With
`--stalls`, everything stands still for a moment every now and then, in some runs more often than in others,
as on a real computer (docs/capacity.md).

Examples:
    python -m benchmarks.sizing
    python -m benchmarks.sizing --runs 400 --stalls
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.command import Parser, run, whole
from loadtest.analysis import latency_curve, sizing
from loadtest.analysis.columns import quantile
from loadtest.analysis.latency_curve import Observed
from loadtest.array_types import Floats

WINDOW_S = 2.0
SERVERS = 2
COSTS_MS = (2.5, 7.5)
"""Of the index page and of the login, which costs three times as much (docs/sample-service.md)."""
SPREAD = 0.35
"""Of a cost's logarithm."""
CAPACITY = SERVERS * 1000 / (np.mean(COSTS_MS) * np.exp(SPREAD**2 / 2))
"""Requests a second at which the servers never rest."""
RAMP = tuple(float(share * CAPACITY) for share in (0.15, 0.3, 0.45, 0.6, 0.7, 0.8))
ASKED = float(0.65 * CAPACITY)
"""The rate of the check, between two of the ramp."""
STALL_S, STALL_EVERY_S = 0.03, 20.0
"""How long everything stands still, and how often; runs differ in that by a factor of two either way."""
HOLDS_S = (10, 30, 60, 120)
Q = 0.99
LONG_RUNS = 20
"""Of 200 s each, which together are the truth."""


@dataclass(frozen=True)
class Played:
    """Requests of one run."""

    starts_s: Floats
    latency_ms: Floats

    def observed(self, rate_of: Sequence[tuple[float, float]]) -> Observed:
        """Return them in windows; `rate_of` has the seconds and the rate of each part of the run."""
        total_s = sum(seconds for seconds, _ in rate_of)
        edges = np.arange(0, total_s + WINDOW_S / 2, WINDOW_S)
        counts, _ = np.histogram(self.starts_s, edges)
        window = np.digitize(self.starts_s, edges) - 1
        window[window >= len(counts)] = -1
        return Observed(counts / WINDOW_S, window.astype(np.int64), self.latency_ms)


def play(parts: Sequence[tuple[float, float]], seed: int, *, stalls: bool = False) -> Played:
    """Let requests arrive at random, for the seconds and at the rate of each part, and answer them."""
    random = np.random.default_rng(seed)
    starts = np.concatenate(list(_arrivals(parts, random)))
    costs = np.array(COSTS_MS)[random.integers(len(COSTS_MS), size=len(starts))] / 1000
    costs = costs * np.exp(random.normal(0, SPREAD, len(starts)))
    stopped = list(_stalls(float(starts[-1]), random)) if stalls else []
    return Played(starts, (ends(starts, costs, stopped) - starts) * 1000)


def _arrivals(
    parts: Sequence[tuple[float, float]], random: np.random.Generator
) -> Iterator[Floats]:
    began = 0.0
    for seconds, rate in parts:
        yield np.sort(random.uniform(began, began + seconds, random.poisson(rate * seconds)))
        began += seconds


def _stalls(until_s: float, random: np.random.Generator) -> Iterator[float]:
    every, at = STALL_EVERY_S * float(random.uniform(0.5, 2.0)), 0.0
    while (at := at + float(random.exponential(every))) < until_s:
        yield at


def ends(starts: Floats, costs: Floats, stalls: list[float]) -> Floats:
    """Return when each request is answered: first come, first served; who meets a stall waits it out."""
    free = [0.0] * SERVERS
    ends, stall = np.empty(len(starts)), 0
    for number, (start, cost) in enumerate(zip(starts.tolist(), costs.tolist(), strict=True)):
        begin = max(start, free[0])
        while stall < len(stalls) and begin > stalls[stall] + STALL_S:
            stall += 1
        end = begin + cost
        if stall < len(stalls) and end > stalls[stall]:
            end += STALL_S - max(0.0, begin - stalls[stall])
        heapq.heapreplace(free, end)
        ends[number] = end
    return ends


@dataclass(frozen=True)
class Accuracy:
    """Which share of simulated runs was within the limit that `size --check` has."""

    predicted: float
    """Predictions, against the truth."""
    measured: float
    """Holds, against the truth."""
    confirmed: float
    """Predictions, against the hold that is to confirm them."""
    bias: float
    """By how much the predictions are off on average; 0.1 is 10 % too high."""


def accuracy(hold_s: float, runs: int, *, seed: int = 1, stalls: bool = False) -> Accuracy:
    """Return how often predictions and holds are right; a ramp holds each of its rates for so long."""
    long = [play([(200.0, ASKED)], 10_000 + seed + one, stalls=stalls) for one in range(LONG_RUNS)]
    truth = quantile(np.concatenate([one.latency_ms for one in long]), Q)
    parts = [(float(hold_s), rate) for rate in RAMP]
    predicted, measured = np.empty(runs), np.empty(runs)
    for number in range(runs):
        ramp = play(parts, seed + 2 * number + 1, stalls=stalls).observed(parts)
        predicted[number] = latency_curve.fit([ramp], Q, resamples=1).at(ASKED).value
        held = play([(float(hold_s), ASKED)], seed + 2 * number + 2, stalls=stalls)
        measured[number] = quantile(held.latency_ms, Q)

    def within(values: Floats, right: Floats | float) -> float:
        return float(np.mean(np.abs(values - right) <= sizing.WITHIN * right))

    return Accuracy(
        within(predicted, truth),
        within(measured, truth),
        within(predicted, measured),
        float(np.mean(predicted) / truth - 1),
    )


def main() -> None:
    """Print the accuracy by the length of a hold."""
    parser = Parser(__doc__)
    parser.add_argument("--runs", type=whole(), default=100)
    parser.add_argument("--stalls", action="store_true")
    chosen = parser.parse_args()
    table = Table(title=f"within {sizing.WITHIN:.0%}, {chosen.runs} runs, {ASKED:.0f} requests/s")
    for column in ("hold", "requests", "prediction", "hold itself", "prediction and hold", "bias"):
        table.add_column(column, justify="right")
    for hold_s in HOLDS_S:
        found = accuracy(hold_s, chosen.runs, stalls=chosen.stalls)
        shares = (f"{one:.0%}" for one in (found.predicted, found.measured, found.confirmed))
        table.add_row(f"{hold_s} s", f"{hold_s * ASKED:,.0f}", *shares, f"{found.bias:+.1%}")
    Console().print(table)


if __name__ == "__main__":
    run(main)
