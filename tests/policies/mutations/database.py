"""What breaks the rules about the database."""

from __future__ import annotations

from tests.policies.mutations.registry import (
    ADVISORY,
    BREAKS,
    KEEPS,
    MANDATORY,
    breaks,
    decides,
)

decides("rds-multi-az", "database", "multiAz", absent=BREAKS, unknown=BREAKS)
decides("rds-deletion-protection", "database", "deletionProtection", absent=BREAKS, unknown=BREAKS)
decides("rds-encrypted", "database", "storageEncrypted", absent=BREAKS, unknown=BREAKS)
decides("rds-not-public", "database", "publiclyAccessible", absent=KEEPS, unknown=BREAKS)
decides("rds-backups", "database", "backupRetentionPeriod", absent=BREAKS, unknown=BREAKS)
decides(
    "rds-managed-master-password",
    "database",
    "manageMasterUserPassword",
    absent=BREAKS,
    unknown=BREAKS,
)
decides("rds-minor-upgrade", "database", "autoMinorVersionUpgrade", absent=KEEPS, unknown=BREAKS)


@breaks("rds-multi-az", ADVISORY, production=MANDATORY)
def one_database(stack):
    stack.set("database", "multiAz", False)


@breaks("rds-deletion-protection", ADVISORY, production=MANDATORY)
def database_not_protected(stack):
    stack.set("database", "deletionProtection", ...)


@breaks("rds-encrypted")
def unencrypted_database(stack):
    stack.set("database", "storageEncrypted", ...)


@breaks("rds-not-public")
def public_database(stack):
    stack.set("database", "publiclyAccessible", True)


@breaks("rds-backups")
def no_backups(stack):
    stack.set("database", "backupRetentionPeriod", ...)


@breaks("rds-managed-master-password")
def password_in_the_program(stack):
    stack.set("database", "manageMasterUserPassword", ...)
    stack.set("database", "password", "hunter2-in-the-clear")


@breaks("rds-minor-upgrade", ADVISORY)
def no_minor_upgrades(stack):
    stack.set("database", "autoMinorVersionUpgrade", False)
