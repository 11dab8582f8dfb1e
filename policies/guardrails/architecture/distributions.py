"""Distributions of CloudFront."""

from __future__ import annotations

from typing import Any

from guardrails.resources import Resource
from guardrails.values import items


def behaviors(distribution: Resource) -> list[Any]:
    """Return the cache behaviors of a distribution, the default one first."""
    return [
        distribution.get("defaultCacheBehavior"),
        *items(distribution.get("orderedCacheBehaviors")),
    ]
