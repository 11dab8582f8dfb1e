"""Service level objectives: read from YAML, and held against what a run measured."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from loadtest import yaml_positions
from loadtest.analysis.inference import failure_bound
from loadtest.errors import LoadTestError
from loadtest.formatting import floor_percent
from loadtest.models import EndpointRecord, Latency, Record, Requests, Users
from loadtest.outcomes import Outcome
from loadtest.yaml_positions import Source, YamlError, explain

DEFAULT_FILE = Path(__file__).with_name("slo.yml")

PercentileName = Literal["p50", "p90", "p95", "p99", "p99.9"]
Count = Annotated[int, Field(ge=0, strict=True)]
Percent = Annotated[float, Field(gt=0, lt=100, strict=True)]
Milliseconds = Annotated[float, Field(gt=0, strict=True, allow_inf_nan=False)]
Limits = dict[PercentileName, Milliseconds]


class SloError(LoadTestError):
    """A file of objectives cannot be read or says something that it cannot mean."""


class EndpointSlo(Record):
    """What one endpoint promises."""

    latency_ms: Limits = Field(default_factory=dict)
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
    """At most so many virtual users."""
    timeouts: Count | None = None
    """At most so many requests."""
    server_errors: Count | None = None
    """At most so many 5xx answers."""
    latency_ms: Limits = Field(default_factory=dict)
    """Percentiles over all requests; an unanswered one is never fast enough."""
    slow_ms: Milliseconds = 1000.0
    """An expected answer whose first byte takes longer is slow, not good."""
    availability_percent: Percent | None = None
    """Good requests of all that were sent, at least."""
    confidence_percent: Percent | None = None
    """If given, a run must not only reach the availability but also be long enough to show it."""
    endpoints: dict[str, EndpointSlo] = Field(default_factory=dict)

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

    def __str__(self) -> str:
        """The promise in words."""
        counted = (
            (self.failed_users, "failed users"),
            (self.timeouts, "timeouts"),
            (self.server_errors, "5xx"),
        )
        parts = [
            f"at most {n} {what}" if n else f"no {what}" for n, what in counted if n is not None
        ]
        parts += _limits(self.latency_ms, "over all requests")
        parts += _availability(self.availability_percent, self.confidence_percent)
        for name, endpoint in self.endpoints.items():
            parts += _limits(endpoint.latency_ms, f"of {name}")
            parts += [f"{part} of {name}" for part in _availability(endpoint.availability_percent)]
        return ", ".join(parts)


def _limits(limits: Limits, where: str) -> list[str]:
    return [f"{name} ≤ {limit:g} ms {where}" for name, limit in limits.items()]


def _availability(percent: float | None, confidence: float | None = None) -> list[str]:
    if percent is None:
        return []
    shown = f" with {confidence:g} % confidence" if confidence is not None else ""
    return [f"at least {percent:g} % good{shown}"]


# --- reading --------------------------------------------------------------------------------------


@functools.cache
def default() -> Slo:
    """The promise that `loadtest/analysis/slo.yml` makes."""
    return read(DEFAULT_FILE)


def read(path: Path) -> Slo:
    """Read objectives from a YAML file.

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
        raise SloError(f"{path}, {_problem(error, source)}") from error
    if found.empty:
        raise SloError(f"{path}, line 1: promises nothing; give at least one objective")
    return found


def _problem(error: ValidationError, source: Source) -> str:
    """Return the first problem, with the line of the innermost key that the file has."""
    first = error.errors()[0]
    location = source.resolve(first["loc"])
    if not location:
        return f"line 1: {explain(first)}"
    text = explain(first)
    if first["type"] == "extra_forbidden":
        model = EndpointSlo if location[0] == "endpoints" else Slo
        text = f"unknown key; known are {', '.join(model.model_fields)}"
    keys = ".".join(part for part in location if isinstance(part, str))
    return f"line {source.keys[location].line}, {keys}: {text}"


# --- evaluating -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Objective:
    """One promise and what became of it. `kept` is None where the run is too short to tell."""

    name: str
    promised: str
    measured: str
    kept: bool | None
    reason: str
    """What to say where it was not kept."""


def evaluate(
    slo: Slo,
    *,
    users: Users,
    requests: Requests,
    latency: Latency,
    endpoints: Sequence[EndpointRecord] = (),
) -> list[Objective]:
    """Holds every objective against the measured figures. A counter that is absent is 0."""
    found = [
        _count(
            "failed users", slo.failed_users, users.failed, f"of {users.created:,} users failed"
        ),
        _count("timeouts", slo.timeouts, requests.timeouts, "requests timed out"),
        _count("5xx", slo.server_errors, requests.count(Outcome.SERVER_ERROR), "answers were 5xx"),
    ]
    objectives = [objective for objective in found if objective is not None]
    objectives += _latencies(slo.latency_ms, latency, "")
    objectives += _good(slo.availability_percent, requests, "", slo.confidence_percent)
    measured = {endpoint.name: endpoint for endpoint in endpoints}
    for name, promise in slo.endpoints.items():
        objectives += _endpoint(name, promise, measured.get(name), slo.confidence_percent)
    return objectives


def _count(name: str, limit: int | None, count: int, words: str) -> Objective | None:
    if limit is None:
        return None
    return Objective(name, f"at most {limit:,}", f"{count:,}", count <= limit, f"{count:,} {words}")


def _latencies(limits: Limits, latency: Latency, where: str) -> list[Objective]:
    made = list[Objective]()
    for name, limit in limits.items():
        # The censored one: a percentile of the answered would reward a stack for not answering.
        found = latency.censored.get(name) if latency.censored else None
        made.append(
            Objective(
                name=f"{name}{where}",
                promised=f"at most {limit:g} ms",
                measured=str(found or "unknown"),
                kept=found is not None and not found.at_least and found.value_ms <= limit,
                reason=f"{name}{where} is {found or 'unknown'}, promised are {limit:g} ms",
            )
        )
    return made


def _good(
    percent: float | None, requests: Requests, where: str, confidence: float | None
) -> list[Objective]:
    if percent is None:
        return []
    good, total = requests.count(Outcome.GOOD), requests.valid
    # Decimal, for what a human wrote as 99.9 must not become 99.90000000000001.
    reached = bool(total) and Decimal(good) * 100 >= Decimal(str(percent)) * total
    measured = f"{good:,} of {total:,} good"
    kept: bool | None = reached
    reason = f"{measured}{where}, promised are {percent:g} %"
    if reached and confidence is not None:
        bound = failure_bound(total - good, total, confidence / 100)
        least = floor_percent(1 - bound)
        measured += f"; at least {least} with {confidence:g} % confidence"
        if bound > 1 - percent / 100:
            kept = None
            reason = (
                f"{total:,} requests{where} are too few: they show at least {least} with "
                f"{confidence:g} % confidence, promised are {percent:g} %; `python -m loadtest plan "
                f"--availability {percent:g} --confidence {confidence:g}` tells how long a run must be"
            )
    return [Objective(f"availability{where}", f"at least {percent:g} %", measured, kept, reason)]


def _endpoint(
    name: str, promise: EndpointSlo, found: EndpointRecord | None, confidence: float | None
) -> list[Objective]:
    where = f" of {name}"
    if found is None:
        # A promise about an endpoint that nobody asked is not kept by silence.
        text = f"the run has no requests{where}; does the endpoint have another name?"
        return [Objective(f"requests{where}", "some", "none", kept=False, reason=text)]
    return [
        *_latencies(promise.latency_ms, found.latency, where),
        *_good(promise.availability_percent, found.requests, where, confidence),
    ]
