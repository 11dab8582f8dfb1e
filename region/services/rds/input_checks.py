"""Values of a DB instance's settings that RDS does not take, at its creation and at each change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from moto.kms.models import KmsBackend, kms_backends
from moto.rds.exceptions import InvalidParameterCombination, InvalidParameterValue, RDSClientError
from moto.rds.models import RDSBackend

from region.services.tag_keys import is_reserved

_PASSWORD: Final = re.compile(r"[!#-.0-?A-~]*")
"""API reference, CreateDBInstance: printable ASCII but for `/`, `'`, `"`, `@` and a space."""
_PASSWORD_LENGTHS: Final = (8, 128)
_USER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_DATABASE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_RESERVED_WORDS: Final = """
admin all analyse analyze and any array as asc asymmetric both case cast check collate column
constraint create current_user default deferrable desc distinct do else end except false fetch for
foreign from grant group having in initially intersect into lateral leading limit localtime not
null offset on only or order placing primary public rds_password rds_replication rds_superuser
rdsadmin rdsrepladmin rdstopmgr references returning select session_user some symmetric table then
to trailing true union unique user using variadic when where window with
"""
"""RDS's own roles, and PostgreSQL's reserved key words (its manual, appendix C)."""
_RESERVED: Final = frozenset(_RESERVED_WORDS.split())
_IDENTIFIER: Final = re.compile(r"[A-Za-z](-?[A-Za-z0-9]){0,254}")
_PORTS: Final = (1150, 65_535)
_STORAGE_TYPES: Final = frozenset({"gp2", "gp3", "io1", "io2", "standard"})
_WITH_IOPS: Final = frozenset({"io1", "io2"})
LOG_TYPES: Final = frozenset({"iam-db-auth-error", "postgresql", "upgrade"})
"""Logs that can be exported (RDS guide, "Publishing PostgreSQL logs to Amazon CloudWatch Logs")."""
_BACKUP_WINDOW: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_SHORTEST_BACKUP: Final = 30
_MINUTES_A_DAY: Final = 24 * 60


def check(backend: RDSBackend, settings: Mapping[str, Any]) -> None:
    """Reject what RDS rejects by its value alone; settings go by moto's names.

    Raises:
        RDSClientError: A value is none that RDS takes; the message names it.
    """
    _check_master(settings.get("master_username"), settings.get("master_user_password"))
    _check_database_name(settings.get("db_name"))
    _check_port(settings.get("port"))
    storage = settings.get("storage_type")
    if storage is not None and storage not in _STORAGE_TYPES:
        raise InvalidParameterValue(
            f"Invalid storage type: {storage}. Use {', '.join(sorted(_STORAGE_TYPES))}."
        )
    if storage in _WITH_IOPS and not settings.get("iops"):
        raise InvalidParameterCombination(f"You must specify Iops for the storage type {storage}.")
    exported = settings.get("cloudwatch_logs_export_configuration") or {}
    _check_logs(settings.get("enable_cloudwatch_logs_exports") or ())
    _check_logs(exported.get("EnableLogTypes") or exported.get("enable_log_types") or ())
    check_tags(settings.get("tags") or ())
    _check_backup_window(settings.get("preferred_backup_window"))
    for name in ("kms_key_id", "master_user_secret_kms_key_id"):
        if key := settings.get(name):
            _check_key(kms_backends[backend.account_id][backend.region_name], str(key))


def is_identifier(name: str) -> bool:
    """Return whether a name can be that of a group: letters, digits and single hyphens, from a letter."""
    return _IDENTIFIER.fullmatch(name) is not None


def check_tags(tags: Iterable[Mapping[str, Any]]) -> None:
    """Reject tags of AWS's own.

    Raises:
        InvalidParameterValue: One of them.
    """
    for tag in tags:
        if is_reserved(tag.get("Key", "")):
            raise InvalidParameterValue(
                f"Tag keys cannot start with 'aws:', which is reserved for system use: {tag['Key']}."
            )


def _check_master(name: str | None, password: str | None) -> None:
    if name and not _USER_NAME.fullmatch(name):
        raise InvalidParameterValue(
            f"The parameter MasterUsername is not a valid identifier: {name}. It must begin with a letter "
            "and have 1 to 63 letters, digits and underscores."
        )
    if name and name.lower() in _RESERVED:
        raise InvalidParameterValue(
            f"MasterUsername {name} cannot be used as it is a reserved word used by the engine"
        )
    least, most = _PASSWORD_LENGTHS
    if password and not least <= len(password) <= most:
        raise InvalidParameterValue(
            "The parameter MasterUserPassword is not a valid password because it is "
            f"{'shorter' if len(password) < least else 'longer'} than "
            f"{least if len(password) < least else most} characters."
        )
    if password and not _PASSWORD.fullmatch(password):
        raise InvalidParameterValue(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters "
            "besides '/', '@', '\"', ' ' may be used."
        )


def _check_database_name(name: str | None) -> None:
    if name and not _DATABASE_NAME.fullmatch(name):
        raise InvalidParameterValue(
            f"DBName must begin with a letter and contain only alphanumeric characters: {name}."
        )


def _check_port(port: Any) -> None:
    least, most = _PORTS
    if port is not None and not least <= int(port) <= most:
        raise InvalidParameterValue(
            f"Invalid endpoint port {port}. Valid port values are {least}-{most}."
        )


def _check_logs(wanted: Iterable[str]) -> None:
    unknown = sorted(set(wanted) - LOG_TYPES)
    if unknown:
        raise InvalidParameterCombination(
            f"You cannot use the log types '{', '.join(unknown)}' with engine version postgres. For "
            f"supported log types, see the documentation: {', '.join(sorted(LOG_TYPES))}."
        )


def _check_backup_window(window: str | None) -> None:
    if not window:
        return
    found = _BACKUP_WINDOW.fullmatch(window)
    if found is None:
        raise InvalidParameterValue(
            f"Invalid backup window format: {window}. Should be specified as a range hh24:mi-hh24:mi (24H "
            "Clock UTC). Example: 22:45-23:15"
        )
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    length = (end_hour - begin_hour) * 60 + end_minute - begin_minute
    if length % _MINUTES_A_DAY < _SHORTEST_BACKUP:
        raise InvalidParameterValue(
            f"The backup window must be at least {_SHORTEST_BACKUP} minutes."
        )


def _check_key(keys: KmsBackend, key: str) -> None:
    """Reject a key that is not there; those that AWS manages are made when they are asked for."""
    if "alias/aws/" in key:
        return
    known = keys.any_id_to_key_id(key)
    if known not in keys.keys or not keys.keys[known].enabled:
        raise RDSClientError(
            "KMSKeyNotAccessibleFault",
            f"The specified KMS key [{key}] does not exist, is not enabled or you do not have permissions "
            "to access it.",
        )
