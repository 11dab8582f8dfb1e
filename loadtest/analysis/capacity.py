"""The capacity that runs show: scalability law, knee, and the resource that runs out first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loadtest.analysis import comparability, load_windows, saturation, usl
from loadtest.analysis.columns import QUANTILES, finite, quantile
from loadtest.analysis.load_windows import LoadWindows
from loadtest.analysis.saturation import Saturation
from loadtest.analysis.usl import CapacityError, Usl
from loadtest.array_types import Floats, Ints
from loadtest.messages.message import Message, msg
from loadtest.models import Record

LEVELS = 12
"""Into so many levels of load a run is divided for the law."""
BEST = 0.9
"""The throughput of a fleet is that which only its best tenth of windows exceeds."""
CARRIED_ALL = 0.95
"""A fleet that answered so much of what it was asked for at its highest load could have carried more,
unless it had used something up."""
LEAST_IN_FLIGHT = 2.0
"""With fewer requests under way at a time, nothing waits for anything: there is no curve to see."""


class Level(Record):
    """A level of load; rates per second."""

    size: float
    """Instances, or requests in flight."""
    rate: float
    throughput: float
    """Good requests."""
    p99_ms: float | None = None
    """Over all requests that started in it; the timeout where that many were never answered."""
    cpu_share: float | None = None
    """Of its CPU that an instance used."""


class Capacity(Record):
    """The answer to: how much does the stack carry, and what limits it?"""

    axis: str
    """What the law's sizes are: `instances` or `in-flight`."""
    runs: list[str]
    levels: list[Level]
    law: Usl | None
    problem: Message | None
    """Why there is no law."""
    saturation: Saturation
    """Of the run with the highest load per instance."""

    @property
    def messages(self) -> list[Message]:
        """The findings in words."""
        return [*self._law(), self.saturation.message, *self._unknown()]

    def _unknown(self) -> list[Message]:
        names = tuple(saturation.resource_name(one) for one in self.saturation.unknown)
        return [msg("saturation.unknown", names=names)] if names else []

    def _law(self) -> list[Message]:
        if self.law is None:
            return [self.problem] if self.problem else []
        unit = msg(f"capacity-axis.{self.axis}")
        if self.law.linear:
            return [msg("law.linear", largest=self.law.largest, unit=unit)]
        said = list[Message]()
        if (knee := self.law.knee) is not None:
            said.append(msg("law.knee", size=knee, unit=unit, rate=self.law.throughput(knee)))
        if (peak := self.law.peak) is not None:
            said.append(msg("law.peak", size=peak, unit=unit, rate=self.law.throughput(peak)))
        return said or [msg("law.beyond", largest=self.law.largest, unit=unit)]


def find(runs: Sequence[LoadWindows]) -> Capacity:
    """Find the capacity that runs show: over sizes if there are six of them, else over one's load.

    Raises:
        CapacityError: There is no run, or a run is not valid.
    """
    if not runs:
        raise CapacityError("no run is given; name at least one with a ramp")
    for run in runs:
        require_valid(run)
    require_alike(runs)
    top = max(runs, key=lambda one: float(np.nan_to_num(one.per_instance).max(initial=0.0)))
    by_size = len({one.fleet for one in runs}) >= usl.LEAST_SIZES
    if by_size:
        sizes, levels, groups = _by_size(runs)
    else:
        sizes, levels, groups = _by_load(top)
    law, problem = None, None
    if not by_size and sizes.max(initial=0.0) < LEAST_IN_FLIGHT:
        problem = msg("law.idle", most=float(sizes.max(initial=0.0)), rate=float(top.rate.max()))
    elif by_size and (idle := [one for one in runs if not _was_full(one)]):
        names = tuple(msg("value.name", name=one.summary.id) for one in idle)
        problem = msg("law.not-full", names=names)
    else:
        try:
            law = usl.fit(sizes, np.array([one.throughput for one in levels]), groups)
        except CapacityError:
            problem = msg("law.few", n=len(np.unique(sizes)), needed=usl.LEAST_SIZES)
    return Capacity(
        axis="instances" if by_size else "in-flight",
        runs=[one.summary.id for one in (runs if by_size else [top])],
        levels=levels,
        law=law,
        problem=problem,
        saturation=saturation.find(top),
    )


def require_valid(run: LoadWindows) -> None:
    """Require that a run's figures can be trusted, and that it was loaded in the open model.

    Raises:
        CapacityError: They cannot, or who would have been too much was skipped.
    """
    if reasons := run.summary.validity.reasons:
        raise CapacityError(f"{run.summary.id} is not valid: {reasons[0]}")
    if run.summary.users.skipped:
        raise CapacityError(
            f"{run.summary.id} skipped {run.summary.users.skipped:,} arrivals (closed model), so that "
            "it does not show what the stack carries; run it without `maxVusers`"
        )


def require_alike(runs: Sequence[LoadWindows]) -> None:
    """Require that runs differ in load and fleet only, so that they lie on one curve.

    Raises:
        CapacityError: They are of other instances or databases, or were made under other conditions.
    """
    first, *others = runs
    for what, kinds in (
        ("instances", {one.outputs.instance_type for one in runs}),
        ("databases", {one.outputs.database_class for one in runs}),
    ):
        if len(kinds) > 1:
            named = ", ".join(sorted(kinds))
            raise CapacityError(f"the runs are of different {what} ({named}); give those of one")
    for other in others:
        if found := comparability.apart_from_load(first.summary, other.summary):
            names = ", ".join(str(one.message) for one in found)
            raise CapacityError(
                f"{first.summary.id} and {other.summary.id} differ in {names}; give runs that were made "
                "under the same conditions"
            )


def _was_full(run: LoadWindows) -> bool:
    """Return whether a run's throughput is the most that its fleet carries, not what it was asked for."""
    asked, answered = (float(np.quantile(one, BEST)) for one in (run.rate, run.good))
    return answered < CARRIED_ALL * asked or any(one.used_up for one in saturation.find(run).uses)


def _by_size(runs: Sequence[LoadWindows]) -> tuple[Floats, list[Level], Ints]:
    """Return each run's size and the most that it carried: the good requests of its best tenth."""
    levels = [
        Level(
            size=one.fleet,
            rate=float(one.rate.max()),
            throughput=float(np.quantile(one.good, BEST)),
        )
        for one in runs
    ]
    return np.array([one.size for one in levels]), levels, np.arange(len(runs))


def _p99(run: LoadWindows, part: Ints) -> float | None:
    latency: Floats = run.latency_ms[np.isin(run.window, part)]
    if not len(latency):
        return None
    return min(quantile(latency, QUANTILES["p99"]), run.summary.scenario.timeout_s * 1000)


def _by_load(run: LoadWindows) -> tuple[Floats, list[Level], Ints]:
    """Return the levels of one run's ramp, by requests in flight."""
    order = np.argsort(run.rate, kind="stable")
    order = order[run.rate[order] > 0]
    parts = [part for part in np.array_split(order, LEVELS) if len(part)]
    levels = [
        Level(
            size=float(run.in_flight[part].mean()),
            rate=float(run.rate[part].mean()),
            throughput=float(run.good[part].mean()),
            p99_ms=_p99(run, part),
            cpu_share=finite(float(run.shares[load_windows.INSTANCE_CPU][part].mean())),
        )
        for part in parts
    ]
    return np.array([one.size for one in levels]), levels, np.arange(len(levels))
