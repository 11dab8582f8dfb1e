"""Service level objectives: read from YAML, and compared with what a run measured."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from loadtest import profiles, yaml_positions
from loadtest.analysis.inference import failure_bound
from loadtest.analysis.margins import Margins
from loadtest.errors import LoadTestError
from loadtest.messages.message import Message, Parameter, msg
from loadtest.messages.names import endpoint_name
from loadtest.models import (
    EndpointRecord,
    Latency,
    Objective,
    PercentileInterval,
    ProfileRecord,
    Record,
    Requests,
    RunSummary,
    Users,
)
from loadtest.outcomes import Outcome
from loadtest.yaml_positions import Source, YamlError, explain

DEFAULT_FILE = Path(__file__).with_name("slo.yml")

PercentileName = Literal["p50", "p90", "p95", "p99", "p99.9"]
Count = Annotated[int, Field(ge=0, strict=True)]
Percent = Annotated[float, Field(gt=0, lt=100, strict=True)]
Milliseconds = Annotated[float, Field(gt=0, strict=True, allow_inf_nan=False)]
LatencyLimits = dict[PercentileName, Milliseconds]


class SloError(LoadTestError):
    """An SLO file that cannot be read or is invalid."""


class EndpointSlo(Record):
    """What one endpoint promises."""

    latency_ms: LatencyLimits = Field(default_factory=dict)
    availability_percent: Percent | None = None

    @model_validator(mode="after")
    def _promises_something(self) -> EndpointSlo:
        if not self.latency_ms and self.availability_percent is None:
            raise ValueError("promises nothing; give latency_ms or availability_percent")
        return self


class Slo(Record):
    """What a stack promises its users under the load. What is None or empty is not promised."""

    applies_to: tuple[Literal["single", "ha"], ...] = ("ha",)
    failed_users: Count | None = None
    """Maximum number of failed virtual users."""
    timeouts: Count | None = None
    """Maximum number of requests that timed out."""
    server_errors: Count | None = None
    """Maximum number of 5xx responses."""
    latency_ms: LatencyLimits = Field(default_factory=dict)
    """Percentiles over all requests; an unanswered one is never fast enough."""
    slow_ms: Milliseconds = 1000.0
    """An expected answer whose first byte takes longer is slow, not good."""
    availability_percent: Percent | None = None
    """Good requests of all that were sent, at least."""
    confidence_percent: Percent | None = None
    """If given, a run must not only reach the availability but also be long enough to show it."""
    endpoints: dict[str, EndpointSlo] = Field(default_factory=dict)
    margins: Margins = Margins()
    """No objectives of a run: how much a figure may change from one run to another (`compare`)."""

    @field_validator("applies_to", mode="before")
    @classmethod
    def _may_be_one(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @field_validator("applies_to")
    @classmethod
    def _applies_to_something(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("name at least one of single, ha")
        return value

    @property
    def empty(self) -> bool:
        """Whether it promises nothing at all."""
        counts = (self.failed_users, self.timeouts, self.server_errors, self.availability_percent)
        return all(c is None for c in counts) and not self.latency_ms and not self.endpoints

    @property
    def message(self) -> Message:
        """The whole promise as one message."""
        return msg("promise.all", objectives=tuple(_promises(self)))

    def __str__(self) -> str:
        """Return the promise in words."""
        return str(self.message)


def _promises(slo: Slo) -> Iterator[Message]:
    if slo.failed_users is not None:
        n = slo.failed_users
        yield msg("promise.failed-users", n=n) if n else msg("promise.no-failed-users")
    if slo.timeouts is not None:
        n = slo.timeouts
        yield msg("promise.timeouts", n=n) if n else msg("promise.no-timeouts")
    if slo.server_errors is not None:
        n = slo.server_errors
        yield msg("promise.server-errors", n=n) if n else msg("promise.no-server-errors")
    for name, limit in slo.latency_ms.items():
        yield msg("promise.percentile", percentile=name, limit=limit)
    if (percent := slo.availability_percent) is not None:
        if (confidence := slo.confidence_percent) is not None:
            yield msg("promise.availability-sure", percent=percent, confidence=confidence)
        else:
            yield msg("promise.availability", percent=percent)
    for name, endpoint in slo.endpoints.items():
        for percentile, limit in endpoint.latency_ms.items():
            yield msg(
                "promise.percentile-of",
                percentile=percentile,
                limit=limit,
                endpoint=endpoint_name(name),
            )
        if (percent := endpoint.availability_percent) is not None:
            yield msg("promise.availability-of", percent=percent, endpoint=endpoint_name(name))


# --- reading --------------------------------------------------------------------------------------


@functools.cache
def default() -> Slo:
    """Return the SLOs of `loadtest/analysis/slo.yml`."""
    return read(DEFAULT_FILE)


def read(path: Path, *, may_be_empty: bool = False) -> Slo:
    """Read objectives from a YAML file; `may_be_empty` for one that is read for its margins.

    Raises:
        SloError: The file cannot be read or is wrong; the message names file, line and key.
    """
    try:
        source = yaml_positions.read(path)
    except OSError as error:
        raise SloError(f"cannot read the SLOs in {path}: {error.strerror}") from error
    except YamlError as error:
        where = f"{path}, line {error.problem.position.line}"
        raise SloError(f"{where}: {error.problem.text}") from error
    if not isinstance(source.content, dict):
        raise SloError(f"{path}, line 1: give objectives as `key: value`, see docs/gate.md")
    try:
        found = Slo.model_validate(source.content)
    except ValidationError as error:
        problems = dict.fromkeys(_problem(one, source) for one in error.errors())
        raise SloError("\n".join(f"{path}, {one}" for one in problems)) from error
    if found.empty and not may_be_empty:
        raise SloError(f"{path}, line 1: promises nothing; give at least one objective")
    return found


def _problem(error: ErrorDetails, source: Source) -> str:
    """Return a problem in words, with the line of the innermost key that the file has."""
    location = source.resolve(error["loc"])
    if not location:
        return f"line 1: {explain(error)}"
    text = explain(error)
    if error["type"] == "extra_forbidden":
        model = {"endpoints": EndpointSlo, "margins": Margins}.get(str(location[0]), Slo)
        text = f"unknown key; known are {', '.join(model.model_fields)}"
    keys = ".".join(part for part in location if isinstance(part, str))
    return f"line {source.keys[location].line}, {keys}: {text}"


# --- evaluating -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a run measured, as far as objectives are about it.

    Attributes:
        endpoints: None of them is known if empty.
        profile: The load; None if nothing is known of it.
    """

    users: Users
    requests: Requests
    latency: Latency
    endpoints: Sequence[EndpointRecord] = ()
    profile: ProfileRecord | None = None

    @classmethod
    def of(cls, run: RunSummary) -> Figures:
        """Return those of a run."""
        return cls(
            users=run.users,
            requests=run.requests,
            latency=run.latency,
            endpoints=run.endpoints,
            profile=run.profile,
        )


def evaluate(slo: Slo, figures: Figures) -> list[Objective]:
    """Hold every objective against the measured figures. A counter that is absent is 0.

    A percentile of which a load profile never shows anything is listed as not judged.
    """
    users, requests, profile = figures.users, figures.requests, figures.profile
    objectives = list[Objective]()
    if (limit := slo.failed_users) is not None:
        reason = msg("missed.failed-users", failed=users.failed, users=users.created)
        objectives.append(_count(msg("objective.failed-users"), limit, users.failed, reason))
    if (limit := slo.timeouts) is not None:
        count = requests.timeouts
        reason = msg("missed.timeouts", n=count)
        objectives.append(_count(msg("objective.timeouts"), limit, count, reason))
    if (limit := slo.server_errors) is not None:
        count = requests.count(Outcome.SERVER_ERROR)
        reason = msg("missed.server-errors", n=count)
        objectives.append(_count(msg("objective.server-errors"), limit, count, reason))
    objectives += _latencies(slo.latency_ms, figures.latency, None, profile)
    objectives += _availability(slo.availability_percent, requests, None, slo.confidence_percent)
    measured = {endpoint.name: endpoint for endpoint in figures.endpoints}
    for name, promise in slo.endpoints.items():
        confidence = slo.confidence_percent
        objectives += _endpoint(name, promise, measured.get(name), confidence, profile)
    return objectives


def _count(name: Message, limit: int, count: int, reason: Message) -> Objective:
    return Objective(
        name=name,
        promised=msg("limit.count", n=limit),
        measured=msg("value.count", n=count),
        kept=count <= limit,
        reason=reason,
    )


def _of(message_id: str, endpoint: str | None, **params: Parameter) -> Message:
    """Return the message, or its form that names the endpoint."""
    if endpoint is None:
        return msg(message_id, **params)
    return msg(f"{message_id}-of", endpoint=endpoint_name(endpoint), **params)


def _latencies(
    limits: LatencyLimits, latency: Latency, endpoint: str | None, profile: ProfileRecord | None
) -> list[Objective]:
    made = list[Objective]()
    for name, limit in limits.items():
        # The censored one: a percentile of the answered would reward a stack for not answering.
        found = latency.censored.get(name) if latency.censored else None
        interval = latency.intervals.get(name) if latency.intervals else None
        value = percentile_message(latency, name)
        kept = shown(interval, limit) if found else False
        title = _of("objective.percentile", endpoint, percentile=name)
        if found and interval is None and profile is not None and not profile.shows_percentiles:
            made.append(_not_judged(title, limit, value, profile))
            continue
        made.append(
            Objective(
                name=title,
                promised=msg("limit.latency", limit=limit),
                measured=value,
                kept=kept,
                reason=_of(
                    "missed.percentile", endpoint, percentile=name, value=value, limit=limit
                ),
                remedy=msg("undecided.longer") if kept is None else None,
            )
        )
    return made


def _not_judged(
    name: Message, limit: float, measured: Message, profile: ProfileRecord
) -> Objective:
    return Objective(
        name=name,
        promised=msg("limit.latency", limit=limit),
        measured=measured,
        kept=None,
        judged=False,
        reason=msg(
            "undecided.not-judged",
            name=name,
            profile=profile.name,
            seconds=profiles.seconds(profile),
        ),
    )


def shown(interval: PercentileInterval | None, limit_ms: float) -> bool | None:
    """Return whether the whole interval is within the limit or beyond it; None for neither."""
    if interval is None:
        return None
    if interval.low.at_least or interval.low.value_ms > limit_ms:
        return False
    high = interval.high
    return True if high is not None and high.value_ms <= limit_ms else None


def percentile_message(latency: Latency, name: str) -> Message:
    """Return a percentile over all requests with its interval, as far as these are known."""
    found = latency.censored.get(name) if latency.censored else None
    interval = latency.intervals.get(name) if latency.intervals else None
    if found is None:
        return msg("value.unknown")
    value = found.message
    if interval is None:
        return msg("value.unsure", value=value)
    if interval.low.at_least or interval.low == found == interval.high:
        return value
    if interval.high is None:
        return msg("value.from", value=value, low=interval.low.value_ms)
    return msg("value.between", value=value, low=interval.low.value_ms, high=interval.high.value_ms)


def _availability(
    percent: float | None, requests: Requests, endpoint: str | None, confidence: float | None
) -> list[Objective]:
    if percent is None:
        return []
    good, total = requests.count(Outcome.GOOD), requests.valid
    # Decimal, because a limit written as 99.9 must not become 99.90000000000001.
    kept: bool | None = bool(total) and Decimal(good) * 100 >= Decimal(str(percent)) * total
    measured = msg("measured.good", good=good, requests=total)
    reason = _of("missed.availability", endpoint, good=good, requests=total, percent=percent)
    if kept and confidence is not None:
        bound = failure_bound(total - good, total, confidence / 100)
        shown: dict[str, Parameter] = {
            "requests": total, "least": 1 - bound, "confidence": confidence
        }  # fmt: skip
        measured = msg("measured.good-sure", good=good, **shown)
        if bound > 1 - percent / 100:
            kept = None
            reason = _of("missed.too-few", endpoint, percent=percent, **shown)
    return [
        Objective(
            name=_of("objective.availability", endpoint),
            promised=msg("limit.availability", percent=percent),
            measured=measured,
            kept=kept,
            reason=reason,
        )
    ]


def _endpoint(
    name: str,
    promise: EndpointSlo,
    found: EndpointRecord | None,
    confidence: float | None,
    profile: ProfileRecord | None,
) -> list[Objective]:
    if found is None:
        # An endpoint without requests has not kept its promise.
        return [
            Objective(
                name=_of("objective.requests", name),
                promised=msg("limit.some"),
                measured=msg("measured.nothing"),
                kept=False,
                reason=_of("missed.no-requests", name),
            )
        ]
    return [
        *_latencies(promise.latency_ms, found.latency, name, profile),
        *_availability(promise.availability_percent, found.requests, name, confidence),
    ]
