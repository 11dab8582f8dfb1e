"""What Amazon RDS refuses about engines, names, windows and passwords: parts of `rds-accepted`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from guardrails import tokens
from guardrails.refusals import Refusal, among, matching
from guardrails.refused.store_refusals import backup_window, maintenance_window
from guardrails.resources import Resource
from guardrails.values import SecretText, dig, items, show

_API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
_DATABASES, _CLUSTERS = tokens.DATABASE, tokens.DATABASE_CLUSTER
_ALL = (*_DATABASES, *_CLUSTERS)
_IDENTIFIER: Final = r"(?!.*--)[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_CLOCK: Final = r"(?:[01]\d|2[0-3]):[0-5]\d"
_DAY_NAME: Final = "(?i:mon|tue|wed|thu|fri|sat|sun)"
_SHORTEST_WINDOW, _LONGEST_MAINTENANCE = 30, 24 * 60
_LONGEST_PASSWORD: Final = {
    "postgres": 128,
    "mysql": 41,
    "mariadb": 41,
    "oracle": 30,
    "sqlserver": 128,
}

_ENGINES = (
    "postgres", "mysql", "mariadb", "aurora-mysql", "aurora-postgresql", "oracle-ee",
    "oracle-ee-cdb", "oracle-se2", "oracle-se2-cdb", "sqlserver-ee", "sqlserver-se", "sqlserver-ex",
    "sqlserver-web", "sqlserver-dev-ee", "db2-ae", "db2-se", "custom-oracle-ee",
    "custom-oracle-ee-cdb", "custom-oracle-se2", "custom-oracle-se2-cdb", "custom-sqlserver-ee",
    "custom-sqlserver-se", "custom-sqlserver-web", "custom-sqlserver-dev",
)  # fmt: skip


def _short_windows(database: Resource) -> Iterator[str]:
    for title, minutes in (
        ("the backup window", backup_window(database)),
        ("the maintenance window", maintenance_window(database)),
    ):
        if minutes is not None and len(minutes) < _SHORTEST_WINDOW:
            yield f"{title} has {len(minutes)} minutes"


_LICENSES: Final = {
    "postgres": ("postgresql-license",),
    "aurora-postgresql": ("postgresql-license",),
    "mysql": ("general-public-license",),
    "aurora-mysql": ("general-public-license",),
    "mariadb": ("general-public-license",),
}


def _license(database: Resource) -> str | None:
    given, accepted = database.get("licenseModel"), _LICENSES.get(str(database.get("engine")))
    if accepted is None or not isinstance(given, str) or not given or given in accepted:
        return None
    return f"license_model is {show(given)}, engine {show(database.get('engine'))}"


def _long_maintenance(database: Resource) -> str | None:
    minutes = maintenance_window(database)
    if minutes is not None and len(minutes) > _LONGEST_MAINTENANCE:
        return f"the maintenance window has {len(minutes) / 60:g} hours"
    return None


def _password(database: Resource) -> Iterator[str]:
    """Find a password that RDS does not take, without showing it."""
    prop = "password" if database.type in _DATABASES else "masterPassword"
    given: Any = database.get(prop)
    if not isinstance(given, str) or not given:
        return
    engine = str(database.get("engine"))
    longest = next((most for name, most in _LONGEST_PASSWORD.items() if name in engine), 128)
    if not 8 <= len(given) <= longest:
        yield f"its password has {len(given)} characters"
    elif re.search(r"[/\"@ ]", given) and not isinstance(given, SecretText):
        yield 'its password contains /, ", @ or a space'


def _group_name(group: Resource) -> Iterator[str]:
    name = group.get("name")
    if not isinstance(name, str) or not name or group.left_out("name"):
        return
    if name.lower() == "default" or not re.fullmatch(r"[A-Za-z0-9 ._-]{1,255}", name):
        yield f"name is {show(name)}"


_LOGS: Final = {
    "postgres": ("postgresql", "upgrade", "iam-db-auth-error"),
    "mysql": ("audit", "error", "general", "slowquery", "iam-db-auth-error"),
    "mariadb": ("audit", "error", "general", "slowquery", "iam-db-auth-error"),
}


def _logs(database: Resource) -> Iterator[str]:
    """Find a log that the engine does not have; those of other engines are not in the table."""
    known_logs = _LOGS.get(str(database.get("engine")))
    for one in items(database.get("enabledCloudwatchLogsExports")):
        if known_logs is not None and isinstance(one, str) and one not in known_logs:
            yield f"enabled_cloudwatch_logs_exports has {show(one)}, none of {', '.join(known_logs)}"


_LONGEST_USER: Final = {"postgres": 63, "mysql": 32, "mariadb": 32}


def _user(database: Resource) -> str | None:
    name, engine = database.get("username"), str(database.get("engine"))
    longest = _LONGEST_USER.get(engine)
    if longest is not None and isinstance(name, str) and len(name) > longest:
        return f"username {show(name)} has {len(name)} characters, {longest} at most"
    return None


_STATIC: Final = {
    "postgres": (
        "autovacuum_freeze_max_age", "autovacuum_max_workers", "huge_pages", "max_connections",
        "max_locks_per_transaction", "max_logical_replication_workers", "max_prepared_transactions",
        "max_replication_slots", "max_wal_senders", "max_worker_processes", "rds.logical_replication",
        "shared_buffers", "shared_preload_libraries", "track_activity_query_size",
        "track_commit_timestamp", "wal_buffers",
    ),
    "mysql": (
        "innodb_buffer_pool_instances", "innodb_log_file_size", "innodb_read_io_threads",
        "innodb_write_io_threads", "lower_case_table_names", "performance_schema", "skip_name_resolve",
    ),
}  # fmt: skip
"""Parameters that only a restart changes, by how their families begin; not all of them."""


def _static(group: Resource) -> Iterator[str]:
    family = str(group.get("family")).removeprefix("aurora-")
    names = next((names for engine, names in _STATIC.items() if family.startswith(engine)), ())
    for one in items(group.get("parameters")):
        # What the program leaves out is immediate, by the provider.
        if dig(one, "name") in names and dig(one, "applyMethod") in (None, "", "immediate"):
            yield f"parameter {show(dig(one, 'name'))} has the apply_method immediate"


TABLE = (
    Refusal(
        types=(*tokens.PARAMETER_GROUP, "aws:rds/clusterParameterGroup:ClusterParameterGroup"),
        says="InvalidParameterCombination: cannot use immediate apply method for static parameter.",
        source=f"{_API}API_Parameter.html",
        remedy='set apply_method of the parameter to "pending-reboot".',
        find=_static,
    ),
    Refusal(
        types=_DATABASES,
        says="InvalidParameterValue: Invalid DB engine.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy='set engine to a name that RDS has, for example "postgres".',
        find=among("engine", *_ENGINES),
    ),
    Refusal(
        types=_DATABASES,
        says="StorageType: gp2, gp3, io1, io2, standard, aurora, aurora-iopt1.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy='set storage_type to "gp3".',
        find=among("storageType", "gp2", "gp3", "io1", "io2", "standard", "aurora", "aurora-iopt1"),
    ),
    Refusal(
        types=_ALL,
        says="MasterUsername: the first character is a letter.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy="let username begin with a letter.",
        find=matching("username", r"[A-Za-z_]\w*"),
    ),
    Refusal(
        types=_DATABASES,
        says="PreferredBackupWindow: in the format hh24:mi-hh24:mi.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy='set backup_window to the form "03:00-04:00".',
        find=matching("backupWindow", rf"{_CLOCK}-{_CLOCK}"),
    ),
    Refusal(
        types=_DATABASES,
        says="PreferredMaintenanceWindow: in the format ddd:hh24:mi-ddd:hh24:mi.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy='set maintenance_window to the form "Sun:04:30-Sun:05:30".',
        find=matching("maintenanceWindow", rf"{_DAY_NAME}:{_CLOCK}-{_DAY_NAME}:{_CLOCK}"),
    ),
    Refusal(
        types=_DATABASES,
        says="InvalidParameterCombination: You cannot use the log types with this engine.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy=(
            'set enabled_cloudwatch_logs_exports to ["postgresql"] for PostgreSQL, to ["error", '
            '"slowquery"] for MySQL and MariaDB.'
        ),
        find=_logs,
    ),
    Refusal(
        types=_DATABASES,
        says="MasterUsername: 63 characters at most for PostgreSQL, 32 for MySQL and MariaDB.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy="shorten username.",
        find=_user,
    ),
    Refusal(
        types=_ALL,
        says="InvalidParameterCombination: Cannot find version: the version of an engine is a number.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy='set engine_version to a version that there is, for example "17".',
        find=matching("engineVersion", r"\d.*"),
    ),
    Refusal(
        types=_ALL,
        says="InvalidParameterValue: The backup and the maintenance window must be at least 30 minutes.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy="let backup_window and maintenance_window last 30 minutes or more.",
        find=_short_windows,
    ),
    Refusal(
        types=_ALL,
        says="InvalidParameterValue: The maintenance window must be less than 24 hours.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy="let maintenance_window end within a day.",
        find=_long_maintenance,
    ),
    Refusal(
        types=_CLUSTERS,
        says="PreferredBackupWindow of a cluster: in the format hh24:mi-hh24:mi.",
        source=f"{_API}API_CreateDBCluster.html",
        remedy='set preferred_backup_window to the form "03:00-04:00".',
        find=matching("preferredBackupWindow", rf"{_CLOCK}-{_CLOCK}"),
    ),
    Refusal(
        types=(*_CLUSTERS, *tokens.CLUSTER_INSTANCE),
        says="PreferredMaintenanceWindow of a cluster: in the format ddd:hh24:mi-ddd:hh24:mi.",
        source=f"{_API}API_CreateDBCluster.html",
        remedy='set preferred_maintenance_window to the form "sun:04:30-sun:05:30".',
        find=matching("preferredMaintenanceWindow", rf"{_DAY_NAME}:{_CLOCK}-{_DAY_NAME}:{_CLOCK}"),
    ),
    Refusal(
        types=_CLUSTERS,
        says=(
            "DBClusterIdentifier: 1 to 63 letters, numbers, or hyphens; first character a letter; no "
            "hyphen at the end, no two consecutive hyphens."
        ),
        source=f"{_API}API_CreateDBCluster.html",
        remedy="rename cluster_identifier, or leave it to Pulumi.",
        find=matching("clusterIdentifier", _IDENTIFIER, 63),
    ),
    Refusal(
        types=_ALL,
        says=(
            "FinalDBSnapshotIdentifier: 1 to 255 letters, numbers, or hyphens; first character a "
            "letter; no hyphen at the end, no two consecutive hyphens."
        ),
        source=f"{_API}API_DeleteDBInstance.html",
        remedy="rename final_snapshot_identifier: letters, digits and single hyphens.",
        find=matching("finalSnapshotIdentifier", _IDENTIFIER, 255),
    ),
    Refusal(
        types=_ALL,
        says=(
            "InvalidParameterValue: The master password has 8 characters or more, and any printable "
            'ASCII character except /, ", @ and a space.'
        ),
        source=f"{_API}API_CreateDBInstance.html",
        remedy="set manage_master_user_password to true: RDS makes a password of its own.",
        find=_password,
    ),
    Refusal(
        types=tokens.SUBNET_GROUP,
        says=(
            "DBSubnetGroupName: up to 255 letters, numbers, periods, underscores, spaces, or hyphens; not "
            '"Default".'
        ),
        source=f"{_API}API_CreateDBSubnetGroup.html",
        remedy="rename the subnet group, or leave name to Pulumi.",
        find=_group_name,
    ),
    Refusal(
        types=_DATABASES,
        says="InvalidParameterCombination: an engine has its own license model.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy="remove license_model: each of these engines has one only.",
        find=_license,
    ),
)
"""Appended to the table of `rds-accepted`."""
