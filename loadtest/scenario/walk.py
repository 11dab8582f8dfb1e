"""Visits the flows of a script, even if the rest of it is invalid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from loadtest.scenario.steps import METHODS
from loadtest.yaml_positions import Location


@dataclass(frozen=True)
class FoundStep:
    """A step, and where it is."""

    location: Location
    content: dict[str, Any]
    top_level: bool
    """Whether it is an entry of a flow itself: only these does Artillery's own schema look at."""


@dataclass(frozen=True)
class FoundRequest:
    """A request, and where it is."""

    location: Location
    method: str
    content: dict[str, Any]


def mapping(value: Any) -> dict[str, Any]:
    """Return the value if it is a mapping, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def flows(content: Any) -> Iterator[tuple[Location, list[Any]]]:
    """Yield every flow of a script, and where it is."""
    script = mapping(content)
    for index, scenario in enumerate(sequence(script.get("scenarios"))):
        yield ("scenarios", index, "flow"), sequence(mapping(scenario).get("flow"))
    for key in ("before", "after"):
        yield (key, "flow"), sequence(mapping(script.get(key)).get("flow"))


def steps(content: Any) -> Iterator[FoundStep]:
    """Yield every step of every flow, also those inside others."""
    for location, flow in flows(content):
        yield from _steps(flow, location, top_level=True)


def _steps(flow: list[Any], location: Location, *, top_level: bool) -> Iterator[FoundStep]:
    for index, step in enumerate(flow):
        where: Location = (*location, index)
        if isinstance(step, dict):
            found = mapping(step)
            yield FoundStep(where, found, top_level)
            for key in ("loop", "parallel"):
                yield from _steps(sequence(found.get(key)), (*where, key), top_level=False)


def requests(content: Any) -> Iterator[FoundRequest]:
    """Yield every request of every flow."""
    for step in steps(content):
        for method in METHODS:
            if isinstance(step.content.get(method), dict):
                request = mapping(step.content[method])
                yield FoundRequest((*step.location, method), method, request)


def listed(value: Any) -> list[Any]:
    """Return a value as a list: Artillery accepts both forms in many places."""
    if value is None:
        return []
    return sequence(value) if isinstance(value, list) else [value]


def texts(content: Any, location: Location = ()) -> Iterator[tuple[Location, str]]:
    """Yield every text of a document, keys among them, with its location."""
    match content:
        case str():
            yield location, content
        case dict():
            for key, value in cast("dict[Any, Any]", content).items():
                if isinstance(key, str) and "{{" in key:
                    yield (*location, key), key
                yield from texts(value, (*location, key))
        case list():
            for index, value in enumerate(cast("list[Any]", content)):
                yield from texts(value, (*location, index))
        case _:
            pass
