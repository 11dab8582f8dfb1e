"""The tags of any resource, and the default tags of a provider."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from guardrails import tokens
from guardrails.resources import Resource
from guardrails.values import dig, items, show


def tags(resource: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield where a resource has tags, as a program names it, and the tags."""
    if resource.type in tokens.PROVIDER:
        yield "default_tags", _mapping(dig(_decoded(resource.get("defaultTags")), "tags"))
        return
    given = resource.get("tags")
    if isinstance(given, list):  # an Auto Scaling group's
        yield "tags", {str(dig(one, "key")): dig(one, "value") for one in items(given)}
    else:
        yield "tags", _mapping(given)
    for specification in items(resource.get("tagSpecifications")):
        kind = dig(specification, "resourceType")
        yield f"tag_specifications of {show(kind)}", _mapping(dig(specification, "tags"))


def _decoded(given: Any) -> Any:
    """Return a provider's setting, which the engine keeps as JSON."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        return None


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}
