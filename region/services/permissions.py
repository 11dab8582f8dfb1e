"""What the policies of a role permit.

Permissions boundaries are not considered. Conditions count as met where they allow, and as not met where
they deny: what they ask about is not known here.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
Call with the control plane's lock held.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.models import Role

from region.services import policy_documents


def documents_of(role: Role) -> Iterable[str]:
    """Yield a role's policies as JSON: those inside it, then the default versions of its managed ones."""
    yield from role.policies.values()
    for policy in role.managed_policies.values():
        found: Any = next((item for item in policy.versions if item.is_default), None)
        if found is not None:
            yield found.document


@lru_cache(maxsize=256)
def permit(documents: tuple[str, ...], actions: tuple[str, ...], resource: str = "*") -> bool:
    """Return whether policies permit all actions on a resource: one allows each, and none denies it.

    Cached because the same few documents are asked about several times a second.
    """
    policies = [IAMPolicy(_without_conditions(document)) for document in documents]
    for action in actions:
        results = {policy.is_action_permitted(action, resource) for policy in policies}
        if PermissionResult.DENIED in results or PermissionResult.PERMITTED not in results:
            return False
    return True


@lru_cache(maxsize=256)
def deny(documents: tuple[str, ...], action: str, resource: str = "*") -> bool:
    """Return whether one of the policies denies an action on a resource, whatever others allow."""
    policies = [IAMPolicy(_without_conditions(document)) for document in documents]
    return any(
        policy.is_action_permitted(action, resource) is PermissionResult.DENIED
        for policy in policies
    )


def _without_conditions(document: str) -> str:
    kept = [
        {key: value for key, value in one.items() if key != "Condition"}
        for one in policy_documents.statements(document)
        if one.get("Effect") == "Allow" or not one.get("Condition")
    ]
    return json.dumps({"Statement": kept})
