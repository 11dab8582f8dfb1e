"""What a program sets, as opposed to what it leaves to the provider."""

from __future__ import annotations

from typing import Any

from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, is_absent


def given(resource: Resource, *path: str) -> Any:
    """Return a property as the program gives it, `None` where it is left to the provider.

    After an update the outputs also have what the provider has filled in, so the program's own
    values decide. Where these are not at hand, as in a saved state, every known value counts as
    given, and an unknown one that comes from no resource does not.
    """
    value = resource.get(*path)
    if resource.inputs is not None:
        left_out = is_absent(dig(resource.inputs, *path))
    else:
        left_out = value is UNKNOWN and not resource.dependencies.get(path[0])
    return None if left_out or is_absent(value) else value
