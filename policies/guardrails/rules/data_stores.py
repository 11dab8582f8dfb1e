"""Rules that hold Aurora, DocumentDB, Neptune, ElastiCache, EFS and DynamoDB to what RDS keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from guardrails import tokens
from guardrails.architecture.answers import Answer, sentence
from guardrails.architecture.data_stores import Cache, Cluster, DataStore
from guardrails.architecture.snapshots import copies_something
from guardrails.architecture.stores import DataStores
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack

_UNKNOWN = (
    "A switch that the program leaves out is its documented default. One that it sets to what the "
    "preview does not know is undecided."
)


def _asks(
    question: Callable[[DataStore], Answer | None], consequence: str
) -> Callable[[Stack, Settings], Iterator[Violation]]:
    """Build the check that asks every store one question; `consequence` follows the reason of a no."""

    def check(stack: Stack, _: Settings) -> Iterator[Violation]:
        for store in stack.derived(DataStores).stores:
            answer = question(store)
            if answer is not None and not answer.is_yes:
                yield _violation(store, answer, consequence)

    return check


def _violation(store: DataStore, answer: Answer, consequence: str) -> Violation:
    reason = sentence(answer.reason)
    ending = "" if answer.is_undecided else consequence
    path = answer.path if len(answer.path) > 1 else ()
    if answer.is_undecided:
        return Violation(
            f"{answer.reason}.", store.resource, path, remedy=answer.remedy, undecided=True
        )
    return Violation(f"{reason}{ending}.", store.resource, path, remedy=answer.remedy)


MULTI_AZ = StackRule(
    id="data-store-multi-az",
    title="Every cluster, cache, search domain and broker has a second instance or node",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    # As for rds-multi-az: a second instance doubles the price.
    level=Level.ADVISORY,
    production=Level.MANDATORY,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("RDS_CLUSTER_MULTI_AZ_ENABLED",),
        "Security Hub": ("RDS.15",),
        "Prowler": ("rds_cluster_multi_az",),
        "Trusted Advisor": (
            "Amazon DocumentDB Single AZ Clusters",
            "Amazon RDS DB clusters have one DB instance",
            "Amazon OpenSearch Service domains with less than three data nodes",
        ),
        "Well-Architected": ("REL10-BP01", "REL11-BP02"),
    },
    url="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html",
    remedy="run a second instance or replica in another Availability Zone.",
    steps=(
        "Aurora: two aws.rds.ClusterInstance resources, without availability_zone.",
        "ElastiCache: num_cache_clusters=2, automatic_failover_enabled=True, multi_az_enabled=True.",
    ),
    unknown=_UNKNOWN,
    check=_asks(lambda store: store.has_a_second(), ""),
)

SPREAD = StackRule(
    id="data-store-spread",
    title="Clusters, caches and file systems span several zones and fail over",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("ELASTICACHE_REPL_GRP_AUTO_FAILOVER_ENABLED",),
        "Security Hub": ("ElastiCache.3",),
        "Prowler": (
            "elasticache_redis_cluster_multi_az_enabled",
            "elasticache_redis_cluster_automatic_failover_enabled",
        ),
        "Trusted Advisor": (
            "Amazon EFS no mount target redundancy",
            "Amazon ElastiCache Multi-AZ clusters",
            "Amazon MemoryDB Multi-AZ clusters",
            "Amazon MSK Cluster Multi-AZ",
            "Amazon RDS DB clusters with all instances in the same Availability Zone",
        ),
        "Well-Architected": ("REL10-BP01", "REL11-BP02"),
    },
    url="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html",
    remedy="place instances, nodes and mount targets in several zones, and let the service fail over.",
    steps=(
        "Aurora: leave availability_zone of the instances out, or set different ones.",
        "ElastiCache: automatic_failover_enabled=True and multi_az_enabled=True.",
        "EFS: no availability_zone_name, and a mount target per zone.",
    ),
    unknown=_UNKNOWN,
    check=_asks(lambda store: store.is_spread(), ": it does not survive the loss of a zone"),
)

ENCRYPTED = StackRule(
    id="data-store-encrypted",
    title="Every cluster, cache, file system, search domain and queue is encrypted",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={
        "AWS Config": (
            "RDS_CLUSTER_ENCRYPTED_AT_REST",
            "ELASTICACHE_REPL_GRP_ENCRYPTED_AT_REST",
            "EFS_ENCRYPTED_CHECK",
        ),
        "Security Hub": (
            "RDS.27",
            "ElastiCache.4",
            "EFS.1",
            "DocumentDB.1",
            "Neptune.1",
            "Opensearch.1",
            "Redshift.10",
            "DynamoDB.3",
            "SQS.1",
        ),
        "Control Tower": (
            "CT.RDS.PR.16",
            "CT.ELASTICFILESYSYSTEM.PR.1",
            "CT.DAX.PR.1",
            "CT.SQS.PR.2",
        ),
        "Checkov": (
            "CKV_AWS_96",
            "CKV_AWS_29",
            "CKV_AWS_42",
            "CKV_AWS_74",
            "CKV_AWS_44",
            "CKV_AWS_64",
            "CKV_AWS_47",
            "CKV_AWS_27",
        ),
        "Prowler": (
            "rds_cluster_storage_encrypted",
            "elasticache_redis_cluster_rest_encryption_enabled",
            "efs_encryption_at_rest_enabled",
            "dynamodb_accelerator_cluster_encryption_enabled",
            "opensearch_service_domains_encryption_at_rest_enabled",
        ),
        "Well-Architected": ("SEC08-BP02",),
    },
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html",
    remedy=(
        "set storage_encrypted (cluster), at_rest_encryption_enabled (cache) or encrypted (file "
        "system) to true."
    ),
    steps=("Set the switch; one that exists has to be replaced, from a snapshot or a backup.",),
    unknown=_UNKNOWN,
    check=_asks(lambda store: store.is_encrypted(), ": it stores data unencrypted"),
)

IN_TRANSIT = StackRule(
    id="data-store-encrypted-in-transit",
    title="Every cache, proxy, search domain and Kafka cluster accepts encrypted connections only",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    controls={
        "AWS Config": ("ELASTICACHE_REPL_GRP_ENCRYPTED_IN_TRANSIT",),
        "Security Hub": ("ElastiCache.5", "MSK.1"),
        "Checkov": ("CKV_AWS_30", "CKV_AWS_81"),
        "Prowler": (
            "elasticache_redis_cluster_in_transit_encryption_enabled",
            "kafka_cluster_in_transit_encryption_enabled",
        ),
        "Well-Architected": ("SEC09-BP02",),
    },
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/elasticache-controls.html",
    remedy="set transit_encryption_enabled to true, and connect by TLS.",
    steps=(
        "Set transit_encryption_enabled=True.",
        'On a cache in use, go by transit_encryption_mode="preferred" first.',
    ),
    unknown=_UNKNOWN,
    check=_asks(
        lambda store: store.encrypts_connections(),
        ": sessions and data cross the network in the clear",
    ),
)

NOT_PUBLIC = StackRule(
    id="data-store-not-public",
    title="No cluster and no message broker has a public address",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "Security Hub": ("Redshift.1",),
        "Control Tower": ("CT.REDSHIFT.PR.1",),
        "Checkov": ("CKV_AWS_87", "CKV_AWS_291"),
        "Prowler": ("kafka_cluster_is_public",),
        "Well-Architected": ("SEC05-BP01",),
    },
    url="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
    remedy="set publicly_accessible of every instance of the cluster to false.",
    steps=("Remove publicly_accessible: the default is false.",),
    unknown="An unknown switch counts as public; an absent one is the documented default, false.",
    check=_asks(lambda store: store.is_private(), ": the internet can reach it"),
)

DELETION_PROTECTION = StackRule(
    id="data-store-deletion-protection",
    title="No cluster and no table can be deleted by mistake",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # as rds-deletion-protection
    production=Level.MANDATORY,
    controls={
        "AWS Config": ("RDS_CLUSTER_DELETION_PROTECTION_ENABLED",),
        "Security Hub": ("RDS.7", "DocumentDB.5", "Neptune.4", "DynamoDB.6"),
        "Control Tower": ("CT.RDS.PR.3",),
        "Checkov": ("CKV_AWS_139",),
        "Prowler": (
            "rds_cluster_deletion_protection",
            "dynamodb_table_deletion_protection_enabled",
        ),
        "Well-Architected": ("REL09-BP01",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/rds-cluster-deletion-protection-enabled.html",
    remedy="set deletion_protection to true.",
    steps=("Set deletion_protection=True; switch it off before a destroy.",),
    unknown=_UNKNOWN,
    check=_asks(lambda store: store.resists_deletion(), ": one command deletes it"),
)


def _copies(stack: Stack) -> Iterator[Violation]:
    for policy in stack.of(tokens.SNAPSHOT_LIFECYCLE):
        answer = copies_something(stack, policy)
        if not answer.is_yes:
            what = (
                f'Snapshot policy "{policy.name}" copies nothing: {answer.reason}.'
                if answer.is_no
                else f'whether snapshot policy "{policy.name}" copies something is not known: '
                f"{answer.reason}."
            )
            yield Violation(what, policy, answer.path, answer.remedy, undecided=answer.is_undecided)


def _backups(stack: Stack, settings: Settings) -> Iterator[Violation]:
    yield from _copies(stack)
    minimum = settings.integer("minimumDays")
    for store in stack.derived(DataStores).stores:
        kept = None if isinstance(store, Cache) else store.backup_days()
        refused = isinstance(store, Cluster) and store.resource.get("backupRetentionPeriod") == 0
        if kept is not None and kept[0] < minimum and not refused:  # rds-accepted reports it
            consequence = f"; at least {minimum} day(s) are required"
            yield _violation(store, kept[1], consequence)


BACKUPS = StackRule(
    id="data-store-backups",
    title="Every cluster, file system and table is backed up, and a snapshot policy copies something",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("EFS_IN_BACKUP_PLAN", "DYNAMODB_PITR_ENABLED"),
        "Security Hub": ("EFS.2", "DocumentDB.2", "Neptune.5", "DynamoDB.2"),
        "Control Tower": ("CT.ELASTICFILESYSYSTEM.PR.2", "CT.DYNAMODB.PR.1"),
        "Checkov": ("CKV_AWS_28",),
        "Prowler": ("efs_have_backup_enabled", "dynamodb_tables_pitr_enabled"),
        "Trusted Advisor": (
            "Amazon DynamoDB Point-in-time Recovery",
            "Amazon EFS not in AWS Backup plan",
        ),
        "Well-Architected": ("REL09-BP03",),
    },
    url="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.Backups.html",
    remedy=(
        "set backup_retention_period of a cluster to 7 or more; give a file system an "
        "aws.efs.BackupPolicy with status ENABLED, and a table point_in_time_recovery."
    ),
    steps=(
        "Set backup_retention_period of the cluster: the default is one day.",
        "Create an aws.efs.BackupPolicy, or select the file system in an aws.backup.Plan.",
        'DynamoDB: point_in_time_recovery={"enabled": True}, or an aws.backup.Selection.',
        "Give volumes or instances the very tag of target_tags in an aws.dlm.LifecyclePolicy.",
    ),
    unknown=(
        "An unknown retention counts as none. Whether an aws.backup.Selection of the stack selects a "
        "file system or table is read from its tags and ARNs; where these are not known, it counts as "
        "selected. A snapshot policy for a tag that nothing here has is undecided, unless something nearly "
        "has it."
    ),
    parameters={
        "minimumDays": {
            "type": "integer",
            "minimum": 1,
            "maximum": 35,
            "default": 7,
            "description": "Days for which backups have to be kept.",
        }
    },
    check=_backups,
)


def _snapshots(stack: Stack, _: Settings) -> Iterator[Violation]:
    for store in stack.derived(DataStores).stores:
        kept = store.backup_days() if isinstance(store, Cache) else None
        if kept is not None and kept[0] < 1:
            yield _violation(store, kept[1], ": what only the cache holds cannot be restored")


SNAPSHOTS = StackRule(
    id="cache-snapshots",
    title="A cache takes snapshots, unless it only holds copies",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # many caches hold nothing that is not elsewhere
    controls={
        "AWS Config": ("ELASTICACHE_REDIS_CLUSTER_AUTOMATIC_BACKUP_CHECK",),
        "Security Hub": ("ElastiCache.1",),
        "Checkov": ("CKV_AWS_134",),
        "Prowler": ("elasticache_redis_cluster_backup_enabled",),
        "Trusted Advisor": ("ElastiCache (Redis OSS) Clusters Automatic Backup",),
        "Well-Architected": ("REL09-BP03",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/elasticache-redis-cluster-automatic-backup-check.html",
    remedy="set snapshot_retention_limit to 1 or more, or accept it with an exception.",
    steps=("Set snapshot_retention_limit=7 where sessions or queues live in the cache.",),
    unknown="An unknown limit counts as 0.",
    check=_snapshots,
)

RULES = (
    MULTI_AZ,
    SPREAD,
    ENCRYPTED,
    IN_TRANSIT,
    NOT_PUBLIC,
    BACKUPS,
    SNAPSHOTS,
    DELETION_PROTECTION,
)
