"""Rules about running a database: TLS, logs, snapshots, support, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from guardrails import tokens
from guardrails.architecture.data_stores import engine_name
from guardrails.model import (
    Level,
    Question,
    ResourceRule,
    Scope,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.property_rules import AtLeast, must_be, property_rule
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, show

_ALL = (*tokens.DATABASE, "aws:rds/cluster:Cluster")


def _major(database: Resource) -> int | None:
    """Return the major version of the engine, `None` if the program leaves it to RDS."""
    version = database.get("engineVersion")
    head = version.split(".")[0] if isinstance(version, str) else ""
    return int(head) if head.isdigit() else None


def _is_replica(database: Resource) -> bool:
    return not is_absent(database.get("replicateSourceDb"))


# --- TLS ------------------------------------------------------------------------------------------

_SWITCHES = MappingProxyType(
    {
        "postgres": ("rds.force_ssl", 15),
        "aurora-postgresql": ("rds.force_ssl", 17),
        "mysql": ("require_secure_transport", None),
        "mariadb": ("require_secure_transport", None),
        "aurora-mysql": ("require_secure_transport", None),
    }
)
"""Per engine the parameter that requires TLS, and the major version since which it is on."""

_ON, _OFF = ("1", "ON", "TRUE"), ("0", "OFF", "FALSE")


def _tls(stack: Stack, _: Settings) -> Iterator[Violation]:
    for database in stack.of(_ALL):
        switch = _SWITCHES.get(engine_name(database))
        if switch is None:
            continue
        name, since = switch
        value, group = _parameter(stack, database, name)
        shown = str(value).upper()
        path = (f'database "{database.name}"', f'parameter group "{group.name}"') if group else ()
        if value is UNKNOWN:
            yield Violation(
                f'whether database "{database.name}" requires TLS is not known: parameter {name} is '
                "not known in this preview.",
                database,
                path,
                remedy=f'set {name} to "1" in its parameter group, by a value that is known.',
                undecided=True,
            )
        elif value is not None and shown in _OFF:
            yield Violation(
                f'Database "{database.name}" accepts connections without TLS: {name} is {show(value)}.',
                group or database,
                path,
            )
        elif value is None and (since is None or (_major(database) or since) < since):
            yield Violation(
                f'whether clients of database "{database.name}" use TLS is not known: '
                f"{engine_name(database)} does not require it unless {name} is set.",
                database,
                path,
                remedy=f'give it a parameter group that sets {name} to "1".',
                undecided=True,
            )


def _parameter(stack: Stack, database: Resource, name: str) -> tuple[object, Resource | None]:
    """Return the value of a parameter, `None` for the engine's default, and the group that says so."""
    prop, types = (
        ("parameterGroupName", tokens.PARAMETER_GROUP)
        if database.type in tokens.DATABASE
        else ("dbClusterParameterGroupName", tokens.CLUSTER_PARAMETER_GROUP)
    )
    if is_absent(database.setting(prop)):
        return None, None
    found = stack.references(database, prop, types, ("name", "id"))
    if len(found.resources) != 1:
        default = any(one.startswith("default.") for one in found.foreign)
        return (None if default else UNKNOWN), None
    group = found.resources[0]
    parameters = group.get("parameters")
    if parameters is UNKNOWN and not is_absent(group.setting("parameters")):
        return UNKNOWN, group
    for parameter in items(parameters):
        if parameter is UNKNOWN or dig(parameter, "name") is UNKNOWN:
            return UNKNOWN, group
        if dig(parameter, "name") == name:
            return dig(parameter, "value"), group
    return None, group


TLS_REQUIRED = StackRule(
    id="rds-tls-required",
    title="The database requires TLS",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("RDS_POSTGRES_INSTANCE_ENCRYPTED_IN_TRANSIT",),
        "Security Hub": ("RDS.38", "RDS.39"),
        "Prowler": ("rds_instance_transport_encrypted",),
        "Well-Architected": ("SEC09-BP02",),
    },
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html",
    remedy='set rds.force_ssl (MySQL and MariaDB: require_secure_transport) to "1".',
    steps=(
        "Set it in parameters of the aws.rds.ParameterGroup, or remove it where 1 is the default.",
        "Let clients verify the server: sslmode=verify-full with the RDS certificate bundle.",
    ),
    unknown=(
        "An unknown parameter is undecided. Without one, PostgreSQL requires TLS since version 15; "
        "for engines that do not, it is undecided whether clients use it."
    ),
    check=_tls,
)


# --- logs, tags -----------------------------------------------------------------------------------


def _logs(database: Resource, _: Settings) -> Iterator[Violation]:
    given = database.get("enabledCloudwatchLogsExports")
    if is_absent(given) and not _is_replica(database):
        yield Violation(
            f'Database "{database.name}" keeps its log to itself: enabled_cloudwatch_logs_exports is '
            "not set.",
            database,
        )


LOGS = ResourceRule(
    id="rds-logs-exported",
    title="The database exports its logs",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # logs cost storage
    controls={
        "AWS Config": ("RDS_LOGGING_ENABLED",),
        "Security Hub": ("RDS.9",),
        "Control Tower": ("CT.RDS.PR.14",),
        "Checkov": ("CKV_AWS_129",),
        "Prowler": ("rds_instance_integration_cloudwatch_logs",),
        "Well-Architected": ("SEC04-BP01",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/rds-logging-enabled.html",
    remedy=(
        'set enabled_cloudwatch_logs_exports, for PostgreSQL to ["postgresql"], for MySQL to '
        '["error", "slowquery"].'
    ),
    steps=(
        "Set enabled_cloudwatch_logs_exports.",
        "Create the log group with a retention first: RDS creates one that never expires.",
    ),
    unknown="An unknown list counts as set.",
    types=_ALL,
    check=_logs,
)

COPY_TAGS = property_rule(
    must_be(
        "copyTagsToSnapshot",
        True,
        'Snapshots of database "{name}" do not tell whose they are',
        applies=lambda database: not _is_replica(database),
    ),
    tokens.DATABASE,
    id="rds-copy-tags-to-snapshots",
    title="Snapshots have the tags of their database",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,
    controls={
        "Security Hub": ("RDS.17",),
        "Control Tower": ("CT.RDS.PR.10",),
        "Checkov": ("CKV2_AWS_60",),
        "Prowler": ("rds_instance_copy_tags_to_snapshots",),
        "Well-Architected": ("REL09-BP01",),
    },
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html",
    remedy="set copy_tags_to_snapshot to true.",
    steps=("Set copy_tags_to_snapshot=True.",),
)

LOG_RETENTION = property_rule(
    must_be(
        "retentionInDays",
        AtLeast("minimumDays", " day(s)"),
        'Log group "{name}" keeps its entries, and costs, for ever',
    ),
    tokens.LOG_GROUP,
    id="log-group-retention",
    title="Every log group has a retention period",
    question=Question.CLOSED,
    severity=Severity.LOW,
    level=Level.ADVISORY,
    controls={
        "AWS Config": ("CW_LOGGROUP_RETENTION_PERIOD_CHECK",),
        "Security Hub": ("CloudWatch.16",),
        "Checkov": ("CKV_AWS_66",),
        "Prowler": ("cloudwatch_log_group_retention_policy_specific_days_enabled",),
        "Well-Architected": ("SEC04-BP01",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/cw-loggroup-retention-period-check.html",
    remedy="set retention_in_days to the days for which you need the log.",
    steps=("Set retention_in_days, for example to 30; 0 and nothing mean for ever.",),
    parameters={
        "minimumDays": {
            "type": "integer",
            "minimum": 1,
            "default": 1,
            "description": "Days for which logs have to be kept at least.",
        }
    },
)


# --- the last snapshot -----------------------------------------------------------------------------


def _final_snapshot(database: Resource, _: Settings) -> Iterator[Violation]:
    skipped, name = database.get("skipFinalSnapshot"), database.get("finalSnapshotIdentifier")
    if _is_replica(database) or is_true(skipped) or skipped is UNKNOWN or not is_absent(name):
        return
    yield Violation(
        f'Database "{database.name}" cannot be destroyed: skip_final_snapshot is {show(skipped)}, '
        f"and final_snapshot_identifier is {show(name)}. AWS says: FinalDBSnapshotIdentifier is "
        "required when a final snapshot is required.",
        database,
    )


FINAL_SNAPSHOT = ResourceRule(
    id="rds-final-snapshot",
    title="The final snapshot of a database has a name",
    question=Question.VALID,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # creation succeeds; it is the destroy that fails
    controls={"Well-Architected": ("REL09-BP01",)},
    url="https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html",
    remedy=(
        "set final_snapshot_identifier; skip_final_snapshot=True gives the data up at a destroy."
    ),
    steps=("Set final_snapshot_identifier, with a suffix that no earlier database has used.",),
    unknown="An unknown name counts as set, an unknown switch as on.",
    types=_ALL,
    check=_final_snapshot,
)


# --- who is told --------------------------------------------------------------------------------


def _unnoticed(stack: Stack, _: Settings) -> Iterator[Violation]:
    if stack.of((*tokens.DATABASE_EVENTS, *tokens.EVENT_RULE)):
        return
    watched: set[Resource] = set()
    for alarm in stack.of(tokens.METRIC_ALARM):
        if alarm.get("namespace") == "AWS/RDS":
            keys = ("identifier", "id", "clusterIdentifier")
            watched.update(stack.references(alarm, "dimensions", _ALL, keys).any)
    for database in stack.of(_ALL):
        if database not in watched and not _is_replica(database):
            yield Violation(
                f'Nobody is told when database "{database.name}" fails over or is in trouble: the '
                "stack has neither an event subscription nor an alarm on it.",
                database,
            )


NOTICED = StackRule(
    id="rds-failover-noticed",
    title="Somebody is notified when the database fails over or has a problem",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "Security Hub": ("RDS.19", "RDS.20"),
        "Control Tower": ("CT.RDS.PR.12", "CT.RDS.PR.17"),
        "Prowler": ("rds_instance_critical_event_subscription",),
        "Well-Architected": ("REL11-BP06",),
    },
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.html",
    remedy=(
        "create an aws.rds.EventSubscription for the categories availability and failover, or an "
        "alarm on the database's connections."
    ),
    steps=(
        'Create an aws.rds.EventSubscription with source_type="db-instance" and an SNS topic.',
        "Let an alarm on DatabaseConnections or FreeStorageSpace notify the same topic.",
    ),
    unknown="Unknown dimensions of an alarm are resolved through the databases they come from.",
    check=_unnoticed,
)


# --- support --------------------------------------------------------------------------------------

_END_OF_SUPPORT = MappingProxyType(
    {
        "postgres": {"9": "2022", "10": "April 2023", "11": "February 2024",
                     "12": "February 2025", "13": "February 2026"},
        "aurora-postgresql": {"10": "January 2023", "11": "February 2024",
                              "12": "February 2025", "13": "February 2026"},
        "mysql": {"5.5": "2021", "5.6": "2022", "5.7": "February 2024", "8.0": "July 2026"},
        "aurora-mysql": {"5.6": "February 2023", "5.7": "October 2024"},
        "mariadb": {"10.2": "2022", "10.3": "October 2023", "10.4": "June 2024",
                    "10.5": "June 2025"},
    }
)  # fmt: skip
"""Per engine the versions without standard support, and when it ended (release calendars of RDS)."""

_EXPIRED_AUTHORITY = "rds-ca-2019"


def _supported(database: Resource, _: Settings) -> Iterator[Violation]:
    version = database.get("engineVersion")
    for line, ended in _END_OF_SUPPORT.get(engine_name(database), {}).items():
        if isinstance(version, str) and (version == line or version.startswith(f"{line}.")):
            yield Violation(
                f'Database "{database.name}" runs {engine_name(database)} {version}, whose standard '
                f"support ended in {ended}: RDS charges Extended Support per vCPU and hour.",
                database,
            )
    if database.get("caCertIdentifier") == _EXPIRED_AUTHORITY:
        yield Violation(
            f'Database "{database.name}" has a certificate of {_EXPIRED_AUTHORITY}, which expired in '
            "August 2024: clients that verify it do not connect.",
            database,
            remedy='set ca_cert_identifier to "rds-ca-rsa2048-g1".',
        )


SUPPORTED = ResourceRule(
    id="rds-supported-engine",
    title="The database's engine version and certificate are supported",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # an upgrade of a major version needs a plan
    production=Level.MANDATORY,
    controls={
        "Prowler": (
            "rds_instance_extended_support",
            "rds_instance_deprecated_engine_version",
            "rds_instance_certificate_expiration",
        ),
        "Well-Architected": ("SEC06-BP01",),
    },
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support.html",
    remedy=(
        "set engine_version to a major version in standard support, and the family of the parameter "
        "group to the same."
    ),
    steps=(
        "Upgrade a copy first: restore a snapshot and change its engine_version.",
        "Set allow_major_version_upgrade=True and the new engine_version in a maintenance window.",
        "Give it a parameter group of the new family at the same time.",
    ),
    unknown="An unknown version is taken to be supported, and one that is left out is RDS's default.",
    types=_ALL,
    check=_supported,
)

RULES = (TLS_REQUIRED, LOGS, COPY_TAGS, LOG_RETENTION, FINAL_SNAPSHOT, NOTICED, SUPPORTED)
