"""A percentile of latency over the load of an instance, as it was measured.

No formula of a queue: an instance with a share of a CPU answers as fast at 20 % as at 70 % of it, and
then its requests wait for the next period of its quota; M/G/k, which rises from the start, would promise
too little in the middle and too much at the edge (ADR 56). So windows of like load are put together,
each level gets its percentile by nearest rank, and levels are made to rise with the load (isotonic
regression of the logarithm, weighted by requests). Between levels it is interpolated; beyond the
highest nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from loadtest.analysis.columns import quantile
from loadtest.analysis.inference import CONFIDENCE, SEED
from loadtest.analysis.load_windows import LoadWindows
from loadtest.analysis.usl import CapacityError, Estimate
from loadtest.array_types import Floats, Ints

LEAST_LEVELS = 6
LEAST_REQUESTS = 300
"""A level has so many requests at least: below, a p99 is the third slowest or slower."""
ENOUGH_REQUESTS, ENOUGH_LEVELS = 1_000, 12
"""A level has so many where that leaves so many levels: a p99 of fewer requests is too low on average, and
more levels show a cliff more sharply."""
MOST_LEVELS = 24
LEAST_SPAN = 1.5
"""The highest level has so many times the load of the lowest: windows of one rate differ by chance."""
NEAR = 1.02
"""A load that is this much above the highest level counts as measured."""
RESAMPLES = 300
BLOCK = 2
"""Windows in a row that are drawn together: neighboring requests are alike."""


@dataclass(frozen=True)
class LatencyCurve:
    """A percentile over requests a second and instance; `draws` are those of resampled windows."""

    q: float
    loads: Floats
    """Of each level, rising."""
    measured_ms: Floats
    values_ms: Floats
    """Made to rise with the load."""
    draws: Floats
    """One row for each resample."""

    @property
    def highest(self) -> float:
        """The highest load that was measured."""
        return float(self.loads[-1])

    def at(self, load: float) -> Estimate:
        """Return the percentile at a load, in ms.

        Raises:
            CapacityError: The load is higher than any that was measured.
        """
        if load > self.highest * NEAR:
            raise CapacityError(
                f"{load:.1f} requests/s on an instance are more than was measured "
                f"({self.highest:.1f}); load it more first"
            )
        value = float(self._interpolated(self.values_ms, load))
        drawn = np.array([self._interpolated(one, load) for one in self.draws])
        low, high = _interval(drawn)
        return Estimate(value=value, low=min(low, value), high=max(high, value))

    def most(self, limit_ms: float) -> Estimate | None:
        """Return the highest load at which the percentile keeps a limit; None if none does."""
        value = self._most(self.values_ms, limit_ms)
        if value is None:
            return None
        drawn = np.array([self._most(one, limit_ms) or 0.0 for one in self.draws])
        low, high = _interval(drawn)
        return Estimate(value=value, low=min(low, value), high=max(high, value))

    def _interpolated(self, values: Floats, load: float) -> float:
        return float(np.exp(np.interp(load, self.loads, np.log(values))))

    def _most(self, values: Floats, limit_ms: float) -> float | None:
        kept = values <= limit_ms
        if not kept[0]:
            return None
        if kept.all():
            return self.highest
        # The curve rises: there is one level behind which it is beyond the limit.
        last = int(np.argmin(kept)) - 1
        low, high = np.log(values[last : last + 2])
        share = (np.log(limit_ms) - low) / (high - low)
        return float(self.loads[last] + share * (self.loads[last + 1] - self.loads[last]))


def _interval(drawn: Floats) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


@dataclass(frozen=True)
class Observed:
    """What a run shows of its requests' latency; of the windows in the order of time."""

    loads: Floats
    """Of each window: requests a second and instance; NaN where none answered."""
    window: Ints
    """Of each request: the window in which it started; -1 outside of all."""
    latency_ms: Floats
    """Of each request; the time limit where it was never answered."""


def measure(runs: Sequence[LoadWindows], q: float, *, resamples: int = RESAMPLES) -> LatencyCurve:
    """Put the windows of runs of one kind of instance together.

    Raises:
        CapacityError: They have too few requests at different loads.
    """
    return fit([_observed(one) for one in runs], q, resamples=resamples)


def _observed(run: LoadWindows) -> Observed:
    timeout_ms = run.summary.scenario.timeout_s * 1000
    return Observed(run.per_instance, run.window, np.clip(run.latency_ms, 1e-3, timeout_ms))


def fit(runs: Sequence[Observed], q: float, *, resamples: int = RESAMPLES) -> LatencyCurve:
    """Return the curve of what was observed.

    Raises:
        CapacityError: There are too few requests at different loads.
    """
    loads, blocks, rows = _joined(runs)
    levels = _levels(loads, np.bincount(rows.window, minlength=len(loads)))
    if len(levels) < LEAST_LEVELS:
        raise CapacityError(
            f"{len(levels)} different rates with {LEAST_REQUESTS} requests each show no curve; take a "
            f"longer ramp, such as `--ramp 5:125:120s` ({LEAST_LEVELS} are needed)"
        )
    middle = [
        float(np.average(loads[members], weights=_counts(rows.of(members), members)))
        for members in levels
    ]
    if middle[-1] < LEAST_SPAN * middle[0]:
        raise CapacityError(
            f"the runs hold one rate, {middle[0]:.1f} to {middle[-1]:.1f} requests/s on an instance, which "
            "shows no curve; take a ramp, such as `--ramp 5:125:120s`"
        )
    measured = [quantile(rows.of(members).latency_ms, q) for members in levels]
    weights = np.array([len(rows.of(members).latency_ms) for members in levels])
    random = np.random.default_rng(SEED)
    drawn = np.array(
        [_redraw(rows.of(members), blocks, q, random, resamples) for members in levels]
    )
    return LatencyCurve(
        q,
        np.array(middle),
        np.array(measured),
        _rising(np.array(measured), weights),
        np.array([_rising(one, weights) for one in drawn.T]),
    )


@dataclass(frozen=True)
class _Rows:
    """Requests, by the window that they started in."""

    window: Ints
    latency_ms: Floats

    def of(self, members: Ints) -> _Rows:
        """Return those of some windows, the fastest first."""
        chosen = np.isin(self.window, members)
        order = np.argsort(self.latency_ms[chosen], kind="stable")
        return _Rows(self.window[chosen][order], self.latency_ms[chosen][order])

    def latency_at(self, q: float, weights: Floats) -> float:
        """Return the q-quantile by nearest rank, each request counted as often as its weight."""
        upto = np.cumsum(weights)
        place = int(np.searchsorted(upto, q * upto[-1] - 1e-9))
        return float(self.latency_ms[min(place, len(self.latency_ms) - 1)])


def _joined(runs: Sequence[Observed]) -> tuple[Floats, Ints, _Rows]:
    """Return the load and the block of each window of all runs, and their requests."""
    loads, blocks, windows, latencies = list[Floats](), list[Ints](), list[Ints](), list[Floats]()
    first = first_block = 0
    for run in runs:
        loads.append(run.loads)
        block = np.arange(len(run.loads)) // BLOCK + first_block
        blocks.append(block)
        known = (run.window >= 0) & np.isfinite(run.loads[run.window])
        windows.append(run.window[known] + first)
        latencies.append(run.latency_ms[known])
        first += len(run.loads)
        first_block = int(block[-1]) + 1 if len(block) else first_block
    rows = _Rows(np.concatenate(windows), np.concatenate(latencies))
    return np.concatenate(loads), np.concatenate(blocks), rows


def _levels(loads: Floats, counts: Ints) -> list[Ints]:
    """Divide windows by their load into levels of about as many requests, each enough of them."""
    order = np.argsort(np.nan_to_num(loads, nan=-1.0), kind="stable")
    order = order[counts[order] > 0]
    total = int(counts.sum())
    wanted = max(LEAST_REQUESTS, min(ENOUGH_REQUESTS, total // ENOUGH_LEVELS), total // MOST_LEVELS)
    levels, level, held = list[Ints](), list[int](), 0
    for number in order:
        level.append(int(number))
        held += int(counts[number])
        if held >= wanted:
            levels.append(np.array(level))
            level, held = [], 0
    if level and levels:
        levels[-1] = np.concatenate([levels[-1], level])
    return levels


def _counts(level: _Rows, members: Ints) -> Ints:
    return np.array([np.count_nonzero(level.window == one) for one in members])


def _redraw(
    level: _Rows, blocks: Ints, q: float, random: np.random.Generator, resamples: int
) -> list[float]:
    """Return the level's percentile in resamples of its blocks of time."""
    names, member = np.unique(blocks[level.window], return_inverse=True)
    made = list[float]()
    for _ in range(resamples):
        # Within a block, requests vary too: with few blocks, that is most of what is known.
        times = np.bincount(random.integers(len(names), size=len(names)), minlength=len(names))
        weights = (
            random.poisson(times[member]) if len(names) > 1 else random.poisson(1, len(member))
        )
        weights = weights if weights.any() else np.ones(len(member))
        made.append(level.latency_at(q, weights.astype(float)))
    return made


def _rising(values: Floats, weights: Floats) -> Floats:
    return np.exp(scipy.optimize.isotonic_regression(np.log(values), weights=weights).x)
