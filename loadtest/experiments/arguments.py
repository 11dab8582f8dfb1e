"""Allowed arguments of actions and probes, checked before anything is done."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

Seconds = Annotated[float, Field(gt=0, le=86_400)]
"""How long something lasts: what lasts no time shows nothing; beyond a day a typing error is likelier."""
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
HowZone = Literal["silent", "refused"]
"""How a zone is lost."""
Variant = Literal["good", "failing-hook", "answers-500", "slow"]
"""A revision: the stack's own, or with something wrong in it."""
