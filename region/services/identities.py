"""Roles and their sessions: what IAM and STS refuse, and moto does not."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any, Final

from moto.ec2.models import ec2_backends
from moto.iam.exceptions import InvalidInput
from moto.iam.models import IAMBackend, Role
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator
from moto.iam.responses import IamResponse
from moto.sts.exceptions import STSClientError
from moto.sts.models import AssumedRole, STSBackend

from region.api import callers
from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services import roles
from region.services.ec2 import instances

patches = Patches()

_ROLE: Final = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+")
_SERVICE: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com")
_MOTOS_USER: Final = ":user/moto"
USER: Final = "haproof"
"""Whose calls those of the region's user are."""
USER_ID: Final = "AIDAHAPROOFHAPROOFHAP"
_NO_ROLE_ID: Final = "AROAHAPROOFHAPROOFHAP"
"""Of instances without a profile, to which the region gives credentials nevertheless."""


def user_arn(partition: str, account: str) -> str:
    """Return the ARN of the region's user."""
    return f"arn:{partition}:iam::{account}:user/{USER}"


def install() -> None:
    """Patch moto's IAM and STS."""
    patches.install()


@patches.around(IAMBackend, "create_role")
def _create_role(
    moto: Original, self: IAMBackend, role_name: str, document: str, *given: Any, **named: Any
) -> Role:
    """Create a role whose trust policy is one."""
    IAMTrustPolicyDocumentValidator(document).validate()
    return moto(self, role_name, document, *given, **named)


@patches.around(IamResponse, "list_entities_for_policy")
def _list_entities_for_policy(moto: Original, self: IamResponse) -> object:
    """List the entities that an existing policy is attached to."""
    self.backend.get_policy(Parameters(self).text("PolicyArn"))
    return moto(self)


@patches.around(IAMBackend, "get_instance_profiles_for_role")
def _get_instance_profiles_for_role(moto: Original, self: IAMBackend, role_name: str) -> object:
    self.get_role(role_name)
    return moto(self, role_name)


@patches.around(IAMBackend, "create_service_linked_role")
def _create_service_linked_role(
    moto: Original, self: IAMBackend, service_name: str, *given: Any, **named: Any
) -> Role:
    """Create the role of a service, by the name of its principal."""
    if not _SERVICE.fullmatch(service_name):
        raise InvalidInput(f"{service_name} is not the name of a service.")
    return moto(self, service_name, *given, **named)


def _whole(moto: Original, self: IAMBackend, *given: Any, **named: Any) -> object:
    """List all there are: `paging` cuts them, and moto's own markers are numbers that anybody may guess."""
    call = inspect.signature(moto).bind(self, *given, **named)
    call.arguments |= {"marker": None, "max_items": sys.maxsize}
    return moto(*call.args, **call.kwargs)


for _name in ("_filter_attached_policies", "list_role_tags", "list_policy_tags", "list_roles"):
    patches.around(IAMBackend, _name)(_whole)


@patches.around(STSBackend, "get_caller_identity")
def _get_caller_identity(
    moto: Original, self: STSBackend, access_key_id: str, region: str
) -> tuple[str, str, str]:
    """Say who calls; moto's user for keys that it has not made has an ARN that no user has."""
    if instance_id := callers.instance():
        return _instance(self, instance_id)
    user_id, arn, account = moto(self, access_key_id, region)
    if arn.endswith(_MOTOS_USER):
        return USER_ID, user_arn(self.partition, account), account
    return user_id, arn, account


def _instance(backend: STSBackend, instance_id: str) -> tuple[str, str, str]:
    """Return who an instance is: its profile's role, in a session that has the instance's name.

    EC2 User Guide, "Retrieve security credentials from instance metadata".
    """
    account = backend.account_id
    regions = ec2_backends[account].values()
    everywhere = (one.get_instance_by_id(instance_id) for one in list(regions))
    found = next((one for one in everywhere if one is not None), None)
    name = (instances.role_of(found) if found is not None else "") or instances.NO_ROLE
    role = next((one for one in roles.all_of(account) if one.name == name), None)
    session = f"arn:{backend.partition}:sts::{account}:assumed-role/{name}/{instance_id}"
    return f"{role.id if role else _NO_ROLE_ID}:{instance_id}", session, account


@patches.around(STSBackend, "assume_role")
def _assume_role(
    moto: Original, self: STSBackend, region_name: str, *given: Any, **named: Any
) -> AssumedRole:
    """Give credentials of a role that is there."""
    arn = str(named.get("role_arn") or given[1])
    if not _ROLE.fullmatch(arn):
        raise STSClientError("ValidationError", f"{arn} is invalid")
    if roles.find(self.account_id, arn) is None:
        raise STSClientError(
            "AccessDenied",
            f"User: arn:aws:iam::{self.account_id}:root is not authorized to perform: sts:AssumeRole on "
            f"resource: {arn}",
        )
    return moto(self, region_name, *given, **named)
