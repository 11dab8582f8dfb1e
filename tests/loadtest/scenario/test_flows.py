"""The order of endpoints in a script's flows, and which users completed them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from loadtest.analysis import counting
from loadtest.runs import table
from loadtest.runs.recording import Exchange
from loadtest.scenario import flows, scenario

VISIT = [{"get": {"name": "a", "url": "/a"}}, {"think": 2}, {"post": {"name": "b", "url": "/b"}}]
SHORT = [{"get": {"name": "a", "url": "/a"}}, {"log": "done"}]


def test_journeys_are_known_if_the_script_determines_them():
    assert flows.journeys([VISIT, SHORT]) == {("a", "b"), ("a",)}
    assert flows.journeys([VISIT, VISIT]) == {("a", "b")}


@pytest.mark.parametrize(
    "step",
    [
        {"get": {"url": "/no-name"}},
        {"loop": VISIT, "count": 2},
        {"function": "mine"},
        {"get": {"name": "a", "url": "/", "ifTrue": "x"}},
    ],
)
def test_journeys_are_unknown_where_it_does_not(step: dict[str, Any]):
    assert flows.journeys([VISIT, [step]]) is None


@pytest.mark.parametrize(
    ("visited", "through"),
    [
        (["a", "b"], True),
        (["a", "a", "b"], True),  # a redirect
        (["a"], False),
        (["b", "a"], False),
        ([], False),
    ],
)
def test_a_journey_is_complete_when_all_of_it_came_in_order(visited: list[str], through: bool):
    assert flows.completes(visited, ("a", "b")) is through


def test_users_of_flows_of_different_lengths(make_exchange: Callable[..., Exchange]):
    api = scenario.load("api")
    visits = {
        "done-short": ["login", "search", "search", "logout"],
        "done-long": ["login", "list", "read", "search", "logout"],
        # As many answers as the shortest flow has requests, but of the longest one.
        "interrupted": ["login", "list", "read", "search"],
        "failed": ["login", "list"],
    }
    exchanges = [
        make_exchange(user, endpoint, start_ms=float(at))
        for user, endpoints in visits.items()
        for at, endpoint in enumerate(endpoints)
    ]
    exchanges.append(make_exchange("failed", "read", start_ms=9.0, error="ETIMEDOUT"))
    found = counting.users(
        table.from_exchanges(exchanges[::-1]), api.requests_per_user, api.journeys
    )
    assert (found.created, found.completed, found.failed) == (4, 2, 1)
