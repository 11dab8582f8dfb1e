"""How many instances a rate takes within a latency limit, from measured runs, and checked against a run.

The load of an instance may be so high that the percentile keeps its limit (`latency_curve`), that the
instance leaves a part of its CPU free, and no higher than was measured. The fleet is the rate by that
load. Nothing is said of fleets of more than twice the size that was measured: what they share, the
balancer and the database, was not seen under that load.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import scipy

from loadtest.analysis import fleet_price, latency_curve, load_windows
from loadtest.analysis.capacity import require_alike, require_valid
from loadtest.analysis.columns import QUANTILES, quantile
from loadtest.analysis.latency_curve import LatencyCurve
from loadtest.analysis.load_windows import LoadWindows
from loadtest.analysis.usl import FURTHEST, CapacityError, Estimate
from loadtest.array_types import Floats
from loadtest.messages.message import Message, msg
from loadtest.models import Record
from loadtest.runs import paths

BUSIEST = 0.85
"""Share of its CPU that an instance may use: beyond, requests wait for the next period of its quota, and
a percentile grows without bound (docs/calibration.md)."""
WITHIN = 0.25
"""A prediction is confirmed if it is at most so far from what was measured."""
FULL, LEAST_WINDOWS = 0.95, 5
"""From that share on an instance uses all of its CPU; of so many windows, use is known."""
HOLDING = 0.9
"""The windows that a check compares: those of at least this share of the rate that only a tenth of
the windows exceeds, which is the hold's."""
LEAST_REQUESTS = 4_000
"""A check needs so many requests: below, a p99 varies by more than what is to be checked. Of ten runs with
3,000 at one rate and size, it was 6.2 to 7.8 ms, and 8.6 ms of one with 23,000: a short hold meets what
slows all instances for a moment, or does not (docs/capacity.md)."""
LEAST_HOLD_S = 60
LEAST_RATE, MOST_RATE = 0.1, 1_000_000
"""Requests a second that a size is asked for: below, a run of a day is too short to confirm it."""
SLOWEST_MS = 3_600_000
"""An hour: the longest time that a request may take."""

FEW_FAILED = 0.01
"""With more failed users, who stop early, a run does not show how many requests a user sends."""

_LIMIT = re.compile(r"(p\d+(?:\.\d+)?)\s*=\s*(\d+(?:\.\d+)?)\s*ms")

Limit = Literal["latency", "cpu", "measured"]


class Target(NamedTuple):
    """What is asked for: a percentile and its limit."""

    percentile: str
    limit_ms: float

    @property
    def q(self) -> float:
        """The quantile."""
        return QUANTILES[self.percentile]


def parse_target(text: str) -> Target:
    """Read `p99=25ms`.

    Raises:
        CapacityError: It is written otherwise, or is a percentile that is not computed.
    """
    found = _LIMIT.fullmatch(text.strip())
    if not found or not 0 < float(found[2]) <= SLOWEST_MS:
        raise CapacityError(f"--slo {text}: write a percentile and its limit, such as `p99=25ms`")
    if found[1] not in QUANTILES:
        raise CapacityError(f"--slo {text}: {found[1]} is none of {', '.join(QUANTILES)}")
    return Target(found[1], float(found[2]))


class Count(Record):
    """A whole number and where it lies with 95 % confidence."""

    value: int
    low: int
    high: int


class Size(Record):
    """The fleet that carries a rate; rates in requests per second."""

    rate: float
    percentile: str
    limit_ms: float
    runs: list[str]
    measured_instances: int
    """Of the largest fleet that was measured."""
    instances: Count
    per_instance: float
    """The load of each at that size."""
    requests_per_target: Count
    """Target tracking's target: requests a minute and instance."""
    limited_by: Limit
    predicted_ms: Estimate
    cpu_share: float | None
    """Of its CPU that an instance is predicted to use; None where no run recorded it."""
    needs_a_fleet: bool
    """Whether only a stack with a fleet can have that size, while a single instance was measured."""
    currency: str | None
    monthly: Estimate | None
    """Price a month; None where the stack's estimate has no items."""
    users_per_second: float
    """Arrivals that make the rate."""

    @property
    def messages(self) -> list[Message]:
        """The size in words."""
        n, target = self.instances, self.requests_per_target
        said = [
            msg(
                "size.instances",
                n=n.value,
                low=n.low,
                high=n.high,
                rate=self.rate,
                percentile=self.percentile,
                limit=self.limit_ms,
            ),
            msg("size.target", n=target.value, low=target.low, high=target.high),
            msg(
                "size.predicted",
                percentile=self.percentile,
                value=self.predicted_ms.value,
                low=self.predicted_ms.low,
                high=self.predicted_ms.high,
                load=self.per_instance,
            ),
        ]
        if self.cpu_share is not None:
            said.append(msg("size.cpu", share=self.cpu_share))
        if self.monthly is not None:
            money = self.monthly
            said.append(
                msg(
                    "size.price",
                    value=money.value,
                    low=money.low,
                    high=money.high,
                    currency=self.currency or "",
                )
            )
        else:
            said.append(msg("size.not-single" if self.needs_a_fleet else "size.no-price"))
        said.append(msg(f"size-limit.{self.limited_by}", load=self.requests_per_target.value / 60))
        return said


class Check(Record):
    """A prediction compared with a run."""

    run: str
    instances: int
    rate: float
    percentile: str
    predicted_ms: Estimate
    measured_ms: float
    confirmed: bool

    @property
    def message(self) -> Message:
        """The outcome in words."""
        return msg(
            "size.confirmed" if self.confirmed else "size.refuted",
            percentile=self.percentile,
            predicted=self.predicted_ms.value,
            measured=self.measured_ms,
            n=self.instances,
            rate=self.rate,
            off=abs(self.predicted_ms.value / self.measured_ms - 1),
        )


class _Cpu(NamedTuple):
    """CPU share of an instance = idle + each * load."""

    idle: float
    each: float

    def share(self, load: float) -> float:
        return self.idle + self.each * load

    @property
    def most(self) -> float:
        return (BUSIEST - self.idle) / self.each if self.each > 0 else math.inf


def require_rate(rate: float) -> None:
    """Require requests per second that a fleet can be there for.

    Raises:
        CapacityError: It is no such rate.
    """
    if not LEAST_RATE <= rate <= MOST_RATE:
        raise CapacityError(
            f"a rate of {rate:g} requests/s is none that a fleet is there for; give one from "
            f"{LEAST_RATE:g} to {MOST_RATE:,}"
        )


def size(runs: Sequence[LoadWindows], rate: float, target: Target) -> Size:
    """Return the fleet for a rate in requests per second.

    Raises:
        CapacityError: The runs do not show it.
    """
    require_rate(rate)
    curve, cpu = _known(runs, target.q)
    load, limited_by = _most(curve, cpu, target)
    largest = max(one.fleet for one in runs)
    instances = Count(
        value=_fleet(rate, load.value), low=_fleet(rate, load.high), high=_fleet(rate, load.low)
    )
    if instances.value > FURTHEST * largest:
        raise CapacityError(
            f"{rate:g} requests/s take about {instances.value} instances, more than twice the "
            f"{largest} that were measured; measure with {FURTHEST * largest:.0f} first, at up to "
            f"{FURTHEST * largest * load.value:.0f} requests/s"
        )
    each = rate / instances.value
    return Size(
        rate=rate,
        percentile=target.percentile,
        limit_ms=target.limit_ms,
        runs=[one.summary.id for one in runs],
        measured_instances=largest,
        instances=instances,
        per_instance=each,
        requests_per_target=Count(
            value=math.floor(load.value * 60),
            low=math.floor(load.low * 60),
            high=math.floor(load.high * 60),
        ),
        limited_by=limited_by,
        predicted_ms=curve.at(min(each, curve.highest)),
        cpu_share=None if cpu is None else cpu.share(each),
        users_per_second=rate / _requests_per_user(runs[-1]),
        needs_a_fleet=_needs_a_fleet(runs[-1], instances),
        currency=runs[-1].outputs.monthly_cost and runs[-1].outputs.monthly_cost.currency,
        monthly=_price(runs[-1], instances),
    )


def _known(runs: Sequence[LoadWindows], q: float) -> tuple[LatencyCurve, _Cpu | None]:
    if not runs:
        raise CapacityError("no run is given; name at least one with a ramp")
    for run in runs:
        require_valid(run)
    require_alike(runs)
    return latency_curve.measure(runs, q), _cpu(runs)


def _cpu(runs: Sequence[LoadWindows]) -> _Cpu | None:
    loads = np.concatenate([one.per_instance for one in runs])
    shares = np.concatenate([one.shares[load_windows.INSTANCE_CPU] for one in runs])
    # At its quota, an instance uses all of it whatever the load.
    recorded = np.isfinite(loads) & np.isfinite(shares)
    known = recorded & (shares < FULL)
    if known.sum() < LEAST_WINDOWS:
        return _Cpu(1.0, 0.0) if recorded.sum() >= LEAST_WINDOWS else None
    if np.ptp(loads[known]) <= 0:
        return None
    line = scipy.stats.linregress(loads[known], shares[known])
    return _Cpu(max(0.0, float(line.intercept)), float(line.slope))


def _most(curve: LatencyCurve, cpu: _Cpu | None, target: Target) -> tuple[Estimate, Limit]:
    """Return the highest load of an instance, and what limits it."""
    found = curve.most(target.limit_ms)
    if found is None or found.value <= 0:
        lowest = curve.at(float(curve.loads[0]))
        raise CapacityError(
            f"even at {curve.loads[0]:.1f} requests/s on an instance the {target.percentile} is "
            f"{lowest.value:.1f} ms, above {target.limit_ms:g} ms: more instances do not help; ask for a "
            "higher limit or make the service faster"
        )
    if cpu is not None and cpu.idle >= BUSIEST:
        raise CapacityError(
            f"instances use {cpu.idle:.0%} of their CPU however low their load is, which leaves less than "
            f"{1 - BUSIEST:.0%} free: more instances do not help; find what else runs on them"
        )
    limited_by: Limit = "latency" if found.value < curve.highest else "measured"
    most = math.inf if cpu is None else cpu.most
    if most < found.value:
        limited_by = "cpu"
        found = Estimate(value=most, low=min(found.low, most), high=most)
    # Draws in which no load keeps the limit count as the lowest that was measured: of less nothing is
    # known, and no fleet is large enough for a load of nearly 0.
    low = min(found.value, max(found.low, float(curve.loads[0])))
    return Estimate(value=found.value, low=low, high=found.high), limited_by


def _fleet(rate: float, load: float) -> int:
    # A number that is off by rounding in its last place must not cost an instance.
    return max(1, math.ceil(round(rate / load, 9)))


def _requests_per_user(run: LoadWindows) -> float:
    users, scenario = run.summary.users, run.summary.scenario
    if not users.created or users.failed_share > FEW_FAILED:
        return scenario.requests_per_user
    return run.summary.requests.total / users.created


def _price(run: LoadWindows, instances: Count) -> Estimate | None:
    if _needs_a_fleet(run, instances):
        return None
    counts = (instances.value, instances.low, instances.high)
    prices = [fleet_price.of_fleet(run.outputs, one, paths.base()) for one in counts]
    known = [round(one, 2) for one in prices if one is not None]
    return (
        Estimate(value=known[0], low=known[1], high=known[2]) if len(known) == len(counts) else None
    )


def _needs_a_fleet(run: LoadWindows, instances: Count) -> bool:
    return run.outputs.topology == "single" and instances.high > 1


def hold_s(rate: float) -> int:
    """Return for how many seconds a run holds its highest rate so that a check can be made of it."""
    # Some of them fall into windows that are not quite at that rate.
    return max(LEAST_HOLD_S, math.ceil(1.2 * LEAST_REQUESTS / rate))


def check(runs: Sequence[LoadWindows], against: LoadWindows, percentile: str = "p99") -> Check:
    """Predict a run's percentile at its highest rate from other runs, and compare.

    Raises:
        CapacityError: The runs do not show it, or the run that is to be checked has too few requests.
    """
    if any(one.summary.id == against.summary.id for one in runs):
        raise CapacityError(
            f"{against.summary.id} cannot confirm itself; name the runs that the size came from"
        )
    require_valid(against)
    require_alike([*runs, against])
    q = QUANTILES[percentile]
    curve, _ = _known([*runs], q)
    held = against.rate >= HOLDING * np.quantile(against.rate, 0.9)
    chosen = (against.window >= 0) & held[against.window]
    rate = float(against.rate[held].mean())
    if chosen.sum() < LEAST_REQUESTS:
        raise CapacityError(
            f"{against.summary.id} has {int(chosen.sum()):,} requests at its highest rate, too few for "
            f"a {percentile}; hold it longer, such as `--hold {hold_s(rate)}s` "
            f"({LEAST_REQUESTS:,} are needed)"
        )
    latency: Floats = against.latency_ms[chosen]
    measured = min(quantile(latency, q), against.summary.scenario.timeout_s * 1000)
    predicted = curve.at(float(np.nanmean(against.per_instance[held])))
    return Check(
        run=against.summary.id,
        instances=against.fleet,
        rate=rate,
        percentile=percentile,
        predicted_ms=predicted,
        measured_ms=measured,
        confirmed=abs(predicted.value - measured) <= WITHIN * measured,
    )
