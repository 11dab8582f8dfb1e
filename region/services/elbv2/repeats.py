"""Creations that are repeated, and tags that no resource takes.

API reference, CreateLoadBalancer, CreateTargetGroup, CreateListener: "This operation is idempotent, which
means that it completes at most one time."
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.core.responses import ActionResult
from moto.elbv2.responses import ELBV2Response

from region.api.parameters import Parameters
from region.api.patching import Original
from region.api.records import REQUEST
from region.services.elbv2.errors import invalid
from region.services.tag_keys import is_reserved


def create_once(
    moto: Original, response: ELBV2Response, name: str, known: Iterable[Any]
) -> ActionResult:
    """Answer a creation: with what the same call created before, else with what it creates.

    Args:
        moto: Creates it.
        response: The call.
        name: The member of the answer that has it, in a list.
        known: What may be the same: the resources with the name, or the port, of this one.
    """
    request = Parameters(response).as_text()
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
        if is_reserved(key):
            raise invalid(f"Tag keys cannot start with 'aws:': '{key}'")
        if keys.count(key) > 1:
            raise invalid(f"The tag key '{key}' is specified more than once", "DuplicateTagKeys")
