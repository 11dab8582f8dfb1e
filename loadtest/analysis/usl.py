"""The Universal Scalability Law: how throughput grows with concurrency or fleet size.

    X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1))

`lambda` is what one serves alone, `sigma` the share of the work that has to wait its turn (contention),
`kappa` the cost of keeping each in step with each (coherency); N is the number of instances, or of requests
in flight (Gunther, Guerrilla Capacity Planning, 2007, chapter 4). It is fitted by least squares of
the relative errors, within 0 <= sigma, kappa <= 1; its intervals are those of refits to resampled
runs, or blocks of one run's time: requests are not independent observations. As six sizes leave three
degrees of freedom, these are stretched from z to Student's t (Hesterberg 2015, section 5).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy

from loadtest.analysis.inference import CONFIDENCE, SEED
from loadtest.array_types import Floats, Ints
from loadtest.errors import LoadTestError
from loadtest.models import Record

LEAST_SIZES = 6
"""Three parameters need as many again to show how wrong they are (as in the R and Rust packages)."""
FURTHEST = 2.0
"""Nothing is said beyond so many times what was measured."""
RESAMPLES = 400
_NEGLIGIBLE = {"sigma": 1e-3, "kappa": 1e-6}
"""At these the law is a straight line over any size that is measured here."""
LEAST_LOSS = 0.01
"""A curve that is this close to its straight line at the largest size counts as one."""
_PARAMETERS = 3


class CapacityError(LoadTestError):
    """The runs do not show it; the message names the value and what would."""


class Estimate(Record):
    """A figure and where it lies with 95 % confidence."""

    value: float
    low: float
    high: float


class Usl(Record):
    """The law, as it was fitted to sizes from `smallest` to `largest`."""

    rate: Estimate
    """lambda: throughput of one alone, per second."""
    sigma: Estimate
    kappa: Estimate
    loss: Estimate
    """The share of the straight line's throughput that is lost at the largest size. By both parameters
    together: one can stand in for the other, so that neither is known where their sum is."""
    smallest: float
    largest: float
    sizes: int

    def throughput(self, size: float) -> float:
        """Return the throughput at a size, per second.

        Raises:
            CapacityError: It is more than twice the largest that was measured.
        """
        self._require_near(size)
        return float(law(np.array([size]), self.rate.value, self.sigma.value, self.kappa.value)[0])

    def _require_near(self, size: float) -> None:
        if not 0 < size <= FURTHEST * self.largest:
            raise CapacityError(
                f"{size:g} is beyond twice the largest size that was measured ({self.largest:g}); "
                f"measure at {FURTHEST * self.largest:g} first"
            )

    @property
    def linear(self) -> bool:
        """Whether the measurements do not exclude a straight line, so that no knee is shown."""
        return self.loss.low <= LEAST_LOSS

    @property
    def knee(self) -> float | None:
        """The size from which on more of it gains little: 1 / sigma, where the line meets its ceiling.

        No later than the peak. None where it is not shown, or beyond twice what was measured.
        """
        found = [self._peak] if self._peak else []
        if self.sigma.value > _NEGLIGIBLE["sigma"]:
            found.append(1 / self.sigma.value)
        return None if self.linear else self._shown(min(found, default=math.inf))

    @property
    def peak(self) -> float | None:
        """The size of the highest throughput; None where there is none up to twice what was measured."""
        return None if self.linear or self._peak is None else self._shown(self._peak)

    @property
    def _peak(self) -> float | None:
        if self.kappa.value <= _NEGLIGIBLE["kappa"]:
            return None
        return math.sqrt(max(0.0, 1 - self.sigma.value) / self.kappa.value)

    def _shown(self, size: float) -> float | None:
        return size if size <= FURTHEST * self.largest else None


def law(sizes: Floats, rate: float, sigma: float, kappa: float) -> Floats:
    """Return the throughput at each size."""
    return rate * sizes / (1 + sigma * (sizes - 1) + kappa * sizes * (sizes - 1))


def fit(
    sizes: Floats, throughputs: Floats, groups: Ints | None = None, *, resamples: int = RESAMPLES
) -> Usl:
    """Fit the law.

    Args:
        sizes: One per measurement, positive.
        throughputs: The same, per second, positive.
        groups: Which measurements are drawn together: the run, or the block of time. Each by itself
            unless given.
        resamples: How often to refit for the intervals.

    Raises:
        CapacityError: There are too few different sizes.
    """
    known = np.isfinite(sizes) & np.isfinite(throughputs) & (sizes > 0) & (throughputs > 0)
    sizes, throughputs = sizes[known], throughputs[known]
    different = len(np.unique(sizes))
    if different < LEAST_SIZES:
        raise CapacityError(
            f"{different} different sizes do not show a curve; measure at least {LEAST_SIZES}"
        )
    members = np.arange(len(sizes)) if groups is None else groups[known]
    best = _solve(sizes, throughputs)
    drawn = np.array(list(_refits(sizes, throughputs, members, resamples)))
    freedom = max(1, len(np.unique(members)) - _PARAMETERS)
    largest = float(sizes.max())
    rate = _estimate(math.log(best[0]), np.log(drawn[:, 0]), freedom)
    return Usl(
        rate=Estimate(**{name: math.exp(one) for name, one in rate}),
        sigma=_estimate(best[1], drawn[:, 1], freedom, within=(0.0, 1.0)),
        kappa=_estimate(best[2], drawn[:, 2], freedom, within=(0.0, 1.0)),
        loss=_estimate(
            _loss(largest, *best[1:]), _loss(largest, *drawn.T[1:]), freedom, within=(0.0, 1.0)
        ),
        smallest=float(sizes.min()),
        largest=largest,
        sizes=different,
    )


def _loss(size: float, sigma: Any, kappa: Any) -> Any:
    """Return the share of the straight line's throughput that is lost at a size."""
    return 1 - law(np.array(size), 1.0, sigma, kappa) / size


def _estimate(
    value: float,
    drawn: Floats,
    freedom: int,
    *,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> Estimate:
    """Return a parameter with the percentiles of its refits, stretched from their median by t / z."""
    tail = (1 - CONFIDENCE) / 2
    low, median, high = map(float, np.quantile(drawn, [tail, 0.5, 1 - tail]))
    stretched = float(scipy.stats.t.isf(tail, freedom) / scipy.stats.norm.isf(tail))
    return Estimate(
        value=float(value),
        low=min(float(value), max(within[0], median - stretched * (median - low))),
        high=max(float(value), min(within[1], median + stretched * (high - median))),
    )


def _refits(sizes: Floats, throughputs: Floats, members: Ints, resamples: int) -> Any:
    """Yield the parameters of refits to groups drawn with replacement.

    A draw of too few sizes says nothing, and is drawn again; the fitted errors are put on sizes as
    they are where every group is a single measurement, since a drawn curve must keep its ends.
    """
    random = np.random.default_rng(SEED)
    names = np.unique(members)
    rows = [np.flatnonzero(members == name) for name in names]
    if all(len(one) == 1 for one in rows):
        yield from _from_errors(sizes, throughputs, random, resamples)
        return
    made = 0
    while made < resamples:
        chosen = np.concatenate([rows[n] for n in random.integers(len(rows), size=len(rows))])
        if len(np.unique(sizes[chosen])) >= min(LEAST_SIZES, 4):
            made += 1
            yield _solve(sizes[chosen], throughputs[chosen])


def _from_errors(
    sizes: Floats, throughputs: Floats, random: np.random.Generator, resamples: int
) -> Any:
    fitted = law(sizes, *_solve(sizes, throughputs))
    errors = np.log(throughputs / fitted)
    # Residuals are smaller than errors by the parameters that followed them.
    freedom = max(1, len(sizes) - _PARAMETERS)
    errors = (errors - errors.mean()) * math.sqrt(len(sizes) / freedom)
    for _ in range(resamples):
        yield _solve(sizes, fitted * np.exp(random.choice(errors, size=len(sizes))))


def _solve(sizes: Floats, throughputs: Floats) -> Floats:
    scale = float(np.max(throughputs / sizes))

    def errors(parameters: Floats) -> Floats:
        rate, sigma, kappa = parameters
        return np.log(law(sizes, rate * scale, sigma, kappa) / throughputs)

    def slopes(parameters: Floats) -> Floats:
        rate, sigma, kappa = parameters
        pairs = sizes * (sizes - 1)
        divisor = 1 + sigma * (sizes - 1) + kappa * pairs
        return np.stack([np.full(len(sizes), 1 / rate), (1 - sizes) / divisor, -pairs / divisor], 1)

    found = scipy.optimize.least_squares(
        errors,
        x0=[1.0, 0.02, 1e-4],
        jac=slopes,
        bounds=([1e-6, 0.0, 0.0], [1e3, 1.0, 1.0]),
        x_scale="jac",
    )
    return np.array([found.x[0] * scale, found.x[1], found.x[2]])
