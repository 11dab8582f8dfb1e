"""Computers whose CPUs do what a test says, as the recorders would have seen them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from loadtest.runs.host import HostSample, TargetSample

CPUS = 2
Level = float | Callable[[float], float]
"""CPUs at each second after the load began (negative before it)."""


def _at(level: Level, second: float) -> float:
    return level(second) if callable(level) else level


def between(start: float, end: float, level: float, otherwise: float = 0.0) -> Level:
    """That level from one second to another."""
    return lambda second: level if start <= second < end else otherwise


def computer(
    began_ms: float,
    seconds: float,
    *,
    ours: Level = 0.4,
    target: Level = 0.6,
    others: Level = 0.05,
    steal: Level = 0.0,
    throttled: Level = 0.0,
    cpus: int = CPUS,
    quota_cores: float | None = None,
    before_s: int = 8,
    offset_s: float = 0.3,
) -> list[HostSample]:
    """A computer that gives everybody what is asked for while there is any left; idle is the rest."""
    made = list[HostSample]()
    sums: dict[str, float] = dict.fromkeys(("ours", "steal", "idle", "throttled"), 0.0)
    for number in range(-before_s, int(seconds) + 4):
        second = number + offset_s
        made.append(
            HostSample(
                began_ms + second * 1000,
                cpus,
                sums["idle"],
                sums["steal"],
                (sums["idle"] / cpus,) * cpus,
                1,
                {"runner": 0.0, "generator": sums["ours"], "engine": 0.0},
                quota_cores,
                sums["throttled"],
            )
        )
        used = {"ours": _at(ours, second), "steal": _at(steal, second)}
        everybody = sum(used.values()) + _at(target, second) + _at(others, second)
        assert everybody <= cpus + 1e-9
        sums["idle"] += cpus - everybody
        sums["throttled"] += _at(throttled, second)
        for name, level in used.items():
            sums[name] += level
    return made


def target_of(
    began_ms: float,
    seconds: float,
    instances: Sequence[str] = (),
    *,
    level: Level = 0.6,
    share: Callable[[str, float], float] | None = None,
    quota: float | None = 0.1,
    before_s: int = 8,
    until_s: float | None = None,
) -> list[TargetSample]:
    """A target that uses `level` CPUs in all, or `share(instance, second)` of each instance."""
    made = list[TargetSample]()
    names = list(instances) or ["i-0a"]
    sums = np.zeros(len(names))
    for number in range(-before_s, int(until_s if until_s is not None else seconds + 4)):
        at = began_ms + number * 1000
        for name, used in zip(names, sums, strict=True):
            made.append(TargetSample(at, "instance", name, float(used), float(used), quota))
        for index, name in enumerate(names):
            cores = share(name, number) if share else _at(level, number) / len(names)
            sums[index] += cores
    return made
