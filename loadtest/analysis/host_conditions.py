"""Whether the computer disturbed the measurement: validity checks, each with its remedy.

A late answer looks the same whether the target was slow or somebody waited for a CPU. So a run during
which the computer of the generator ran out of CPU proves nothing about the target, whatever it shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from loadtest.analysis.host_windows import HostWindows
from loadtest.array_types import Flags, Floats
from loadtest.messages.message import Message, msg
from loadtest.models import Check
from loadtest.runs.host import HostSample


@dataclass(frozen=True)
class HostLimits:
    """What the computer may do during the load.

    Measured on two CPUs (ADR 30): beside one busy program, the p99 of single windows was 14 ms as ever
    where 0.5 CPUs were idle, and 15 to 50 ms at 0.36; without idle time it was 200 ms and more.
    """

    scarce_idle: float = 0.2
    """Below this share of idle time in a window, work often waits for a CPU within it."""
    foreign: float = 0.4
    """CPUs that others may use even then. Up to 0.2 are the kernel's own work on our packets, which it
    counts as nobody's."""
    stolen: float = 0.1
    """CPUs that the hypervisor may take, whatever is idle: it counts only what had work to do."""
    disturbed_cpu_s: float = 2.5
    """CPU seconds that they may use beyond that in all. One CPU for two or three seconds is in many
    runs and harms little; two CPUs for two seconds do harm."""
    disturbed_share: float = 0.015
    """In a long run, so many CPU seconds per second of load, if that is more."""
    exhausted_idle: float = 0.02
    """Below this share of idle time there was none, whoever used it."""
    exhausted_s: float = 6.0
    """For so long in a row, the load test and its target may use everything themselves."""
    throttled: float = 0.1
    """Seconds per second that a quota may stop the load test in a window."""
    throttled_s: float = 4.0
    """Length of such windows in all."""
    clock_s: float = 0.1
    """By so much the computer's clock may be set: what two programs measured is then apart by as much."""
    watched: float = 0.9
    """Share of the load's time that must have been watched."""


LIMITS = HostLimits()


@dataclass(frozen=True)
class Stretch:
    """Windows in a row; seconds after the load began."""

    start_s: float
    end_s: float
    windows: slice

    @property
    def length_s(self) -> float:
        """How long it was."""
        return self.end_s - self.start_s


def stretches(seen: HostWindows, chosen: Flags) -> list[Stretch]:
    """Return the chosen windows, those in a row as one."""
    found = list[Stretch]()
    for flag, group in groupby(range(len(seen)), key=lambda n: bool(chosen[n])):
        numbers = list(group)
        if flag:
            first, last = numbers[0], numbers[-1] + 1
            bounds = (float(seen.edges_s[first]), float(seen.edges_s[last]))
            found.append(Stretch(*bounds, slice(first, last)))
    return found


def checks(
    seen: HostWindows, *, target_watched: bool, limits: HostLimits | None = None
) -> list[Check]:
    """Return the checks of a run whose computer was to be watched; by LIMITS unless others are given."""
    limits = limits or LIMITS
    found = [_watched(seen, target_watched, limits)]
    if seen.host_known.any():
        found.append(_cpu(seen, target_watched, limits))
        if seen.quota_cores is not None:
            found.append(_quota(seen, seen.quota_cores, limits))
    return found


def clock(samples: Sequence[HostSample], limits: HostLimits = LIMITS) -> list[Check]:
    """Return the check of the computer's clock, if it was set while the samples were taken.

    The records themselves do not move with it. But programs that began before and after disagree, and a
    computer that slept measured nothing meanwhile.
    """
    moved = [one.clock_moved_s for one in samples]
    most = max(moved, key=abs, default=0.0)
    if abs(most) <= limits.clock_s:
        return []
    which = "check.host-clock.forward" if most > 0 else "check.host-clock.back"
    return [Check(name=msg("check.host-clock"), passed=False, detail=msg(which, moved=abs(most)))]


def _watched(seen: HostWindows, target_watched: bool, limits: HostLimits) -> Check:
    seconds, known = float(seen.edges_s[-1]), float(seen.known.mean()) * float(seen.edges_s[-1])
    enough = seen.known.mean() >= limits.watched
    if enough:
        which = "check.host-watched.with-target" if target_watched else "check.host-watched.yes"
        detail = msg(which, watched=known, seconds=seconds)
    elif seen.host_known.mean() < limits.watched:
        detail = msg("check.host-watched.no", watched=known, seconds=seconds)
    else:
        detail = msg("check.host-watched.no-target", watched=known, seconds=seconds)
    return Check(name=msg("check.host-watched"), passed=bool(enough), detail=detail)


def _cpu(seen: HostWindows, target_watched: bool, limits: HostLimits) -> Check:
    problem = next(_problems(seen, target_watched, limits), None)
    known = seen.host_known
    quiet = msg(
        "check.host-cpu.yes",
        idle=float(seen.idle[known].mean()),
        cpus=seen.cpus,
        least=float(seen.idle[known].min()),
        window=seen.length_s,
    )
    return Check(name=msg("check.host-cpu"), passed=problem is None, detail=problem or quiet)


def _problems(seen: HostWindows, target_watched: bool, limits: HostLimits) -> Iterator[Message]:
    """Yield why the CPU did not suffice, the clearest cause first."""
    scarce = (seen.idle < limits.scarce_idle * seen.cpus) & seen.known
    causes = (
        ("check.host-cpu.steal", seen.steal, limits.stolen, seen.host_known),
        ("check.host-cpu.others", seen.others, limits.foreign, scarce),
    )
    allowed = max(limits.disturbed_cpu_s, limits.disturbed_share * float(seen.edges_s[-1]))
    for message, used, bound, when in causes:
        beyond = np.where(when, np.maximum(used - bound, 0.0), 0.0)
        if float(beyond.sum()) * seen.length_s > allowed:
            yield _told(message, seen, used, stretches(seen, beyond > 0))
    exhausted = stretches(seen, (seen.idle < limits.exhausted_idle * seen.cpus) & seen.known)
    long = [one for one in exhausted if one.length_s >= limits.exhausted_s]
    if long:
        name = "check.host-cpu.exhausted" if target_watched else "check.host-cpu.generator"
        yield _told(name, seen, seen.ours + seen.target, long)


def _quota(seen: HostWindows, cores: float, limits: HostLimits) -> Check:
    where = stretches(seen, (seen.throttled > limits.throttled) & seen.host_known)
    stopped = sum(one.length_s for one in where) >= limits.throttled_s
    share = float(seen.throttled[seen.host_known].mean())
    detail = (
        _told("check.host-quota.no", seen, seen.throttled, where, cores=cores)
        if stopped
        else msg("check.host-quota.yes", share=min(share, 1.0), cores=cores)
    )
    return Check(name=msg("check.host-quota"), passed=not stopped, detail=detail)


def _told(
    message: str, seen: HostWindows, used: Floats, where: Sequence[Stretch], **more: float
) -> Message:
    """Tell the mean of what was used, and when: the longest stretch, and how long all are."""
    longest = max(where, key=lambda one: one.length_s)
    everywhere = np.concatenate([used[one.windows] for one in where])
    params = more or {"cpus": seen.cpus}
    if len(where) == 1:
        when = msg("value.from-to", start=longest.start_s, end=longest.end_s)
    else:
        when = msg(
            "value.from-to-of",
            start=longest.start_s,
            end=longest.end_s,
            seconds=sum(one.length_s for one in where),
        )
    return msg(message, used=float(everywhere.mean()), when=when, **params)
