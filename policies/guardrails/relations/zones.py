"""The Availability Zones that a resource certainly spans.

Subnet ids are unknown until the subnets exist, but their zones are known: they are read from the
subnet resources on which the property depends. The count is a lower bound: only zones that are
known and distinct count, because a mandatory rule requires proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from guardrails import tokens
from guardrails.model import Parameters
from guardrails.resources import Resource, Stack, identities
from guardrails.values import UNKNOWN, is_absent, leaves, show

PARAMETERS: Parameters = MappingProxyType(
    {
        "minimumZones": {
            "type": "integer",
            "minimum": 1,
            "default": 2,
            "description": "Availability Zones that must be spanned.",
        },
        "subnetZones": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "default": {},
            "description": "Zone of each subnet that this stack uses but does not create, by id.",
        },
    }
)

UNKNOWN_MEANS = (
    "Unknown subnet ids are resolved through the subnets they come from; a subnet whose zone is "
    "unknown does not count as a further zone."
)


@dataclass(frozen=True)
class Spread:
    """The zones that a list of subnets spans.

    Attributes:
        zones: Zones that are certain.
        undecided: Subnets whose zone is not known.
        entries: Length of the list, `None` if that is unknown too.
    """

    zones: tuple[str, ...]
    undecided: tuple[str, ...]
    entries: int | None

    @property
    def count(self) -> int:
        """Number of zones certainly spanned, at most the number of subnets in the list."""
        return len(self.zones) if self.entries is None else min(len(self.zones), self.entries)

    def describe(self) -> str:
        """Describe the zones, as the end of a sentence."""
        details = [", ".join(self.zones)] if self.zones else []
        if self.entries is not None and self.entries < len(self.zones):
            details.append(f"only {self.entries} subnet(s) listed")
        if self.undecided:
            details.append(f"the zone of {', '.join(self.undecided)} is not known")
        noun = "Availability Zone" if self.count == 1 else "Availability Zones"
        return f"{self.count} {noun} for certain ({'; '.join(details) or 'no subnets given'})"


def spread(
    stack: Stack, resource: Resource, properties: Sequence[str], zones: Mapping[str, str]
) -> Spread:
    """Return the zones of the subnets in the first of these properties that is set.

    `zones` holds the zones of subnets outside the stack, by subnet id.
    """
    prop = _given(stack, resource, properties)
    value = resource.get(prop)
    references = _subnet_references(value)
    if references is UNKNOWN:
        subnets, foreign = stack.sources(resource, prop, tokens.SUBNET), []
        if not subnets:
            return Spread((), (f"{prop} ({show(UNKNOWN)})",), None)
        return _spread(subnets, foreign, zones, None)
    subnets = stack.linked(resource, prop, tokens.SUBNET, ("id",), value=references)
    ids = {name for subnet in subnets for name in identities(subnet, ("id",))}
    unmatched = [part for part in references if part is not UNKNOWN and part not in ids]
    identified = sum(1 for subnet in subnets if identities(subnet, ("id",)))
    if len(subnets) > identified:  # known ids of subnets whose own id is not known
        unmatched = [part for part in unmatched if part in zones]
    return _spread(subnets, unmatched, zones, len(references))


def _given(stack: Stack, resource: Resource, properties: Sequence[str]) -> str:
    # A property that the program leaves to the provider is unknown and has no source.
    for name in properties:
        value = resource.get(name)
        if value is UNKNOWN and stack.sources(resource, name, tokens.SUBNET):
            return name
        if value is not UNKNOWN and not is_absent(value):
            return name
    return properties[0]


def _subnet_references(value: Any) -> Any:
    """Return the references in a list of subnet ids or mappings, `UNKNOWN` if all is unknown."""
    if value is UNKNOWN:
        return UNKNOWN
    if isinstance(value, Sequence) and value and isinstance(value[0], Mapping):
        return [element.get("subnetId") for element in value]
    return list(leaves(value))


def _spread(
    subnets: Sequence[Resource],
    foreign: Sequence[str],
    zones: Mapping[str, str],
    entries: int | None,
) -> Spread:
    names: set[str] = set()
    zone_ids: set[str] = set()
    undecided: list[str] = []
    for subnet in subnets:
        name, zone_id = subnet.get("availabilityZone"), subnet.get("availabilityZoneId")
        if isinstance(name, str) and name:
            names.add(name)
        elif isinstance(zone_id, str) and zone_id:
            zone_ids.add(zone_id)
        else:
            undecided.append(f'subnet "{subnet.name}"')
    for subnet_id in foreign:
        if subnet_id in zones:
            names.add(zones[subnet_id])
        else:
            undecided.append(f"subnet {subnet_id} (not of this stack)")
    # Zone names and zone ids may mean the same zones: only the larger set is certainly distinct.
    certain = max(names, zone_ids, key=len)
    return Spread(tuple(sorted(certain)), tuple(undecided), entries)
