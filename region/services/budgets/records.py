"""Budgets' records: moto's objects as the region uses them, and what it adds to them."""

from __future__ import annotations

from typing import Any, Protocol


class Notification(Protocol):
    """A notification of a budget: moto's Notification."""

    details: dict[str, Any]
    subscribers: list[dict[str, str]]


class Budget(Protocol):
    """A budget: moto's Budget, and the tags that a patched constructor adds."""

    budget: dict[str, Any]
    """The budget as the API describes it."""
    notifications: list[Notification]
    tags: dict[str, str]
