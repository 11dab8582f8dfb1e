"""Creations that are repeated, and tags that no resource takes.

API reference, CreateLoadBalancer, CreateTargetGroup, CreateListener: "This operation is idempotent, which
means that it completes at most one time."
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.elbv2.responses import ELBV2Response

from region.api.parameters import Parameters
from region.api.patching import Original
from region.services.elbv2.errors import invalid

REQUEST: Final = "_haproof_request"
"""The attribute of a resource that remembers the parameters of the call that created it."""
_RESERVED: Final = "aws:"


def once(moto: Original, response: ELBV2Response, name: str, known: Iterable[Any]) -> ActionResult:
    """Answer a creation: with what the same call created before, else with what it creates.

    Args:
        moto: Creates it.
        response: The call.
        name: The member of the answer that has it, in a list.
        known: What may be the same: the resources with the name, or the port, of this one.
    """
    request = json.dumps(Parameters(response).everything(), sort_keys=True, default=str)
    for one in known:
        if vars(one).get(REQUEST) == request:
            return ActionResult({name: [one]})
    check_tags(Parameters(response).structures("Tags"))
    answer: ActionResult = moto(response)
    result: Any = answer.result
    for one in result[name]:
        vars(one)[REQUEST] = request
    return answer


def check_tags(tags: Iterable[dict[str, Any]]) -> None:
    """Refuse keys of AWS's own, and one key twice.

    Raises:
        ELBClientError: One of them.
    """
    keys = [str(tag["Key"]) for tag in tags]
    for key in keys:
        if key.lower().startswith(_RESERVED):
            raise invalid(f"Tag keys cannot start with 'aws:': '{key}'")
        if keys.count(key) > 1:
            raise invalid(f"The tag key '{key}' is specified more than once", "DuplicateTagKeys")
