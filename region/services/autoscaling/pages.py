"""Answers in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.core.responses import ActionResult

from region.api.parameters import Parameters

DEFAULT, MOST = 50, 100


def page(given: Parameters, name: str, found: Sequence[Any]) -> ActionResult:
    """Return the page of a list that `NextToken` and `MaxRecords` of the call ask for.

    Raises:
        ValidationError: More records are wanted than a page has.
        AutoscalingClientError: The token is none of these.
    """
    size = given.integer("MaxRecords") or DEFAULT
    if not 1 <= size <= MOST:
        raise ValidationError(f"MaxRecords {size} is not from 1 to {MOST}.")
    token = given.text("NextToken") or "0"
    if not token.isdecimal() or int(token) > len(found):
        raise AutoscalingClientError("InvalidNextToken", f"The token {token!r} is not valid.")
    begin = int(token)
    end = begin + size
    following = str(end) if end < len(found) else None
    return ActionResult({name: list(found[begin:end]), "NextToken": following})
