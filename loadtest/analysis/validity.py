"""Whether a run's numbers can be trusted at all.

Each rule covers a way in which load tests have been seen to mislead: counts that do not add up
(Artillery issues 3750, 3564, 1874), arrivals that the generator did not keep up with, a generator
that was itself the bottleneck.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtest.messages.message import Message, msg
from loadtest.messages.names import by_generator
from loadtest.models import Check, GeneratorRecord, Requests, Users, Validity
from loadtest.outcomes import MISMATCH, UNEXPECTED_STATUS

CONSERVED = ("vusers.created", "vusers.completed", "vusers.failed", "http.", "errors.")
"""Prefixes of those of Artillery's counters whose windows must add up to the total."""


@dataclass(frozen=True)
class ValidityLimits:
    """How much deviation is tolerated."""

    arrivals: float = 0.02
    """Share by which the number of created users may deviate from the planned one."""
    schedule_lag: float = 0.02
    """Share of the run's length by which arrivals may be late, 99th percentile; at least 1 s."""
    lag_p99_ms: float = 50
    """How late the generator's timers may fire in a typical second: its error in every latency."""
    busy_mean: float = 0.95
    """Mean share of time in which the generator's event loop is busy; at 1 it is saturated."""
    monitored: float = 0.5
    """Share of the run's seconds in which each of the generator's workers must have sent a heartbeat."""


LIMITS = ValidityLimits()


@dataclass(frozen=True)
class ValidityInputs:
    """What the rules examine."""

    planned_users: int
    duration_s: float
    users: Users
    requests: Requests
    answered_and_failed: int
    """Requests with a status whose response nevertheless broke off: Artillery counts both."""
    counters: Mapping[str, int] | None
    """Artillery's aggregate counters; None if it wrote no report."""
    windows: Sequence[Mapping[str, int]] | None
    """The counters of each of Artillery's windows of 10 s; None of a generator that has none."""
    generator: GeneratorRecord
    beats: int
    """Heartbeats that the generator's workers sent, one per second, while the load lasted."""
    cut_reason: Message | None
    """What ended the run early; None if it ran to its end."""
    most_at_once: int | None = None
    """Concurrent users beyond which the closed model skips arrivals; None in the open model."""
    host: Sequence[Check] = ()
    """The checks of the computer: see `loadtest/analysis/host_conditions.py`."""


def assess(inputs: ValidityInputs, limits: ValidityLimits = LIMITS) -> Validity:
    """Apply every rule; the run is valid only if all pass."""
    checks = [_complete(inputs), *_model(inputs)]
    if inputs.counters is not None:
        checks += [
            _users_add_up(inputs),
            _lines_match(inputs, inputs.counters),
            _responses_add_up(inputs, inputs.counters),
        ]
        if inputs.windows is not None:
            checks.append(_windows_add_up(inputs.windows, inputs.counters))
    checks += [
        _arrivals(inputs, limits),
        _on_time(inputs, limits),
        _monitored(inputs, limits),
        _lag(inputs, limits),
        _not_saturated(inputs, limits),
        *inputs.host,
    ]
    return Validity(checks=checks)


def _complete(inputs: ValidityInputs) -> Check:
    reason = inputs.cut_reason
    if reason is None and inputs.counters is None:
        reason = by_generator("cut.no-report", inputs.generator.name)
    return Check(
        name=msg("check.complete"),
        passed=reason is None,
        detail=msg("check.complete.yes")
        if reason is None
        else msg("check.complete.no", reason=reason),
    )


def _model(inputs: ValidityInputs) -> list[Check]:
    """Name the closed model, in which who is skipped is in no figure but this one."""
    if inputs.most_at_once is None:
        return []
    users = inputs.users
    detail = msg(
        "check.load-model.closed",
        most=inputs.most_at_once,
        skipped=users.skipped,
        arrivals=users.created + users.skipped,
    )
    return [Check(name=msg("check.load-model"), passed=True, detail=detail)]


def _users_add_up(inputs: ValidityInputs) -> Check:
    users = inputs.users
    # Artillery counts only the users it started as created: skipped ones (`maxVusers`) are extra.
    ended = users.completed + users.failed
    counts = {"created": users.created, "completed": users.completed, "failed": users.failed}
    return Check(
        name=msg("check.users-add-up"),
        passed=users.created == ended and (users.skipped == 0 or inputs.most_at_once is not None),
        detail=msg("check.users-add-up.yes", skipped=users.skipped, **counts)
        if users.created == ended
        else msg("check.users-add-up.no", **counts),
    )


def _lines_match(inputs: ValidityInputs, counters: Mapping[str, int]) -> Check:
    counted = counters.get("http.requests", 0)
    recorded = inputs.requests.total - inputs.requests.unsent
    return Check(
        name=msg("check.requests-recorded"),
        passed=recorded == counted,
        detail=by_generator(
            "check.requests-recorded.counts",
            inputs.generator.name,
            recorded=recorded,
            counted=counted,
        ),
    )


def _responses_add_up(inputs: ValidityInputs, counters: Mapping[str, int]) -> Check:
    codes = _sum(counters, "http.codes.")
    # Not errors of a request: it got a response, but not the expected one.
    unexpected = _sum(counters, f"errors.{UNEXPECTED_STATUS}") + _sum(
        counters, f"errors.{MISMATCH}"
    )
    errors = _sum(counters, "errors.") - unexpected
    both = inputs.answered_and_failed + inputs.requests.unsent
    counted = counters.get("http.requests", 0)
    return Check(
        name=msg("check.responses-add-up"),
        passed=codes + errors - both == counted,
        detail=msg(
            "check.responses-add-up.counts",
            responses=codes,
            errors=errors,
            both=both,
            requests=counted,
        ),
    )


def _windows_add_up(windows: Sequence[Mapping[str, int]], counters: Mapping[str, int]) -> Check:
    found = Counter[str]()
    for window in windows:
        found.update(window)
    names = sorted(name for name in {*found, *counters} if name.startswith(CONSERVED))
    wrong = [name for name in names if found[name] != counters.get(name, 0)]
    detail = msg("check.windows-add-up.yes", n=len(windows))
    if wrong:
        first = wrong[0]
        detail = msg(
            "check.windows-add-up.no",
            n=len(windows),
            counter=first,
            sum=found[first],
            total=counters.get(first, 0),
        )
    return Check(name=msg("check.windows-add-up"), passed=not wrong, detail=detail)


def _sum(counters: Mapping[str, int], prefix: str) -> int:
    return sum(count for name, count in counters.items() if name.startswith(prefix))


def _arrivals(inputs: ValidityInputs, limits: ValidityLimits) -> Check:
    created, planned = inputs.users.created, inputs.planned_users
    # Who was skipped was there in time, but was not let in: the generator did its part.
    arrived = created + (inputs.users.skipped if inputs.most_at_once is not None else 0)
    detail = (
        msg("check.offered-load.users", arrived=created, planned=planned)
        if arrived == created
        else msg(
            "check.offered-load.closed",
            arrived=created,
            skipped=inputs.users.skipped,
            planned=planned,
        )
    )
    return Check(
        name=msg("check.offered-load"),
        passed=abs(arrived - planned) <= limits.arrivals * planned,
        detail=detail,
    )


def most_late_ms(duration_s: float, limits: ValidityLimits = LIMITS) -> float:
    """Return how many ms late users may arrive in a run of that length."""
    return max(1000.0, limits.schedule_lag * duration_s * 1000)


def _on_time(inputs: ValidityInputs, limits: ValidityLimits) -> Check:
    allowed = most_late_ms(inputs.duration_s, limits)
    lag = inputs.generator.schedule_lag_p99_ms
    return Check(
        name=msg("check.arrivals-on-time"),
        passed=lag <= allowed,
        detail=msg("check.arrivals-on-time.late", late=lag, limit=allowed),
    )


def _monitored(inputs: ValidityInputs, limits: ValidityLimits) -> Check:
    # A second more or less does not matter; without any, the generator's lag and load are unknown.
    expected = (inputs.duration_s - 2) * inputs.generator.workers
    return Check(
        name=msg("check.generator-monitored"),
        passed=inputs.beats >= limits.monitored * expected,
        detail=msg(
            "check.generator-monitored.beats", beats=inputs.beats, seconds=inputs.duration_s
        ),
    )


def _lag(inputs: ValidityInputs, limits: ValidityLimits) -> Check:
    lag = inputs.generator.lag_p99_ms
    return Check(
        name=msg("check.generator-lag"),
        passed=lag <= limits.lag_p99_ms,
        detail=msg("check.generator-lag.late", late=lag, limit=limits.lag_p99_ms),
    )


def _not_saturated(inputs: ValidityInputs, limits: ValidityLimits) -> Check:
    busy = inputs.generator.busy_mean
    return Check(
        name=msg("check.generator-cpu"),
        passed=busy <= limits.busy_mean,
        detail=by_generator(
            "check.generator-cpu.busy",
            inputs.generator.name,
            busy=busy,
            limit=limits.busy_mean,
            peak=inputs.generator.cpu_peak_cores,
            cpus=inputs.generator.host_cpus,
        ),
    )
