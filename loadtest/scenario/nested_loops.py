"""Loops in loops whose variables have the same names: Artillery has one of each name.

What the inner loop sets stays after it, until the outer one begins its next round. Other generators have
something else then, and nobody means it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loadtest.scenario import walk
from loadtest.scenario.variables import LOOP_COUNT, LOOP_ELEMENT
from loadtest.yaml_positions import Location

_Later = Mapping[str, Sequence[Any]]
"""The variables of the loops around a step, and what these still do after the step."""


def problems(content: Any) -> Iterator[tuple[Location, str]]:
    """Yield each inner loop that sets a variable which its outer loop uses afterwards."""
    for location, flow in walk.flows(content):
        yield from _within(flow, location, {})


def _within(
    steps: Sequence[Any], location: Location, around: _Later
) -> Iterator[tuple[Location, str]]:
    for index, step in enumerate(steps):
        inner, rest = walk.sequence(walk.mapping(step).get("loop")), steps[index + 1 :]
        if not inner:
            continue
        at: Location = (*location, index, "loop")
        later = {name: [*rest, *more] for name, more in around.items()}
        own = _names(step)
        for key, name in own.items():
            if name in later and _is_used(name, later[name]):
                why = (
                    "is the outer loop's as well, and its later steps would get what this loop left"
                )
                yield at, f"`{name}` {why}: give this loop another name (`{key}`)"
        yield from _within(inner, at, {**later, **dict.fromkeys(own.values(), ())})


def _names(loop: Any) -> dict[str, str]:
    """Return the variables that a loop sets, by the keys that name them."""
    given = walk.mapping(loop)
    return {
        "loopValue": str(given.get("loopValue") or LOOP_COUNT),
        "loopElement": str(given.get("loopElement") or LOOP_ELEMENT),
    }


def _is_used(name: str, steps: Sequence[Any]) -> bool:
    """Return whether steps ask for a variable; a loop that sets it asks for its own."""
    asks = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    for step in steps:
        given = walk.mapping(step)
        loop = walk.sequence(given.get("loop"))
        if loop and name in _names(given).values():
            continue
        own = {key: value for key, value in given.items() if key != "loop"}
        if _is_used(name, loop) or any(
            asks.search(text)
            for location, text in walk.texts(own)
            if "{{" in text or location[-1] in ("ifTrue", "over")
        ):
            return True
    return False
