"""Decides whether a run's numbers may be believed at all.

Each rule answers a way in which load tests were seen to lie: counts that do not add up (Artillery
issues 3750, 3564, 1874), arrivals that the generator did not manage, a generator that was itself
the bottleneck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loadtest.models import Check, GeneratorRecord, Requests, Users, Validity
from loadtest.outcomes import UNEXPECTED_STATUS


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


LIMITS = Limits()


@dataclass(frozen=True)
class Evidence:
    """What the rules look at."""

    planned_users: int
    duration_s: float
    users: Users
    requests: Requests
    unsent: int
    """Lines of the recorder for requests that failed before they were sent."""
    answered_and_failed: int
    """Requests with a status whose answer nevertheless broke off: Artillery counts both."""
    counters: Mapping[str, int] | None
    """Artillery's aggregate counters; None if it wrote no report."""
    generator: GeneratorRecord
    cut_short: bool


def assess(evidence: Evidence, limits: Limits = LIMITS) -> Validity:
    """Applies every rule; the run is valid only if all pass."""
    checks = [_complete(evidence)]
    if evidence.counters is not None:
        checks += [
            _users_add_up(evidence.users),
            _lines_match(evidence, evidence.counters),
            _answers_add_up(evidence, evidence.counters),
        ]
    checks += [
        _arrivals(evidence, limits),
        _on_time(evidence, limits),
        _lag(evidence, limits),
        _not_saturated(evidence, limits),
    ]
    return Validity(checks=checks)


def _complete(evidence: Evidence) -> Check:
    complete = not evidence.cut_short and evidence.counters is not None
    detail = "ran to its end" if complete else "it was cut short; what is shown is a part"
    return Check(name="complete", passed=complete, detail=detail)


def _users_add_up(users: Users) -> Check:
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
    recorded = evidence.requests.total - evidence.unsent
    return Check(
        name="requests recorded",
        passed=recorded == counted,
        detail=f"{recorded} recorded one by one, {counted} counted by Artillery",
    )


def _answers_add_up(evidence: Evidence, counters: Mapping[str, int]) -> Check:
    codes = _sum(counters, "http.codes.")
    errors = _sum(counters, "errors.") - _sum(counters, f"errors.{UNEXPECTED_STATUS}")
    both = evidence.answered_and_failed + evidence.unsent
    counted = counters.get("http.requests", 0)
    return Check(
        name="answers add up",
        passed=codes + errors - both == counted,
        detail=f"{codes} answers + {errors} errors - {both} counted twice, {counted} requests",
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
