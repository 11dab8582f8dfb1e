"""What Amazon RDS refuses about names, windows, members, keys and proxies of databases."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.data_stores import engine_name
from guardrails.architecture.network import Network
from guardrails.architecture.store_network import database_subnets
from guardrails.refusals import JointRefusal, alone, sharing
from guardrails.resources import Resource, Stack
from guardrails.values import number, show

_API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/"
_DATABASES, _CLUSTERS = tokens.DATABASE, tokens.DATABASE_CLUSTER
_ALL = (*_DATABASES, *_CLUSTERS)
_CACHES = (*tokens.CACHE_GROUP, *tokens.CACHE_CLUSTER)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAILY = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_WEEKLY = re.compile(r"([a-z]{3}):(\d\d):(\d\d)-([a-z]{3}):(\d\d):(\d\d)")
_DAY, _WEEK = 1440, 10080


def _minutes(start: int, end: int, length: int) -> set[int]:
    """Return the minutes of a window that may go over the end of its day or week."""
    return {minute % length for minute in range(start, end if end > start else end + length)}


def _backup_prop(database: Resource) -> str:
    if database.type in _CACHES:
        return "snapshotWindow"
    return "backupWindow" if database.type in _DATABASES else "preferredBackupWindow"


def _maintenance_prop(database: Resource) -> str:
    own = (*_DATABASES, *_CACHES)
    return "maintenanceWindow" if database.type in own else "preferredMaintenanceWindow"


def backup_window(database: Resource) -> set[int] | None:
    """Return the minutes of the day of the backup window, `None` if it is not known or has another form."""
    daily = _DAILY.fullmatch(str(database.get(_backup_prop(database))))
    if daily is None:
        return None
    start, end = int(daily[1]) * 60 + int(daily[2]), int(daily[3]) * 60 + int(daily[4])
    return _minutes(start, end, _DAY)


def maintenance_window(database: Resource) -> set[int] | None:
    """Return the minutes of the week of the maintenance window, `None` as for the backup window."""
    weekly = _WEEKLY.fullmatch(str(database.get(_maintenance_prop(database))).lower())
    if weekly is None or not {weekly[1], weekly[4]} <= set(_DAYS):
        return None
    first = _DAYS.index(weekly[1]) * _DAY + int(weekly[2]) * 60 + int(weekly[3])
    last = _DAYS.index(weekly[4]) * _DAY + int(weekly[5]) * 60 + int(weekly[6])
    return _minutes(first, last, _WEEK)


def _windows(_: Stack, database: Resource) -> str | None:
    backup, maintenance = backup_window(database), maintenance_window(database)
    if backup and maintenance and any(minute % _DAY in backup for minute in maintenance):
        first, second = _backup_prop(database), _maintenance_prop(database)
        noun = "snapshot" if database.type in _CACHES else "backup"
        return (
            f"the {noun} window {database.get(first)} and the maintenance window "
            f"{str(database.get(second)).lower()} overlap"
        )
    return None


def _database_name(_: Stack, database: Resource) -> str | None:
    prop = "dbName" if database.type in _DATABASES else "databaseName"
    name = database.get(prop)
    pattern = r"[A-Za-z_][A-Za-z0-9_]*" if "postgres" in engine_name(database) else r"[A-Za-z]\w*"
    if isinstance(name, str) and name and re.fullmatch(pattern, name) is None:
        return f"the name of the database is {show(name)}"
    return None


def _insights(_: Stack, database: Resource) -> str | None:
    days = number(database.get("performanceInsightsRetentionPeriod"))
    if not days or days in (7, 731) or (days % 31 == 0 and 31 <= days <= 713):
        return None
    return f"performance_insights_retention_period is {days:g}"


def _member(stack: Stack, instance: Resource) -> Iterator[str]:
    found = stack.references(instance, "clusterIdentifier", _CLUSTERS, ("clusterIdentifier", "id"))
    for cluster in found.resources:
        theirs, own = engine_name(cluster), engine_name(instance)
        if theirs and own and theirs != own:
            yield f'its engine is {own}, that of cluster "{cluster.name}" {theirs}'


def _member_version(stack: Stack, instance: Resource) -> Iterator[str]:
    """Find a member of another version than its cluster: only the cluster's is upgraded."""
    found = stack.references(instance, "clusterIdentifier", _CLUSTERS, ("clusterIdentifier", "id"))
    own = _version(instance)
    for cluster in found.resources:
        theirs = _version(cluster)
        if own and theirs and not _same_version(own, theirs):
            yield f'its engine_version is {own}, that of cluster "{cluster.name}" {theirs}'


def _other_member(stack: Stack, instance: Resource) -> Iterator[str]:
    """Find a member of another version than one before it, where the cluster says none."""
    owners = (_CLUSTERS, ("clusterIdentifier", "id"))
    own = _version(instance)
    for other, cluster in sharing(stack, instance, "clusterIdentifier", owners):
        theirs = _version(other)
        if own and theirs and not _version(cluster) and not _same_version(own, theirs):
            yield f'its engine_version is {own}, that of member "{other.name}" {theirs}'
            return


def _version(store: Resource) -> str | None:
    """Return the engine version that the program sets, `None` where it sets none that is known."""
    given = None if store.left_out("engineVersion") else store.get("engineVersion")
    return given if isinstance(given, str) and given[:1].isdigit() else None


def _same_version(one: str, other: str) -> bool:
    """Return whether two versions may be the same: what ends earlier leaves the rest to AWS."""
    short, long = sorted((one, other), key=len)
    return long == short or long.startswith(f"{short}.")


def _key(stack: Stack, database: Resource) -> Iterator[str]:
    if database.left_out("kmsKeyId"):
        return
    found = stack.references(database, "kmsKeyId", tokens.KMS_KEY, ("arn", "keyId", "id"))
    for key in found.resources:
        if key.get("isEnabled") is False:
            yield f'KMS key "{key.name}" is disabled (is_enabled)'


def _proxy(stack: Stack, proxy: Resource) -> str | None:
    subnets = stack.derived(Network).subnets(proxy, "vpcSubnetIds")
    given = proxy.get("vpcSubnetIds")
    zones = {one.get("availabilityZone") for one in subnets if isinstance(one, Resource)}
    if isinstance(given, list) and len(given) == 1:
        return "vpc_subnet_ids has one subnet"
    known = all(isinstance(one, Resource) for one in subnets)
    if known and len(zones) == 1 and len(subnets) > 1 and isinstance(next(iter(zones)), str):
        return f"its subnets are all in {next(iter(zones))}"
    return None


def _no_login(proxy: Resource) -> str | None:
    scheme = proxy.setting("defaultAuthScheme")
    if proxy.left_out("auths") and scheme in (None, "", "NONE"):
        return f"auths is not set, and default_auth_scheme is {proxy.shown('defaultAuthScheme')}"
    return None


def _failover(_: Stack, cache: Resource) -> str | None:
    nodes = number(cache.get("numCacheClusters"))
    if nodes == 1 and cache.get("automaticFailoverEnabled") is True:
        return "automatic_failover_enabled is true, and num_cache_clusters is 1"
    return None


def _dual(stack: Stack, database: Resource) -> Iterator[str]:
    if database.get("networkType") != "DUAL":
        return
    for subnet in database_subnets(stack, database):
        given = ("ipv6CidrBlock", "ipv6Native", "ipv6IpamPoolId")
        if isinstance(subnet, Resource) and all(subnet.left_out(name) for name in given):
            yield f'network_type is "DUAL", subnet "{subnet.name}" has no ipv6_cidr_block'
            return


def _counted_twice(_: Stack, cache: Resource) -> str | None:
    shards = [
        name
        for prop, name in (
            ("numNodeGroups", "num_node_groups"),
            ("replicasPerNodeGroup", "replicas_per_node_group"),
        )
        if not cache.left_out(prop)
    ]
    if shards and not cache.left_out("numCacheClusters"):
        return f"both num_cache_clusters and {shards[0]} are set"
    return None


_LAST_REDIS = (7, 1)


def _cache_version(_: Stack, cache: Resource) -> str | None:
    given = cache.get("engineVersion")
    found = re.fullmatch(r"(\d+)\.(\d+|x)(\.\d+)?", given) if isinstance(given, str) else None
    if found is None or cache.setting("engine") not in (None, "redis"):
        return None
    minor = 0 if found[2] == "x" else int(found[2])
    return f"engine_version is {given}" if (int(found[1]), minor) > _LAST_REDIS else None


TABLE = (
    JointRefusal(
        types=tokens.CACHE_GROUP,
        says="InvalidParameterCombination: automatic failover needs a replica: two nodes or more.",
        source="https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html",
        remedy="set num_cache_clusters to 2 or more.",
        find=_failover,
    ),
    JointRefusal(
        types=_ALL,
        says=("InvalidParameterValue: The backup window and maintenance window must not overlap."),
        source=f"{_API}API_CreateDBInstance.html",
        remedy=(
            "set backup_window and maintenance_window (of a cluster preferred_backup_window and "
            "preferred_maintenance_window) to different hours."
        ),
        find=_windows,
    ),
    JointRefusal(
        types=_CACHES,
        says="InvalidParameterValue: The snapshot window and maintenance window must not overlap.",
        source="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-automatic.html",
        remedy="set snapshot_window and maintenance_window to different hours.",
        find=_windows,
    ),
    JointRefusal(
        types=_ALL,
        says="DBName must begin with a letter and contain only alphanumeric characters.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy="set db_name (database_name of a cluster) to letters, digits and underscores.",
        find=_database_name,
    ),
    JointRefusal(
        types=_ALL,
        says="PerformanceInsightsRetentionPeriod: 7 days, 31 days times 1 to 23, or 731 days.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy="set performance_insights_retention_period to 7, or to a multiple of 31.",
        find=_insights,
    ),
    JointRefusal(
        types=tokens.CLUSTER_INSTANCE,
        says="InvalidParameterCombination: the engine of an instance is that of its cluster.",
        source=f"{_API}API_CreateDBInstance.html",
        remedy="set engine of the instance to the cluster's output engine.",
        find=_member,
    ),
    JointRefusal(
        types=tokens.CLUSTER_INSTANCE,
        says=(
            "InvalidParameterCombination: the engine version of an instance is that of its cluster, which "
            "upgrades all of them together."
        ),
        source="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.VersionPolicy.html",
        remedy="set engine_version of the instance to the cluster's output, or leave it out.",
        find=_member_version,
    ),
    JointRefusal(
        types=tokens.CLUSTER_INSTANCE,
        says="InvalidParameterCombination: all instances of a cluster have one engine version.",
        source="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.VersionPolicy.html",
        remedy="set engine_version of the cluster, and leave it out of the instances.",
        find=_other_member,
    ),
    JointRefusal(
        types=_ALL,
        says="KMSKeyNotAccessibleFault: the key is disabled, or may not be used.",
        source=f"{_GUIDE}Overview.Encryption.html",
        remedy="set is_enabled of the key to true, or leave it out.",
        find=_key,
    ),
    JointRefusal(
        types=tokens.DATABASE_PROXY,
        says="InvalidSubnet: a proxy needs subnets in two Availability Zones or more.",
        source=f"{_GUIDE}rds-proxy-network-prereqs.html",
        remedy="set vpc_subnet_ids to subnets in two Availability Zones or more.",
        find=_proxy,
    ),
    JointRefusal(
        types=tokens.DATABASE_PROXY,
        says="InvalidParameterValue: a proxy needs Auth, unless its DefaultAuthScheme is IAM_AUTH.",
        source=f"{_API}API_CreateDBProxy.html",
        remedy=(
            "set secret_arn in auths of the proxy to the secret by which it logs in to the database, or "
            'default_auth_scheme to "IAM_AUTH".'
        ),
        find=alone(_no_login),
    ),
    JointRefusal(
        types=_ALL,
        says="InvalidSubnet: the network type DUAL needs subnets with an IPv6 range.",
        source=f"{_GUIDE}USER_VPC.WorkingWithRDSInstanceinaVPC.html",
        remedy='set ipv6_cidr_block of the subnets, or network_type to "IPV4".',
        find=_dual,
    ),
    JointRefusal(
        types=tokens.CACHE_GROUP,
        says=(
            "InvalidParameterCombination: nodes are counted by NumCacheClusters, or by NumNodeGroups and "
            "ReplicasPerNodeGroup."
        ),
        source="https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html",
        remedy="remove num_cache_clusters, or both num_node_groups and replicas_per_node_group.",
        find=_counted_twice,
    ),
    JointRefusal(
        types=tokens.CACHE_GROUP,
        says="InvalidParameterValue: Redis OSS ends at version 7.1; later versions are of Valkey.",
        source="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html",
        remedy='set engine_version to "7.1", or engine to "valkey".',
        find=_cache_version,
    ),
)
"""Appended to the table of `rds-parts-accepted`."""
