"""Calls of IAM about the caller's own user: the region's, who is in none of its lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.iam.exceptions import ValidationError
from moto.iam.responses import IamResponse

from region.api import callers
from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services import identities

patches = Patches()

_SINCE: Final = datetime.now(UTC)
"""When the region's process has begun: when its user's key pair was made is recorded nowhere."""


def install() -> None:
    """Patch moto's IAM."""
    patches.install()


@patches.around(IamResponse, "get_user")
def _get_user(moto: Original, self: IamResponse) -> ActionResult:
    if not _is_own(self):
        return moto(self)
    user = {
        "Path": "/",
        "UserName": identities.USER,
        "UserId": identities.USER_ID,
        "Arn": identities.user_arn(self.partition, self.current_account),
        "CreateDate": _SINCE,
    }
    return ActionResult({"User": user})


@patches.around(IamResponse, "list_access_keys")
def _list_access_keys(moto: Original, self: IamResponse) -> ActionResult:
    if not _is_own(self):
        return moto(self)
    key: dict[str, Any] = {
        "UserName": identities.USER,
        "AccessKeyId": self.get_access_key(),
        "Status": "Active",
        "CreateDate": _SINCE,
    }
    return ActionResult({"AccessKeyMetadata": [key]})


@patches.around(IamResponse, "create_access_key")
def _create_access_key(moto: Original, self: IamResponse) -> ActionResult:
    if _is_own(self):
        raise NotImplementedError(
            "the region's own user has one key pair, which its command `env` prints: name a user"
        )
    return moto(self)


def _is_own(call: IamResponse) -> bool:
    """Return whether a call is about the region's user.

    Raises:
        ValidationError: It names nobody, and the caller is a role.
    """
    name = Parameters(call).text("UserName")
    if not name and callers.instance():
        raise ValidationError("Must specify userName when calling with non-User credentials")
    return not name or (name == identities.USER and name not in call.backend.users)
