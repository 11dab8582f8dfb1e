"""What an experiment measured: detection, first good answer, recovery, bad requests. Pure.

- *Detection*: from the fault until the first target that it hits and that was healthy is not any more.
- *First good answer*: from the fault until the first request that was sent after it was answered well.
- *Recovery*: from the fault until as many targets are healthy as before it, and stay so; fewer if the
  group wants fewer by the end. Where no target left the rotation, and without a target group, it is of the
  users: until the last bad answer, provided that the steady state is back at the end. A deployment has
  recovered when it and its rollback have ended; those with which Auto Scaling greets a new instance are not
  part of it.
- A *bad* request is a valid one that was not good: failed, or slow.
- *Error-budget minutes*: each second's share of bad requests, summed up: minutes of full outage.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from loadtest.analysis import columns
from loadtest.array_types import Flags
from loadtest.experiments import faults
from loadtest.experiments.faults import DEPLOYMENTS, Fault, Kind
from loadtest.experiments.launches import Work, work_of
from loadtest.experiments.observations import HEALTHY, HealthSample, Observations, TimelineEvent
from loadtest.experiments.timing import OWN_CHECK
from loadtest.models import PerSecondCounts, Record
from loadtest.outcomes import Outcome
from loadtest.runs.table import RequestTable

BY_AUTO_SCALING = "autoscaling"
"""The creator of a deployment to an instance that has just been launched."""
OF_THE_DATABASE = frozenset({Kind.DATABASE_CUT, Kind.DATABASE_FAILOVER})
UNHEALTHY = "unhealthy"
INITIAL = "initial"
"""The state of a target that has only just been registered."""
FAILED = "Failed"
"""How a lifecycle event ends whose script failed."""


class Measurement(Record):
    """The figures of one experiment; times in seconds since the fault. None: it did not happen."""

    detection_s: float | None = None
    first_good_s: float | None = None
    last_bad_s: float | None = None
    recovery_s: float | None = None
    requests: int = 0
    """Valid requests that ended after the fault began."""
    failed: int = 0
    slow: int = 0
    bad_share: float | None = None
    """Share of the requests that were bad from the fault until the last bad one; 0 without any."""
    budget_minutes: float = 0.0
    parts: dict[str, float] = Field(default_factory=dict[str, float])
    """What was measured of the parts of a prediction."""

    @property
    def bad(self) -> int:
        """Requests that were not good."""
        return self.failed + self.slow


def measure(
    table: RequestTable, began_ms: float, fault: Fault, observed: Observations, *, steady: bool
) -> Measurement:
    """Measure an experiment from its requests and from what was observed of the stack.

    `steady`: whether the steady state held at its end: no instance missing of those that the group wants.
    """
    fault_ms = began_ms + fault.at_s * 1000
    after = table.sent & (table.ended_ms >= fault_ms)
    good = table.is_(Outcome.GOOD)
    failed, slow = columns.failures(table), table.is_(Outcome.SLOW)
    bad = after & ~good
    last_bad = _last(table, bad, fault_ms)
    detection = detected_s(observed.events, fault)
    recovery = recovered_s(observed, fault, last_bad, steady=steady)
    return Measurement(
        detection_s=detection,
        first_good_s=_first_good(table, good & table.sent & (table.start_ms >= fault_ms), fault_ms),
        last_bad_s=last_bad,
        recovery_s=recovery,
        requests=int(after.sum()),
        failed=int((after & failed).sum()),
        slow=int((after & slow).sum()),
        bad_share=_share(table, after, bad, last_bad, fault_ms),
        budget_minutes=budget_minutes(_per_second(table, after, bad, began_ms)),
        parts=parts(observed, fault, detection, recovery),
    )


def _first_good(table: RequestTable, rows: Flags, fault_ms: float) -> float | None:
    ended = table.ended_ms[rows]
    return round(float(ended.min() - fault_ms) / 1000, 3) if len(ended) else None


def _last(table: RequestTable, rows: Flags, fault_ms: float) -> float | None:
    ended = table.ended_ms[rows]
    return round(float(ended.max() - fault_ms) / 1000, 3) if len(ended) else None


def _share(
    table: RequestTable, after: Flags, bad: Flags, last_bad: float | None, fault_ms: float
) -> float | None:
    if not after.any():
        return None
    if last_bad is None:
        return 0.0
    window = after & (table.ended_ms <= fault_ms + last_bad * 1000 + 1)
    return round(float((bad & window).sum() / window.sum()), 5)


def _per_second(table: RequestTable, after: Flags, bad: Flags, began_ms: float) -> PerSecondCounts:
    seconds = np.maximum((table.ended_ms - began_ms) // 1000, 0).astype(np.int64)
    length = int(seconds.max()) + 1 if len(seconds) else 0
    counted = [
        np.bincount(seconds[rows], minlength=length).tolist() for rows in (after & ~bad, bad)
    ]
    return PerSecondCounts(arrivals=[0] * length, good=counted[0], failed=counted[1])


def budget_minutes(counts: PerSecondCounts) -> float:
    """Return the minutes of full outage that bad requests amount to; seconds without any count 0."""
    slow = counts.slow or [0] * len(counts.good)
    shares = [
        (failed + late) / (good + failed + late)
        for good, failed, late in zip(counts.good, counts.failed, slow, strict=True)
        if failed + late
    ]
    return round(sum(shares) / 60, 4)


def detected_s(events: list[TimelineEvent], fault: Fault) -> float | None:
    """Return from the fault until the first target that it hits left the rotation; None for a deployment.

    Of those that were healthy: one that was leaving already, or is not hit, says nothing of the fault. Nor
    does one that is deregistered, where only health checks notice the fault.
    """
    if fault.kind in DEPLOYMENTS:
        return None
    by_checks = faults.noticed_by_checks(fault)
    left = [
        event.at_s - event.resolution_s / 2
        for event in _out_of_rotation(events)
        if event.at_s >= fault.at_s
        and faults.hits(fault, event.subject, event.zone)
        and (event.state == UNHEALTHY or not by_checks)
    ]
    return round(max(0.0, min(left) - fault.at_s), 3) if left else None


def _out_of_rotation(events: list[TimelineEvent]) -> Iterator[TimelineEvent]:
    """Yield the moments at which a healthy target ceased to be one.

    Where a record does not say what a target was before, the event before says it.
    """
    known = dict[str, str]()
    for event in sorted(events, key=lambda one: one.at_s):
        if event.source != "target":
            continue
        was = event.was or known.get(event.subject, HEALTHY)
        known[event.subject] = event.state
        if was == HEALTHY and event.state not in {HEALTHY, INITIAL}:
            yield event


def recovered_s(
    observed: Observations, fault: Fault, last_bad_s: float | None, *, steady: bool
) -> float | None:
    """Return from the fault until all is as before; None if it is not at the end."""
    if fault.kind in DEPLOYMENTS:
        return _deployed_s(observed.events, fault)
    later = [one for one in observed.health if one.at_s >= fault.at_s]
    full = _wanted(observed.health, fault.at_s, steady=steady)
    short = [number for number, one in enumerate(later) if one.healthy < full]
    if short:
        back = later[short[-1] + 1 :]
        return round(back[0].at_s - fault.at_s, 3) if back else None
    if last_bad_s is None:
        return 0.0
    return last_bad_s if steady else None


def _wanted(samples: list[HealthSample], fault_s: float, *, steady: bool) -> int:
    """Return how many healthy targets are all: those before the fault, or fewer if no more are wanted.

    A group that had grown before the fault may shrink during it: what is healthy in a steady state at the
    end is all that it wants.
    """
    if not samples:
        return 0
    before = [one.healthy for one in samples if one.at_s < fault_s] or [samples[0].healthy]
    return min(before[-1], samples[-1].healthy) if steady else before[-1]


def _deployed_s(events: list[TimelineEvent], fault: Fault) -> float | None:
    """Return from the first deployment's start to the last one's end: a rollback is one as well."""
    found = [e for e in events if e.source == "deployment" and e.subject.startswith("d-")]
    mine = [e for e in found if e.at_s >= fault.at_s - 1 and not _of_a_launch(e)]
    if not mine or any(event.until_s is None for event in mine):
        return None
    return round(max(event.until_s or 0.0 for event in mine) - fault.at_s, 3)


def _of_a_launch(deployment: TimelineEvent) -> bool:
    """Return whether Auto Scaling caused it, for an instance that had just been launched."""
    return deployment.detail.partition(" ")[0] == BY_AUTO_SCALING


def parts(
    observed: Observations, fault: Fault, detection: float | None, recovery: float | None
) -> dict[str, float]:
    """Return what was measured of each part that predictions are made of."""
    events = observed.events
    found: dict[str, float] = {}
    if fault.lasts_s is not None:
        found["fault"] = fault.lasts_s
    if detection is not None:
        found["check"] = found["silent-check"] = found["gone"] = detection
    if fault.kind in DEPLOYMENTS:
        return {**found, **_deployment_parts(observed, fault)}
    if fault.kind in OF_THE_DATABASE:
        return {**found, **_database_parts(fault, recovery)}
    launches = [
        e for e in events if e.source == "group" and e.state == "Launching" and e.at_s >= fault.at_s
    ]
    if not launches:
        return found
    launch = min(launches, key=lambda event: event.at_s)
    found["notice"] = round(launch.at_s - fault.at_s, 3)
    if launch.until_s is None:
        return found
    # As predictions have them (`launches`): a boot ends where the instance's deployment begins, and what
    # comes after that are health checks. The launch itself ends later, once its hook has been completed.
    work = _deployed_to(events, launch)
    found["release"] = round(work.spent_s, 3)
    found["boot"] = round(work.began_s - launch.at_s, 3)
    if recovery is not None:
        found["healthy"] = round(max(0.0, fault.at_s + recovery - work.ended_s), 3)
    return found


def _database_parts(fault: Fault, recovery: float | None) -> dict[str, float]:
    """Return how long the database was away, and how much longer the users waited for an answer.

    What comes after it cannot be told apart from outside: the name that is asked for again, the packet that
    is sent again, the queue behind both.
    """
    if fault.lasts_s is None or recovery is None:
        return {}
    away = min(fault.lasts_s, recovery)
    later = round(recovery - away, 3)
    if fault.kind is Kind.DATABASE_FAILOVER:
        return {"failover": away, "name": later}
    return {"sent-again": later}


def _deployed_to(events: list[TimelineEvent], launch: TimelineEvent) -> Work:
    """Return what was deployed to an instance that was launched; nothing, at the end of its launch."""
    until_s = launch.until_s or launch.at_s
    during = (
        event
        for event in events
        if event.source == "deployment"
        and event.subject == launch.subject
        and event.at_s >= launch.at_s
    )
    return work_of(during).get(launch.subject, Work(0.0, until_s, until_s))


def _deployment_parts(observed: Observations, fault: Fault) -> dict[str, float]:
    """Return the time spent in each part, by the instance that spent most: batches follow each other.

    Instances of one batch work side by side, so a batch counts with its slowest instance. Those that were
    launched meanwhile have deployments of their own.
    """
    fleet = observed.timing.in_service_s
    mine = [
        e
        for e in observed.events
        if e.source == "deployment"
        and e.until_s is not None
        and not e.subject.startswith("d-")
        and e.at_s >= fault.at_s - 1
        and (not fleet or e.subject in fleet)
    ]
    stretches: dict[str, list[tuple[float, float]]] = {}
    for event in mine:
        span = (event.at_s, event.until_s or event.at_s)
        stretches.setdefault(_part_of(event), []).append(span)
    found = {name: round(covered(spans), 3) for name, spans in stretches.items()}
    served = [e.until_s or e.at_s for e in mine if e.state == "AllowTraffic"]
    alarms = [e.at_s for e in observed.events if e.source == "alarm" and e.state == "ALARM"]
    late = [at for at in alarms if served and at >= min(served)]
    if late:
        found["alarm"] = round(min(late) - min(served), 3)
    return found


def _part_of(event: TimelineEvent) -> str:
    """Return which part of a prediction a lifecycle event belongs to."""
    if event.state == OWN_CHECK and event.detail == FAILED:
        return "gives-up"
    bare = event.state.removeprefix("Before").removeprefix("After")
    return {"BlockTraffic": "drain", "AllowTraffic": "healthy"}.get(bare, "release")


def covered(spans: list[tuple[float, float]]) -> float:
    """Return the length of the union of some stretches of time, in their unit."""
    total, end = 0.0, float("-inf")
    for begin, until in sorted(spans):
        total += max(0.0, until - max(begin, end))
        end = max(end, until)
    return total
