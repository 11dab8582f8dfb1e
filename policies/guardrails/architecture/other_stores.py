"""Search domains, brokers, MemoryDB, DynamoDB, Redshift, Kafka and queues, with the same questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from guardrails import tokens
from guardrails.architecture.answers import Answer, no, yes
from guardrails.architecture.data_stores import DataStore
from guardrails.resources import Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, number, show

_RECOVERY_DAYS: Final = 35.0
"""DynamoDB developer guide, "Point-in-time recovery": the default, and the most."""
_ANY_TABLE: Final = "arn:aws:dynamodb:eu-west-1:123456789012:table/any"


def _publicly_accessible(store: DataStore, remedy: str) -> Answer:
    """Answer whether a store is private by that switch of its own."""
    if not is_true(store.resource.get("publiclyAccessible")):
        return yes(store.label)
    return no(f"publicly_accessible of {store.label} is true", store.label, remedy=remedy)


class Search(DataStore):
    """An OpenSearch or Elasticsearch domain."""

    def _nested(self, prop: str, key: str, name: str) -> Answer:
        """Answer by a switch that is off unless the program sets it."""
        given = dig(self.resource.setting(prop), key)
        if given is UNKNOWN or is_true(given):
            return yes(self.label)
        return no(
            f"{name} of {self.label} is {show(given)}", self.label, remedy=f"set {name} to true."
        )

    def _nodes(self) -> float | None:
        given = dig(self.resource.setting("clusterConfig"), "instanceCount")
        return 1 if is_absent(given) else number(given)

    def has_a_second(self) -> Answer | None:
        """Answer by the number of data nodes."""
        nodes = self._nodes()
        if nodes is None or nodes > 1:
            return yes(self.label)
        return no(
            f"{self.label} has one node: nothing takes over if its zone is lost",
            self.label,
            remedy=(
                "set cluster_config.instance_count to 2 or more, with zone_awareness_enabled true, "
                "and vpc_options.subnet_ids to a subnet per zone."
            ),
        )

    def is_spread(self) -> Answer | None:
        """Answer by zone awareness: without it every node is in one zone."""
        nodes = self._nodes()
        standby = is_true(dig(self.resource.get("clusterConfig"), "multiAzWithStandbyEnabled"))
        if nodes is None or nodes < 2 or standby:
            return None
        name = "cluster_config.zone_awareness_enabled"
        return self._nested("clusterConfig", "zoneAwarenessEnabled", name)

    def is_encrypted(self) -> Answer | None:
        """Answer by `encrypt_at_rest`."""
        return self._nested("encryptAtRest", "enabled", "encrypt_at_rest.enabled")

    def encrypts_connections(self) -> Answer | None:
        """Answer by HTTPS for clients and by encryption among the nodes."""
        options, name = "domainEndpointOptions", "domain_endpoint_options.enforce_https"
        clients = self._nested(options, "enforceHttps", name)
        if not clients.is_yes:
            return clients
        among = "node_to_node_encryption.enabled"
        return self._nested("nodeToNodeEncryption", "enabled", among)


class Broker(DataStore):
    """A message broker of Amazon MQ, which is encrypted and speaks TLS only."""

    def has_a_second(self) -> Answer | None:
        """Answer by the deployment mode."""
        mode = self.resource.setting("deploymentMode")
        if mode is UNKNOWN or not (is_absent(mode) or mode == "SINGLE_INSTANCE"):
            return yes(self.label)
        return no(
            f"{self.label} is a single instance: deployment_mode is {show(mode)}",
            self.label,
            remedy=(
                "set deployment_mode to CLUSTER_MULTI_AZ (RabbitMQ) or ACTIVE_STANDBY_MULTI_AZ "
                "(ActiveMQ), with a subnet per zone in subnet_ids."
            ),
        )

    def is_private(self) -> Answer | None:
        """Answer by `publicly_accessible`, which is off unless the program sets it."""
        return _publicly_accessible(self, "set publicly_accessible to false, or leave it out.")


class Memory(DataStore):
    """A MemoryDB cluster, which is encrypted and spreads its nodes over zones by itself."""

    def has_a_second(self) -> Answer | None:
        """Answer by the replicas of each shard."""
        given = self.resource.setting("numReplicasPerShard")
        if is_absent(given) or number(given) != 0:
            return yes(self.label)
        return no(
            f"the shards of {self.label} have no replicas: nothing takes over if a zone is lost",
            self.label,
            remedy="set num_replicas_per_shard to 1 or more, or leave it out.",
        )

    def encrypts_connections(self) -> Answer | None:
        """Answer by `tls_enabled`, which is on by default."""
        return self._switch("tlsEnabled", "tls_enabled", default=True)

    def backup_days(self) -> tuple[float, Answer] | None:
        """MemoryDB keeps every write in a log over several zones."""
        return None


class Table(DataStore):
    """A DynamoDB table, which DynamoDB encrypts and keeps in three zones."""

    def backup_days(self) -> tuple[float, Answer] | None:
        """Return for how long it can be restored: to any point in time, or by a backup plan."""
        given = self.resource.setting("pointInTimeRecovery")
        enabled = UNKNOWN if given is UNKNOWN else dig(given, "enabled")
        if enabled is UNKNOWN or is_true(enabled):
            days = number(dig(given, "recoveryPeriodInDays"))
            reason = f"recovery_period_in_days of {self.label} is {days or _RECOVERY_DAYS:g}"
            remedy = "set point_in_time_recovery.recovery_period_in_days to 7 or more."
            return days or _RECOVERY_DAYS, no(reason, self.label, remedy=remedy)
        if self.stack.of(tokens.BACKUP_SELECTION):
            return self._planned(_ANY_TABLE, "table")
        return 0, no(
            f"{self.label} cannot be restored: point_in_time_recovery.enabled is {show(enabled)}",
            self.label,
            remedy='set point_in_time_recovery to {"enabled": True}.',
        )

    def resists_deletion(self) -> Answer | None:
        """Answer by `deletion_protection_enabled`."""
        answer = self._switch("deletionProtectionEnabled", "deletion_protection_enabled")
        remedy = "set deletion_protection_enabled to true."
        return replace(answer, remedy=remedy) if answer.is_no else answer


class Warehouse(DataStore):
    """A Redshift cluster."""

    def is_encrypted(self) -> Answer | None:
        """Answer by `encrypted`, which the provider leaves off unless the program sets it."""
        return replace(self._switch("encrypted", "encrypted"), remedy="set encrypted to true.")

    def is_private(self) -> Answer | None:
        """Answer by `publicly_accessible`."""
        return _publicly_accessible(self, "set publicly_accessible to false.")


class Kafka(DataStore):
    """A cluster of Amazon MSK, which is always encrypted at rest and over the zones of its subnets."""

    def is_private(self) -> Answer | None:
        """Answer by the public access of its brokers."""
        given = dig(self.resource.get("brokerNodeGroupInfo"), "connectivityInfo", "publicAccess")
        if dig(given, "type") != "SERVICE_PROVIDED_EIPS":
            return yes(self.label)
        return no(
            f"public_access of {self.label} is SERVICE_PROVIDED_EIPS",
            self.label,
            remedy="set public_access.type of broker_node_group_info to DISABLED.",
        )

    def encrypts_connections(self) -> Answer | None:
        """Answer by what the brokers accept from clients, and by what they speak with each other."""
        given = dig(self.resource.setting("encryptionInfo"), "encryptionInTransit")
        clients, inside = dig(given, "clientBroker"), dig(given, "inCluster")
        if isinstance(clients, str) and "PLAINTEXT" in clients:
            return no(
                f"encryption_in_transit.client_broker of {self.label} is {show(clients)}",
                self.label,
                remedy='set encryption_in_transit.client_broker to "TLS".',
            )
        if inside is False:
            return no(
                f"encryption_in_transit.in_cluster of {self.label} is false",
                self.label,
                remedy="set encryption_in_transit.in_cluster to true, the default.",
            )
        return yes(self.label)


class TableCache(DataStore):
    """A DynamoDB Accelerator cluster."""

    def is_encrypted(self) -> Answer | None:
        """Answer by `server_side_encryption.enabled`, which is off by default."""
        enabled = dig(self.resource.setting("serverSideEncryption"), "enabled")
        if enabled is UNKNOWN or is_true(enabled):
            return yes(self.label)
        name = "server_side_encryption.enabled"
        return no(
            f"{name} of {self.label} is {show(enabled)}", self.label, remedy=f"set {name} to true."
        )

    def has_a_second(self) -> Answer | None:
        """Answer by the number of nodes."""
        if number(self.resource.get("replicationFactor")) != 1:
            return yes(self.label)
        return no(
            f"{self.label} has one node: nothing takes over if its zone is lost",
            self.label,
            remedy="set replication_factor to 3, with a subnet group over several zones.",
        )


class Queue(DataStore):
    """A queue of Amazon SQS, which keeps messages in several zones and encrypts them by default."""

    def is_encrypted(self) -> Answer | None:
        """Answer by a key of its own or by `sqs_managed_sse_enabled`, which is on by default."""
        switched_off = self.resource.get("sqsManagedSseEnabled") is False
        if not switched_off or not self.resource.left_out("kmsMasterKeyId"):
            return yes(self.label)
        return no(
            f"sqs_managed_sse_enabled of {self.label} is false",
            self.label,
            remedy="remove sqs_managed_sse_enabled: the default, true, encrypts without a key of yours.",
        )


def collect(stack: Stack) -> Iterator[DataStore]:
    """Yield these stores of a stack."""
    kinds: tuple[tuple[tuple[str, ...], Any, str], ...] = (
        (tokens.SEARCH_DOMAIN, Search, "search domain"),
        (tokens.MESSAGE_BROKER, Broker, "message broker"),
        (tokens.MEMORY_CLUSTER, Memory, "MemoryDB cluster"),
        (tokens.TABLE, Table, "table"),
        (tokens.WAREHOUSE, Warehouse, "Redshift cluster"),
        (tokens.STREAM_CLUSTER, Kafka, "Kafka cluster"),
        (tokens.TABLE_CACHE, TableCache, "DAX cluster"),
        (tokens.QUEUE, Queue, "queue"),
    )
    for types, build, noun in kinds:
        for one in stack.of(types):
            yield build(stack, one, f'{noun} "{one.name}"')
