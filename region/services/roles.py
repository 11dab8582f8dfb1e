"""Roles that services act with: whether they exist, and whether the service may assume them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
Call with the control plane's lock held.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final

from moto.iam.models import Role, iam_backends

from region.services import policy_documents

IAM: Final = "aws"
"""IAM is global: moto keeps its one backend under the partition's name."""
_ASSUME: Final = "sts:assumerole"


def all_of(account: str) -> list[Role]:
    """Return the roles of an account."""
    return list(iam_backends[account][IAM].roles.values())


def find(account: str, arn: str) -> Role | None:
    """Return the role with an ARN."""
    return next((role for role in all_of(account) if role.arn == arn), None)


def may_assume(account: str, arn: str, service: str) -> bool:
    """Return whether a role exists whose trust policy lets a service assume it.

    Args:
        account: The account's id.
        arn: The ARN of the role.
        service: The service's principal, such as `codedeploy.amazonaws.com`.
    """
    role = find(account, arn)
    return role is not None and trusts(role.assume_role_policy_document or "{}", service)


@lru_cache(maxsize=256)
def trusts(document: str, service: str) -> bool:
    """Return whether a trust policy allows a service to assume its role.

    Conditions count as met where they allow, and as not met where they deny, as in `permissions`.
    """
    found = [one for one in policy_documents.statements(document) if _concerns(one, service)]
    denied = any(one.get("Effect") == "Deny" and not one.get("Condition") for one in found)
    return not denied and any(one.get("Effect") == "Allow" for one in found)


def _concerns(statement: dict[str, Any], service: str) -> bool:
    actions = [str(action).lower() for action in policy_documents.listed(statement.get("Action"))]
    if not any(fnmatchcase(_ASSUME, action) for action in actions):
        return False
    principal: Any = statement.get("Principal") or {}
    if principal == "*":
        return True
    region_less = service.split(".", maxsplit=1)[0]
    return any(
        name == service or (name.startswith(f"{region_less}.") and name.endswith(".amazonaws.com"))
        for name in policy_documents.listed(principal.get("Service"))
    )
