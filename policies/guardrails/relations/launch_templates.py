"""What an instance takes from its launch template."""

from __future__ import annotations

from guardrails import tokens
from guardrails.resources import Resource
from guardrails.values import is_absent


def inherits_from_template(resource: Resource) -> bool:
    """Return whether a property that is absent is left to a launch template, which has its check."""
    return resource.type in tokens.INSTANCE and not is_absent(resource.get("launchTemplate"))
