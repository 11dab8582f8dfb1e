"""A scenario as plain steps for k6's extension (`toolchain/k6/flow`), without JavaScript.

That is for scenarios of which all generators find the same (`portable`), less what the extension has no
equal for. Through any other, `user.js` walks (ADR 74).

A text is a list: what is fixed, and `["variable", name]`, `["json", name]` (a value that keeps its type),
`["number", low, high]`, `["letters", count]`, or a text in another notation: `["uri", text]`,
`["url", text]`, `["quoted", text]`, `["base64", text]`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from loadtest.engine.generators.base import Load
from loadtest.engine.generators.portable import support, texts
from loadtest.engine.generators.portable.steps import (
    Body,
    Finding,
    Json,
    Portable,
    Refusal,
    Repeat,
    Send,
    Step,
    Wait,
    sends,
)
from loadtest.engine.generators.portable.texts import (
    Part,
    RandomNumber,
    RandomString,
    Text,
    Variable,
)
from loadtest.engine.generators.portable.translation import translate
from loadtest.engine.generators.translation import parts
from loadtest.scenario.scenario import Scenario

Written = list[Any]
"""A text as the extension reads it."""
AGENT = "haproof"
"""The header `user-agent`, unless the script's defaults set headers."""
_JAVASCRIPTS: Mapping[str, str] = {
    "step.log": "it prints",
    "capture.regexp": "regular expressions are JavaScript's",
    "match.regexp": "regular expressions are JavaScript's",
}
"""Parts for which a script is walked through by JavaScript, though they are portable."""


@dataclass(frozen=True)
class NeedsJavaScript:
    """A scenario that the extension cannot run by itself, and the first part of it for which."""

    why: str


def translated(scenario: Scenario) -> Portable | NeedsJavaScript:
    """Return a scenario in plain steps, or for which part of it JavaScript has to walk through it."""
    portable = translate(scenario.validated)
    missing = next(_may_be_missing(portable), None)
    found = [
        *support.refused(scenario, portable.refusals),
        *parts.refused(scenario, _JAVASCRIPTS),
        *(support.refused(scenario, [missing]) if missing else ()),
    ]
    if not found:
        return portable
    first = min(found)
    return NeedsJavaScript(f"line {first.position.line}: {first.text}")


def _may_be_missing(portable: Portable) -> Iterator[Refusal]:
    """Yield the requests whose captured values later steps may not find: JavaScript has `undefined`."""
    for flow in portable.flows:
        for send in sends(flow.steps):
            if send.captures and (
                send.chance < 1 or not all(one.finding.strict for one in send.captures)
            ):
                yield Refusal(send.location, "what it captures may be missing")


def make(load: Load, portable: Portable) -> dict[str, Any]:
    """Return what visitors do; `portable` is the load's scenario, `translated`."""
    config = load.scenario.validated.config
    has_headers = config.http.defaults.headers or config.defaults.headers
    agent: dict[str, Text] = {} if has_headers else {"user-agent": Text((AGENT,))}
    return {
        "target": load.base_url,
        "timeout_s": portable.timeout_s,
        "payloads": [
            {"fields": one.fields, "order": one.order or "random"} for one in config.payload
        ],
        "variables": config.variables,
        "flows": [
            {"weight": flow.weight, "steps": [_step(step, agent) for step in flow.steps]}
            for flow in portable.flows
        ],
    }


def _step(step: Step, agent: Mapping[str, Text]) -> dict[str, Any]:
    match step:
        case Send():
            return {"send": _send(step, agent)}
        case Wait():
            return {"wait": [step.low_s, step.high_s]}
        case Repeat():
            return {
                "repeat": {
                    "steps": [_step(one, agent) for one in step.steps],
                    "first": step.first,
                    "rounds": step.rounds,
                    "counter": step.counter,
                    "element": step.element,
                    "values": None if step.values is None else [_value(one) for one in step.values],
                }
            }


def _send(step: Send, agent: Mapping[str, Text]) -> dict[str, Any]:
    return {
        "method": step.method,
        "url": _url(step),
        "endpoint": step.endpoint,
        "headers": _headers(step, agent),
        "body": None if step.body is None else _body(step.body),
        "expect": step.expected,
        "follows": step.follows,
        "chance": step.chance,
        "captures": [{"name": one.name, **_finding(one.finding)} for one in step.captures],
        "matches": [
            {"value": _value(one.value), **_finding(one.finding)}
            for one in step.matches
            if one.finding.strict
        ],
    }


def _url(step: Send) -> Written:
    url: Written = [["url", _text(step.url)]]
    pairs = [
        (name, one)
        for name, value in step.query.items()
        for one in ([value] if isinstance(value, Text) else value)
    ]
    return [*url, "?", *_pairs(pairs)] if step.query else url


def _pairs(pairs: Sequence[tuple[str, Text]]) -> Iterator[Any]:
    for index, (name, value) in enumerate(pairs):
        yield from ([] if index == 0 else ["&"])
        yield from (["uri", [name]], "=", ["uri", _text(value)])


def _headers(step: Send, agent: Mapping[str, Text]) -> dict[str, Written]:
    made = {name: _text(value) for name, value in {**agent, **step.headers}.items()}
    kind = _content_type(step.body)
    if kind is not None:
        made.setdefault("content-type", [kind])
    if step.compressed:
        made.setdefault("accept-encoding", ["gzip, deflate, br"])
    if step.auth is not None:
        user, password = map(_text, step.auth)
        made["authorization"] = ["Basic ", ["base64", [*user, ":", *password]]]
    return made


def _content_type(body: Body | None) -> str | None:
    if body is None or body.raw is not None:
        return None
    return "application/json" if body.form is None else "application/x-www-form-urlencoded"


def _body(body: Body) -> Written:
    if body.raw is not None:
        return _text(body.raw)
    if body.form is not None:
        return list(_pairs(list(body.form.items())))
    return list(_json(body.json))


def _json(value: Json) -> Iterator[Any]:
    """Yield a body as JSON.stringify writes it."""
    match value:
        case Text():
            alone = value.whole_variable
            yield ["json", alone.name] if alone else ["quoted", _text(value)]
        case Mapping():
            yield "{"
            for index, (key, one) in enumerate(cast("Mapping[str, Json]", value).items()):
                yield f"{',' if index else ''}{json.dumps(key, ensure_ascii=False)}:"
                yield from _json(one)
            yield "}"
        case list() | tuple():
            yield "["
            for index, one in enumerate(cast("Sequence[Json]", value)):
                yield from ([","] if index else [])
                yield from _json(one)
            yield "]"
        case _:
            yield texts.written(value)


def _finding(finding: Finding) -> dict[str, Any]:
    if finding.kind == "header":
        return {"header": finding.expression}
    return {"json": finding.path}


def _value(value: Text | float | bool) -> dict[str, Any]:
    return {"text": _text(value)} if isinstance(value, Text) else {"fixed": value}


def _text(text: Text) -> Written:
    return [_part(part) for part in text.parts]


def _part(part: Part) -> Any:
    match part:
        case str():
            return part
        case Variable(name=name):
            return ["variable", name]
        case RandomNumber(low=low, high=high):
            return ["number", low, high]
        case RandomString(length=length):
            return ["letters", length]
