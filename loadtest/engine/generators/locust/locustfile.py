"""Writes the locustfile of a scenario: what each visitor does, as a person would write it for Locust."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from loadtest.engine.generators.portable.steps import (
    Body,
    Finding,
    Json,
    Portable,
    PortableFlow,
    Repeat,
    Send,
    Step,
    Wait,
)
from loadtest.engine.generators.portable.texts import (
    Part,
    RandomNumber,
    RandomString,
    Text,
    Variable,
)
from loadtest.engine.generators.portable.visitors import Visitor

_HEAD = """\
# What the visitors of the scenario {name!r} do. Made by haproof; runs as it is:
#
#     locust -f locustfile.py --headless --users 1 --only-summary --host URL
#
# `visitors.csv` says who arrives when; `open_model.py` starts each of them at that time.

from __future__ import annotations

from answers import Header, Json, Regexp
from open_model import Arrivals, Capture, Match, Request, Visitor
from open_model import chance, random_number, random_string, text
"""
_INDENT = "    "


def write(portable: Portable, name: str) -> str:
    """Return the locustfile of a scenario that was translated without refusals."""
    lines = [_HEAD.format(name=name)]
    for number, flow in enumerate(portable.flows):
        lines += ["", *_flow(portable, flow, number), ""]
    classes = ", ".join(f"Flow{number}" for number in range(len(portable.flows)))
    lines += [
        "",
        "class Planned(Arrivals):",
        '    """Starts everybody at the planned time."""',
        "",
        f"    flows = ({classes},)",
        "",
    ]
    return "\n".join(lines)


def visitor_row(visitor: Visitor) -> tuple[str, int, str]:
    """Return a visitor as a row of the file that `open_model.py` reads."""
    values = json.dumps(visitor.values, ensure_ascii=False)
    return f"{visitor.arrives_s:.6f}", visitor.flow, values


def _flow(portable: Portable, flow: PortableFlow, number: int) -> Iterator[str]:
    yield f"class Flow{number}(Visitor):"
    yield f"{_INDENT}{_quoted_docstring(flow.name or f'flow {number + 1}')}"
    yield ""
    yield f"{_INDENT}abstract = True"
    yield f"{_INDENT}network_timeout = connection_timeout = {portable.timeout_s!r}"
    if not portable.verifies_tls:
        yield f"{_INDENT}insecure = True"
    yield ""
    yield f"{_INDENT}def flow(self) -> None:"
    yield f"{_INDENT * 2}v = self.values"
    for step in flow.steps:
        yield from _step(step, 2)


def _quoted_docstring(text: str) -> str:
    # The name is the user's: whatever is in it stays inside of the quotes.
    return json.dumps(text)


def _step(step: Step, depth: int) -> Iterator[str]:
    indent = _INDENT * depth
    match step:
        case Send():
            yield from _send(step, depth)
        case Wait(low_s=low, high_s=high):
            yield (
                f"{indent}self.think({low!r})"
                if low == high
                else (f"{indent}self.think({low!r}, {high!r})")
            )
        case Repeat():
            yield from _repeat(step, depth)


def _repeat(step: Repeat, depth: int) -> Iterator[str]:
    indent = _INDENT * depth
    counter, element = f"v[{step.counter!r}]", f"v[{step.element!r}]"
    if step.values is None:
        # The element is the first number throughout, as in Artillery.
        yield f"{indent}{element} = {step.first}"
        yield f"{indent}for {counter} in range({step.first}, {step.first + step.rounds}):"
    else:
        values = ", ".join(map(_value, step.values))
        yield f"{indent}for {counter}, {element} in enumerate(({values},)):"
    if step.steps:
        for inner in step.steps:
            yield from _step(inner, depth + 1)
    else:
        yield f"{indent}{_INDENT}pass"


def _send(step: Send, depth: int) -> Iterator[str]:
    indent = _INDENT * depth
    if step.chance < 1:
        yield f"{indent}if chance({step.chance!r}):"
        indent += _INDENT
    yield f"{indent}self.send("
    yield f"{indent}{_INDENT}Request({', '.join(_request(step))}),"
    for argument in _looked_for(step):
        yield f"{indent}{_INDENT}{argument},"
    yield f"{indent})"


def _request(step: Send) -> Iterator[str]:
    yield from (repr(step.method), _text(step.url), repr(step.endpoint))
    if step.headers:
        yield f"headers={_mapping(step.headers)}"
    if step.query:
        yield f"query=[{', '.join(_pairs(step.query))}]"
    if step.body is not None:
        yield _body(step.body)
    if step.auth is not None:
        yield f"auth=({_text(step.auth[0])}, {_text(step.auth[1])})"
    if not step.compressed:
        yield "compressed=False"
    if not step.follows:
        yield "follows=False"


def _looked_for(step: Send) -> Iterator[str]:
    """Yield the arguments that say what the answer has to be and what is kept of it."""
    if step.expected:
        yield f"expected={step.expected!r}"
    if step.captures:
        made = (f"Capture({one.name!r}, {_found(one.finding)})" for one in step.captures)
        yield f"captures=({', '.join(made)},)"
    if step.matches:
        made = (
            f"Match({_finding(one.finding)}, {_value(one.value)}, {one.finding.strict})"
            for one in step.matches
        )
        yield f"matches=({', '.join(made)},)"


def _found(finding: Finding) -> str:
    return f"{_finding(finding)}, {finding.strict}"


def _finding(finding: Finding) -> str:
    match finding.kind:
        case "json":
            return f"Json({', '.join(map(repr, finding.path))})"
        case "regexp":
            return f"Regexp({finding.expression!r}, {finding.group}, {finding.flags!r})"
        case "header":
            return f"Header({finding.expression!r})"


def _pairs(query: Mapping[str, Text | Sequence[Text]]) -> Iterator[str]:
    for key, value in query.items():
        # A list is the same name several times.
        for one in [value] if isinstance(value, Text) else value:
            yield f"({key!r}, {_text(one)})"


def _body(body: Body) -> str:
    if body.raw is not None:
        return f"body={_text(body.raw)}"
    if body.form is not None:
        return f"form={_mapping(body.form)}"
    return f"json_body={_json(body.json)}"


def _mapping(given: Mapping[str, Text]) -> str:
    return "{" + ", ".join(f"{key!r}: {_text(one)}" for key, one in given.items()) + "}"


def _json(value: Json) -> str:
    match value:
        case Text():
            return _value(value)
        case Mapping():
            pairs = cast("Mapping[str, Json]", value).items()
            return "{" + ", ".join(f"{key!r}: {_json(one)}" for key, one in pairs) + "}"
        case list() | tuple():
            given: Sequence[Any] = value
            return "[" + ", ".join(map(_json, given)) + "]"
        case _:
            return repr(value)


def _value(value: Text | float | bool) -> str:
    """Return an expression that keeps the type of a variable that stands alone."""
    if isinstance(value, Text) and (alone := value.whole_variable):
        return _part(alone)
    return _text(value) if isinstance(value, Text) else repr(value)


def _text(text: Text) -> str:
    fixed = text.fixed
    return repr(fixed) if fixed is not None else f"text({', '.join(map(_part, text.parts))})"


def _part(part: Part) -> str:
    match part:
        case str():
            return repr(part)
        case Variable(name=name):
            return f"v[{name!r}]"
        case RandomNumber(low=low, high=high):
            return f"random_number({low}, {high})"
        case RandomString(length=length):
            return f"random_string({length})"
