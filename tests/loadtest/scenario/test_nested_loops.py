"""Loops in loops share variables: what that changes for the outer one is refused."""

from __future__ import annotations

from typing import Any

import pytest

from loadtest.scenario import nested_loops


def got(url: str) -> dict[str, Any]:
    return {"get": {"url": url}}


def loop(*steps: Any, **more: Any) -> dict[str, Any]:
    return {"loop": list(steps), "count": 2, **more}


def found(*flow: Any) -> list[tuple[Any, ...]]:
    content = {"scenarios": [{"flow": list(flow)}]}
    return [(*at[3:], text.split("`")[1]) for at, text in nested_loops.problems(content)]


COUNT, ELEMENT = got("/{{ $loopCount }}"), got("/{{ $loopElement }}")
INNER = loop(COUNT, ELEMENT)


@pytest.mark.parametrize(
    "after", [COUNT, loop(COUNT, loopValue="i"), {"get": {"url": "/", "ifTrue": "$loopCount > 1"}}]
)
def test_a_variable_that_an_inner_loop_sets_and_the_outer_one_uses_is_refused(after: Any):
    assert found(loop(COUNT, INNER, after)) == [(0, "loop", 1, "loop", "$loopCount")]


def test_of_three_loops_the_innermost_is_named_too():
    named = loop(INNER, loopValue="i", loopElement="e")
    assert found(loop(named, ELEMENT)) == [(0, "loop", 0, "loop", 0, "loop", "$loopElement")]


@pytest.mark.parametrize(
    "flow",
    [
        [loop(COUNT, INNER)],  # used before: each round sets it anew
        [loop(INNER, INNER)],  # each its own
        [loop(loop(COUNT, loopValue="i", loopElement="e"), COUNT, ELEMENT)],
        [INNER, INNER, got("/x")],
        [loop(INNER, got("/"), COUNT, loopValue="i")],  # not a loop's then: refused elsewhere
    ],
)
def test_what_no_inner_loop_changes_is_accepted(flow: list[Any]):
    assert found(*flow) == []
