"""The order in which the flows of an Artillery script visit the endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from loadtest.scenario.steps import METHODS

Step = Mapping[str, Any]
Journey = tuple[str, ...]
"""The endpoints that a user visits, by name and in order."""


def journeys(flows: Iterable[Sequence[Step]]) -> frozenset[Journey] | None:
    """Return what users do from start to end, one journey per flow.

    None if the script alone does not determine it: it has loops, branches or unnamed requests.
    """
    found = [_journey(flow) for flow in flows]
    known = frozenset(journey for journey in found if journey is not None)
    return known if len(found) == sum(journey is not None for journey in found) else None


def completes(endpoints: Iterable[str], journey: Sequence[str]) -> bool:
    """Return whether a user who visited these endpoints, in this order, completed the journey.

    Additional visits do not matter: a redirect counts as a visit of its own.
    """
    visited = iter(endpoints)
    return all(step in visited for step in journey)


def _journey(flow: Sequence[Step]) -> Journey | None:
    names: list[str] = []
    for step in flow:
        method = next((method for method in METHODS if method in step), None)
        if method is not None:
            request = step[method]
            name = request.get("name") if isinstance(request, Mapping) else None
            if not isinstance(name, str) or {"ifTrue", "probability"} & request.keys():
                return None
            names.append(name)
        elif not {"think", "log"} & step.keys():
            return None
    return tuple(names)
