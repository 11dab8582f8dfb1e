"""The data stores of one stack, of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture import other_stores
from guardrails.architecture.data_stores import (
    FILE_KEYS,
    Cache,
    CacheNodes,
    Cluster,
    DataStore,
    FileSystem,
    Proxy,
)
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent

_CLUSTER_KEYS = ("clusterIdentifier", "id", "arn")
_CLUSTER_NAMES = {
    "rds": "Aurora cluster",
    "docdb": "DocumentDB cluster",
    "neptune": "Neptune cluster",
}


class DataStores:
    """Every data store of one stack that is not a single RDS instance."""

    def __init__(self, stack: Stack) -> None:
        """Collect the stores with their instances and mount targets."""
        self.stores: tuple[DataStore, ...] = tuple(self._collect(stack))

    def _collect(self, stack: Stack) -> Iterator[DataStore]:
        instances = _members(
            stack,
            tokens.CLUSTER_INSTANCE,
            "clusterIdentifier",
            tokens.DATABASE_CLUSTER,
            _CLUSTER_KEYS,
        )
        for one in stack.of(tokens.DATABASE_CLUSTER):
            kind = _CLUSTER_NAMES[one.type.split(":")[1].split("/")[0]]
            yield Cluster(stack, one, f'{kind} "{one.name}"', instances(one))
        for one in stack.of(tokens.CACHE_GROUP):
            yield Cache(stack, one, f'cache "{one.name}"')
        for one in stack.of(tokens.CACHE_CLUSTER):
            if is_absent(one.setting("replicationGroupId")):
                yield CacheNodes(stack, one, f'cache cluster "{one.name}"')
        for one in stack.of(tokens.DATABASE_PROXY):
            yield Proxy(stack, one, f'proxy "{one.name}"')
        targets = _members(
            stack, tokens.MOUNT_TARGET, "fileSystemId", tokens.FILE_SYSTEM, FILE_KEYS
        )
        for one in stack.of(tokens.FILE_SYSTEM):
            yield FileSystem(stack, one, f'file system "{one.name}"', targets(one))
        yield from other_stores.collect(stack)


def _members(
    stack: Stack, kinds: tuple[str, ...], prop: str, owners: tuple[str, ...], keys: tuple[str, ...]
) -> Callable[[Resource], tuple[Resource, ...]]:
    found: dict[Any, list[Resource]] = {}
    for member in stack.of(kinds):
        for owner in stack.references(member, prop, owners, keys).any:
            found.setdefault(owner, []).append(member)
    return lambda owner: tuple(found.get(owner, ()))
