"""What the CPUs of the generator's computer did during the load, in equal windows. Pure arithmetic.

    others = CPUs - idle - steal - ours - target

Everything on the right is measured; idle time rather than busy time, because the kernel measures it
exactly, while user and system time are sampled at its ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from loadtest.array_types import Flags, Floats
from loadtest.runs.host import INSTANCE, HostSample, TargetSample

WINDOW_S = 2.0
"""Two samples: short enough to see a burst that spoils a percentile, long enough for CPU times, which
the kernel counts in steps of 10 ms."""
AT_QUOTA = 0.95
"""Share of its quota from which on an instance has used all of it."""
GAP_S = 3.5
"""A watcher that was late or missed a sample or two has still watched; one that was away longer not."""


@dataclass(frozen=True)
class InstanceUse:
    """One instance's CPU in each window, in cores. `quota` limits `services`; NaN: no limit.

    `vcpu` is how many CPU seconds of this computer are one of a vCPU; NaN where that was not recorded.
    """

    name: str
    whole: Floats
    services: Floats
    quota: Floats
    vcpu: Floats
    idle: float
    """Mean use before the load began; NaN if nothing was recorded then."""
    memory_share: float = float("nan")
    """The most of its memory that it ever used; NaN where that was not recorded."""

    @property
    def quota_share(self) -> Floats:
        """Share of the quota that the services used; NaN without one."""
        return self.services / self.quota

    @property
    def at_quota(self) -> Flags:
        """In which windows it used all of its quota."""
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(self.quota_share, nan=0.0) >= AT_QUOTA


@dataclass(frozen=True)
class HostWindows:
    """CPU use in each window, in CPUs (CPU seconds per second), of `cpus` in all."""

    edges_s: Floats
    """Where windows begin and end, in seconds after the load began: one more than windows."""
    cpus: int
    idle: Floats
    steal: Floats
    ours: Floats
    target: Floats
    throttled: Floats
    """Seconds per second in which a quota stopped the load test's own control group."""
    host_known: Flags
    """Whether the computer was sampled throughout the window."""
    target_known: Flags
    """Whether the target was sampled throughout the window; true where none is on this computer."""
    instances: Sequence[InstanceUse]
    quota_cores: float | None
    by_kind: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    """What the target's parts of each kind used together: `database`, `load-balancer`."""
    waited: Floats | None = None
    """Seconds per second that the target's processes waited for a CPU, all together; without those of
    instances that their quota stopped. None where nobody recorded it."""

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.edges_s) - 1

    @property
    def length_s(self) -> float:
        """Seconds in a window."""
        return float(self.edges_s[1] - self.edges_s[0]) if len(self) else 0.0

    @property
    def others(self) -> Floats:
        """What neither we nor the target nor the hypervisor used."""
        rest = self.cpus - self.idle - self.steal - self.ours - self.target
        return np.maximum(rest, 0.0)

    @property
    def known(self) -> Flags:
        """Whether all of a window's figures are known."""
        return self.host_known & self.target_known


def windows(
    host: Sequence[HostSample],
    target: Sequence[TargetSample],
    *,
    began_ms: float,
    duration_s: float,
    expects_target: bool,
) -> HostWindows:
    """Divide the load's time into windows.

    Args:
        host: Samples of the computer, in order of time.
        target: Samples of what stands for the target on it, in order of time.
        began_ms: When the load began, epoch ms.
        duration_s: For how long visitors arrive.
        expects_target: Whether the target is on this computer.
    """
    count = max(1, int(duration_s // WINDOW_S))
    edges_s = np.linspace(0.0, max(duration_s, 1e-3), count + 1)
    edges = began_ms + edges_s * 1000
    host_ms = np.array([one.at_ms for one in host])
    parts = _by_part(target)
    target_ms = np.unique([one.at_ms for one in target])
    nothing = np.zeros(count)

    def rate(read: Callable[[HostSample], float]) -> Floats:
        return _rate(host_ms, [read(one) for one in host], edges) if len(host) else nothing

    return HostWindows(
        edges_s=edges_s,
        cpus=host[-1].cpus if host else 0,
        idle=rate(lambda one: one.idle_s),
        steal=rate(lambda one: one.steal_s),
        ours=rate(lambda one: sum(one.ours_s.values())),
        target=sum((_cpu(part, edges) for part in parts), nothing),
        throttled=rate(lambda one: one.throttled_s),
        host_known=_known(host_ms, edges),
        target_known=_known(target_ms, edges) if expects_target else np.ones(count, dtype=bool),
        by_kind={
            kind: sum((_cpu(part, edges) for part in parts if part[0].kind == kind), nothing)
            for kind in {part[0].kind for part in parts}
        },
        instances=[_instance(part, edges, began_ms) for part in parts if part[0].kind == INSTANCE],
        quota_cores=host[-1].quota_cores if host else None,
        waited=_waited(parts, edges),
    )


def _by_part(target: Iterable[TargetSample]) -> list[list[TargetSample]]:
    parts: dict[tuple[str, str], list[TargetSample]] = {}
    for one in target:
        parts.setdefault((one.kind, one.name), []).append(one)
    return list(parts.values())


def _instance(part: list[TargetSample], edges: Floats, began_ms: float) -> InstanceUse:
    at = np.array([one.at_ms for one in part])
    before = [one for one in part if one.at_ms < began_ms]
    span_s = (before[-1].at_ms - before[0].at_ms) / 1000 if before else 0.0
    grown = _growing([one.cpu_s for one in before])
    return InstanceUse(
        name=part[0].name,
        whole=_cpu(part, edges),
        services=_rate(at, _growing([one.service_s for one in part]), edges),
        quota=_latest([one.quota_cores for one in part], at, edges),
        idle=float(grown[-1] - grown[0]) / span_s if span_s > 0 else float("nan"),
        memory_share=max(
            (one.memory_share for one in part if one.memory_share is not None), default=float("nan")
        ),
        vcpu=_latest([one.vcpu_s for one in part], at, edges),
    )


def _latest(values: Sequence[float | None], at: Floats, edges: Floats) -> Floats:
    """Return what was recorded at the middle of each window or next after it; nan where nothing was."""
    known = np.array([np.nan if one is None else one for one in values])
    middles = (edges[:-1] + edges[1:]) / 2
    return known[np.minimum(np.searchsorted(at, middles), len(known) - 1)]


def _waited(parts: Sequence[list[TargetSample]], edges: Floats) -> Floats | None:
    known = [[one for one in part if one.waited_s is not None] for part in parts]
    found = [_waited_by(part, edges) for part in known if len(part) > 1]
    return sum(found, np.zeros(len(edges) - 1)) if found else None


def _waited_by(part: Sequence[TargetSample], edges: Floats) -> Floats:
    """Return what one part waited, 0 where its own quota made it wait."""
    at = np.array([one.at_ms for one in part])
    waited = _rate(at, _growing([one.waited_s or 0.0 for one in part]), edges)
    stopped = _rate(at, _growing([one.throttled for one in part]), edges)
    return np.where(stopped > 0, 0.0, waited)


def _cpu(part: Sequence[TargetSample], edges: Floats) -> Floats:
    at = np.array([one.at_ms for one in part])
    return _rate(at, _growing([one.cpu_s for one in part]), edges)


def _growing(counter: Sequence[float]) -> Floats:
    """Return a counter without its returns to zero, such as those of an instance that was rebooted."""
    values = np.asarray(counter, dtype=float)
    steps = np.diff(values, prepend=values[:1])
    return np.cumsum(np.where(steps < 0, values, steps))


def _rate(at_ms: Floats, counter: Sequence[float] | Floats, edges: Floats) -> Floats:
    """Return how fast a counter grew in each window, per second; interpolated between samples."""
    values = np.interp(edges, at_ms, np.asarray(counter, dtype=float))
    return np.diff(values) / (np.diff(edges) / 1000)


def _known(at_ms: Floats, edges: Floats) -> Flags:
    """Return in which windows no moment is far from a sample on either side."""
    if len(at_ms) < 2:
        return np.zeros(len(edges) - 1, dtype=bool)
    gaps = np.diff(at_ms) > GAP_S * 1000
    known = (edges[:-1] >= at_ms[0]) & (edges[1:] <= at_ms[-1] + GAP_S * 1000)
    for left, right in zip(at_ms[:-1][gaps], at_ms[1:][gaps], strict=True):
        known &= (edges[1:] <= left) | (edges[:-1] >= right)
    return known
