"""The steps of a flow: requests, pauses, loops, functions. Part of the schema of a scenario file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from loadspec.durations import DURATION, seconds
from loadtest.scenario.expectations import Expect, all_can_hold, one_check_each
from loadtest.scenario.headers import Cookies, Headers
from loadtest.scenario.part import Part, is_template, listed

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
"""The steps that send a request."""
BODILESS = ("get", "head")
"""Methods for which Artillery's HTTP client (got) rejects a body."""
BODIES = ("json_", "body", "form", "formData")
EXTRACTORS = ("json", "regexp", "header", "selector")
"""What a `capture` or `match` looks at. `xpath` needs a package that Artillery does not bring."""
_FORM_PART = frozenset({"fromFile", "value", "contentType"})
"""Keys of a part of `formData`."""
UNKNOWN_THINK_S = 60.0
"""Assumed if a template computes the think time; only a run's timeout depends on it."""
UNKNOWN_ROUNDS = 10
"""Assumed if only the run knows how often a loop repeats; only a run's timeout depends on it."""


class Extract(Part):
    """What `capture` and `match` have in common: where in a response to look."""

    json_: Annotated[str | None, Field(alias="json")] = None
    regexp: str | None = None
    header: str | None = None
    selector: str | None = None
    strict: bool | None = None
    group: int | str | None = None
    flags: str | None = None
    attr: str | None = None
    index: int | str | None = None
    multiple: bool | None = None

    @model_validator(mode="after")
    def _looks_somewhere(self) -> Extract:
        named = [one for one in EXTRACTORS if getattr(self, "json_" if one == "json" else one)]
        if len(named) != 1:
            raise ValueError(
                f"needs one of {', '.join(EXTRACTORS)}, not {' and '.join(named) or 0}"
            )
        if self.header is not None and self.header != self.header.lower():
            raise ValueError(
                f"write `header: {self.header.lower()}`: Artillery finds headers in lower case only"
            )
        if self.selector is not None and self.attr is None:
            raise ValueError("`selector` needs `attr`, the attribute that it takes")
        return self


class Capture(Extract):
    """A value of a response that later steps use."""

    as_: Annotated[str, Field(alias="as", min_length=1)]


class Match(Extract):
    """A value that a response must have."""

    value: Any

    @model_validator(mode="after")
    def _has_a_value(self) -> Match:
        if self.value is None:
            raise ValueError("`match` needs a `value`")
        if isinstance(self.value, list | dict):
            raise ValueError(  # noqa: TRY004 - pydantic turns it into an error of its own
                "`value` is a list or mapping, to which nothing is equal: match a part of it"
            )
        if self.json_ is None and not isinstance(self.value, str):
            shown = str(self.value).lower()
            raise ValueError(
                f'write `value: "{shown}"`: Artillery finds a text there, not a number'
            )
        return self


class Auth(Part):
    """Name and password of a request's basic authentication; Artillery refuses empty ones."""

    user: Annotated[str, Field(min_length=1)]
    pass_: Annotated[str, Field(alias="pass", min_length=1)]


class Request(Part):
    """One HTTP request."""

    url: Annotated[str, Field(min_length=1)]
    name: str | None = None
    json_: Annotated[Any, Field(alias="json")] = None
    body: str | None = None
    form: dict[str, str | int | float | bool] | None = None
    formData: dict[str, Any] | None = None  # noqa: N815
    setContentLengthHeader: bool | None = None  # noqa: N815
    qs: dict[str, Any] | None = None
    headers: Headers | None = None
    cookie: Cookies | None = None
    auth: Auth | None = None
    gzip: bool | None = None
    followRedirect: bool | None = None  # noqa: N815
    capture: Annotated[list[Capture] | None, BeforeValidator(listed)] = None
    match: Annotated[list[Match] | None, BeforeValidator(listed)] = None
    expect: Annotated[
        list[Expect] | None, BeforeValidator(one_check_each), AfterValidator(all_can_hold)
    ] = None
    beforeRequest: Annotated[list[str] | None, BeforeValidator(listed)] = None  # noqa: N815
    afterResponse: Annotated[list[str] | None, BeforeValidator(listed)] = None  # noqa: N815
    ifTrue: str | None = None  # noqa: N815
    probability: int | float | str | None = None

    @field_validator("json_")
    @classmethod
    def _is_sent(cls, value: Any) -> Any:
        if value == "" or value is False or (isinstance(value, int | float) and not value):
            shown = str(value).lower() or '""'
            raise ValueError(
                f"nothing is sent for it: write `body: '{shown}'` and its `content-type`"
            )
        return value

    @field_validator("qs")
    @classmethod
    def _reject_nesting(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        for key, one in (value or {}).items():
            inner = cast("list[object]", one) if isinstance(one, list) else [one]
            nested = next((item for item in inner if isinstance(item, dict | list)), None)
            if nested is not None:
                kind = "mapping" if isinstance(nested, dict) else "list in a list"
                raise ValueError(f"`{key}` is a {kind}, which Artillery sends as an empty text")
        return value

    @field_validator("formData")
    @classmethod
    def _reject_no_part(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        for key, one in (value or {}).items():
            if isinstance(one, list):
                text = f"`{key}` is a list, on which Artillery ends: write one text"
                raise ValueError(text)  # noqa: TRY004 - pydantic turns it into an error of its own
            if isinstance(one, dict):
                part = cast("dict[str, Any]", one)
                if not (part.get("fromFile") or part.get("value")):
                    raise ValueError(f"`{key}` is a mapping without `fromFile` or `value`")
                if unknown := part.keys() - _FORM_PART:
                    known = ", ".join(sorted(_FORM_PART))
                    raise ValueError(f"unknown key `{min(unknown)}` in `{key}`; known are {known}")
        return value

    @field_validator("probability")
    @classmethod
    def _reject_no_number(cls, value: float | str | None) -> float | str | None:
        try:
            within = value is None or 0 <= float(value) <= 100
        except ValueError:
            within = False
        if not within:
            raise ValueError("must be a number from 0 to 100, without `%` or a template")
        return value

    @model_validator(mode="after")
    def _has_one_body(self) -> Request:
        named = [field.removesuffix("_") for field in BODIES if field in self.model_fields_set]
        if len(named) > 1:
            raise ValueError(f"a request has one body, not {' and '.join(named)}")
        if self.qs and "?" in self.url:
            raise ValueError("`qs` replaces the query of the `url`: write all of it in one place")
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
        if not self.model_fields_set:
            raise ValueError("the step is empty: remove it")
        if len(self.model_fields_set) > 1:
            named = " and ".join(sorted(self.model_fields_set))
            raise ValueError(f"a step sends one request, not {named}: begin each with a dash")
        for method in self.model_fields_set:
            request = cast("Request | None", getattr(self, method))
            if request is None:
                raise ValueError(f"`{method}` needs a mapping with a `url`, indented below it")
            if method in BODILESS and request.model_fields_set & set(BODIES):
                raise ValueError(f"a {method.upper()} request has no body: Artillery ends the user")
        return self

    @property
    def request(self) -> Request | None:
        """The request that it sends."""
        for method in self.model_fields_set:
            return cast("Request | None", getattr(self, method))
        return None


_PAUSES = 'write seconds (`2`), a duration ("500ms") or "{{ $randomNumber(1, 5) }}"'


class Thinking(Part):
    """A step that waits."""

    think: int | str
    jitter: int | str | None = None

    @field_validator("think", mode="before")
    @classmethod
    def _reject_other_durations(cls, value: Any) -> Any:
        if not isinstance(value, int | float | str) or isinstance(value, bool):
            raise ValueError(_PAUSES)  # noqa: TRY004 - pydantic turns it into an error of its own
        # Artillery reads a whole number as seconds, and any other as milliseconds.
        if isinstance(value, float):
            raise ValueError(  # noqa: TRY004 - pydantic turns it into an error of its own
                f'write "{value * 1000:g}ms": Artillery reads {value:g} as milliseconds'
            )
        if isinstance(value, int) and value < 0:
            raise ValueError("a pause is not negative")
        if isinstance(value, str) and not is_template(value):
            text = value.strip()
            if re.fullmatch(r"\d*\.\d+", text):
                milliseconds = float(text) * 1000
                raise ValueError(
                    f'write "{milliseconds:g}ms": Artillery reads {text} as milliseconds'
                )
            if not re.fullmatch(r"\d+", text) and not DURATION.fullmatch(text):
                raise ValueError(_PAUSES)
        return value


def wrong_pause(value: Any) -> str | None:
    """Return what is wrong with a pause that a variable holds; None if nothing is."""
    try:
        Thinking(think=value)
    except ValidationError as error:
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return None


class Logging(Part):
    """A step that prints; Artillery refuses to print nothing."""

    log: Annotated[str, Field(min_length=1)]


class Calling(Part):
    """A step that calls a function of the processor."""

    function: Annotated[str, Field(min_length=1)]


class Looping(Part):
    """A step that repeats others."""

    loop: Annotated[list[Step], Field(min_length=1)]
    count: int | str | None = None
    over: Annotated[list[Any], Field(min_length=1)] | str | None = None
    whileTrue: str | None = None  # noqa: N815
    loopValue: str | None = None  # noqa: N815
    loopElement: str | None = None  # noqa: N815

    @field_validator("count")
    @classmethod
    def _counts(cls, value: int | str | None) -> int | str | None:
        if value is None or is_template(value):
            return value
        if (_rounds(value) or 0) < 1:
            raise ValueError('must be a whole number of at least 1, or a range such as "1-15"')
        return value

    @model_validator(mode="after")
    def _terminates(self) -> Looping:
        if self.count is None and self.over is None and self.whileTrue is None:
            raise ValueError("a loop needs `count` or `over`: without them it never ends")
        if self.count is not None and self.over is not None:
            raise ValueError("with `over`, Artillery does not count by `count`: remove one of them")
        if self.whileTrue is not None and (self.count is not None or self.over is not None):
            raise ValueError("with `whileTrue`, Artillery ignores `count` and `over`: remove them")
        return self

    @property
    def rounds(self) -> int:
        """Number of iterations; an assumption if only Artillery can know."""
        if isinstance(self.over, list):
            return len(self.over)
        known = _rounds(self.count) if self.count is not None else None
        return UNKNOWN_ROUNDS if known is None else known


def _rounds(count: int | str) -> int | None:
    """Return how often Artillery repeats a loop: a range ends before its last number."""
    if isinstance(count, int):
        return count
    if re.fullmatch(r"\s*\d+\s*", count):
        return int(count)
    found = re.fullmatch(r"\s*(\d+)-(\d+)\s*", count)
    return int(found[2]) - int(found[1]) if found else None


class Parallel(Part):
    """A step that runs several others at once."""

    parallel: Annotated[list[Step], Field(min_length=1)]
    limit: Annotated[int, Field(ge=1)] | None = None


KINDS = ("loop", "parallel", "think", "log", "function")
"""Keys of the steps that are not requests."""


def _kind(step: Any) -> str | None:
    """Return the kind of step. Not named like a step's key, as it appears in pydantic's errors."""
    if isinstance(step, dict):
        keys = cast("dict[str, Any]", step)
        return next((f"<{kind}>" for kind in KINDS if kind in keys), "<>")
    return None


Step = Annotated[
    Annotated[Requesting, Tag("<>")]
    | Annotated[Looping, Tag("<loop>")]
    | Annotated[Parallel, Tag("<parallel>")]
    | Annotated[Thinking, Tag("<think>")]
    | Annotated[Logging, Tag("<log>")]
    | Annotated[Calling, Tag("<function>")],
    Discriminator(
        _kind,
        custom_error_type="no_step",
        custom_error_message="a step is a mapping, such as `get: {url: /}`",
    ),
]


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
    found = seconds(think)
    return UNKNOWN_THINK_S if found is None else found
