"""What RDS refuses of an event subscription: unknown events, and sources that do not exist.

API reference, CreateEventSubscription; RDS guide, "Amazon RDS event categories and event messages".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from moto.rds.exceptions import InvalidParameterCombination, InvalidParameterValue, RDSClientError
from moto.rds.models import RDSBackend

_CATEGORIES: Final[Mapping[str, frozenset[str]]] = {
    "db-instance": frozenset(
        {
            "availability",
            "backtrack",
            "backup",
            "configuration change",
            "creation",
            "deletion",
            "failover",
            "failure",
            "low storage",
            "maintenance",
            "notification",
            "read replica",
            "recovery",
            "restoration",
            "security",
            "security patching",
        }
    ),
    "db-parameter-group": frozenset({"configuration change"}),
    "db-security-group": frozenset({"configuration change", "failure"}),
    "db-snapshot": frozenset({"creation", "deletion", "notification", "restoration"}),
}
_OTHERS: Final = frozenset(
    {
        "blue-green-deployment",
        "custom-engine-version",
        "db-cluster",
        "db-cluster-snapshot",
        "db-proxy",
        "zero-etl",
    }
)
"""Sources that the region does not have: a subscription never hears from them, as on AWS."""


def check(backend: RDSBackend, settings: Mapping[str, Any]) -> None:
    """Refuse a subscription, given by moto's names, that RDS does not take.

    Raises:
        RDSClientError: The type, a category or a source is none.
    """
    kind = settings.get("source_type")
    if kind and kind not in _CATEGORIES and kind not in _OTHERS:
        raise InvalidParameterValue(
            f"Source type {kind} is not valid: use {', '.join(sorted({*_CATEGORIES, *_OTHERS}))}."
        )
    known = _CATEGORIES.get(str(kind or ""))
    for category in settings.get("event_categories") or ():
        if known is not None and category not in known:
            raise RDSClientError(
                "SubscriptionCategoryNotFound",
                f"The category {category} does not exist for the source type {kind}: use "
                f"{', '.join(sorted(known))}.",
            )
    names = settings.get("source_ids") or ()
    if names and not kind:
        raise InvalidParameterCombination("SourceType must be given with SourceIds.")
    there = _sources(backend, str(kind))
    for name in names:
        if name not in there:
            raise RDSClientError("SourceNotFound", f"Could not find source: {name}")


def _sources(backend: RDSBackend, kind: str) -> Collection[str]:
    found: Mapping[str, Collection[str]] = {
        "db-instance": backend.databases,
        "db-parameter-group": backend.db_parameter_groups,
        "db-snapshot": backend.database_snapshots,
    }
    return found.get(kind, ())
