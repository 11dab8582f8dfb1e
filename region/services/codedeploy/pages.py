"""Answers in pages."""

from __future__ import annotations

from collections.abc import Sequence

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult

from region.api.parameters import Parameters

SIZE = 100
"""Not documented: what AWS's lists have been seen to hold."""


def page(
    call: CodeDeployResponse, name: str, found: Sequence[object], **beside: object
) -> ActionResult:
    """Return the page of a list that the call's `nextToken` asks for.

    `beside` is what the answer holds beside the list.

    Raises:
        CodeDeployException: The token is none of these.
    """
    token = Parameters(call).text("nextToken") or "0"
    if not token.isdecimal() or int(token) > len(found):
        raise CodeDeployException("InvalidNextTokenException", f"The token {token!r} is not valid.")
    first = int(token)
    last = first + SIZE
    # Also where it is none: without the member, the answer would be taken for one that is not yet cut.
    following = str(last) if last < len(found) else None
    return ActionResult({name: list(found[first:last]), **beside, "nextToken": following})
