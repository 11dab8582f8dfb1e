"""Registers remedies: what a message says to do, written down as a change.

A remedy is not the mutation undone. It is what somebody does who has only the message: each property
that it sets, each resource that it adds, is named there, which the tests check.
"""

from __future__ import annotations

from typing import Any

from tests.policies.mutations.registry import Change

REMEDIES: dict[str, Change] = {}
"""By rule, for each of its mutations; by mutation where the message says something else there."""


def cures(*keys: str) -> Any:
    """Register what cures the mutations of these rules, or these mutations."""

    def register(change: Change) -> Change:
        for key in keys:
            assert key not in REMEDIES, f"{key} has two remedies"
            REMEDIES[key] = change
        return change

    return register


def sets(key: str, *changes: tuple[str, str, Any]) -> None:
    """Register a remedy that sets properties: handle, path, value."""

    def change(stack: Any) -> None:
        for handle, path, value in changes:
            stack.set(handle, path, value)

    cures(key)(change)
