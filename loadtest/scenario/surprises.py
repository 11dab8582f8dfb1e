"""Values that Artillery accepts but interprets in a way that the author hardly means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from commandline import files
from loadspec.durations import seconds
from loadtest.scenario import placeholders, templates, walk
from loadtest.scenario.headers import unsendable
from loadtest.scenario.percent_signs import undecodable
from loadtest.scenario.variables import Variables
from loadtest.yaml_positions import Location

_ALONE: Final = re.compile(r"\{\{\{?\s*(\w+)\s*\}\}\}?")
"""A text that is nothing but a variable."""
_LITERAL: Final = re.compile(r"/.+/[dgimsuvy]*")
"""A regular expression as JavaScript's code has it."""
_NUMBERS: Final = re.compile(r"\{\{\s*\$randomNumber\(\s*\d+\s*,\s*(\d+)\s*\)\s*\}\}")
_UNDECODABLE: Final = "`url` has `{}`, which encodes nothing: Artillery ends such a user"
_LONG_S: Final = 300
"""A pause that is longer was most likely written in milliseconds."""


@dataclass(frozen=True)
class Surprise:
    """Something about a part of a script."""

    location: Location
    text: str
    refused: bool = True
    """Whether it is surely meant otherwise; else it is told."""


def of(
    content: Mapping[str, Any], variables_at: Callable[[Location], Variables], directory: Path
) -> Iterator[Surprise]:
    """Yield them in no order. `directory` is the script's, `variables_at` tells what a user has where."""
    for location, text in walk.texts(content):
        there = variables_at(location)
        for problem in placeholders.problems(location, text, there):
            yield Surprise(location, problem)
        for note in placeholders.notes(location, text, there):
            yield Surprise(location, note, refused=False)
        if problem := placeholders.of_curl(location, text, directory):
            yield Surprise(location, problem)
    headers = dict(_default_headers(content))
    for request in walk.requests(content):
        for key in ("headers", "cookie"):
            given, where = request.content.get(key), (*request.location, key)
            yield from _in_headers(given, where, variables_at(where))
        at = (*request.location, "url")
        yield from _in_url(request.content.get("url"), at, variables_at(at))
        yield from _content_type(request, headers)
        yield from _body(request, variables_at(request.location))
        yield from _regexps(request)
        yield from _probability(request)
        yield from _expected_type(request)
    for step in walk.steps(content):
        yield from _counted(step)
        yield from _pause(step)


def _default_headers(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    config = walk.mapping(content.get("config"))
    for given in (config, walk.mapping(config.get("http"))):
        headers = walk.mapping(walk.mapping(given.get("defaults")).get("headers"))
        yield from ((str(name).lower(), value) for name, value in headers.items())


def _in_headers(given: Any, location: Location, variables: Variables) -> Iterator[Surprise]:
    """Yield problems with variables that bring into a header what none can have, for some of the users."""
    for key, text in walk.mapping(given).items():
        for name, shown in _brought(text, variables, unsendable):
            yield Surprise(
                (*location, key),
                f"`{key}`: `{name}` can have {shown}, which no header can have: Artillery ends such a user",
            )


def _in_url(url: Any, location: Location, variables: Variables) -> Iterator[Surprise]:
    """Yield problems with percent signs that encode nothing, or no UTF-8."""
    if isinstance(url, str) and (shown := undecodable(url)) is not None:
        yield Surprise(location, f"{_UNDECODABLE.format(shown)}: write `%25` for a percent sign")
    for name, shown in _brought(url, variables, undecodable):
        yield Surprise(location, f"{_UNDECODABLE.format(shown)}, which `{name}` can have")


def _brought(
    text: Any, variables: Variables, judge: Callable[[str], str | None]
) -> Iterator[tuple[str, str]]:
    """Yield variables of a text of which a value is judged, with what was said of the first."""
    for name in dict.fromkeys(templates.roots(text) if isinstance(text, str) else ()):
        texts = (one for one in variables.values(name) or () if isinstance(one, str))
        if (shown := next(filter(None, map(judge, texts)), None)) is not None:
            yield name, shown


def _content_type(request: walk.FoundRequest, defaults: Mapping[str, Any]) -> Iterator[Surprise]:
    """Yield a problem with a form whose parts nobody could tell apart."""
    if "formData" not in request.content:
        return
    own = walk.mapping(request.content.get("headers"))
    name = next((name for name in own if str(name).lower() == "content-type"), None)
    kind = own[name] if name is not None else defaults.get("content-type")
    if kind is not None and "boundary" not in str(kind):
        where: Location = ("headers", name) if name is not None else ("formData",)
        yield Surprise(
            (*request.location, *where),
            f"`content-type: {kind}` hides the one with a boundary that Artillery writes for `formData`: "
            "remove it",
        )


def _body(request: walk.FoundRequest, variables: Variables) -> Iterator[Surprise]:
    """Yield a problem with a variable that is a whole body, and of the other kind than its key."""
    for key, other in (("json", "body"), ("body", "json")):
        text = request.content.get(key)
        if not isinstance(text, str) or not (found := _ALONE.fullmatch(text)):
            continue
        values = variables.values(found[1]) or ()
        if key == "json" and any(_is_json(value) for value in values):
            said = "is a text, and is sent as one in quotes"
        elif key == "body" and any(isinstance(value, dict | list) for value in values):
            said = "is not a string, and Artillery ends the user"
        else:
            continue
        remedy = f'write `{other}: "{text}"`'
        yield Surprise((*request.location, key), f"`{found[1]}` {said}: {remedy}")


def _is_json(value: Any) -> bool:
    """Return whether a text is an object or a list of JSON."""
    if not isinstance(value, str) or value.strip()[:1] not in ("{", "["):
        return False
    try:
        files.parse_json(value)
    except ValueError:
        return False
    return True


def _regexps(request: walk.FoundRequest) -> Iterator[Surprise]:
    for key in ("capture", "match"):
        given = request.content.get(key)
        for index, one in enumerate(walk.listed(given)):
            pattern = walk.mapping(one).get("regexp")
            if isinstance(pattern, str) and _LITERAL.fullmatch(pattern):
                at: Location = (key, index) if isinstance(given, list) else (key,)
                body, _, flags = pattern[1:].rpartition("/")
                yield Surprise(
                    (*request.location, *at, "regexp"),
                    f"the slashes of `{pattern}` are part of the pattern: without them, write "
                    f"`regexp: {body}`" + (f" and `flags: {flags}`" if flags else ""),
                    refused=bool(flags),
                )


def _probability(request: walk.FoundRequest) -> Iterator[Surprise]:
    value = request.content.get("probability")
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1:
        yield Surprise(
            (*request.location, "probability"),
            f"`probability: {value:g}` is {value:g} %: write `{value * 100:g}` for {value * 100:g} %",
            refused=False,
        )


def _expected_type(request: walk.FoundRequest) -> Iterator[Surprise]:
    given = request.content.get("expect")
    for index, one in enumerate(walk.listed(given)):
        kind = walk.mapping(one).get("contentType")
        if kind in ("application/json", "text/html", "text/plain"):
            at: Location = (index,) if isinstance(given, list) else ()
            other = "; `json` takes either" if kind == "application/json" else ""
            yield Surprise(
                (*request.location, "expect", *at, "contentType"),
                f"`{kind}; charset=utf-8`, which many servers send, is another content type to "
                f"Artillery{other}",
                refused=False,
            )


def _counted(step: walk.FoundStep) -> Iterator[Surprise]:
    """Yield a problem with the name of a loop's count that is used as its element."""
    name = step.content.get("loopValue")
    if "over" not in step.content or not isinstance(name, str):
        return
    path = re.compile(rf"\{{\{{\{{?\s*{re.escape(name)}\s*[.\[]")
    asked = any(path.search(text) for _, text in walk.texts(step.content.get("loop")))
    yield Surprise(
        (*step.location, "loopValue"),
        f"`{name}` is the number of the round, from 0: the element of `over` is named by "
        f"`loopElement: {name}`",
        refused=asked,
    )


def _pause(step: walk.FoundStep) -> Iterator[Surprise]:
    think = step.content.get("think")
    if isinstance(think, str) and (found := _NUMBERS.fullmatch(think)):
        length = float(found[1])
    else:
        plain = isinstance(think, int) or (isinstance(think, str) and think.strip().isdecimal())
        length = (seconds(think) if plain and think is not None else None) or 0
    if length > _LONG_S:
        yield Surprise(
            (*step.location, "think"),
            f'`{think}` are seconds: milliseconds are written as `"{length:g}ms"`',
            refused=False,
        )
