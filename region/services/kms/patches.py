"""KMS as AWS has it, where moto differs: a key that is disabled or about to be deleted does nothing.

Which calls need which state of a key: KMS developer guide, "Key states of AWS KMS keys".
"""

from __future__ import annotations

from typing import Any, Final

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.kms.exceptions import (
    NotAuthorizedException,
    NotFoundException,
    ValidationException,
)
from moto.kms.models import Key, KmsBackend
from moto.kms.responses import KmsResponse

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.policy_documents import is_policy_document

patches = Patches()

_PENDING: Final = "PendingDeletion"
_DISABLED: Final = "Disabled"
_WINDOW: Final = (7, 30)
"""Days that a key waits for its deletion (API reference, ScheduleKeyDeletion)."""
_ENABLED_ONLY: Final = (
    "generate_mac",
    "sign",
    "verify",
    "verify_mac",
    "enable_key_rotation",
    "rotate_key_on_demand",
)
_NOT_PENDING: Final = (
    "create_grant",
    "disable_key",
    "disable_key_rotation",
    "enable_key",
    "update_key_description",
)


def install() -> None:
    """Patch moto's KMS."""
    patches.install()


def _refuse(key: Key, *, disabled: bool) -> None:
    """Raise AWS's error for a key whose state does not allow the call."""
    if key.key_state == _PENDING:
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if disabled and key.key_state == _DISABLED:
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")


def _named(call: KmsResponse, parameter: str = "KeyId") -> Key | None:
    """Return the key that a call names by id, ARN or alias; None where moto finds none."""
    backend = call.kms_backend
    name = Parameters(call).text(parameter)
    try:
        return backend.keys.get(backend.get_key_id(backend.any_id_to_key_id(name)))
    except (KeyError, IndexError, JsonRESTError):
        return None


def _by_state(*, disabled: bool) -> Any:
    def answer(moto: Original, self: KmsResponse) -> object:
        """Do what is asked with a key whose state allows it."""
        key = _named(self)
        if key is not None:
            _refuse(key, disabled=disabled)
        return moto(self)

    return answer


for _name in _ENABLED_ONLY:
    patches.around(KmsResponse, _name)(_by_state(disabled=True))
for _name in _NOT_PENDING:
    patches.around(KmsResponse, _name)(_by_state(disabled=False))


@patches.around(KmsResponse, "generate_random")
def _generate_random(moto: Original, self: KmsResponse) -> object:
    if Parameters(self).integer("NumberOfBytes") is None:
        raise ValidationException("NumberOfBytes is required.")
    return moto(self)


@patches.around(KmsBackend, "describe_key")
def _describe_key(moto: Original, self: KmsBackend, key_id: str) -> Key:
    """Find a key for the calls about grants, too, whose response does not look for it."""
    try:
        found: Key = moto(self, key_id)
    except (AttributeError, KeyError) as error:
        raise NotFoundException(f"Key '{key_id}' does not exist") from error
    return found


@patches.around(KmsBackend, "encrypt")
def _encrypt(
    moto: Original, self: KmsBackend, key_id: str, *given: Any, **named: Any
) -> tuple[bytes, str]:
    """Encrypt; data keys and what is encrypted again come here too."""
    key = self.keys.get(self.any_id_to_key_id(key_id))
    if key is not None:
        _refuse(key, disabled=True)
    return moto(self, key_id, *given, **named)


@patches.around(KmsBackend, "decrypt")
def _decrypt(
    moto: Original, self: KmsBackend, ciphertext_blob: bytes, *given: Any, **named: Any
) -> tuple[bytes, str]:
    """Decrypt with the key that the ciphertext names; also what re-encrypts begins here."""
    plain, arn = moto(self, ciphertext_blob, *given, **named)
    _refuse(self.keys[arn.rpartition("/")[2]], disabled=True)
    return plain, arn


@patches.around(KmsResponse, "put_key_policy")
def _put_key_policy(moto: Original, self: KmsResponse) -> object:
    """Keep a policy that is one."""
    if not is_policy_document(Parameters(self).text("Policy")):
        raise JsonRESTError(
            "MalformedPolicyDocumentException", "The new key policy is not a valid policy document."
        )
    return moto(self)


def _set_alias(moto: Original, self: KmsResponse, **update: bool) -> object:
    """Leave AWS its own aliases."""
    if Parameters(self).text("AliasName").startswith("alias/aws/"):
        raise NotAuthorizedException
    return moto(self, **update)


patches.around(KmsResponse, "_set_alias")(_set_alias)


@patches.around(KmsResponse, "cancel_key_deletion")
def _cancel_key_deletion(moto: Original, self: KmsResponse) -> object:
    """Keep a key that was to be deleted; moto disables one that was not."""
    key = _named(self)
    if key is not None and key.key_state != _PENDING:
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
    return moto(self)


@patches.method(KmsResponse)
def schedule_key_deletion(self: KmsResponse) -> ActionResult:
    """ScheduleKeyDeletion: once for a key, and in 7 to 30 days."""
    given = Parameters(self)
    days = given.integer("PendingWindowInDays")
    days = _WINDOW[1] if days is None else days
    if not _WINDOW[0] <= days <= _WINDOW[1]:
        raise ValidationException(
            f"PendingWindowInDays {days} must be between {_WINDOW[0]} and {_WINDOW[1]}, inclusive."
        )
    name = given.text("KeyId")
    self._validate_cmk_id(name)  # pyright: ignore[reportPrivateUsage]
    key = self.kms_backend.keys[self.kms_backend.get_key_id(name)]
    _refuse(key, disabled=False)
    moment = self.kms_backend.schedule_key_deletion(key.id, days)
    return ActionResult(
        {
            "KeyId": key.arn,
            "DeletionDate": moment,
            "KeyState": key.key_state,
            "PendingWindowInDays": days,
        }
    )
