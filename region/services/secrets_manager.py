"""Secrets: what Secrets Manager refuses, and moto does not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    SecretNotFoundException,
    SecretsManagerClientError,
    ValidationException,
)
from moto.secretsmanager.models import SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.policy_documents import is_policy_document

patches = Patches()

_NAME: Final = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}")
_RESERVED: Final = "aws:"
_MOST_TAGS: Final = 50
"""Of a secret (Secrets Manager user guide, "Tagging secrets")."""


def install() -> None:
    """Patch moto's Secrets Manager."""
    patches.install()


@patches.around(SecretsManagerBackend, "create_secret")
def _create_secret(moto: Original, self: SecretsManagerBackend, name: str, **named: Any) -> Any:
    if not _NAME.fullmatch(name):
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
    _check_tags(named.get("tags") or (), ())
    return moto(self, name, **named)


def _check_one_value(given: Mapping[str, Any]) -> None:
    if given.get("secret_string") is not None and given.get("secret_binary") is not None:
        raise InvalidParameterException(
            "You can't specify both a binary secret value and a string secret value in the same secret."
        )


@patches.method(SecretsManagerResponse)
def tag_resource(self: SecretsManagerResponse) -> str:
    """TagResource: with keys that are some, and not more than a secret may have."""
    given = Parameters(self)
    name, tags = given.text("SecretId"), given.structures("Tags")
    if name not in self.backend.secrets:
        raise SecretNotFoundException
    _check_tags(tags, (one["Key"] for one in self.backend.secrets[name].tags or ()))
    self.backend.tag_resource(name, {one["Key"]: str(one.get("Value") or "") for one in tags})
    return "{}"


def _check_tags(tags: Iterable[Mapping[str, Any]], present: Iterable[str]) -> None:
    """Refuse tags without a key, with one of AWS's own, and one too many.

    Raises:
        InvalidParameterException: They are such tags.
    """
    keys = [one.get("Key") for one in tags]
    for key in keys:
        if not key:
            raise InvalidParameterException("Each tag must have a key.")
        if str(key).lower().startswith(_RESERVED):
            raise InvalidParameterException(f"Tag keys that start with {_RESERVED} are reserved.")
    if len({*keys, *present}) > _MOST_TAGS:
        raise InvalidParameterException(f"A secret has at most {_MOST_TAGS} tags.")


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


@patches.around(SecretsManagerBackend, "list_secret_version_ids")
def _list_secret_version_ids(moto: Original, self: SecretsManagerBackend, secret_id: str) -> str:
    if secret_id not in self.secrets:
        raise SecretNotFoundException
    answer: dict[str, Any] = json.loads(moto(self, secret_id))
    return json.dumps({**answer, "ARN": self.secrets[secret_id].arn})


@patches.around(SecretsManagerBackend, "put_resource_policy")
def _put_resource_policy(
    moto: Original, self: SecretsManagerBackend, secret_id: str, policy: str
) -> tuple[str, str]:
    check_change(self, {"secret_id": secret_id})
    if not is_policy_document(policy):
        raise SecretsManagerClientError(
            "MalformedPolicyDocumentException", "This resource policy contains invalid Json."
        )
    return moto(self, secret_id, policy)


@patches.around(SecretsManagerBackend, "get_random_password")
def _get_random_password(
    moto: Original, self: SecretsManagerBackend, *given: Any, **named: Any
) -> Any:
    """Make a password, unless no character is left for it or for one of its kinds, where moto fails."""
    try:
        return moto(self, *given, **named)
    except IndexError as error:
        raise InvalidParameterException(
            "No characters are left for the password: exclude less of them."
        ) from error
