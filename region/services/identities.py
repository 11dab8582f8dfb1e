"""Roles, their sessions and secrets: what IAM, STS and Secrets Manager refuse, and moto does not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from moto.iam.exceptions import ValidationError
from moto.iam.models import IAMBackend, Role
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator
from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    SecretsManagerClientError,
    ValidationException,
)
from moto.secretsmanager.models import SecretsManagerBackend
from moto.sts.exceptions import STSClientError
from moto.sts.models import AssumedRole, STSBackend

from region.api.patching import Original, Patches
from region.services import roles

patches = Patches()

_ROLE: Final = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+")
_MOTOS_USER: Final = ":user/moto"
_USER: Final = "haproof"
"""Whose calls those of the region's user are."""
_USER_ID: Final = "AIDAHAPROOFHAPROOFHAP"
_SECRET: Final = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}")


def install() -> None:
    """Patch moto's IAM, STS and Secrets Manager."""
    patches.install()


@patches.around(IAMBackend, "create_role")
def _create_role(
    moto: Original, self: IAMBackend, role_name: str, document: str, *given: Any, **named: Any
) -> Role:
    """Create a role whose trust policy is one."""
    IAMTrustPolicyDocumentValidator(document).validate()
    return moto(self, role_name, document, *given, **named)


def _with_marker(name: str) -> Callable[..., object]:
    def answer(moto: Original, self: IAMBackend, *given: Any, **named: Any) -> object:
        """Answer from a marker that is one."""
        try:
            return moto(self, *given, **named)
        except ValueError as error:
            raise ValidationError(f"Invalid Marker in {name}.") from error

    return answer


for _name in ("_filter_attached_policies", "list_role_tags", "list_policy_tags", "list_roles"):
    patches.around(IAMBackend, _name)(_with_marker(_name.strip("_")))


@patches.around(STSBackend, "get_caller_identity")
def _get_caller_identity(
    moto: Original, self: STSBackend, access_key_id: str, region: str
) -> tuple[str, str, str]:
    """Say who calls; moto's user for keys that it has not made has an ARN that no user has."""
    user_id, arn, account = moto(self, access_key_id, region)
    if arn.endswith(_MOTOS_USER):
        return _USER_ID, f"arn:{self.partition}:iam::{account}:user/{_USER}", account
    return user_id, arn, account


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


@patches.around(SecretsManagerBackend, "create_secret")
def _create_secret(moto: Original, self: SecretsManagerBackend, name: str, **named: Any) -> Any:
    if not _SECRET.fullmatch(name):
        raise ValidationException(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
            "following: -/_+=.@!"
        )
    if name in self.secrets and self.secrets[name].is_deleted():
        raise InvalidRequestException(
            "You can't create this secret because a secret with this name is already scheduled for "
            "deletion."
        )
    _check_one_value(named)
    return moto(self, name, **named)


def _check_one_value(given: Mapping[str, Any]) -> None:
    if given.get("secret_string") is not None and given.get("secret_binary") is not None:
        raise InvalidParameterException(
            "You can't specify both a binary secret value and a string secret value in the same secret."
        )


def check_change(backend: SecretsManagerBackend, given: Mapping[str, Any]) -> None:
    """Refuse a change of a secret that is about to be deleted, and a value of two kinds.

    Raises:
        InvalidRequestException: The secret is marked for deletion.
        InvalidParameterException: Both a text and bytes are given.
    """
    name = str(given.get("secret_id") or "")
    if name in backend.secrets and backend.secrets[name].is_deleted():
        raise InvalidRequestException(
            "You can't perform this operation on the secret because it was marked for deletion."
        )
    _check_one_value(given)


@patches.around(SecretsManagerBackend, "put_resource_policy")
def _put_resource_policy(
    moto: Original, self: SecretsManagerBackend, secret_id: str, policy: str
) -> tuple[str, str]:
    check_change(self, {"secret_id": secret_id})
    _check_policy(policy)
    return moto(self, secret_id, policy)


def _check_policy(text: str) -> None:
    try:
        policy = json.loads(text)
    except ValueError:
        policy = None
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise SecretsManagerClientError(
            "MalformedPolicyDocumentException", "This resource policy contains invalid Json."
        )
