"""What breaks the rules about clusters, caches and file systems."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import (
    ADVISORY,
    BREAKS,
    KEEPS,
    MANDATORY,
    breaks,
    decides,
)

CLUSTER = "aws:rds/cluster:Cluster"
INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
EVENTS = "aws:rds/eventSubscription:EventSubscription"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
FILES = "aws:efs/fileSystem:FileSystem"
BACKUP = "aws:efs/backupPolicy:BackupPolicy"


def sound_cluster(stack, instances=2, instance=None, **changes):
    """Add an Aurora cluster that keeps every rule, with these changes; `...` leaves one out."""
    properties = {
        "engine": "aurora-postgresql",
        "engineVersion": "17.5",
        "masterUsername": "app_admin",
        "manageMasterUserPassword": True,
        "storageEncrypted": True,
        "backupRetentionPeriod": 7,
        "deletionProtection": True,
        "enabledCloudwatchLogsExports": ["postgresql"],
        "finalSnapshotIdentifier": "aurora-final",
        **changes,
    }
    stack.add("aurora", CLUSTER, {k: v for k, v in properties.items() if v is not ...})
    topic = "arn:aws:sns:ap-northeast-2:123456789012:on-call"
    stack.add("events", EVENTS, {"snsTopic": topic, "sourceType": "db-cluster"})
    for number in range(instances):
        stack.add(
            f"aurora-{number}",
            INSTANCE,
            {
                "clusterIdentifier": Ref("aurora"),
                "engine": "aurora-postgresql",
                "instanceClass": "db.t4g.medium",
                **(instance or {}),
            },
        )


def sound_cache(stack, **changes):
    """Add a cache that keeps every rule, with these changes; `...` leaves one out."""
    properties = {
        "description": "Sessions",
        "engine": "redis",
        "nodeType": "cache.t4g.micro",
        "numCacheClusters": 2,
        "automaticFailoverEnabled": True,
        "multiAzEnabled": True,
        "atRestEncryptionEnabled": True,
        "transitEncryptionEnabled": True,
        "snapshotRetentionLimit": 7,
        **changes,
    }
    stack.add("cache", CACHE, {k: v for k, v in properties.items() if v is not ...})


def sound_files(stack, backed_up=True, **changes):
    """Add a file system that keeps every rule, with these changes; `...` leaves one out."""
    properties = {"encrypted": True, **changes}
    stack.add("files", FILES, {k: v for k, v in properties.items() if v is not ...})
    if backed_up:
        policy = {"fileSystemId": Ref("files"), "backupPolicy": {"status": "ENABLED"}}
        stack.add("files-backup", BACKUP, policy)


def sound_table(stack, **changes):
    """Add a table that keeps every rule, with these changes; `...` leaves one out."""
    properties = {
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": "id",
        "attributes": [{"name": "id", "type": "S"}],
        "pointInTimeRecovery": {"enabled": True},
        "deletionProtectionEnabled": True,
        **changes,
    }
    table = {k: v for k, v in properties.items() if v is not ...}
    stack.add("table", "aws:dynamodb/table:Table", table)


def _mounted(stack, *subnets):
    """Mount the file system in subnets, where the instances reach it."""
    opening = {"protocol": "tcp", "fromPort": 2049, "toPort": 2049}
    ingress = [{**opening, "securityGroups": [Ref("instances-group")]}]
    group = {"vpcId": Ref("vpc"), "description": "Files", "ingress": ingress}
    stack.add("files-group", "aws:ec2/securityGroup:SecurityGroup", group)
    stack.add(
        "to-files",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {
            "securityGroupId": Ref("instances-group"),
            "referencedSecurityGroupId": Ref("files-group"),
            "ipProtocol": "tcp",
            "fromPort": 2049,
            "toPort": 2049,
        },
    )
    for number, subnet in enumerate(subnets):
        stack.add(
            f"mount-{number}",
            "aws:efs/mountTarget:MountTarget",
            {
                "fileSystemId": Ref("files"),
                "subnetId": Ref(subnet),
                "securityGroups": [Ref("files-group")],
            },
        )


decides(
    "data-store-multi-az", "cache", "numCacheClusters", absent=BREAKS, unknown=KEEPS,
    given=sound_cache,
)  # fmt: skip
decides(
    "data-store-spread", "cache", "multiAzEnabled", absent=BREAKS, unknown=BREAKS,
    given=sound_cache,
)  # fmt: skip
decides(
    "data-store-encrypted", "aurora", "storageEncrypted", absent=BREAKS, unknown=BREAKS,
    given=sound_cluster,
)  # fmt: skip
decides(
    "data-store-encrypted-in-transit", "cache", "transitEncryptionEnabled", absent=BREAKS,
    unknown=BREAKS, given=sound_cache,
)  # fmt: skip
decides(
    "data-store-not-public", "aurora-0", "publiclyAccessible", absent=KEEPS, unknown=BREAKS,
    given=sound_cluster,
)  # fmt: skip
decides(
    "data-store-backups", "aurora", "backupRetentionPeriod", absent=BREAKS, unknown=BREAKS,
    given=sound_cluster,
)  # fmt: skip
decides(
    "cache-snapshots", "cache", "snapshotRetentionLimit", absent=BREAKS, unknown=BREAKS,
    given=sound_cache,
)  # fmt: skip
decides(
    "data-store-deletion-protection", "aurora", "deletionProtection", absent=BREAKS,
    unknown=BREAKS, given=sound_cluster,
)  # fmt: skip


@breaks("data-store-multi-az", ADVISORY, production=MANDATORY)
def cluster_of_one_instance(stack):
    sound_cluster(stack, instances=1)


@breaks("data-store-spread")
def cluster_in_one_zone(stack):
    sound_cluster(stack, instance={"availabilityZone": "ap-northeast-2a"})


@breaks("data-store-multi-az", ADVISORY, production=MANDATORY)
def cache_of_one_node(stack):
    sound_cache(stack, numCacheClusters=1, automaticFailoverEnabled=..., multiAzEnabled=...)


@breaks("data-store-spread")
def cache_without_failover(stack):
    sound_cache(stack, automaticFailoverEnabled=False)


@breaks("data-store-spread")
def files_in_one_zone(stack):
    sound_files(stack, availabilityZoneName="ap-northeast-2a")


@breaks("data-store-spread")
def files_mounted_in_one_zone(stack):
    sound_files(stack)
    _mounted(stack, "subnet-a")


@breaks("data-store-encrypted")
def unencrypted_cluster(stack):
    sound_cluster(stack, storageEncrypted=...)


@breaks("data-store-encrypted")
def unencrypted_cache(stack):
    sound_cache(stack, atRestEncryptionEnabled=...)


@breaks("data-store-encrypted")
def unencrypted_files(stack):
    sound_files(stack, encrypted=False)


@breaks("data-store-encrypted-in-transit")
def cache_in_the_clear(stack):
    sound_cache(stack, transitEncryptionEnabled=False)


@breaks("data-store-not-public")
def public_cluster(stack):
    sound_cluster(stack, instance={"publiclyAccessible": True})


@breaks("data-store-backups")
def cluster_backed_up_for_a_day(stack):
    sound_cluster(stack, backupRetentionPeriod=...)


@breaks("data-store-backups")
def files_without_backup(stack):
    sound_files(stack, backed_up=False)


@breaks("cache-snapshots", ADVISORY)
def cache_without_snapshots(stack):
    sound_cache(stack, snapshotRetentionLimit=...)


@breaks("data-store-deletion-protection", ADVISORY, production=MANDATORY)
def cluster_not_protected(stack):
    sound_cluster(stack, deletionProtection=False)


@breaks("data-store-spread")
def shards_without_replicas(stack):
    sound_cache(stack, numCacheClusters=..., numNodeGroups=2, replicasPerNodeGroup=0)


@breaks("data-store-backups")
def table_without_recovery(stack):
    sound_table(stack, pointInTimeRecovery=...)


@breaks("data-store-backups")
def table_recoverable_for_a_day(stack):
    sound_table(stack, pointInTimeRecovery={"enabled": True, "recoveryPeriodInDays": 1})


@breaks("data-store-deletion-protection", ADVISORY, production=MANDATORY)
def table_not_protected(stack):
    sound_table(stack, deletionProtectionEnabled=...)


@breaks("data-store-backups")
def snapshots_of_a_tag_in_other_letters(stack):
    stack.add(
        "archive",
        "aws:ebs/volume:Volume",
        {
            "availabilityZone": "ap-northeast-2a",
            "size": 10,
            "encrypted": True,
            "tags": {"backup": "Daily"},
        },
    )
    details = {
        "resourceTypes": ["VOLUME"],
        "targetTags": {"backup": "daily"},
        "schedules": [
            {
                "name": "daily",
                "createRule": {"interval": 24, "intervalUnit": "HOURS"},
                "retainRule": {"count": 14},
            }
        ],
    }
    stack.add(
        "copies",
        "aws:dlm/lifecyclePolicy:LifecyclePolicy",
        {
            "description": "daily",
            "executionRoleArn": "arn:aws:iam::123456789012:role/copies",
            "policyDetails": details,
        },
    )
