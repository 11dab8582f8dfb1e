"""Running a database."""

from __future__ import annotations

import pytest
from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.mutations.database_operation import unwatched
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

DATABASE = "aws:rds/instance:Instance"
PARAMETERS = "parameter-group"


def force_ssl(value):
    return lambda d: d.set(PARAMETERS, "parameters", [{"name": "rds.force_ssl", "value": value}])


def subscribed(draft):
    """The good stack with an event subscription instead of alarms on the database."""
    unwatched(draft)
    properties = {"snsTopic": UNKNOWN, "eventCategories": ["failover", "availability"]}
    return draft.add("e", "aws:rds/eventSubscription:EventSubscription", properties)


# A change and the one rule that it breaks.
BREAKS = [
    ("rds-tls-required", force_ssl("0")),
    ("rds-tls-required", force_ssl("off")),
    ("rds-tls-required", force_ssl(UNKNOWN)),
    ("rds-tls-required", lambda d: d.set(PARAMETERS, "parameters", UNKNOWN)),
    ("rds-tls-required", lambda d: d.set("database", "parameterGroupName", "somebody-elses")),
    ("rds-tls-required", lambda d: d.set("database", "engineVersion", "14.12")
        .set(PARAMETERS, "family", "postgres14").set(PARAMETERS, "parameters", [])),
    ("rds-supported-engine", lambda d: d.set("database", "port", 5432.0).set("database", "engine", "mysql")
        .set("database", "enabledCloudwatchLogsExports", ["error"])
        .set("database", "engineVersion", "8.0.36").set(PARAMETERS, "family", "mysql8.0")
        .set(PARAMETERS, "parameters", [{"name": "require_secure_transport", "value": "ON"}])),
    ("rds-final-snapshot", lambda d: d.set("database", "skipFinalSnapshot", ...)
        .set("database", "finalSnapshotIdentifier", ...)),
    ("log-group-retention", lambda d: d.add("l", "aws:cloudwatch/logGroup:LogGroup", {})),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    force_ssl("1"),
    lambda d: d.set(PARAMETERS, "parameters", []),
    lambda d: d.set("database", "parameterGroupName", ...),
    lambda d: d.set("database", "parameterGroupName", "default.postgres18"),
    lambda d: d.set("database", "engineVersion", ...).set("database", "parameterGroupName", ...),
    lambda d: d.set("database", "engineVersion", "14.12").set(PARAMETERS, "family", "postgres14"),
    lambda d: d.set("database", "caCertIdentifier", "rds-ca-rsa2048-g1"),
    lambda d: d.set("database", "port", 5432.0).set("database", "engine", "mysql")
        .set("database", "enabledCloudwatchLogsExports", ["error"])
        .set("database", "engineVersion", "8.4.3").set(PARAMETERS, "family", "mysql8.4")
        .set(PARAMETERS, "parameters", [{"name": "require_secure_transport", "value": "1"}]),
    lambda d: d.set("database", "replicateSourceDb", "primary")
        .set("database", "finalSnapshotIdentifier", ...).set("database", "copyTagsToSnapshot", ...)
        .set("database", "enabledCloudwatchLogsExports", ...),
    subscribed,
    lambda d: d.add("l", "aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 7.0}),
]  # fmt: skip


@pytest.mark.parametrize("version", ["8.4.3", ...])
def test_an_engine_that_does_not_require_tls_is_undecided(version):
    properties = {"engine": "mysql", "engineVersion": version, "identifier": "other"}
    given = {name: value for name, value in properties.items() if value is not ...}
    (found,) = violations(Draft().add("other", DATABASE, given), "rds-tls-required")
    assert found.undecided
    assert "require_secure_transport" in found.remedy


def test_the_path_leads_to_the_parameter_group():
    (found,) = violations(force_ssl("0")(Draft()), "rds-tls-required")
    assert found.path[0].startswith('database "')
    assert found.path[1].startswith('parameter group "')


def test_an_expired_authority_has_a_remedy_of_its_own():
    draft = Draft().set("database", "caCertIdentifier", "rds-ca-2019")
    (found,) = violations(draft, "rds-supported-engine")
    assert "rds-ca-rsa2048-g1" in found.remedy
