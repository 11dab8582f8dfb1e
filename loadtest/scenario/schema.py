"""The schema of a scenario file: the part of Artillery's script format that is measured faithfully.

Artillery ignores unknown keys, and some known ones. Either would measure something other than what
the file says, so both are rejected. Facts about Artillery are those of 2.0.34
(`core/engine_http`, `commons/engine_util`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
"""The steps that send a request."""
UNKNOWN_THINK_S = 60.0
"""Assumed if a template computes the think time; only a run's timeout depends on it."""
UNITS_S = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600}


class Part(BaseModel):
    """Base of all parts: unknown keys are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Http(Part):
    """`config.http`."""

    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    extendedMetrics: bool = False  # noqa: N815
    defaults: dict[str, Any] = {}
    cookieJarOptions: dict[str, Any] = {}  # noqa: N815
    distributedTracing: Any = None  # noqa: N815


def _listed(value: Any) -> Any:
    """Wrap a single value in a list: Artillery accepts both."""
    return value if isinstance(value, list) or value is None else [value]


class Payload(Part):
    """A file of values; each virtual user gets a row of it."""

    path: str
    fields: Annotated[list[str], Field(min_length=1)]
    order: Literal["sequence", "random"]
    skipHeader: bool = False  # noqa: N815
    skipEmptyLines: bool = True  # noqa: N815
    cast: bool = True
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


class Config(Part):
    """`config`, without what the runner sets."""

    http: Http
    payload: Annotated[list[Payload], BeforeValidator(_listed)] = []
    variables: dict[str, Any] = {}
    tls: dict[str, Any] = {}
    plugins: dict[Literal["metrics-by-endpoint", "fake-data"], Any] = {}


class Expect(Part):
    """What a response must be. Only its status is checked."""

    statusCode: Annotated[list[int], BeforeValidator(_listed)]  # noqa: N815


class Request(Part):
    """One HTTP request."""

    model_config = ConfigDict(protected_namespaces=())

    url: str | None = None
    uri: str | None = None
    name: str | None = None
    json_: Annotated[Any, Field(alias="json")] = None
    body: Any = None
    form: dict[str, Any] | None = None
    formData: dict[str, Any] | None = None  # noqa: N815
    setContentLengthHeader: bool | None = None  # noqa: N815
    qs: dict[str, Any] | None = None
    headers: dict[str, Any] | None = None
    cookie: dict[str, Any] | None = None
    auth: dict[str, Any] | None = None
    gzip: bool | None = None
    followRedirect: bool | None = None  # noqa: N815
    capture: Any = None
    match: Any = None
    expect: Annotated[list[Expect] | None, BeforeValidator(_listed)] = None
    ifTrue: str | None = None  # noqa: N815
    probability: Any = None

    @model_validator(mode="after")
    def _has_a_url(self) -> Request:
        if not self.url and not self.uri:
            raise ValueError("a request needs a `url`")
        return self


class Requesting(Part):
    """A step that sends a request."""

    get: Request | None = None
    post: Request | None = None
    put: Request | None = None
    patch: Request | None = None
    delete: Request | None = None
    head: Request | None = None
    options: Request | None = None

    @model_validator(mode="after")
    def _sends_one_request(self) -> Requesting:
        if len(self.model_fields_set) > 1:
            named = " and ".join(sorted(self.model_fields_set))
            raise ValueError(f"a step sends one request, not {named}: begin each with a dash")
        for method in self.model_fields_set:
            if getattr(self, method) is None:
                raise ValueError(f"`{method}` needs a mapping with a `url`, indented below it")
        return self


class Thinking(Part):
    """A step that waits."""

    think: int | str
    jitter: Any = None
    ifTrue: Any = None  # noqa: N815

    @field_validator("think", mode="before")
    @classmethod
    def _reject_fractions(cls, value: Any) -> Any:
        # Artillery reads a whole number as seconds, and any other as milliseconds.
        if isinstance(value, float):
            raise ValueError(  # noqa: TRY004 - pydantic turns it into an error of its own
                f'write "{value * 1000:g}ms": Artillery reads {value:g} as milliseconds'
            )
        return value


class Logging(Part):
    """A step that prints."""

    log: str


class Looping(Part):
    """A step that repeats others."""

    loop: Annotated[list[Step], Field(min_length=1)]
    count: Annotated[int, Field(ge=1)] | None = None
    over: list[Any] | str | None = None
    loopValue: str | None = None  # noqa: N815
    loopElement: str | None = None  # noqa: N815

    @model_validator(mode="after")
    def _terminates(self) -> Looping:
        if self.count is None and self.over is None:
            raise ValueError("a loop needs `count` or `over`: without them it never ends")
        return self

    @property
    def rounds(self) -> int:
        """Number of iterations; 1 if only Artillery can know."""
        return self.count or (len(self.over) if isinstance(self.over, list) else 1)


class Parallel(Part):
    """A step that runs several others at once."""

    parallel: Annotated[list[Step], Field(min_length=1)]
    limit: Any = None


def _kind(step: Any) -> str | None:
    """Return the kind of step. Not named like a step's key, as it appears in pydantic's errors."""
    if isinstance(step, dict):
        keys = cast("dict[str, Any]", step)
        return next(
            (f"<{kind}>" for kind in ("loop", "parallel", "think", "log") if kind in keys), "<>"
        )
    return None


Step = Annotated[
    Annotated[Requesting, Tag("<>")]
    | Annotated[Looping, Tag("<loop>")]
    | Annotated[Parallel, Tag("<parallel>")]
    | Annotated[Thinking, Tag("<think>")]
    | Annotated[Logging, Tag("<log>")],
    Discriminator(
        _kind,
        custom_error_type="no_step",
        custom_error_message="a step is a mapping, such as `get: {url: /}`",
    ),
]


class Flow(Part):
    """One of `scenarios`: what a virtual user does."""

    flow: Annotated[list[Step], Field(min_length=1)]
    name: str | None = None
    weight: Annotated[int, Field(ge=0)] | None = None
    engine: Literal["http"] = "http"

    @model_validator(mode="after")
    def _sends_a_request(self) -> Flow:
        if requests_in(self.flow) == 0:
            raise ValueError("the flow sends no request")
        return self


class Script(Part):
    """The whole file."""

    config: Config
    scenarios: Annotated[list[Flow], Field(min_length=1)]


def _steps(steps: Iterable[Any]) -> Iterator[tuple[Any, int]]:
    """Yield every step that does something, and how often."""
    for step in steps:
        match step:
            case Looping():
                for inner, times in _steps(step.loop):
                    yield inner, times * step.rounds
            case Parallel():
                yield from _steps(step.parallel)
            case _:
                yield step, 1


def requests_in(steps: Iterable[Any]) -> int:
    """Count the requests that the steps send if all succeed."""
    return sum(
        times
        for step, times in _steps(steps)
        if isinstance(step, Requesting) and step.model_fields_set
    )


def think_s(steps: Iterable[Any]) -> float:
    """Sum up the think times of the steps, in seconds."""
    return sum(
        times * _think_s(step.think) for step, times in _steps(steps) if isinstance(step, Thinking)
    )


def _think_s(think: float | str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|)\w*\s*", str(think))
    return float(found[1]) * UNITS_S[found[2]] if found else UNKNOWN_THINK_S
