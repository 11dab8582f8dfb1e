"""The RDS instance."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


# A change and the one rule that it breaks.
BREAKS = [
    ("rds-minor-upgrade", lambda d: d.set("database", "autoMinorVersionUpgrade", False)),
    ("rds-minor-upgrade", lambda d: d.set("database", "autoMinorVersionUpgrade", UNKNOWN)),
    ("rds-multi-az", lambda d: d.set("database", "multiAz", UNKNOWN)),
    ("rds-multi-az", lambda d: d.set("database", "multiAz", False)),
    ("rds-deletion-protection", lambda d: d.set("database", "deletionProtection", ...)),
    ("rds-encrypted", lambda d: d.set("database", "storageEncrypted", ...)),
    ("rds-encrypted", lambda d: d.set("database", "storageEncrypted", UNKNOWN)),
    ("rds-not-public", lambda d: d.set("database", "publiclyAccessible", True)),
    ("rds-not-public", lambda d: d.set("database", "publiclyAccessible", UNKNOWN)),
    ("rds-backups", lambda d: d.set("database", "backupRetentionPeriod", 1.0)),
    ("rds-backups", lambda d: d.set("database", "backupRetentionPeriod", ...)),
    ("rds-backups", lambda d: d.set("database", "backupRetentionPeriod", UNKNOWN)),
    ("rds-managed-master-password", lambda d: d.set("database", "password", "s3cret-word")),
    ("rds-managed-master-password", lambda d: d.set("database", "password", UNKNOWN)),
    ("rds-managed-master-password", lambda d: d.set("database", "manageMasterUserPassword", ...)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("database", "autoMinorVersionUpgrade", True),
    lambda d: d.set("database", "multiAz", ...).set("database", "backupRetentionPeriod", ...)
        .set("database", "manageMasterUserPassword", ...).set("database", "storageEncrypted", ...)
        .set("database", "replicateSourceDb", "primary"),
]  # fmt: skip


def test_a_password_never_gets_into_a_message():
    (found,) = violations(
        Draft().set("database", "password", "s3cret-word"), "rds-managed-master-password"
    )
    assert "s3cret-word" not in found.what
