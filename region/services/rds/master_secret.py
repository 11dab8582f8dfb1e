"""The managed master password: one secret per DB instance, and how it rotates.

As Secrets Manager's managed rotation does it: the new password is staged as AWSPENDING, set in the
database, and becomes AWSCURRENT only then. So AWSCURRENT can be read at any moment.
"""

from __future__ import annotations

import json
import logging
import secrets
import string
import time
import uuid
from typing import Any

from moto.rds.models import DBInstance, MasterUserSecret, rds_backends
from moto.secretsmanager.exceptions import InvalidRequestException, SecretNotFoundException
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services import secrets_manager
from region.services.rds.records import DatabaseRecord

log = logging.getLogger(__name__)

PASSWORD_LENGTH = 28
# RDS leaves out / ' " @ and blanks; these need no quoting in a shell either.
PASSWORD_ALPHABET = string.ascii_letters + string.digits + "_.-!#%*+=?~"
_CURRENT, _PENDING, _PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
OWNER = "rds"

patches = Patches()


def wanted_password(database: DBInstance) -> str | None:
    """Return the master password that the database is to have; None if it cannot be read."""
    if not database.manage_master_user_password:
        # moto has no reader for it.
        given = database._master_user_password  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return str(given) if given else None
    secret = database.master_user_secret.secret
    version = _staged(secret, _PENDING) or _staged(secret, _CURRENT)
    try:
        return str(json.loads((version or {})["secret_string"])["password"])
    except (KeyError, TypeError, ValueError):
        log.warning(
            "the secret %s of DB instance %s has no password: the database keeps the one it has",
            secret.name,
            database.db_instance_identifier,
        )
        return None


def begin_rotation(database: DBInstance) -> None:
    """Stage a new password; the controller sets it in the database."""
    managed = database.master_user_secret
    if _staged(managed.secret, _PENDING) is not None:
        return  # still under way: this one will do
    version = str(uuid.uuid4())
    managed.secret.versions[version] = {
        "createdate": int(time.time()),
        "version_id": version,
        "version_stages": [_PENDING],
        "secret_string": _value(managed),
    }
    _set_status(managed, "rotating")


def password_is_set(database: DBInstance, password: str) -> None:
    """Make a staged password the current one, once the database has it."""
    if not database.manage_master_user_password:
        return
    managed = database.master_user_secret
    secret = managed.secret
    pending = _staged(secret, _PENDING)
    if pending is not None and json.loads(pending["secret_string"])["password"] == password:
        for version in secret.versions.values():
            _move(version, _CURRENT, _PREVIOUS)
        pending["version_stages"] = [_CURRENT]
        secret.default_version_id = pending["version_id"]
        secret.secret_string = pending["secret_string"]
        secret.last_changed_date = secret.last_rotation_date = int(time.time())
    if _staged(secret, _PENDING) is None:
        _set_status(managed, "active")


def schedule_rotation(database: DBInstance, rotate_at: float, days: int) -> None:
    """Rotate the managed password at that time (epoch seconds) next."""
    secret = database.master_user_secret.secret
    secret.rotation_requested = secret.rotation_enabled = True
    secret.auto_rotate_after_days = days
    secret.next_rotation_date = int(rotate_at)
    DatabaseRecord.of(database).rotate_at = rotate_at


def _staged(secret: FakeSecret, stage: str) -> dict[str, Any] | None:
    return next(
        (found for found in secret.versions.values() if stage in found["version_stages"]), None
    )


def _move(version: dict[str, Any], stage: str, to: str) -> None:
    stages = version["version_stages"]
    version["version_stages"] = [to] if stage in stages else [s for s in stages if s != to]


def _set_status(managed: MasterUserSecret, status: str) -> None:
    managed._status = status  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _value(managed: MasterUserSecret) -> str:
    """Return a new managed master password as RDS stores it."""
    password = "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_LENGTH))
    return json.dumps({"username": managed.resource.master_username, "password": password})


@patches.method(MasterUserSecret, "_generate_secret_string")
def _generate_secret_string(secret: MasterUserSecret) -> str:
    return _value(secret)


@patches.value(MasterUserSecret, "secret_status")
def _secret_status(secret: MasterUserSecret) -> str:
    """Return the status as it is: moto would change it when it is read."""
    return secret._status  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


@patches.around(SecretsManagerBackend, "put_secret_value")
@patches.around(SecretsManagerBackend, "update_secret_version_stage")
def _change(moto: Original, backend: SecretsManagerBackend, *args: Any, **given: Any) -> Any:
    """Leave the value of a managed secret to the service that owns it."""
    secrets_manager.check_change(backend, given)
    _refuse_managed(backend, given)
    return moto(backend, *args, **given)


@patches.around(SecretsManagerBackend, "update_secret")
def _update(moto: Original, backend: SecretsManagerBackend, *args: Any, **given: Any) -> Any:
    """Change a secret's description, or its value unless it is managed."""
    secrets_manager.check_change(backend, given)
    if given.get("secret_string") or given.get("secret_binary"):
        _refuse_managed(backend, given)
    return moto(backend, *args, **given)


@patches.around(SecretsManagerResponse, "delete_secret")
@patches.around(SecretsManagerResponse, "cancel_rotate_secret")
def _end(moto: Original, call: SecretsManagerResponse) -> str:
    """Leave a managed secret and its rotation to its owner: RDS deletes it along with the DB instance."""
    _refuse_managed(call.backend, {"secret_id": Parameters(call).text("SecretId")})
    return moto(call)


def _refuse_managed(backend: SecretsManagerBackend, given: dict[str, Any]) -> None:
    secret = backend.secrets.get(str(given.get("secret_id") or ""))
    if isinstance(secret, FakeSecret) and secret.owning_service == OWNER:
        raise InvalidRequestException(
            f"You can't perform this operation on the secret {secret.name}: it is managed by {OWNER}."
        )


@patches.method(SecretsManagerBackend)
def rotate_secret(
    backend: SecretsManagerBackend,
    secret_id: str,
    rotation_lambda_arn: str | None = None,
    rotation_rules: dict[str, Any] | None = None,
    rotate_immediately: bool = True,  # moto's signature
    **_version: Any,
) -> str:
    """RotateSecret of a secret that RDS manages: without a Lambda function no other one rotates."""
    secret = backend.secrets.get(secret_id)
    if not isinstance(secret, FakeSecret):
        raise SecretNotFoundException
    if rotation_lambda_arn:
        raise NotImplementedError(
            "there is no Lambda: RotationLambdaARN cannot be called; change the value with "
            "PutSecretValue instead"
        )
    database = _owner(backend, secret)
    if database is None:
        raise InvalidRequestException(
            "No Lambda rotation function ARN is associated with this secret."
        )
    if rotation_rules:
        raise NotImplementedError(
            f"the rotation of {secret.name} has the schedule that RDS gives it: leave out RotationRules"
        )
    if rotate_immediately:
        begin_rotation(database)
    return secret.to_short_dict()


def _owner(backend: SecretsManagerBackend, secret: FakeSecret) -> DBInstance | None:
    databases = rds_backends[backend.account_id][backend.region_name].databases.values()
    return next(
        (
            database
            for database in databases
            if database.manage_master_user_password and database.master_user_secret.secret is secret
        ),
        None,
    )
