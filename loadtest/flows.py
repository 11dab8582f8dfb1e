"""What the flows of an Artillery script have in common, and where they differ. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
"""The steps that send a request."""

Step = Mapping[str, Any]
Journey = tuple[str, ...]
"""The endpoints that a user visits, by name, in their order."""


def most_requests(flows: Iterable[Sequence[Step]]) -> int:
    """Requests of a user whom nothing stops, in the longest of the flows."""
    return max(sum(_requests(step) for step in flow) for flow in flows)


def longest_pauses_s(flows: Iterable[Sequence[Step]]) -> float:
    """Seconds for which a user thinks, in the most thoughtful of the flows."""
    return max(sum(_pause(step) for step in flow) for flow in flows)


def journeys(flows: Iterable[Sequence[Step]]) -> frozenset[Journey] | None:
    """What users do from beginning to end, one journey for each flow.

    None where the script alone does not tell: it has loops or branches, or requests without a name.
    """
    found = [_journey(flow) for flow in flows]
    known = frozenset(journey for journey in found if journey is not None)
    return known if len(found) == sum(journey is not None for journey in found) else None


def completes(endpoints: Iterable[str], journey: Sequence[str]) -> bool:
    """Whether somebody who visited these endpoints, in this order, went the whole journey.

    More visits than the journey has do not matter: a redirect is one of its own.
    """
    visited = iter(endpoints)
    return all(step in visited for step in journey)


def _requests(step: Step) -> int:
    if "loop" in step:
        count = step.get("count")
        times = count if isinstance(count, int) and count > 0 else 1
        return times * sum(_requests(inner) for inner in step["loop"])
    if "parallel" in step:
        return sum(_requests(inner) for inner in step["parallel"])
    return 1 if METHODS & step.keys() else 0


def _pause(step: Step) -> float:
    if "loop" in step:
        count = step.get("count")
        times = count if isinstance(count, int) and count > 0 else 1
        return times * sum(_pause(inner) for inner in step["loop"])
    think = step.get("think", 0)
    return float(think) if isinstance(think, int | float) else 0.0


def _journey(flow: Sequence[Step]) -> Journey | None:
    names: list[str] = []
    for step in flow:
        method = next(iter(METHODS & step.keys()), None)
        if method is not None:
            request = step[method]
            name = request.get("name") if isinstance(request, Mapping) else None
            if not isinstance(name, str) or "ifTrue" in request:
                return None
            names.append(name)
        elif not {"think", "log"} & step.keys():
            return None
    return tuple(names)
