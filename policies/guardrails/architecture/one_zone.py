"""What something is made from that stands in one zone: a server's address, a volume, a mount target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guardrails import tokens
from guardrails.architecture.network import Network
from guardrails.architecture.zones import zone_of
from guardrails.resources import Resource, Stack

_RELAYS = {
    **dict.fromkeys(tokens.DNS_RECORD, ("records",)),
    **dict.fromkeys(tokens.SSM_PARAMETER, ("value", "insecureValue")),
    "aws:secretsmanager/secretVersion:SecretVersion": ("secretString",),
}
"""What passes a value on, and the properties that hold it."""

_NOUNS = {
    **dict.fromkeys(tokens.INSTANCE, "instance"),
    **dict.fromkeys(tokens.VOLUME, "volume"),
    **dict.fromkeys(tokens.NETWORK_INTERFACE, "network interface"),
    **dict.fromkeys(tokens.MOUNT_TARGET, "mount target"),
    **dict.fromkeys(tokens.CLUSTER_INSTANCE, "cluster member"),
}


@dataclass(frozen=True)
class Origin:
    """A resource in one zone from which a value comes, and the steps to it."""

    resource: Resource
    zone: str | None
    steps: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name it as a step of a path."""
        return f'{_NOUNS[self.resource.type]} "{self.resource.name}"'


def origins(stack: Stack, resource: Resource, prop: str) -> list[Origin]:
    """Return what a property comes from that is in one zone, also by names and parameters."""
    return list(_follow(stack, resource, (prop,), (), set()))


def _follow(
    stack: Stack,
    resource: Resource,
    props: tuple[str, ...],
    steps: tuple[str, ...],
    seen: set[Resource],
) -> Iterator[Origin]:
    for prop in props:
        for found in stack.sources(resource, prop, tuple(_NOUNS)):
            if found not in seen:
                seen.add(found)
                yield Origin(found, _zone(stack, found), steps)
        for relay in stack.sources(resource, prop, tuple(_RELAYS)):
            if relay not in seen:
                seen.add(relay)
                noun = "record" if relay.type in tokens.DNS_RECORD else "parameter"
                step = f'{noun} "{relay.name}"'
                yield from _follow(stack, relay, _RELAYS[relay.type], (*steps, step), seen)


def _zone(stack: Stack, resource: Resource) -> str | None:
    own = resource.get("availabilityZone")
    if isinstance(own, str) and own:
        return own
    subnets = stack.derived(Network).subnets(resource, "subnetId")
    return zone_of(subnets[0]) if len(subnets) == 1 and isinstance(subnets[0], Resource) else None
