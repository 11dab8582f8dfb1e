"""Clusters, caches and file systems."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, Ref, broken, violations
from tests.policies.mutations.data_stores import INSTANCE, sound_cache, sound_cluster, sound_files
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

NODES = "aws:elasticache/cluster:Cluster"
TARGET = "aws:efs/mountTarget:MountTarget"


def of(add, **changes):
    """A change that adds a store."""

    def change(draft):
        add(draft, **changes)
        return draft

    return change


def nodes(**changes):
    properties = {"engine": "memcached", "transitEncryptionEnabled": True, **changes}
    return lambda d: d.add("nodes", NODES, properties)


def mounted(*subnets):
    def change(draft):
        sound_files(draft)
        for number, subnet in enumerate(subnets):
            draft.add(f"m{number}", TARGET, {"fileSystemId": Ref("files"), "subnetId": subnet})
        return draft

    return change


# A change and the one rule that it breaks.
BREAKS = [
    ("data-store-multi-az", of(sound_cluster, instances=0)),
    ("data-store-multi-az", nodes()),
    ("data-store-multi-az", nodes(numCacheNodes=1.0)),
    ("data-store-spread", of(sound_cache, multiAzEnabled=...)),
    ("data-store-spread", of(sound_cache, multiAzEnabled=UNKNOWN)),
    ("data-store-spread", nodes(numCacheNodes=2.0)),
    ("data-store-spread", mounted("subnet-1", "subnet-2")),
    ("data-store-encrypted", of(sound_cluster, storageEncrypted=UNKNOWN)),
    ("data-store-encrypted", of(sound_files, encrypted=...)),
    ("data-store-encrypted-in-transit", nodes(azMode="cross-az", numCacheNodes=2.0,
        transitEncryptionEnabled=False)),
    ("data-store-backups", of(sound_cluster, backupRetentionPeriod=3.0)),
    ("rds-managed-master-password", of(sound_cluster, manageMasterUserPassword=...)),
    ("rds-managed-master-password", of(sound_cluster, masterPassword="s3cret-word")),
    ("rds-logs-exported", of(sound_cluster, enabledCloudwatchLogsExports=...)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    of(sound_cluster),
    of(sound_cluster, instances=3),
    of(sound_cluster, instance={"instanceClass": "db.serverless"},
       serverlessv2ScalingConfiguration={"minCapacity": 0.5, "maxCapacity": 4.0}),
    of(sound_cluster, instances=0, engine="postgres", engineVersion="17.4",
       dbClusterInstanceClass="db.m6gd.large"),
    of(sound_cluster, snapshotIdentifier="from-march", manageMasterUserPassword=...,
       storageEncrypted=..., backupRetentionPeriod=...),
    of(sound_cluster, instance={"publiclyAccessible": False}),
    of(sound_cache),
    of(sound_cache, engine="valkey", atRestEncryptionEnabled=...),
    of(sound_cache, numCacheClusters=..., numNodeGroups=2.0, replicasPerNodeGroup=1.0),
    of(sound_files),
    nodes(azMode="cross-az", numCacheNodes=2.0),
    of(sound_cache, numCacheClusters=UNKNOWN),
    nodes(replicationGroupId="cache"),
    lambda d: d.add("s", "aws:elasticache/serverlessCache:ServerlessCache", {"engine": "valkey"}),
]  # fmt: skip


def test_a_mount_target_in_each_zone_is_enough():
    draft = mounted(Ref("subnet-a"), Ref("subnet-b"))(Draft())
    assert not violations(draft, "data-store-spread")
    # They get the default group of the VPC, as they are given none.
    assert {one.resource.name for one in violations(draft, "data-store-reachable")}


def test_a_path_names_the_instances():
    draft = of(sound_cluster, instances=1)(Draft())
    (found,) = violations(draft, "data-store-multi-az")
    assert found.path == ('Aurora cluster "aurora"', 'instance "aurora-0"')


def test_an_instance_of_another_cluster_does_not_count():
    draft = of(sound_cluster, instances=1)(Draft())
    draft.add("foreign", INSTANCE, {"clusterIdentifier": "somebody-elses"})
    assert violations(draft, "data-store-multi-az")


def test_what_is_not_known_is_undecided():
    draft = of(sound_cache, transitEncryptionEnabled=UNKNOWN)(Draft())
    (found,) = violations(draft, "data-store-encrypted-in-transit")
    assert found.undecided
    assert found.remedy


def test_a_cluster_of_the_first_serverless_fails_over_by_itself():
    """AWS makes no new one; a saved state may still hold one."""
    change = of(sound_cluster, instances=0, engineMode="serverless", storageEncrypted=...)
    assert broken(change(Draft())) == {"rds-accepted"}
