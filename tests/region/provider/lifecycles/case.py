"""What a resource is taken through: creation, a change in place, one that replaces, deletion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Case:
    """Inputs (functions of the world), what to change in place and what replaces."""

    type: str
    inputs: Callable[[Any], dict[str, Any]]
    change: Callable[[Any], dict[str, Any]] = field(default=lambda _: {})
    replace: Callable[[Any], dict[str, Any]] = field(default=lambda _: {})
    outputs: tuple[str, ...] = ()
    id: str = ""

    def __post_init__(self) -> None:
        self.id = self.id or self.type.rsplit(":", 1)[1]
