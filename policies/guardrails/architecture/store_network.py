"""Data stores on the network: their ports and their security groups."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.data_stores import Cluster, DataStore, FileSystem, Proxy
from guardrails.architecture.network import Network
from guardrails.architecture.routes import Subnet
from guardrails.resources import References, Resource, Stack
from guardrails.values import is_absent, number

_PORTS = {
    "postgres": 5432,
    "mysql": 3306,
    "docdb": 27017,
    "neptune": 8182,
    "redis": 6379,
    "valkey": 6379,
    "memcached": 11211,
    "sqlserver": 1433,
}
_DATABASE_PORTS = {
    "postgres": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "oracle": 1521,
    "sqlserver": 1433,
}
NFS = 2049


def database_port(database: Resource) -> int | None:
    """Return the port on which an RDS instance answers, `None` if that is not known."""
    given = None if database.left_out("port") else number(database.get("port"))
    if given is not None:
        return int(given)
    engine = str(database.get("engine")).lower()
    return next((port for name, port in _DATABASE_PORTS.items() if name in engine), None)


def database_groups(stack: Stack, database: Resource) -> References:
    """Return the security groups of an RDS instance or cluster."""
    return stack.references(database, "vpcSecurityGroupIds", tokens.SECURITY_GROUP, ("id",))


def database_subnets(stack: Stack, database: Resource) -> tuple[Subnet, ...]:
    """Return the subnets of an RDS instance or cluster, as far as its subnet group is in the stack."""
    groups = stack.references(
        database, "dbSubnetGroupName", tokens.SUBNET_GROUP, ("name", "id")
    ).resources
    network = stack.derived(Network)
    return tuple(one for group in groups for one in network.subnets(group, "subnetIds"))


def port_of(store: DataStore) -> int | None:
    """Return the port on which a store answers, `None` if that is not known."""
    if isinstance(store, FileSystem):
        return NFS
    left_out = store.resource.left_out("port")  # after an update the provider has filled it in
    given = None if left_out else number(store.resource.get("port"))
    if given is not None:
        return int(given)
    named = store.resource.get("engine") or store.resource.get("engineFamily")
    engine = str(named or store.resource.type).lower()
    return next((port for name, port in _PORTS.items() if name in engine), None)


def network_groups(store: DataStore) -> Iterator[tuple[Resource, References]]:
    """Yield the security groups of a store, with the resource that has them.

    A file system has those of its mount targets. One that the program gives no group is left out.
    """
    prop = _groups_prop(store)
    for holder in _holders(store):
        if not is_absent(holder.setting(prop)):
            yield holder, store.stack.references(holder, prop, tokens.SECURITY_GROUP, ("id",))


def in_default_group(store: DataStore) -> Iterator[Resource]:
    """Yield what gets the default group of a VPC of this stack, for it is given none.

    That is a cluster or cache, or a mount target of a file system.
    """
    prop, network = _groups_prop(store), store.stack.derived(Network)
    for holder in _holders(store):
        mounted = isinstance(store, FileSystem)
        subnets = (
            network.subnets(holder, "subnetId") if mounted else _group_subnets(store.stack, holder)
        )
        if is_absent(holder.setting(prop)) and in_own_vpc(store.stack, subnets):
            yield holder


def in_own_vpc(stack: Stack, subnets: tuple[Subnet, ...]) -> bool:
    """Return whether subnets are certainly of a VPC that this stack creates."""
    network = stack.derived(Network)
    vpcs = [network.vpc(one) if isinstance(one, Resource) else None for one in subnets]
    return bool(vpcs) and all(
        isinstance(one, Resource) and one.type == "aws:ec2/vpc:Vpc" for one in vpcs
    )


def _group_subnets(stack: Stack, holder: Resource) -> tuple[Subnet, ...]:
    """Return the subnets of a cluster or cache, as far as its subnet group is in the stack."""
    groups = stack.references(
        holder, "subnetGroupName", tokens.CACHE_SUBNET_GROUP, ("name", "id")
    ).resources
    network = stack.derived(Network)
    own = tuple(one for group in groups for one in network.subnets(group, "subnetIds"))
    return own or database_subnets(stack, holder)


def _groups_prop(store: DataStore) -> str:
    if isinstance(store, Cluster | Proxy):
        return "vpcSecurityGroupIds"
    return "securityGroups" if isinstance(store, FileSystem) else "securityGroupIds"


def _holders(store: DataStore) -> tuple[Resource, ...]:
    return tuple(store.members) if isinstance(store, FileSystem) else (store.resource,)
