"""What Amazon ElastiCache refuses about parameter groups: parts of `rds-parts-accepted`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.refusals import JointRefusal, alone
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent, number, show

_CACHES = (*tokens.CACHE_GROUP, *tokens.CACHE_CLUSTER)
_GROUP = ("aws:elasticache/parameterGroup:ParameterGroup",)
_GUIDE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/"
_DEFAULT = re.compile(r"default\.(?P<family>(?:redis|valkey|memcached)[\d.]+x?)(?:\.cluster\.on)?")


def _families(cache: Resource) -> tuple[str, ...] | None:
    """Return the families of an engine in its version, any that may be meant; `None` if not known.

    ElastiCache user guide, "Engine versions": redis4.0, redis5.0, redis6.x, redis7; valkey7, valkey8.
    """
    engine, version = cache.setting("engine"), cache.setting("engineVersion")
    engine = "redis" if is_absent(engine) and cache.type in tokens.CACHE_GROUP else engine
    if not isinstance(engine, str):
        return None
    if is_absent(version):
        return (engine,)
    if not isinstance(version, str):
        return None
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    if engine == "redis" and major == "6":
        return ("redis6.x",)
    if engine in ("redis", "valkey") and major.isdigit() and int(major) > 6:
        return (f"{engine}{major}",)
    return (f"{engine}{major}.{minor}",)


def _family(stack: Stack, cache: Resource) -> Iterator[str]:
    wanted = _families(cache)
    if wanted is None or cache.left_out("parameterGroupName"):
        return
    found = stack.references(cache, "parameterGroupName", _GROUP, ("name", "id"))
    given = [(f'parameter group "{one.name}"', one.get("family")) for one in found.resources]
    given += [
        (f"parameter group {name}", match["family"])
        for name in found.foreign
        if (match := _DEFAULT.fullmatch(name))
    ]
    version = "" if is_absent(cache.setting("engineVersion")) else f" {cache.get('engineVersion')}"
    engine = cache.setting("engine") or "redis"
    for label, family in given:
        fits = isinstance(family, str) and any(_is(family, one) for one in wanted)
        if isinstance(family, str) and not fits:
            yield f"engine is {engine}{version}, the family of {label} {show(family)}"


def _is(family: str, wanted: str) -> bool:
    return family == wanted or (wanted.isalpha() and re.sub(r"[\d.x]+$", "", family) == wanted)


def _cluster_mode(cache: Resource) -> str | None:
    """Find AWS's own parameters for one shard in a cache of several."""
    shards, given = number(cache.setting("numNodeGroups")), cache.get("parameterGroupName")
    if shards is None or shards < _SEVERAL or not isinstance(given, str):
        return None
    if not given.startswith("default.") or given.endswith(".cluster.on"):
        return None
    return f"num_node_groups is {shards:g}, parameter_group_name {show(given)}"


_SEVERAL = 2

TABLE = (
    JointRefusal(
        types=tokens.CACHE_GROUP,
        says=(
            "InvalidParameterCombination: Use a parameter group with cluster-enabled yes to create more "
            "than one node group."
        ),
        source=f"{_GUIDE}Replication.Redis-RedisCluster.html",
        remedy='set parameter_group_name to the one that ends in ".cluster.on", or leave it out.',
        find=alone(_cluster_mode),
    ),
    JointRefusal(
        types=_CACHES,
        says=(
            "InvalidParameterCombination: Expected a parameter group of the family of the cache's engine "
            "and version."
        ),
        source=f"{_GUIDE}ParameterGroups.Management.html",
        remedy=(
            "set family of the parameter group to that of the cache, for example valkey8, redis7 or "
            "redis6.x, or leave parameter_group_name out."
        ),
        find=_family,
    ),
)
"""Appended to the table of `rds-parts-accepted`."""
