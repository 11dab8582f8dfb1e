"""What a program sets, as against what it leaves to the provider."""

from __future__ import annotations

from typing import Any

from guardrails.resources import Resource
from guardrails.values import UNKNOWN, is_absent


def given(resource: Resource, *path: str) -> Any:
    """Return a property as the program gives it, `None` where it is left to the provider.

    Where the program's own values are not at hand, an unknown one that comes from no resource
    counts as left out.
    """
    value = resource.setting(*path)
    untold = value is UNKNOWN and resource.inputs is None
    if is_absent(value) or (untold and not resource.dependencies.get(path[0])):
        return None
    return value
