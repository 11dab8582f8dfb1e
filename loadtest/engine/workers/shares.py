"""How a load is split: worker k of N starts every N-th visitor, so each second adds up to the load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from loadtest.errors import LoadTestError
from loadtest.profiles import MOST_PER_THREAD, Phase, Profile, counted, pause


def visitors_per_second(phase: Phase) -> list[int]:
    """Count the visitors that arrive in each second of a phase.

    Artillery starts the last one of a second at its very end, which still belongs to it.
    """
    seconds = np.ceil(phase.schedule() - 1e-9).astype(int) - 1
    return np.bincount(seconds, minlength=phase.duration_s).tolist()


def share(profile: Profile, worker: int, workers: int) -> Profile:
    """Return what worker `worker` (1 to `workers`) starts of a profile.

    A ramp over two seconds starts exactly as many visitors in each as it is told, evenly: the one form
    in which Artillery takes a number for every second.

    Raises:
        LoadTestError: The profile limits the visitors at a time, which no worker knows of the others, or
            there are too few workers, or too many.
    """
    if profile.most_at_once is not None:
        raise LoadTestError(
            f"the load {profile.name!r} lets in {profile.most_at_once} visitors at a time "
            "(maxVusers), which several workers cannot; leave `--workers` out"
        )
    if profile.planned_users < workers:
        raise LoadTestError(
            f"the load {profile.name!r} starts {profile.planned_users:,} visitors, fewer than the "
            f"{workers} workers (`--workers`) that would share them"
        )
    phases = list[Phase]()
    before = 0
    for phase in profile.phases:
        counts = list[int]()
        for visitors in visitors_per_second(phase):
            counts.append(_turns(before, visitors, worker, workers))
            before += visitors
        _require_few(max(counts), workers)
        phases += _in_pairs(phase.name, counts)
    return Profile(profile.name, tuple(phases), profile.shows_percentiles)


def _require_few(visitors: int, workers: int) -> None:
    # Beyond, Artillery cannot be told a number for every second.
    if visitors > MOST_PER_THREAD:
        needed = -(-visitors * workers // MOST_PER_THREAD)
        raise LoadTestError(
            f"a worker would have to start {visitors:,} visitors in a second, more than "
            f"{MOST_PER_THREAD:,}: take at least {needed} (`--workers`)"
        )


def first_phases(profile: Profile) -> list[int]:
    """Return which phase of a share begins each phase of the profile."""
    lengths = [(phase.duration_s + 1) // 2 for phase in profile.phases]
    return [sum(lengths[:number]) for number in range(len(lengths))]


def _turns(before: int, visitors: int, worker: int, workers: int) -> int:
    """Count the turns of a worker among `visitors` after the first `before`: those dealt like cards."""
    return _dealt(before + visitors, worker, workers) - _dealt(before, worker, workers)


def _dealt(visitors: int, worker: int, workers: int) -> int:
    return (visitors + workers - worker) // workers


def _in_pairs(name: str, counts: Sequence[int]) -> Iterator[Phase]:
    for second in range(0, len(counts), 2):
        pair = counts[second : second + 2]
        if not any(pair):
            yield pause(name, len(pair))
        elif len(pair) == 1:
            yield counted(name, pair[0], 1)
        else:
            yield Phase(name, 2, *pair)
