"""From a validated script to plain steps. A value without an equivalent is rejected with its position.

Parts that are not translated at all are listed in `support.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from loadtest.engine.generators.portable import extraction, texts
from loadtest.engine.generators.portable.steps import (
    Body,
    Capture,
    Finding,
    Json,
    Match,
    Portable,
    PortableFlow,
    Refusal,
    Repeat,
    Send,
    Step,
    Wait,
)
from loadtest.engine.generators.portable.texts import RandomNumber, Text, UnportableError
from loadtest.scenario.expectations import Expect
from loadtest.scenario.part import is_template
from loadtest.scenario.schema import Defaults, Script
from loadtest.scenario.steps import (
    METHODS,
    Extract,
    Looping,
    Parallel,
    Request,
    Requesting,
    Thinking,
    think_s,
)
from loadtest.yaml_positions import Location

_TARGET = re.compile(r"^\{\{\{?\s*target\s*\}\}\}?")
_MOST_CHANCE = 101
"""Artillery draws a whole number from 0 to 100 and sends if it is below `probability`."""
_T = TypeVar("_T")


def translate(script: Script) -> Portable:
    """Translate a script that the schema accepted and whose variables and URLs are checked."""
    work = _Translation(script)
    flows = [work.flow(index) for index, flow in enumerate(script.scenarios) if flow.weight != 0]
    return Portable(
        flows=flows,
        timeout_s=script.config.http.timeout,
        verifies_tls=script.config.tls.rejectUnauthorized is not False,
        refusals=tuple(work.refusals),
    )


@dataclass
class _Translation:
    script: Script
    refusals: list[Refusal] = field(default_factory=list[Refusal])

    def __post_init__(self) -> None:
        self._captured = {
            capture.as_ for request in _requests(self.script) for capture in request.capture or ()
        }
        config = self.script.config
        self._defaults: tuple[Defaults, ...] = (config.http.defaults, config.defaults)
        self._headers = self._default_headers()

    def _default_headers(self) -> dict[str, Text]:
        for part, location in zip(
            self._defaults, (("config", "http", "defaults"), ("config", "defaults")), strict=True
        ):
            if part.headers:
                return self._lowercase(part.headers, (*location, "headers"))
        return {}

    @property
    def _strict(self) -> bool | None:
        stated = (part.strictCapture for part in self._defaults)
        return next((one for one in stated if one is not None), None)

    def _refuse(self, location: Location, reason: str) -> None:
        self.refusals.append(Refusal(location, reason))

    def _try(self, location: Location, work: Callable[[], _T], otherwise: _T) -> _T:
        """Do something; refuse the place if that cannot be done."""
        try:
            return work()
        except UnportableError as error:
            self._refuse(location, str(error))
            return otherwise

    def _text(self, value: object, location: Location) -> Text:
        return self._try(location, lambda: texts.parse(texts.written(value)), Text((str(value),)))

    def _number(self, value: float, location: Location) -> float:
        return self._try(location, lambda: texts.number(value), 0)

    def _lowercase(self, given: Mapping[str, Any], location: Location) -> dict[str, Text]:
        return {key.lower(): self._text(one, (*location, key)) for key, one in given.items()}

    # --- flows and steps ---

    def flow(self, index: int) -> PortableFlow:
        """Translate one of `scenarios`."""
        flow, location = self.script.scenarios[index], ("scenarios", index)
        steps = tuple(self._steps(flow.flow, (*location, "flow")))
        return PortableFlow(flow.name, 1 if flow.weight is None else flow.weight, steps)

    def _steps(self, steps: Iterable[Any], location: Location) -> Iterator[Step]:
        for index, step in enumerate(steps):
            found = self._step(step, (*location, index))
            if found is not None:
                yield found

    def _step(self, step: Any, location: Location) -> Step | None:
        match step:
            case Requesting():
                method = next(iter(step.model_fields_set & set(METHODS)))
                request = step.request
                return self._send(method, request, (*location, method)) if request else None
            case Thinking():
                return self._wait(step, location)
            case Looping():
                return self._loop(step, location)
            case _:
                pass  # `log` prints; nothing is measured by it. The others are refused as parts.
        return None

    def _wait(self, step: Thinking, location: Location) -> Wait | None:
        if not is_template(step.think):
            seconds = think_s([step])
            return Wait(seconds, seconds)
        found = self._text(step.think, (*location, "think"))
        if len(found.parts) == 1 and isinstance(found.parts[0], RandomNumber):
            return Wait(found.parts[0].low, found.parts[0].high)
        self._refuse((*location, "think"), "write seconds or `{{ $randomNumber(1, 3) }}`")
        return None

    def _loop(self, step: Looping, location: Location) -> Repeat:
        steps = tuple(self._steps(step.loop, (*location, "loop")))
        values, first = None, 0
        if isinstance(step.over, str):
            self._refuse(
                (*location, "over"), "only Artillery has lists as variables: write it here"
            )
        elif step.over is not None:
            values = [
                self._element(one, (*location, "over", index))
                for index, one in enumerate(step.over)
            ]
        elif is_template(step.count):
            self._refuse((*location, "count"), "write a number: only Artillery computes it")
        elif isinstance(step.count, str) and "-" in step.count:
            first = int(step.count.partition("-")[0])
        return Repeat(
            steps,
            first,
            step.rounds,
            step.loopValue or "$loopCount",
            step.loopElement or "$loopElement",
            values,
        )

    def _value(self, value: object, location: Location) -> Text | int | float | bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return self._number(value, location)
        if not isinstance(value, str):
            self._refuse(location, "only texts and numbers are the same everywhere")
        return self._text(value, location)

    def _element(self, value: object, location: Location) -> Text | int | float | bool:
        if is_template(value):
            self._refuse(
                location, "Artillery fills in an element late or not at all: write its value"
            )
        return self._value(value, location)

    # --- requests ---

    def _send(self, method: str, request: Request, location: Location) -> Send:
        own = self._lowercase(request.headers or {}, (*location, "headers"))
        auth = request.auth
        return Send(
            location=location,
            method=method.upper(),
            url=self._url(request.url, (*location, "url")),
            endpoint=request.name or _endpoint(method, request.url),
            headers={**self._headers, **own},
            query=self._query(request.qs or {}, (*location, "qs")),
            body=self._body(request, location),
            auth=None
            if auth is None
            else (
                self._text(auth.user, (*location, "auth", "user")),
                self._text(auth.pass_, (*location, "auth", "pass")),
            ),
            compressed=request.gzip is not False,
            follows=request.followRedirect is not False,
            expected=tuple(_statuses(request.expect)),
            captures=tuple(self._captures(request, (*location, "capture"))),
            matches=tuple(self._matches(request, (*location, "match"))),
            chance=_chance(request.probability),
        )

    def _url(self, url: str, location: Location) -> Text:
        found = self._text(_TARGET.sub("", url) or "/", location)
        first = found.parts[0]
        if isinstance(first, texts.Variable) and first.name in self._captured:
            reason = f"`{first.name}` is known only in the run: begin the URL with its path"
            self._refuse(location, reason)
        return found

    def _query(
        self, given: Mapping[str, Any], location: Location
    ) -> dict[str, Text | Sequence[Text]]:
        return {
            key: [self._query_text(item, (*location, key)) for item in cast("list[Any]", one)]
            if isinstance(one, list)
            else self._query_text(one, (*location, key))
            for key, one in given.items()
        }

    def _query_text(self, value: object, location: Location) -> Text:
        # Node's querystring, with which Artillery writes a query, makes an empty text of null.
        return self._text("" if value is None else value, location)

    def _body(self, request: Request, location: Location) -> Body | None:
        # A body that counts as false is not a body for Artillery.
        if request.json_:
            return Body(json=self._json(request.json_, (*location, "json")))
        if request.body:
            return Body(raw=self._text(request.body, (*location, "body")))
        if request.form:
            where = (*location, "form")
            form = {key: self._text(one, (*where, key)) for key, one in request.form.items()}
            return Body(form=form)
        return None

    def _json(self, value: Any, location: Location) -> Json:
        match value:
            case str():
                return self._text(value, location)
            case dict():
                return {
                    self._key(key, location): self._json(one, (*location, key))
                    for key, one in cast("dict[Any, Any]", value).items()
                }
            case list():
                given = cast("list[Any]", value)
                return [self._json(one, (*location, index)) for index, one in enumerate(given)]
            case bool() | None:
                return value
            case int() | float():
                return self._number(value, location)
            case _:
                self._refuse(location, f"{value!r} is not JSON: quote it")
                return None

    def _key(self, key: object, location: Location) -> str:
        if is_template(key):
            self._refuse((*location, str(key)), "only Artillery fills in the names of a body")
        return texts.written(key)

    def _captures(self, request: Request, location: Location) -> Iterator[Capture]:
        for index, capture in enumerate(request.capture or ()):
            where = (*location, index)
            if not re.fullmatch(r"[A-Za-z_$][\w$-]*", capture.as_):
                self._refuse((*where, "as"), "only Artillery stores a value inside of another one")
            yield Capture(capture.as_, self._finding(capture, where, self._strict))

    def _matches(self, request: Request, location: Location) -> Iterator[Match]:
        for index, match in enumerate(request.match or ()):
            where = (*location, index)
            value = self._value(match.value, (*where, "value"))
            yield Match(self._finding(match, where, None), value)

    def _finding(
        self, given: Extract, location: Location, strict_by_default: bool | None
    ) -> Finding:
        kind = next(k for k in ("json", "regexp", "header", "selector") if _named(given, k))
        return self._try(
            (*location, kind),
            lambda: extraction.finding(given, strict_by_default=strict_by_default),
            Finding("header", "-"),
        )


def _named(given: Extract, kind: str) -> bool:
    return getattr(given, "json_" if kind == "json" else kind) is not None


def _requests(script: Script) -> Iterator[Request]:
    def within(steps: Iterable[Any]) -> Iterator[Request]:
        for step in steps:
            match step:
                case Requesting() if step.request is not None:
                    yield step.request
                case Looping():
                    yield from within(step.loop)
                case Parallel():
                    yield from within(step.parallel)
                case _:
                    pass

    for flow in script.scenarios:
        yield from within(flow.flow)


def _endpoint(method: str, url: str) -> str:
    """Name a request that has no name, as the recorder of Artillery does."""
    path = re.sub(r"^[a-z]+://[^/]+", "", url, flags=re.IGNORECASE).partition("?")[0]
    return f"{method.upper()} {path or '/'}"


def _statuses(expect: Sequence[Expect] | None) -> Iterator[int]:
    for one in expect or ():
        # One that a variable holds is refused before: see `EXPECTATIONS` in `translation/parts.py`.
        yield from (status for status in one.statusCode or () if isinstance(status, int))


def _chance(probability: float | str | None) -> float:
    if probability is None:
        return 1.0
    return min(1.0, math.ceil(float(probability)) / _MOST_CHANCE)
