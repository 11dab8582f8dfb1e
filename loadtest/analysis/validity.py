"""Decides whether a run's numbers may be believed at all.

Each rule answers a way in which load tests were seen to lie: counts that do not add up (Artillery
issues 3750, 3564, 1874), arrivals that the generator did not manage, a generator that was itself
the bottleneck.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtest.models import Check, GeneratorRecord, Requests, Users, Validity
from loadtest.outcomes import MISMATCH, UNEXPECTED_STATUS

CONSERVED = ("vusers.created", "vusers.completed", "vusers.failed", "http.", "errors.")
"""Artillery's counters that its windows must add up to; by their beginning."""


@dataclass(frozen=True)
class Limits:
    """Up to where a deviation is tolerated."""

    arrivals: float = 0.02
    """Share by which the created users may miss the planned ones."""
    schedule_lag: float = 0.02
    """Share of the run's length by which arrivals may be late, 99th percentile; at least 1 s."""
    lag_p99_ms: float = 50
    """How late the generator's timers may fire in a typical second: its error in every latency."""
    busy_mean: float = 0.95
    """Mean share of time in which the generator's event loop is busy; at 1 it is saturated."""
    watched: float = 0.5
    """Share of the run's seconds that the generator must have told of itself, of each worker."""


LIMITS = Limits()


@dataclass(frozen=True)
class Evidence:
    """What the rules look at."""

    planned_users: int
    duration_s: float
    users: Users
    requests: Requests
    answered_and_failed: int
    """Requests with a status whose answer nevertheless broke off: Artillery counts both."""
    counters: Mapping[str, int] | None
    """Artillery's aggregate counters; None if it wrote no report."""
    windows: Sequence[Mapping[str, int]]
    """The counters of each of Artillery's windows of 10 s."""
    generator: GeneratorRecord
    beats: int
    """Seconds in which a worker of the generator told of itself while the load lasted."""
    cut_reason: str | None
    """What ended the run early; None if it went to its end."""


def assess(evidence: Evidence, limits: Limits = LIMITS) -> Validity:
    """Applies every rule; the run is valid only if all pass."""
    checks = [_complete(evidence)]
    if evidence.counters is not None:
        checks += [
            _users_add_up(evidence.users),
            _lines_match(evidence, evidence.counters),
            _answers_add_up(evidence, evidence.counters),
            _windows_add_up(evidence.windows, evidence.counters),
        ]
    checks += [
        _arrivals(evidence, limits),
        _on_time(evidence, limits),
        _watched(evidence, limits),
        _lag(evidence, limits),
        _not_saturated(evidence, limits),
    ]
    return Validity(checks=checks)


def _complete(evidence: Evidence) -> Check:
    reason = evidence.cut_reason
    if reason is None and evidence.counters is None:
        reason = "Artillery wrote no report"
    return Check(
        name="complete",
        passed=reason is None,
        detail="ran to its end" if reason is None else f"{reason}; what is shown is a part",
    )


def _users_add_up(users: Users) -> Check:
    # Artillery counts as created only whom it started: skipped ones (`maxVusers`) come on top.
    ended = users.completed + users.failed
    return Check(
        name="users add up",
        passed=users.created == ended and users.skipped == 0,
        detail=(
            f"{users.created} created = {users.completed} completed + {users.failed} failed; "
            f"{users.skipped} skipped"
            if users.created == ended
            else f"{users.created} created, but {users.completed} completed + {users.failed} failed"
        ),
    )


def _lines_match(evidence: Evidence, counters: Mapping[str, int]) -> Check:
    counted = counters.get("http.requests", 0)
    recorded = evidence.requests.total - evidence.requests.unsent
    return Check(
        name="requests recorded",
        passed=recorded == counted,
        detail=f"{recorded} recorded one by one, {counted} counted by Artillery",
    )


def _answers_add_up(evidence: Evidence, counters: Mapping[str, int]) -> Check:
    codes = _sum(counters, "http.codes.")
    # Errors that are no errors of a request: it was answered, and the answer was found wanting.
    judged = _sum(counters, f"errors.{UNEXPECTED_STATUS}") + _sum(counters, f"errors.{MISMATCH}")
    errors = _sum(counters, "errors.") - judged
    both = evidence.answered_and_failed + evidence.requests.unsent
    counted = counters.get("http.requests", 0)
    return Check(
        name="answers add up",
        passed=codes + errors - both == counted,
        detail=f"{codes} answers + {errors} errors - {both} counted twice, {counted} requests",
    )


def _windows_add_up(windows: Sequence[Mapping[str, int]], counters: Mapping[str, int]) -> Check:
    found = Counter[str]()
    for window in windows:
        found.update(window)
    names = sorted(name for name in {*found, *counters} if name.startswith(CONSERVED))
    wrong = [name for name in names if found[name] != counters.get(name, 0)]
    shown = f"{wrong[0]}: {found[wrong[0]]} and {counters.get(wrong[0], 0)}" if wrong else ""
    return Check(
        name="windows add up",
        passed=not wrong,
        detail=(
            f"the sum of Artillery's {len(windows)} windows is not its total ({shown})"
            if wrong
            else f"the sum of Artillery's {len(windows)} windows is its total"
        ),
    )


def _sum(counters: Mapping[str, int], prefix: str) -> int:
    return sum(count for name, count in counters.items() if name.startswith(prefix))


def _arrivals(evidence: Evidence, limits: Limits) -> Check:
    created, planned = evidence.users.created, evidence.planned_users
    return Check(
        name="offered load",
        passed=abs(created - planned) <= limits.arrivals * planned,
        detail=f"{created} of {planned} planned users arrived",
    )


def _on_time(evidence: Evidence, limits: Limits) -> Check:
    allowed = max(1000.0, limits.schedule_lag * evidence.duration_s * 1000)
    lag = evidence.generator.schedule_lag_p99_ms
    return Check(
        name="arrivals on time",
        passed=lag <= allowed,
        detail=f"99 % of users arrived at most {lag:,.0f} ms late (limit {allowed:,.0f} ms)",
    )


def _watched(evidence: Evidence, limits: Limits) -> Check:
    # A second more or less is nothing; without any, lag and load of the generator are not known.
    expected = (evidence.duration_s - 2) * evidence.generator.workers
    return Check(
        name="generator watched",
        passed=evidence.beats >= limits.watched * expected,
        detail=f"it told of itself {evidence.beats} times in {evidence.duration_s:.0f} s of load",
    )


def _lag(evidence: Evidence, limits: Limits) -> Check:
    lag = evidence.generator.lag_p99_ms
    return Check(
        name="generator lag",
        passed=lag <= limits.lag_p99_ms,
        detail=(
            f"in a typical second 99 % of its timers were at most {lag:,.1f} ms late "
            f"(limit {limits.lag_p99_ms:,.0f} ms)"
        ),
    )


def _not_saturated(evidence: Evidence, limits: Limits) -> Check:
    busy = evidence.generator.busy_mean
    return Check(
        name="generator CPU",
        passed=busy <= limits.busy_mean,
        detail=(
            f"its event loop was busy {busy:.0%} of the time (limit {limits.busy_mean:.0%}), "
            f"peak {evidence.generator.cpu_peak_cores:.1f} of {evidence.generator.host_cpus} CPUs"
        ),
    )
