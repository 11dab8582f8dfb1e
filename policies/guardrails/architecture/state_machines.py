"""Definitions of state machines (Step Functions): flows of states, which have flows of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guardrails.architecture.policy_documents import parsed
from guardrails.resources import Resource
from guardrails.values import dig, items


def definition(machine: Resource) -> Mapping[str, Any] | None:
    """Return the flow that a machine runs, `None` where it is not known or no JSON object."""
    found = parsed(machine.get("definition"))
    return found if isinstance(found, Mapping) else None


def states(flow: Any) -> Mapping[str, Any]:
    """Return the states of a flow by name."""
    found = dig(flow, "States")
    return found if isinstance(found, Mapping) else {}


def inner(state: Any) -> list[Any]:
    """Return the flows inside a state: of a map, and of a parallel one."""
    return [dig(state, "ItemProcessor"), dig(state, "Iterator"), *items(dig(state, "Branches"))]
