"""Validation of a scenario file before it runs: every problem, with its position."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loadtest.scenario import credentials
from loadtest.scenario.schema import METHODS, Config, Flow, Http, Payload, Request, Script
from loadtest.yaml_positions import Location, Position, Problem, Source, explain

SEEDED = "credentials.csv"
"""Name of the payload file that the runner writes: the visitors that the stack has seeded."""

FUNCTIONS = "functions need a processor, and the recorder is the processor"
UNSUPPORTED = {
    "target": "the runner sets it, from the stack's outputs",
    "phases": "the runner sets them, from the load profile",
    "processor": "the recorder is the processor",
    "environments": "nothing selects one of them",
    "ensure": "haproof evaluates the SLO itself",
    "engines": "only HTTP is recorded",
    "timeout": "Artillery reads `config.http.timeout`",
    "before": "its requests would not be recorded",
    "after": "its requests would not be recorded",
    "pool": "every visitor opens a new connection",
    "beforeScenario": "the recorder needs that hook",
    "afterScenario": FUNCTIONS,
    "beforeRequest": "the recorder needs that hook",
    "afterResponse": "the recorder needs that hook",
    "onError": "the recorder needs that hook",
    "function": FUNCTIONS,
    "whileTrue": FUNCTIONS,
    "loadAll": "every user gets one row, by `fields`",
}
"""Keys that Artillery knows but a scenario may not contain, and why."""

KNOWN: tuple[tuple[re.Pattern[str], tuple[str, ...], str], ...] = tuple(
    (re.compile(pattern), names, what)
    for pattern, names, what in (
        (r"", tuple(Script.model_fields), "a scenario file"),
        (r"config", tuple(Config.model_fields), "`config`"),
        (r"config/http", tuple(Http.model_fields), "`config.http`"),
        (r"config/payload(/\d+)?", tuple(Payload.model_fields), "`config.payload`"),
        (r"scenarios/\d+", tuple(Flow.model_fields), "a scenario"),
        (
            r".*/(flow|loop|parallel)/\d+",
            (*METHODS, "loop", "parallel", "think", "log", "count", "over"),
            "a step",
        ),
        (
            rf".*/({'|'.join(METHODS)})",
            tuple((field.alias or name) for name, field in Request.model_fields.items()),
            "a request",
        ),
        (r".*/expect(/\d+)?", ("statusCode",), "`expect`, of which only the status is checked"),
    )
)
"""By the path to a part: the keys that it may contain, and what it is called."""

VARIABLE = re.compile(r"\{\{\s*([A-Za-z_$][\w$]*)")
ENVIRONMENT = "$processEnvironment"


def validate(source: Source, directory: Path) -> tuple[Script | None, list[Problem]]:
    """Return the script, and everything that is wrong with it, in the order of the file."""
    try:
        script = Script.model_validate(source.content)
    except ValidationError as error:
        return None, sorted({_problem(source, one) for one in error.errors()})
    problems = [*_files(script, source, directory), *_variables(script, source)]
    return script, sorted(problems)


def describe(path: Path, problems: list[Problem]) -> str:
    """Format the problems as a message: a line each, as compilers write them."""
    lines = [f"  {path}:{p.position.line}:{p.position.column}: {p.text}" for p in problems]
    return "\n".join([f"the scenario {path} cannot be run:", *lines])


# --- structure ------------------------------------------------------------------------------------


def _problem(source: Source, error: ErrorDetails) -> Problem:
    location = source.resolve(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return Problem(source.keys[location], _unknown(location))
        case "missing":
            return Problem(_start(source, location), _missing(error["loc"][-1], location))
        case _:
            what = f"`{location[-1]}`: " if location and isinstance(location[-1], str) else ""
            return Problem(_start(source, location), f"{what}{explain(error)}")


def _start(source: Source, location: Location) -> Position:
    """Return where to look for a problem with a value: at its key, if it has one."""
    return source.keys.get(location) or source.values[location]


def _unknown(location: Location) -> str:
    key = str(location[-1])
    part = "/".join(map(str, location[:-1]))
    if key in UNSUPPORTED and not (key == "timeout" and re.fullmatch(r"config/http", part)):
        if key == "timeout" and part != "config":
            return "remove `timeout`: Artillery ignores it here and reads `config.http.timeout`"
        return f"remove `{key}`: {UNSUPPORTED[key]}"
    names, what = next(
        ((names, what) for pattern, names, what in KNOWN if pattern.fullmatch(part)), ((), "this")
    )
    close = difflib.get_close_matches(key, names, n=1)
    hint = f"; did you mean `{close[0]}`?" if close else _choices(names)
    return f"unknown key `{key}` in {what}{hint}"


def _choices(names: tuple[str, ...]) -> str:
    return f"; known are {', '.join(names)}" if names else "; remove it"


def _missing(key: str | int, location: Location) -> str:
    match key:
        case "http":
            return "`config` needs `http` with a `timeout` in seconds"
        case "timeout":
            return (
                "`http` needs a `timeout` in seconds: without one, Artillery's agent gives up after "
                "8 s, under another error"
            )
        case "flow":
            return "a scenario needs a `flow` with its requests"
        case "order":
            return (
                "a payload needs an `order`: `sequence` for a row per user, or `random` (Artillery's "
                "own default), which repeats rows"
            )
        case _:
            where = f"`{location[-1]}`" if location and isinstance(location[-1], str) else "this"
            return f"{where if location else 'a scenario file'} needs `{key}`"


# --- content -------------------------------------------------------------------------------------


def _payloads(script: Script, source: Source) -> Iterator[tuple[Payload, Location]]:
    for index, payload in enumerate(script.config.payload):
        many: Location = ("config", "payload", index)
        yield payload, many if many in source.values else ("config", "payload")


def _files(script: Script, source: Source, directory: Path) -> Iterator[Problem]:
    for payload, location in _payloads(script, source):
        path = directory / payload.path
        if payload.path == SEEDED and not path.exists():
            if tuple(payload.fields) != credentials.HEADER:
                text = f"the seeded visitors have the fields {', '.join(credentials.HEADER)}"
                yield Problem(_start(source, (*location, "fields")), text)
            continue
        if problem := _file(payload, path):
            yield Problem(_start(source, (*location, "path")), problem)


def _file(payload: Payload, path: Path) -> str | None:
    """Return what is wrong with a payload's file; None if nothing is."""
    try:
        with path.open(newline="", encoding="utf-8") as text:
            rows = list(
                islice(csv.reader(text, delimiter=payload.delimiter), payload.skipHeader + 1)
            )
    except OSError as error:
        return f"cannot read the payload {path}: {error.strerror}"
    except (UnicodeDecodeError, csv.Error) as error:
        return f"the payload {path} is not CSV in UTF-8: {error}"
    if len(rows) <= payload.skipHeader or not rows[-1]:
        return f"the payload {path} has no row"
    if len(rows[-1]) < len(payload.fields):
        return f"the payload {path} has {len(rows[-1])} columns, but {len(payload.fields)} `fields`"
    return None


def _variables(script: Script, source: Source) -> Iterator[Problem]:
    """Find texts with a variable that nothing sets: Artillery would send an empty string."""
    known = {*script.config.variables, *(f for p in script.config.payload for f in p.fields)}
    known |= set(_captured(source.content))
    for location, text in source.strings():
        if ENVIRONMENT in text:
            reason = f"`{ENVIRONMENT}` is empty: the generator gets no environment variables"
            yield Problem(_start(source, location), reason)
            continue
        for name in VARIABLE.findall(text):
            if name not in known and not name.startswith("$"):
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"; did you mean `{close[0]}`?" if close else ""
                reason = f"nothing sets the variable `{name}`{hint}"
                yield Problem(_start(source, location), reason)


def _captured(content: Any) -> Iterator[str]:
    """Yield the names under which steps capture values for later ones."""
    match content:
        case dict():
            for key, value in content.items():
                if key in {"as", "loopValue", "loopElement"} and isinstance(value, str):
                    yield value
                yield from _captured(value)
        case list():
            for value in content:
                yield from _captured(value)
        case _:
            pass
