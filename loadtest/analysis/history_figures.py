"""Figures of comparable saved runs over time: the input for change-point detection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loadtest.analysis import comparability
from loadtest.analysis.saved_runs import SavedRun
from loadtest.errors import ResultsError
from loadtest.models import RunSummary

LATENCIES: Final = ("p50", "p99")
LEAST_RUNS: Final = 6
"""Three before a change and three after it: fewer show no level, whatever is done with them."""


@dataclass(frozen=True)
class Figures:
    """The figures of runs under the same conditions, the oldest first."""

    runs: list[SavedRun]
    columns: dict[str, list[float]]
    """By figure: p50 and p99 in ms, failed users in percent, CPU per request in ms if all runs know it."""
    left_out: int
    """Runs that are not valid, not finished, or were made under other conditions than the newest."""


def collect(found: Sequence[SavedRun]) -> Figures:
    """Collect the figures of all runs that can be compared with the newest one.

    Args:
        found: Saved runs, the newest first.

    Raises:
        ResultsError: There are too few of them.
    """
    usable = [run for run in found if _usable(run.summary)]
    kept = [run for run in usable if _alike(run.summary, usable[0].summary)]
    if len(kept) < LEAST_RUNS:
        raise ResultsError(
            f"{len(kept)} of {len(found)} saved runs are valid and alike (stack, scenario, profile, "
            f"computer); change points need at least {LEAST_RUNS}, three on each side, and small ones "
            "more; make more runs, or choose by --topology and --profile"
        )
    kept.reverse()
    columns = {name: [_latency_ms(run.summary, name) for run in kept] for name in LATENCIES}
    columns["failed"] = [run.summary.users.failed_share * 100 for run in kept]
    cpu = [_cpu_ms(run.summary) for run in kept]
    known = [one for one in cpu if one is not None]
    if len(known) == len(kept):
        columns["cpu"] = known
    return Figures(kept, columns, len(found) - len(kept))


def _usable(run: RunSummary) -> bool:
    return run.validity.valid and not run.cut_short and bool(run.latency.censored)


def _alike(run: RunSummary, newest: RunSummary) -> bool:
    return run.topology == newest.topology and not comparability.differences(run, newest)


def _latency_ms(run: RunSummary, name: str) -> float:
    return (run.latency.censored or {})[name].value_ms


def _cpu_ms(run: RunSummary) -> float | None:
    """Return what a request cost the target in CPU ms: everything on this computer that stands for it."""
    if run.host is None or not run.requests.total:
        return None
    known = [cpus for cpus in run.host.target if cpus is not None]
    if not known:
        return None
    seconds = sum(known) / len(known) * run.host.window_s * len(run.host.target)
    return seconds / run.requests.total * 1000
