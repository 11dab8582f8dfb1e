"""The tags of resources, with those that the provider adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guardrails.resources import Resource
from guardrails.values import is_absent


def tags_of(resource: Resource) -> Any:
    """Return the tags of a resource: a mapping, or `UNKNOWN`.

    What the provider adds (`default_tags`) is not known in every preview; it is left out then.
    """
    every = resource.get("tagsAll")
    given = every if isinstance(every, Mapping) else resource.setting("tags")
    return {} if is_absent(given) else given
