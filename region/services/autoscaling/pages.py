"""Answers in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.core.responses import ActionResult

from region.api.parameters import Parameters

DEFAULT, MOST = 50, 100


def page(
    given: Parameters, name: str, found: Sequence[Any], *, default: int = DEFAULT, most: int = MOST
) -> ActionResult:
    """Return the page of a list that `NextToken` and `MaxRecords` of the call ask for.

    Raises:
        ValidationError: More records are wanted than a page has.
        AutoscalingClientError: The token is none of these.
    """
    size = page_size(given, default, most)
    token = given.text("NextToken") or "0"
    if not token.isdecimal() or int(token) > len(found):
        raise AutoscalingClientError("InvalidNextToken", f"The token {token!r} is not valid.")
    begin = int(token)
    end = begin + size
    following = str(end) if end < len(found) else None
    return ActionResult({name: list(found[begin:end]), "NextToken": following})


def page_size(given: Parameters, default: int = DEFAULT, most: int = MOST) -> int:
    """Return how many records a page has at most.

    Raises:
        ValidationError: The call asks for more than there may be.
    """
    size = given.integer("MaxRecords")
    if size is not None and not 1 <= size <= most:
        raise ValidationError(f"MaxRecords {size} is not from 1 to {most}.")
    return default if size is None else size
