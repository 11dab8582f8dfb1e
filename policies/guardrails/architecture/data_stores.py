"""Data stores other than single RDS instances, and the questions that each of them answers.

Clusters (Aurora, DocumentDB, Neptune), caches (ElastiCache) and file systems (EFS). A question that a
kind of store does not have is answered by `None`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from guardrails import tokens
from guardrails.architecture.answers import Answer, no, undecided, yes
from guardrails.architecture.backups import Backups
from guardrails.architecture.cache_zones import in_several_zones
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show

FILE_KEYS = ("id", "fileSystemId", "arn")
_ANY_FILES = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0123456789abcdef0"


@dataclass(frozen=True)
class DataStore:
    """One data store.

    Attributes:
        label: How a message names it.
        members: Instances of a cluster, mount targets of a file system.
    """

    stack: Stack
    resource: Resource
    label: str
    members: tuple[Resource, ...] = ()

    def _switch(self, prop: str, name: str, *, default: bool = False) -> Answer:
        """Answer by one switch of the store; left out, it has its documented default."""
        value = self.resource.setting(prop)
        value = default if is_absent(value) else value
        if value is UNKNOWN:
            return undecided(
                f"{name} of {self.label} is not known in this preview",
                self.label,
                remedy=f"set {name} to true, by a value that the program knows.",
            )
        if is_true(value):
            return yes(self.label)
        return no(f"{name} of {self.label} is {self.resource.shown(prop)}", self.label)

    def _planned(self, arn: str, noun: str) -> tuple[float, Answer] | None:
        """Return for how long the backup plans of the stack keep it, `None` if that is not known.

        Args:
            arn: An ARN of its kind.
            noun: Its kind, for messages.
        """
        backups = self.stack.derived(Backups)
        kept = backups.days(self.resource, arn)
        if kept is None:
            return None
        if kept:
            seldom = backups.seldom(self.resource, arn, self.label)
            if seldom is not None:
                return 0, seldom
            reason = f"the backups of {self.label} are deleted after {kept:g} day(s)"
            return kept, no(reason, self.label, remedy="set lifecycle.delete_after to 7 or more.")
        given = self.resource.setting("tags")
        known = (
            [f"{key}={value}" for key, value in given.items()] if isinstance(given, dict) else []
        )
        tags = ", ".join(known) or show(given)
        return 0, no(
            f"no backup selection of the stack selects {self.label}, whose tags are {tags}",
            *(f'backup selection "{one.name}"' for one in self.stack.of(tokens.BACKUP_SELECTION)),
            self.label,
            remedy=(
                f"set tags of the {noun} to what selection_tags of the aws.backup.Selection asks for, "
                f"or list the {noun}'s ARN in its resources."
            ),
        )

    # --- the questions ----------------------------------------------------------------------------

    def has_a_second(self) -> Answer | None:
        """Answer whether there is a second instance or node, which can take over."""
        return None

    def is_spread(self) -> Answer | None:
        """Answer whether what there is stands in several zones and takes over; `None` for one."""
        return None

    def is_encrypted(self) -> Answer | None:
        """Answer whether what it stores is encrypted."""
        return None

    def encrypts_connections(self) -> Answer | None:
        """Answer whether it accepts encrypted connections only."""
        return None

    def is_private(self) -> Answer | None:
        """Answer whether it has no public address."""
        return None

    def backup_days(self) -> tuple[float, Answer] | None:
        """Return for how many days it keeps backups, and how that is known."""
        return None

    def resists_deletion(self) -> Answer | None:
        """Answer whether it cannot be deleted by mistake."""
        return None


class Cluster(DataStore):
    """A cluster of database instances that share one storage across three zones."""

    @property
    def _copied(self) -> bool:
        """Whether it takes storage and credentials from another cluster or a snapshot."""
        names = ("snapshotIdentifier", "replicationSourceIdentifier", "globalClusterIdentifier")
        return any(not is_absent(self.resource.setting(name)) for name in names)

    @property
    def _managed_instances(self) -> bool:
        """Whether the service itself spreads instances: serverless v1, Multi-AZ DB cluster."""
        return self.resource.get("engineMode") == "serverless" or not is_absent(
            self.resource.setting("dbClusterInstanceClass")
        )

    @property
    def _steps(self) -> tuple[str, ...]:
        return tuple(f'instance "{one.name}"' for one in self.members)

    def _readers(self) -> int:
        """Return how many readers Application Auto Scaling keeps at least."""
        least = [
            number(one.get("minCapacity"))
            for one in self.stack.of(tokens.SCALABLE_TARGET)
            if self.resource in self.stack.sources(one, "resourceId", tokens.DATABASE_CLUSTER)
        ]
        return int(sum(one for one in least if one is not None))

    def has_a_second(self) -> Answer | None:
        """Answer by the number of instances: with two, the service fails over."""
        count = len(self.members) + self._readers()
        if not self._managed_instances and count < 2:
            return no(
                f"{self.label} has {count or 'no'} instance{'' if count == 1 else 's'}: nothing takes "
                "over if its zone is lost",
                self.label,
                *self._steps,
                remedy="add an instance to the cluster, in another Availability Zone.",
            )
        return yes(self.label)

    def is_spread(self) -> Answer | None:
        """Answer by the zones of its instances; left out, the service chooses different ones."""
        count = len(self.members)
        if self._managed_instances or count < 2:
            return None
        zones = [one.get("availabilityZone") for one in self.members]
        named = {zone for zone in zones if isinstance(zone, str) and zone}
        if len(named) == 1 and all(isinstance(zone, str) and zone for zone in zones):
            return no(
                f"all {count} instances of {self.label} are in {named.pop()}",
                self.label,
                *self._steps,
                remedy="leave availability_zone out, or set different ones.",
            )
        return yes(self.label, *self._steps)

    def is_encrypted(self) -> Answer | None:
        """Answer by `storage_encrypted`, which a copy takes from its source."""
        if self._copied and is_absent(self.resource.setting("storageEncrypted")):
            return None
        serverless = self.resource.get("engineMode") == "serverless"
        return self._switch("storageEncrypted", "storage_encrypted", default=serverless)

    def is_private(self) -> Answer | None:
        """Answer by its instances."""
        for one in self.members:
            value = one.setting("publiclyAccessible")
            if not is_absent(value) and value not in (False, "false"):
                return no(
                    f'publicly_accessible of instance "{one.name}" is {show(value)}',
                    self.label,
                    f'instance "{one.name}"',
                )
        return yes(self.label)

    def encrypts_connections(self) -> Answer | None:
        """Answer by the parameter `tls` of DocumentDB, which is enabled by default."""
        groups = self.stack.references(
            self.resource, "dbClusterParameterGroupName", tokens.DOCUMENT_PARAMETERS, ("name", "id")
        )
        for group in groups.resources:
            for given in items(group.get("parameters")):
                if dig(given, "name") == "tls" and dig(given, "value") == "disabled":
                    return no(
                        f'tls of parameter group "{group.name}" is disabled',
                        self.label,
                        f'parameter group "{group.name}"',
                        remedy='set tls in parameters to "enabled", or leave it out.',
                    )
        return None

    def backup_days(self) -> tuple[float, Answer] | None:
        """Return the retention: one day unless the program sets it."""
        if self._copied and is_absent(self.resource.setting("backupRetentionPeriod")):
            return None
        given = self.resource.setting("backupRetentionPeriod")
        days = 1 if is_absent(given) else number(given) or 0
        ending = ", and so 1 day" if is_absent(given) else ""
        reason = f"backup_retention_period of {self.label} is {show(given)}{ending}"
        return days, no(reason, self.label)

    def resists_deletion(self) -> Answer | None:
        """Answer by `deletion_protection`."""
        return self._switch("deletionProtection", "deletion_protection")


class Cache(DataStore):
    """An ElastiCache replication group."""

    @property
    def _default(self) -> bool:
        return self.resource.get("engine") == "valkey"

    @property
    def _nodes_per_shard(self) -> float | None:
        """Nodes with the same data; `None` if the preview does not know."""
        cache = self.resource
        for prop, own in (("replicasPerNodeGroup", 1), ("numCacheClusters", 0)):
            value = cache.setting(prop)
            if not is_absent(value):
                given = number(value)
                return None if given is None else given + own
        return 1

    @property
    def _sharded(self) -> bool:
        return (number(self.resource.get("numNodeGroups")) or 1) > 1

    def has_a_second(self) -> Answer | None:
        """Answer by the number of nodes that have the same data."""
        nodes = self._nodes_per_shard
        if nodes is None or nodes >= 2 or self._sharded:
            return yes(self.label)
        return no(
            f"{self.label} has one node: nothing takes over if its zone is lost",
            self.label,
            remedy=(
                "set num_cache_clusters to 2 or more, automatic_failover_enabled and "
                "multi_az_enabled."
            ),
        )

    def is_spread(self) -> Answer | None:
        """Answer by automatic failover and placement in several zones."""
        nodes = self._nodes_per_shard
        if nodes is not None and nodes < 2:
            if not self._sharded:
                return None
            return no(
                f"the shards of {self.label} have no replicas: what is on a lost node is lost",
                self.label,
                remedy="set replicas_per_node_group to 1 or more, and multi_az_enabled to true.",
            )
        for prop, name in (
            ("automaticFailoverEnabled", "automatic_failover_enabled"),
            ("multiAzEnabled", "multi_az_enabled"),
        ):
            answer = self._switch(prop, name)
            if not answer.is_yes:
                return answer
        return in_several_zones(self.stack, self.resource, self.label)

    def is_encrypted(self) -> Answer | None:
        """Answer by `at_rest_encryption_enabled`, which is on by default for Valkey."""
        return self._switch(
            "atRestEncryptionEnabled", "at_rest_encryption_enabled", default=self._default
        )

    def encrypts_connections(self) -> Answer | None:
        """Answer by `transit_encryption_enabled`."""
        return self._switch("transitEncryptionEnabled", "transit_encryption_enabled")

    def backup_days(self) -> tuple[float, Answer] | None:
        """Return the retention of snapshots: none unless the program sets it."""
        given = number(self.resource.get("snapshotRetentionLimit")) or 0
        return given, no(f"snapshot_retention_limit of {self.label} is {given:g}", self.label)


class CacheNodes(DataStore):
    """An ElastiCache cluster: Memcached, or a single Redis node."""

    def has_a_second(self) -> Answer | None:
        """Answer by the number of nodes."""
        nodes = self.resource.setting("numCacheNodes")
        if not is_absent(nodes) and number(nodes) != 1:
            return yes(self.label)
        return no(
            f"{self.label} has one node: nothing takes over if its zone is lost",
            self.label,
            remedy=(
                'set num_cache_nodes to 2 and az_mode to "cross-az" (Memcached), or use an '
                "aws.elasticache.ReplicationGroup with replicas."
            ),
        )

    def is_spread(self) -> Answer | None:
        """Answer by the placement of several nodes: what is on a lost node is lost."""
        given = self.has_a_second()
        if given is None or not given.is_yes or self.resource.get("azMode") == "cross-az":
            return None
        return no(
            f"the nodes of {self.label} are in one Availability Zone",
            self.label,
            remedy='set az_mode to "cross-az".',
        )

    def encrypts_connections(self) -> Answer | None:
        """Answer by `transit_encryption_enabled`."""
        return self._switch("transitEncryptionEnabled", "transit_encryption_enabled")


class Proxy(DataStore):
    """RDS Proxy, which speaks with the database for the application."""

    def encrypts_connections(self) -> Answer | None:
        """Answer by `require_tls`, which is off by default."""
        answer = self._switch("requireTls", "require_tls")
        return replace(answer, remedy="set require_tls to true.") if answer.is_no else answer


class FileSystem(DataStore):
    """An EFS file system."""

    def is_spread(self) -> Answer | None:
        """Answer by its storage class, and by the zones in which it can be mounted."""
        zone = self.resource.get("availabilityZoneName")
        if not is_absent(self.resource.setting("availabilityZoneName")):
            return no(
                f"{self.label} keeps its files in one Availability Zone ({show(zone)})",
                self.label,
                remedy="leave availability_zone_name out: EFS then stores files in three zones.",
            )
        if not self.members:
            return None
        zones: set[str] = set()
        for target in self.members:
            subnets = self.stack.references(target, "subnetId", tokens.SUBNET, ("id",))
            named = [one.get("availabilityZone") for one in subnets.resources]
            if not subnets.complete or not all(isinstance(one, str) for one in named):
                if len(self.members) > 1:
                    return undecided(
                        f'the zone of mount target "{target.name}" is not known',
                        self.label,
                        remedy=(
                            "pass the id of the subnet itself, not an element of a list that is computed."
                            if subnets.possible
                            else "create the subnets in this program, with availability_zone set."
                        ),
                    )
                continue
            zones.update(named)
        if len(zones) > 1:
            return yes(self.label, *(f'mount target "{one.name}"' for one in self.members))
        return no(
            f"{self.label} can be mounted in one Availability Zone only",
            self.label,
            *(f'mount target "{one.name}"' for one in self.members),
            remedy="create an aws.efs.MountTarget in each Availability Zone of the instances.",
        )

    def is_encrypted(self) -> Answer | None:
        """Answer by `encrypted`."""
        return self._switch("encrypted", "encrypted")

    def backup_days(self) -> tuple[float, Answer] | None:
        """Return whether AWS Backup keeps it: its default plan keeps backups for 35 days."""
        policies = [
            one
            for one in self.stack.of(tokens.FILE_SYSTEM_BACKUP)
            if self.resource
            in self.stack.references(one, "fileSystemId", tokens.FILE_SYSTEM, FILE_KEYS).any
        ]
        if any(one.get("backupPolicy", "status") == "ENABLED" for one in policies):
            return 35, yes(self.label)
        if self.stack.of(tokens.BACKUP_SELECTION):
            return self._planned(_ANY_FILES, "file system")
        given = policies[0].get("backupPolicy", "status") if policies else None
        return 0, no(f"the backup policy of {self.label} is {show(given)}", self.label)


def engine_name(database: Resource) -> str:
    """Return a database's engine, empty where it is not known or left out."""
    found = database.get("engine")
    return found if isinstance(found, str) else ""
