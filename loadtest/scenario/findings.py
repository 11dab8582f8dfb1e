"""Schema errors of a script, in the terms of an Artillery user."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loadtest.scenario import suggestions
from loadtest.scenario.expectations import Expect
from loadtest.scenario.part import Part
from loadtest.scenario.schema import (
    Around,
    Bundling,
    Config,
    Defaults,
    Flow,
    Http,
    Payload,
    Script,
    Tls,
)
from loadtest.scenario.steps import KINDS, METHODS, Auth, Capture, Match, Request
from loadtest.yaml_positions import Location, Position, Problem, Source, explain

_OTHER_ENGINE = "only HTTP is recorded"
UNSUPPORTED = {
    "maxSockets": "Artillery ignores it; `pool` below `config.http` limits the connections",
    "uri": "Artillery itself refuses it: write `url`",
    "emit": _OTHER_ENGINE,
    "send": _OTHER_ENGINE,
    "connect": _OTHER_ENGINE,
    "namespace": _OTHER_ENGINE,
    "ws": _OTHER_ENGINE,
    "socketio": _OTHER_ENGINE,
    "flowFunction": _OTHER_ENGINE,
    "testFunction": _OTHER_ENGINE,
    "transform": "Artillery 2 ignores it: use a function of the processor in `afterResponse`",
    "xpath": "it needs a package that Artillery does not bring",
    "options": "they are not checked here: convert the file",
    "engine": "only HTTP scenarios are run",
    "allowGetBody": "no body is sent with GET",
    "proxy": "the load goes straight to the stack",
}
"""Keys that Artillery knows, or knew, but a scenario may not contain, and why."""
OF_ENGINES = tuple(key for key, why in UNSUPPORTED.items() if why == _OTHER_ENGINE)
"""Keys of steps and scenarios of engines other than HTTP."""
IN_CONFIG = (
    "target",
    "phases",
    "environments",
    "ensure",
    "apdex",
    "statsInterval",
    "mode",
    "engines",
)
"""Keys of `config` that are gone before the schema is applied: see `adoption.py`."""


def _names(part: type[Part]) -> tuple[str, ...]:
    return tuple((field.alias or name) for name, field in part.model_fields.items())


_METHOD = "|".join(METHODS)
_STEPS = (*METHODS, "think", "log", "function", "loop", "parallel")
"""Keys that make a step what it is, so that it has one of them only."""
KNOWN: tuple[tuple[re.Pattern[str], tuple[str, ...], str], ...] = tuple(
    (re.compile(pattern), names, what)
    for pattern, names, what in (
        (r"", _names(Script), "a scenario file"),
        (r"config", (*_names(Config), "target", "phases", "environments"), "`config`"),
        (r"config/http", _names(Http), "`config.http`"),
        (r"config/(http/)?defaults", _names(Defaults), "`defaults`"),
        (r"config/bundling", _names(Bundling), "`config.bundling`"),
        (r"config/tls", _names(Tls), "`config.tls`"),
        (r"config/payload(/\d+)?", _names(Payload), "`config.payload`"),
        (r"scenarios/\d+", _names(Flow), "a scenario"),
        (r"before|after", _names(Around), "`before` and `after`"),
        (
            r".*/(flow|loop|parallel)/\d+",
            (*METHODS, *KINDS, "count", "over", "whileTrue"),
            "a step",
        ),
        (rf".*/({_METHOD})", _names(Request), "a request"),
        (r".*/capture(/\d+)?", _names(Capture), "`capture`"),
        (r".*/match(/\d+)?", _names(Match), "`match`"),
        (r".*/auth", _names(Auth), "`auth`"),
        (r".*/expect(/\d+)?", _names(Expect), "`expect`"),
    )
)
"""By the path to a part: the keys that it may contain, and what it is called."""


def structural(source: Source, error: ValidationError) -> Iterator[Problem]:
    """Yield a problem for each part of a script that is not as the schema wants it."""
    wrong_keys = {source.resolve(one["loc"])[:-1] for one in error.errors() if _is_extra(one)}
    of_engines = {
        location[:-1]
        for one in error.errors()
        if _is_extra(one) and (location := source.resolve(one["loc"]))[-1] in OF_ENGINES
    }
    other_engines = {
        location[:-1]: one["input"]
        for one in error.errors()
        if (location := source.resolve(one["loc"]))[-1:] == ("engine",)
    }
    told = set[Location]()
    for one in error.errors():
        location = source.resolve(one["loc"])
        if not _is_extra(one) and not _is_about_the_whole(one) and one["type"] != "missing":
            if location in told:
                continue  # Each type that a value may have finds the same.
            told.add(location)
        if _is_extra(one) and location[:-1] in of_engines and location[-1] not in OF_ENGINES:
            continue  # A key of the other engine's step.
        if _is_of_an_engine(one, location, other_engines):
            continue  # What is said of its engine says it all.
        if one["type"] == "missing" and (
            location in other_engines or (*location, "uri") in source.values
        ):
            continue  # What is said of that key says it all.
        if location in wrong_keys and not _is_extra(one) and _is_about_the_whole(one):
            continue  # What is missing is most likely what is written wrongly.
        yield _problem(source, one, location)


def _is_of_an_engine(
    error: ErrorDetails, location: Location, engines: Mapping[Location, object]
) -> bool:
    """Return whether an error is about the steps or options of another engine, which has its own."""
    if location[-1:] and location[-1] in OF_ENGINES:
        return False
    if len(location) == 2 and location[0] == "config":
        return location[1] in engines.values()
    if location[:2] not in engines:
        return False
    return location[2:] == ("flow",) or (_is_extra(error) and isinstance(location[-2], int))


def _is_extra(error: ErrorDetails) -> bool:
    return error["type"] == "extra_forbidden"


def _is_about_the_whole(error: ErrorDetails) -> bool:
    return error["type"] == "value_error"


def _problem(source: Source, error: ErrorDetails, location: Location) -> Problem:
    match error["type"]:
        case "extra_forbidden":
            return Problem(source.keys[location], _unknown(location))
        case "missing":
            return Problem(_start(source, location), _missing(error["loc"][-1], location))
        case "literal_error" if location[-1:] == ("engine",) and error["input"] is not None:
            text = f"`engine`: {_OTHER_ENGINE}, not {error['input']!r}; use HTTP requests instead"
            return Problem(_start(source, location), text)
        case "literal_error" if location[:2] == ("config", "plugins"):
            return Problem(_start(source, location), _plugin(str(error["input"])))
        case _:
            return Problem(_start(source, location), _wrong_value(error, location))


def _wrong_value(error: ErrorDetails, location: Location) -> str:
    if error["type"] == "model_type" and not location:
        return "a scenario file has the keys `config` and `scenarios`"
    key = location[-1] if location else None
    what = f"`{key}`" if isinstance(key, str) else ""
    if error["input"] is None and what:
        return f"{what} is empty: fill it in or remove it"
    if meant := _meant(error["input"], location):
        return meant
    return f"{what}: {explain(error)}" if what else explain(error)


_EMPTY = {"url": "write `/`", "processor": "fill it in or remove it"}
"""Keys whose text may not be empty, with what to do."""


def _meant(given: object, location: Location) -> str | None:
    """Return what to write instead of a value of another type, where that is known."""
    key = location[-1] if location else None
    if given == "" and key in _EMPTY:
        return f"`{key}` is empty: {_EMPTY[key]}"
    if key in METHODS and isinstance(given, str):
        return f'`{key}` is a mapping: write `{key}: {{url: "{given}"}}`'
    if location in (("before",), ("after",)) and isinstance(given, list):
        return f"`{key}` is a mapping: write `flow:` above its steps, and indent them below it"
    if "expect" in location[-2:] and isinstance(given, int):
        return f"an expectation is a mapping: write `statusCode: {given}`"
    if key == "ifTrue" and isinstance(given, bool):
        return "`ifTrue` names a variable, such as `ifTrue: token`: remove it, or the request"
    return None


def _start(source: Source, location: Location) -> Position:
    """Return where to look for a problem with a value: at its key, if it has one."""
    return source.keys.get(location) or source.values[location]


def _plugin(name: str) -> str:
    if name == "faker":
        return (
            "plugin `faker` is not installed: use Artillery's own, `fake-data`, and its functions"
        )
    return f"plugin `{name}`: it is not part of Artillery and is not installed; remove it"


def _unknown(location: Location) -> str:
    key = str(location[-1])
    part = "/".join(map(str, location[:-1]))
    if key in UNSUPPORTED:
        return f"remove `{key}`: {UNSUPPORTED[key]}"
    if key == "timeout":
        return "remove `timeout`: Artillery ignores it here and reads `config.http.timeout`"
    if key == "ifTrue":
        return "remove `ifTrue`: Artillery looks at it in requests only"
    if misplaced := _belongs(key, part):
        return f"`{key}` {misplaced}"
    names, what = next(
        ((names, what) for pattern, names, what in KNOWN if pattern.fullmatch(part)), ((), "this")
    )
    if key in names and key in _STEPS:
        return f"`{key}` is a step of its own: begin another one, `- {key}: …`"
    return _unknown_in(part, key, names, what)


def _unknown_in(part: str, key: str, names: tuple[str, ...], what: str) -> str:
    if instead := suggestions.instead(key, part):
        return f"unknown key `{key}` in {what}: {instead}"
    close = suggestions.close(key, names)
    hint = f"; did you mean `{close}`?" if close else _choices(names)
    return f"unknown key `{key}` in {what}{hint}"


def _belongs(key: str, part: str) -> str | None:
    """Where a key belongs that Artillery knows, but not here."""
    ignored = "and Artillery ignores it here: move it there or remove it"
    if part == "config" and key == "pool":
        return f"belongs below `config.http`, {ignored}"
    if part in ("", "config/http") and key in (*_names(Config), *IN_CONFIG):
        return f"belongs below `config`, {ignored}"
    in_scenario = re.fullmatch(r"scenarios/\d+", part) and key in ("capture", "match", "expect")
    if in_scenario or (part == "" and key == "expect"):
        return f"belongs into a request, {ignored}"
    if re.fullmatch(rf".*/({_METHOD})", part) and key in KINDS:
        return (
            f"is a step of its own, and Artillery ignores it here: write `- {key}: …` in the flow"
        )
    return None


def _choices(names: tuple[str, ...]) -> str:
    return f"; known are {', '.join(names)}" if names else "; remove it"


def _missing(key: str | int, location: Location) -> str:
    match key:
        case "flow":
            return "a scenario needs a `flow` with its requests"
        case "url":
            return f"`{location[-1]}`: a request needs a `url`"
        case "config" if not location:
            return (
                "a scenario file needs `config`: one that `artillery run --config` would add is written "
                "into it, such as `config: {}`"
            )
        case "as":
            return "`capture` needs `as`, the variable that gets the value"
        case "value":
            return "`match` needs a `value`"
        case _:
            where = f"`{location[-1]}`" if location and isinstance(location[-1], str) else "this"
            return f"{where if location else 'a scenario file'} needs `{key}`"
