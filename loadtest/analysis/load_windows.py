"""A run in windows of two seconds: how much load there was, what it got, and what it used.

The load of a fleet is taken per instance: the requests a second by the instances that answered in the
window. So runs of fleets of different sizes lie on one axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from loadtest.analysis import columns, host_windows, run_loading
from loadtest.analysis.host_windows import HostWindows
from loadtest.analysis.measurements import Measurements
from loadtest.analysis.run_loading import Ending
from loadtest.array_types import Floats, Ints
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome
from loadtest.runs import paths
from loadtest.runs.recording import Beat
from loadtest.stack import outputs as stack_outputs
from loadtest.stack.outputs import StackOutputs

INSTANCE_CPU = "instance-cpu"
MEMORY = "memory"
DATABASE_CPU = "database-cpu"
BALANCER_CPU = "balancer-cpu"
GENERATOR = "generator"
COMPUTER = "computer"


@dataclass(frozen=True)
class LoadWindows:
    """A run's windows; all columns have one value for each, rates are per second."""

    summary: RunSummary
    outputs: StackOutputs
    fleet: int
    """Instances that answered in the run."""
    instances: Floats
    """Instances that answered in the window."""
    rate: Floats
    """Requests that started."""
    good: Floats
    """Requests that ended well."""
    in_flight: Floats
    """Requests under way, on average."""
    shares: Mapping[str, Floats]
    """By resource: how much of what there is of it was used; NaN where it was not recorded."""
    window: Ints
    """Of each request, the window in which it started; -1 outside of all."""
    latency_ms: Floats
    """Of each request; infinite if it was never answered."""

    @property
    def per_instance(self) -> Floats:
        """Requests a second and instance; NaN where none answered."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.instances > 0, self.rate / self.instances, np.nan)

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.rate)


def read(directory: Path) -> LoadWindows:
    """Read a saved run.

    Raises:
        ResultsError: Its files cannot be read, or hold a part of its requests only.
    """
    summary = run_loading.load_summary(directory)
    measured = run_loading.measure(directory, Ending(datetime.now(UTC)))
    run_loading.require_all(directory, len(measured.requests), summary)
    outputs = stack_outputs.from_file(str(directory / paths.OUTPUTS))
    return of(summary, outputs, measured)


def of(summary: RunSummary, outputs: StackOutputs, measured: Measurements) -> LoadWindows:
    """Divide a run's measurements into windows."""
    table = measured.requests
    seen = host_windows.windows(
        measured.host,
        measured.target,
        began_ms=measured.began_ms,
        duration_s=measured.duration_s,
        expects_target=measured.settings.target_watched,
    )
    edges = measured.began_ms + seen.edges_s * 1000
    good = table.is_(Outcome.GOOD)
    ended = table.ended_ms
    answering = [
        np.histogram(ended[table.instance.mask(name)], edges)[0] > 0
        for name in table.instance.labels
    ]
    inside = np.digitize(table.start_ms, edges) - 1
    inside[inside >= len(seen)] = -1
    return LoadWindows(
        summary=summary,
        outputs=outputs,
        fleet=len(table.instance.labels),
        instances=np.sum(answering, axis=0, dtype=float) if answering else np.zeros(len(seen)),
        rate=np.histogram(table.start_ms, edges)[0] / seen.length_s,
        good=np.histogram(ended[good], edges)[0] / seen.length_s,
        in_flight=_in_flight(table.start_ms, ended, edges),
        shares=dict(_shares(seen, measured, edges)),
        window=inside.astype(np.int64),
        latency_ms=columns.latencies(table),
    )


def _in_flight(start_ms: Floats, ended_ms: Floats, edges: Floats) -> Floats:
    """Return how many requests were under way on average: the time between edges that they fill."""

    def filled(times: Floats) -> Floats:
        # Of each edge, how long before it the times lie, in all.
        ordered = np.sort(times)
        before = np.searchsorted(ordered, edges)
        sums = np.concatenate([[0.0], np.cumsum(ordered - edges[0])])
        return before * (edges - edges[0]) - sums[before]

    return np.diff(filled(start_ms) - filled(ended_ms)) / np.diff(edges)


def _shares(
    seen: HostWindows, measured: Measurements, edges: Floats
) -> Iterator[tuple[str, Floats]]:
    nothing = np.full(len(seen), np.nan)
    fleet = [one for one in seen.instances if one.name in measured.requests.instance.labels]
    used = np.array([one.quota_share for one in fleet]) if fleet else np.array([nothing])
    yield INSTANCE_CPU, np.where(seen.target_known, used.mean(axis=0), np.nan)
    yield MEMORY, np.full(len(seen), max((one.memory_share for one in fleet), default=np.nan))
    for resource, kind in ((DATABASE_CPU, "database"), (BALANCER_CPU, "load-balancer")):
        cores = seen.by_kind.get(kind)
        yield resource, nothing if cores is None else cores / max(seen.cpus, 1)
    yield GENERATOR, _busy(measured, edges)
    idle = seen.idle / max(seen.cpus, 1)
    yield COMPUTER, np.where(seen.host_known, 1 - idle, np.nan)


def _busy(measured: Measurements, edges: Floats) -> Floats:
    """Return the busiest of the generator's event loops in each window."""
    beats = [one for one in measured.generator if isinstance(one, Beat)]
    found = np.full(len(edges) - 1, np.nan)
    at = np.digitize([one.at_ms for one in beats], edges) - 1
    for place, beat in zip(at, beats, strict=True):
        if 0 <= place < len(found):
            found[place] = np.fmax(found[place], beat.busy)
    return found
