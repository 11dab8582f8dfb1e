"""The parts of a script: every key that the schema knows, by its place.

A generator lists the parts that it runs as Artillery does, and those that it does not, with the reason;
a test holds the two lists together against the schema, so that nothing new is run wrongly in silence.
A part is written as `request.capture`: the kind of mapping, then its key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from loadtest.scenario import walk
from loadtest.scenario.expectations import EXPECTATIONS as EXPECTATION_NAMES
from loadtest.scenario.expectations import Expect
from loadtest.scenario.part import Part, is_template
from loadtest.scenario.scenario import Scenario
from loadtest.scenario.schema import Around, Config, Defaults, Flow, Http, Payload, Script
from loadtest.scenario.steps import (
    KINDS,
    METHODS,
    Auth,
    Capture,
    Looping,
    Match,
    Parallel,
    Request,
    Thinking,
)
from loadtest.yaml_positions import Location, Problem

PLUGINS = ("metrics-by-endpoint", "fake-data")
"""Plugins of Artillery that a script may name."""
_STEP = r"(scenarios/\d+|before|after)/flow/\d+((/loop|/parallel)/\d+)*"
_REQUEST = rf"{_STEP}/({'|'.join(METHODS)})"


def _keys(*models: type[Part]) -> frozenset[str]:
    return frozenset(
        field.alias or name for model in models for name, field in model.model_fields.items()
    )


_KINDS: tuple[tuple[str, re.Pattern[str], frozenset[str]], ...] = tuple(
    (kind, re.compile(pattern), keys)
    for kind, pattern, keys in (
        ("script", r"", _keys(Script)),
        ("config", r"config", _keys(Config)),
        ("plugins", r"config/plugins", frozenset(PLUGINS)),
        ("http", r"config/http", _keys(Http)),
        ("defaults", r"config/(http/)?defaults", _keys(Defaults)),
        ("payload", r"config/payload(/\d+)?", _keys(Payload)),
        ("scenario", r"scenarios/\d+", _keys(Flow)),
        ("around", r"before|after", _keys(Around)),
        (
            "step",
            _STEP,
            frozenset((*METHODS, *KINDS)) | _keys(Looping, Parallel, Thinking),
        ),
        ("request", _REQUEST, _keys(Request)),
        ("capture", rf"{_REQUEST}/capture(/\d+)?", _keys(Capture)),
        ("match", rf"{_REQUEST}/match(/\d+)?", _keys(Match)),
        ("expect", rf"{_REQUEST}/expect(/\d+)?", _keys(Expect)),
        ("auth", rf"{_REQUEST}/auth", _keys(Auth)),
    )
)
ALL: frozenset[str] = frozenset(f"{kind}.{key}" for kind, _, keys in _KINDS for key in keys)
"""Every part that a script can have."""


FUNCTIONS: Mapping[str, str] = dict.fromkeys(
    (
        "config.processor",
        "scenario.beforeScenario",
        "scenario.afterScenario",
        "scenario.beforeRequest",
        "scenario.afterResponse",
        "scenario.onError",
        "step.function",
        "step.whileTrue",
        "request.beforeRequest",
        "request.afterResponse",
    ),
    "functions of a processor are written for Artillery: run it with `--generator artillery`",
)
"""The parts that name a function of a processor, and why no other generator runs them."""


EXPECTATIONS: Mapping[str, str] = dict.fromkeys(
    (*(f"expect.{one}" for one in EXPECTATION_NAMES), "expect.description"),
    "Artillery's own plugin makes this check: use `match`, or run it with `--generator artillery`",
)
"""The checks of answers that only Artillery makes, and why no other generator does."""


POOL = "only Artillery shares connections among users: remove it, or run it with `--generator artillery`"
"""Why no other generator runs `http.pool`."""


@dataclass(frozen=True)
class FoundPart:
    """A part of a script, and where it is."""

    name: str
    location: Location
    value: Any


def found(scenario: Scenario) -> Iterator[FoundPart]:
    """Yield every part of a script, in the order of the file."""
    yield from _walk(scenario.script, ())


def _walk(value: Any, location: Location) -> Iterator[FoundPart]:
    match value:
        case dict():
            kind = _kind(location)
            for key, one in cast("dict[Any, Any]", value).items():
                if kind is not None and key in kind[1]:
                    yield FoundPart(f"{kind[0]}.{key}", (*location, key), one)
                yield from _walk(one, (*location, key))
        case list():
            for index, one in enumerate(cast("list[Any]", value)):
                yield from _walk(one, (*location, index))
        case _:
            pass


def _kind(location: Location) -> tuple[str, frozenset[str]] | None:
    path = "/".join(map(str, location))
    return next(((kind, keys) for kind, pattern, keys in _KINDS if pattern.fullmatch(path)), None)


def _asked(part: FoundPart) -> str:
    """Return the name under which a generator says whether it runs a part."""
    if part.name == "expect.statusCode" and any(map(is_template, walk.listed(part.value))):
        # Known only in the run, and judged by the plugin then, as that one is.
        return "expect.notStatusCode"
    return part.name


def refused(
    scenario: Scenario,
    reasons: Mapping[str, str],
    judge: Callable[[FoundPart], str | None] = lambda _: None,
) -> list[Problem]:
    """Return every part that a generator refuses, in the order of the file.

    Args:
        scenario: The script.
        reasons: Why the generator does not run a part, by its name; it runs all others.
        judge: Returns why it does not run a part with this value; None if it does.
    """
    problems: list[Problem] = []
    for part in found(scenario):
        # Empty mappings say nothing: `plugins: {}`.
        reason = reasons.get(_asked(part)) if part.value not in ({}, None) else None
        if reason is None:
            reason = judge(part)
        if reason is not None:
            key = part.location[-1]
            source = scenario.source
            where = source.keys.get(part.location) or source.values[source.resolve(part.location)]
            problems.append(Problem(where, f"`{key}`: {reason}"))
    return sorted(set(problems))
