"""Flows with their loops unrolled, and the loop variables filled in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from loadtest.engine.generators.portable.steps import Body, Match, Repeat, Send, Step, Wait
from loadtest.engine.generators.portable.texts import Text, Variable, written

Filled = Mapping[str, Text | int | float | bool]
"""What a loop's variables are in one of its rounds, by name."""


def unroll(steps: Iterable[Step], filled: Filled | None = None) -> Iterator[Send | Wait]:
    """Yield the requests and pauses in the order in which a visitor gets to them."""
    known = filled or {}
    for step in steps:
        match step:
            case Repeat():
                for number in range(step.rounds):
                    # Without values the element is the first number throughout, as in Artillery.
                    value = step.first if step.values is None else step.values[number]
                    counted = {step.element: _fill(value, known), step.counter: step.first + number}
                    yield from unroll(step.steps, {**known, **counted})
            case Send():
                yield _filled_in(step, known) if known else step
            case Wait():
                yield step


def _filled_in(step: Send, known: Filled) -> Send:
    return dataclasses.replace(
        step,
        url=_fill_text(step.url, known),
        headers={key: _fill_text(value, known) for key, value in step.headers.items()},
        query={key: _fill_texts(value, known) for key, value in step.query.items()},
        body=None if step.body is None else _body(step.body, known),
        auth=None
        if step.auth is None
        else (_fill_text(step.auth[0], known), _fill_text(step.auth[1], known)),
        matches=tuple(Match(one.finding, _fill(one.value, known)) for one in step.matches),
    )


def _body(body: Body, known: Filled) -> Body:
    return Body(
        json=_fill(body.json, known),
        raw=None if body.raw is None else _fill_text(body.raw, known),
        form=None if body.form is None else {k: _fill_text(v, known) for k, v in body.form.items()},
    )


def _fill(value: Any, known: Filled) -> Any:
    match value:
        case Text():
            alone = value.whole_variable
            if alone is not None and alone.name in known:
                return known[alone.name]
            return _fill_text(value, known)
        case Mapping():
            pairs = cast("Mapping[str, Any]", value).items()
            return {key: _fill(one, known) for key, one in pairs}
        case list() | tuple():
            return [_fill(one, known) for one in cast("Sequence[Any]", value)]
        case _:
            return value


def _fill_texts(given: Text | Sequence[Text], known: Filled) -> Text | Sequence[Text]:
    """Fill texts in that stay texts, whatever their variables are."""
    if isinstance(given, Text):
        return _fill_text(given, known)
    return [_fill_text(one, known) for one in given]


def _fill_text(text: Text, known: Filled) -> Text:
    parts = list[Any]()
    for part in text.parts:
        if isinstance(part, Variable) and part.name in known:
            value = known[part.name]
            parts += value.parts if isinstance(value, Text) else [written(value)]
        else:
            parts.append(part)
    return Text(tuple(parts))
