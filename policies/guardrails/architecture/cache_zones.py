"""The zones of a cache's nodes, as far as the program places them."""

from __future__ import annotations

from guardrails import tokens
from guardrails.architecture.answers import Answer, no, yes
from guardrails.architecture.zones import only_zone
from guardrails.resources import Resource, Stack
from guardrails.values import items


def in_several_zones(stack: Stack, cache: Resource, label: str) -> Answer:
    """Answer by the zones that are named, and those of the subnets: the rest is the service's."""
    named = cache.setting("preferredCacheClusterAzs")
    zones = [zone for zone in items(named) if isinstance(zone, str)]
    if len(zones) > 1 and len(set(zones)) == 1:
        return no(
            f"all nodes of {label} are placed in {zones[0]}",
            label,
            remedy="set preferred_cache_cluster_azs to different zones, or leave it out.",
        )
    groups = stack.references(cache, "subnetGroupName", tokens.CACHE_SUBNET_GROUP, ("name", "id"))
    for group in groups.resources if groups.complete else ():
        subnets = stack.references(group, "subnetIds", tokens.SUBNET, ("id",))
        zone = only_zone(subnets)
        if zone is not None:
            return no(
                f"the subnets of {label} are all in {zone}",
                label,
                f'subnet group "{group.name}"',
                remedy=(
                    "set subnet_ids of the aws.elasticache.SubnetGroup to subnets in different zones."
                ),
            )
    return yes(label)
