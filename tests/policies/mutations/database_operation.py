"""What breaks the rules about running a database."""

from __future__ import annotations

from tests.policies.mutations.registry import (
    ADVISORY,
    BREAKS,
    KEEPS,
    MANDATORY,
    breaks,
    decides,
)

LOG = "aws:cloudwatch/logGroup:LogGroup::web-database-log"

decides("rds-tls-required", "parameter-group", "parameters", absent=KEEPS, unknown=BREAKS)
decides(
    "rds-logs-exported",
    "database",
    "enabledCloudwatchLogsExports",
    absent=BREAKS,
    unknown=KEEPS,
)
decides("rds-final-snapshot", "database", "finalSnapshotIdentifier", absent=BREAKS, unknown=KEEPS)
decides("rds-failover-noticed", "database", "identifier", absent=KEEPS, unknown=KEEPS)
decides("rds-supported-engine", "database", "engineVersion", absent=KEEPS, unknown=KEEPS)


@breaks("rds-tls-required")
def database_without_tls(stack):
    stack.set("parameter-group", "parameters", [{"name": "rds.force_ssl", "value": "0"}])


@breaks("rds-logs-exported", ADVISORY)
def database_log_stays_inside(stack):
    stack.set("database", "enabledCloudwatchLogsExports", ...)


@breaks("rds-copy-tags-to-snapshots", ADVISORY)
def snapshots_without_tags(stack):
    stack.set("database", "copyTagsToSnapshot", False)


@breaks("log-group-retention", ADVISORY)
def log_for_ever(stack):
    stack.set(LOG, "retentionInDays", 0)


@breaks("rds-final-snapshot", ADVISORY)
def final_snapshot_without_name(stack):
    stack.set("database", "finalSnapshotIdentifier", ...)


def unwatched(stack):
    """Leave out every alarm on the database."""
    alarm = "aws:cloudwatch/metricAlarm:MetricAlarm::web-watch-database"
    stack.drop("database-alarm", f"{alarm}-cpu", f"{alarm}-storage")


@breaks("rds-failover-noticed", ADVISORY)
def nobody_watches_the_database(stack):
    unwatched(stack)


@breaks("rds-supported-engine", ADVISORY, production=MANDATORY)
def database_in_extended_support(stack):
    stack.set("database", "engineVersion", "13")
    stack.set("parameter-group", "family", "postgres13")


@breaks("rds-supported-engine", ADVISORY, production=MANDATORY)
def certificate_of_an_expired_authority(stack):
    stack.set("database", "caCertIdentifier", "rds-ca-2019")
