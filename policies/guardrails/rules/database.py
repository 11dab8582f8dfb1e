"""Rules about the RDS instance; that about its password also covers clusters."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.property_rules import AtLeast, must_be, property_rule
from guardrails.refusals import label
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent, is_true


def _is_primary(database: Resource) -> bool:
    # A read replica takes storage encryption, credentials and backups from its source.
    return is_absent(database.get("replicateSourceDb"))


MULTI_AZ = property_rule(
    must_be(
        "multiAz",
        True,
        'Database "{name}" runs in a single Availability Zone',
        applies=_is_primary,
    ),
    tokens.DATABASE,
    id="rds-multi-az",
    title="The database has a standby in a second Availability Zone",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    # The experiment compares two stacks on the same small database; a standby doubles its price.
    level=Level.ADVISORY,
    production=Level.MANDATORY,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("RDS_MULTI_AZ_SUPPORT",),
        "Security Hub": ("RDS.5",),
        "Control Tower": ("CT.RDS.PR.1",),
        "Checkov": ("CKV_AWS_157",),
        "Prowler": ("rds_instance_multi_az",),
        "Trusted Advisor": ("Amazon RDS Multi-AZ",),
        "Well-Architected": ("REL10-BP01", "REL11-BP02"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/rds-multi-az-support.html",
    remedy="set multi_az to true.",
    steps=("Set multi_az=True; the standby doubles the price of instance and storage.",),
    unknown=(
        "An unknown switch is a violation: the provider leaves it unknown exactly where the "
        "program does not set it."
    ),
)


def _what_is_left(database: Resource) -> str:
    """Say what a deletion leaves of the data, and who can delete despite Pulumi's protection."""
    said: list[str] = []
    if is_true(database.get("skipFinalSnapshot")) and _is_primary(database):
        kept = database.get("deleteAutomatedBackups")
        backups = "automated backups are kept" if kept is False else "its automated backups go too"
        said.append(
            f"A deletion leaves no final snapshot (skip_final_snapshot is true); {backups}."
        )
    if database.options.protected:
        said.append("protect keeps it from Pulumi only, not from the console or another program.")
    return " ".join(said)


DELETION_PROTECTION = property_rule(
    must_be(
        "deletionProtection",
        True,
        'Database "{name}" can be deleted by mistake',
        detail=_what_is_left,
    ),
    tokens.DATABASE,
    id="rds-deletion-protection",
    title="The database cannot be deleted by mistake",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # a rehearsal is torn down after every run
    production=Level.MANDATORY,
    controls={
        "AWS Config": ("RDS_INSTANCE_DELETION_PROTECTION_ENABLED",),
        "Security Hub": ("RDS.8",),
        "Control Tower": ("CT.RDS.PR.13",),
        "Checkov": ("CKV_AWS_293",),
        "Prowler": ("rds_instance_deletion_protection",),
        "Well-Architected": ("REL09-BP01",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/rds-instance-deletion-protection-enabled.html",
    remedy="set deletion_protection to true, in haproof by the setting haproof:protect.",
    steps=("Set deletion_protection=True; switch it off before a destroy.",),
)

ENCRYPTED = property_rule(
    must_be(
        "storageEncrypted", True, 'Database "{name}" stores data unencrypted', applies=_is_primary
    ),
    tokens.DATABASE,
    id="rds-encrypted",
    title="The database's storage is encrypted",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("RDS_STORAGE_ENCRYPTED",),
        "Security Hub": ("RDS.3",),
        "Control Tower": ("CT.RDS.PR.24",),
        "Checkov": ("CKV_AWS_16",),
        "Prowler": ("rds_instance_storage_encrypted",),
        "Well-Architected": ("SEC08-BP02", "REL09-BP02"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/rds-storage-encrypted.html",
    remedy="set storage_encrypted to true.",
    steps=("Set storage_encrypted=True; an existing database has to be replaced for that.",),
)

NOT_PUBLIC = property_rule(
    must_be(
        "publiclyAccessible", False, 'Database "{name}" has a public address', default="not public"
    ),
    tokens.DATABASE,
    id="rds-not-public",
    title="The database has no public address",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "AWS Config": ("RDS_INSTANCE_PUBLIC_ACCESS_CHECK",),
        "Security Hub": ("RDS.2",),
        "Control Tower": ("CT.RDS.PR.23",),
        "Checkov": ("CKV_AWS_17",),
        "Prowler": ("rds_instance_no_public_access",),
        "Well-Architected": ("SEC05-BP01", "SEC03-BP07"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/rds-instance-public-access-check.html",
    remedy="set publicly_accessible to false and reach the database from inside the VPC.",
    steps=("Set publicly_accessible=False.", "Use subnets without a route to the internet."),
)

BACKUPS = property_rule(
    must_be(
        "backupRetentionPeriod",
        AtLeast("minimumDays", " day(s)"),
        'Database "{name}" does not keep its backups long enough',
        applies=_is_primary,
    ),
    tokens.DATABASE,
    id="rds-backups",
    title="The database is backed up",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("DB_INSTANCE_BACKUP_ENABLED",),
        "Security Hub": ("RDS.11",),
        "Control Tower": ("CT.RDS.PR.8",),
        "Checkov": ("CKV_AWS_133",),
        "Prowler": ("rds_instance_backup_enabled",),
        "Trusted Advisor": ("Amazon RDS Backups",),
        "Well-Architected": ("REL09-BP03",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/db-instance-backup-enabled.html",
    remedy="set backup_retention_period to at least the required number of days.",
    steps=("Set backup_retention_period; the provider's default of 0 disables backups.",),
    parameters={
        "minimumDays": {
            "type": "integer",
            "minimum": 1,
            "maximum": 35,
            "default": 7,
            "description": "Days for which automatic backups have to be kept.",
        }
    },
)


_PASSWORDS = ("password", "passwordWo", "masterPassword", "masterPasswordWo")
_COPIED_FROM = ("snapshotIdentifier", "replicationSourceIdentifier", "globalClusterIdentifier")


_WITHOUT_PASSWORD = ("aws:neptune/cluster:Cluster",)
"""Neptune has no master user: it authenticates by IAM."""


def _switch_of(database: Resource) -> str:
    redshift = database.type in tokens.WAREHOUSE
    return "manageMasterPassword" if redshift else "manageMasterUserPassword"


def _needs_password(database: Resource) -> bool:
    """Return whether it has a master user whose password nobody manages."""
    # A copy takes its credentials from its source.
    own = _is_primary(database) and all(is_absent(database.get(name)) for name in _COPIED_FROM)
    managed = is_true(database.get(_switch_of(database)))
    return own and not managed and database.type not in _WITHOUT_PASSWORD


def _managed_password(stack: Stack, _: Settings) -> Iterator[Violation]:
    rotated = bool(stack.of(tokens.SECRET_ROTATION))
    for database in stack.of((*tokens.DATABASE, *tokens.DATABASE_CLUSTER, *tokens.WAREHOUSE)):
        # The value itself never gets into a message: it may be the password.
        given = [name for name in _PASSWORDS if not is_absent(database.setting(name))]
        if given:
            generators = stack.sources(database, given[0], tokens.RANDOM_PASSWORD)
            value = database.get(given[0])
            if isinstance(value, str) and stack.is_configured(value):
                yield _unchanged(
                    database, "the stack's configuration keeps it secret", "configuration"
                )
            elif not generators:
                yield Violation(
                    f'Database "{database.name}" is given its master password by the program: '
                    f"{label(given[0])} is set, and nothing changes it.",
                    database,
                )
            elif not rotated:
                source = generators[0].name
                yield _unchanged(database, f'"{source}" generates it', f'RandomPassword "{source}"')
        elif _needs_password(database):
            switch = _switch_of(database)
            yield Violation(
                f'Database "{database.name}" has no managed master password: '
                f"{label(switch)} is {database.shown(switch)}.",
                database,
            )


def _unchanged(database: Resource, whence: str, step: str) -> Violation:
    return Violation(
        f'whether the master password of database "{database.name}" is ever changed is not known: '
        f"{whence}, and nothing in this stack rotates it.",
        database,
        (step, f'master password of "{database.name}"'),
        remedy=(
            "set manage_master_user_password to true and remove the password, or create an "
            "aws.secretsmanager.SecretRotation for its secret."
        ),
        undecided=True,
    )


MANAGED_PASSWORD = StackRule(
    id="rds-managed-master-password",
    title="The database's master password is stored and rotated by Secrets Manager",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={
        "Security Hub": ("SecretsManager.1",),
        "cfn-guard": ("rds_master_user_password_no_plaintext_password",),
        "Well-Architected": ("SEC02-BP03", "SEC02-BP05"),
    },
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html",
    remedy="set manage_master_user_password to true and remove the password.",
    steps=(
        "Set manage_master_user_password=True and leave out password.",
        "Let the application read the secret at master_user_secrets[0].secret_arn.",
    ),
    unknown=(
        "An unknown password counts as set, an unknown switch as not set. A password from a "
        "RandomPassword, or from the secret configuration, is in no text; whether it is rotated is "
        "undecided without a SecretRotation."
    ),
    check=_managed_password,
)

MINOR_UPGRADE = property_rule(
    must_be(
        "autoMinorVersionUpgrade",
        True,
        'Database "{name}" does not receive security fixes of its engine automatically',
        default="on",
    ),
    tokens.DATABASE,
    id="rds-minor-upgrade",
    title="The database upgrades to new minor versions automatically",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    controls={
        "AWS Config": ("RDS_AUTOMATIC_MINOR_VERSION_UPGRADE_ENABLED",),
        "Security Hub": ("RDS.13",),
        "Control Tower": ("CT.RDS.PR.5",),
        "Checkov": ("CKV_AWS_226",),
        "Well-Architected": ("OPS05-BP05", "SEC06-BP01"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/rds-automatic-minor-version-upgrade-enabled.html",
    remedy="set auto_minor_version_upgrade to true, or leave it out.",
    steps=(
        "Set auto_minor_version_upgrade=True; upgrades are applied in the maintenance window.",
        "Name only the major version in engine_version, so that an upgrade is not drift.",
    ),
)

RULES = (
    MULTI_AZ,
    DELETION_PROTECTION,
    ENCRYPTED,
    NOT_PUBLIC,
    BACKUPS,
    MANAGED_PASSWORD,
    MINOR_UPGRADE,
)
