"""What all parts of the schema of a scenario file share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of all parts: unknown keys are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, protected_namespaces=())


def listed(value: Any) -> Any:
    """Wrap a single value in a list: Artillery accepts both."""
    return value if isinstance(value, list) or value is None else [value]


def is_template(value: Any) -> bool:
    """Return whether Artillery computes the value in the run."""
    return isinstance(value, str) and "{{" in value
