"""The Availability Zones that a resource spans: certainly, and at most.

Subnet ids are unknown until the subnets exist, but their zones are known: they are read from the
subnet resources on which the property depends. Where the zones stay open (subnets of another stack,
a list that the program cuts inside an `apply`), the number lies between two bounds, and a rule that
needs more than the lower one cannot decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from guardrails import tokens
from guardrails.architecture.given import given
from guardrails.architecture.place_names import region_of_zone
from guardrails.model import Parameters, Violation
from guardrails.resources import References, Resource, Stack, identities
from guardrails.values import UNKNOWN, items, leaves

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
    "Unknown subnet ids are resolved through the subnets they come from. Subnets of another stack, "
    "and a list that is unknown as a whole, are not decidable, unless no choice of them would span "
    "enough zones; a subnet whose zone the program leaves to AWS does not count as a further zone."
)


@dataclass(frozen=True)
class Spread:
    """The zones that a list of subnets spans.

    Attributes:
        zones: Zones that are known, sorted.
        certain: Number of zones that are certainly spanned.
        possible: Largest number of zones that may be spanned.
        open: What is not known, as ends of a sentence.
        remedy: What makes it decidable, where it is not.
    """

    zones: tuple[str, ...]
    certain: int
    possible: int
    open: tuple[str, ...] = ()
    remedy: str | None = None

    @property
    def known(self) -> bool:
        """Return whether exactly `zones` are spanned."""
        return self.certain == self.possible == len(self.zones)

    def describe(self) -> str:
        """Describe the zones, as the end of a sentence."""
        details = [", ".join(self.zones)] if self.zones else []
        details += self.open
        if self.possible == 1 and not self.certain:
            return f"1 Availability Zone at most ({'; '.join(details)})"
        noun = "Availability Zone" if self.certain == 1 else "Availability Zones"
        return f"{self.certain} {noun} for certain ({'; '.join(details) or 'no subnets given'})"


NOTHING = Spread((), 0, 0)


def shortfall(spread: Spread, resource: Resource, subject: str, minimum: int) -> Violation | None:
    """Return a violation unless the subject certainly spans the minimum; undecided if it may."""
    if spread.certain >= minimum:
        return None
    what = f"{subject} spans {spread.describe()}; at least {minimum} are required."
    return Violation(what, resource, remedy=spread.remedy, undecided=spread.possible >= minimum)


def together(spreads: Sequence[Spread]) -> Spread:
    """Return the zones that several resources span together."""
    if len(spreads) == 1:
        return spreads[0]
    zones = tuple(sorted({zone for one in spreads for zone in one.zones}))
    exact = {zone for one in spreads if one.certain == len(one.zones) for zone in one.zones}
    extra = sum(max(0, one.possible - len(one.zones)) for one in spreads)
    certain = max([len(exact), *(one.certain for one in spreads)])
    remedy = next((one.remedy for one in spreads if one.remedy), None)
    missing = tuple(dict.fromkeys(part for one in spreads for part in one.open))
    return Spread(zones, certain, max(certain, len(zones) + extra), missing, remedy)


def spread(
    stack: Stack,
    resource: Resource,
    properties: Sequence[str],
    zones: Mapping[str, str] = MappingProxyType({}),
    *,
    value: Any = None,
) -> Spread:
    """Return the zones of the subnets in the first of these properties that is set.

    `zones` holds the zones of subnets outside the stack, by subnet id; `value` narrows a nested
    property down to the subnets in it.
    """
    prop = _given(resource, properties)
    if prop is None:
        return NOTHING
    value = resource.get(prop) if value is None else value
    subnets = stack.linked(resource, prop, tokens.SUBNET, ("id",), value=_subnet_references(value))
    if value is UNKNOWN:
        return _unlisted(prop, subnets)
    references = list(_subnet_references(value))
    ids = {name for subnet in subnets for name in identities(subnet, ("id",))}
    foreign = [one for one in references if one is not UNKNOWN and one not in ids]
    identified = [subnet for subnet in subnets if identities(subnet, ("id",))]
    if len(subnets) > len(identified):  # known ids of subnets whose own id is not known
        foreign = [one for one in foreign if one in zones]
    untraced = len(references) - len(foreign) - len(subnets)
    known = [*subnets, *stack.sources(resource, prop, tokens.SECURITY_GROUP)]
    if untraced > 0 and subnets and not _other_sources(resource, prop, known):
        untraced = 0  # the same subnet several times
    return _listed(prop, subnets, references, foreign, zones, untraced=untraced)


def _other_sources(resource: Resource, prop: str, known: Sequence[Resource]) -> set[str]:
    return set(resource.dependencies.get(prop, ())) - {one.urn for one in known}


def named_zones(value: Any) -> Spread:
    """Return the zones in a list of zone names."""
    names = {zone for zone in items(value) if isinstance(zone, str) and zone}
    unnamed = sum(1 for zone in items(value) if zone is UNKNOWN)
    if value is UNKNOWN:
        return Spread((), 0, 99, ("availability_zones is not known in this preview",), _NAME_THEM)
    missing = (f"{unnamed} zone(s) not known in this preview",) if unnamed else ()
    return Spread(
        tuple(sorted(names)),
        max(len(names), 1 if unnamed else 0),
        len(names) + unnamed,
        missing,
        _NAME_THEM if unnamed else None,
    )


_NAME_THEM = "name the zones as text, or take them from aws.get_availability_zones()."
_LOOKED_UP = (
    "pass the ids of subnets that this program creates, as a list. Of subnets that it looks up the "
    "ids are known once their network exists: preview again then, with the zone of each in this "
    'rule\'s parameter "subnetZones".'
)
_WHOLE_LIST = (
    "pass the list itself, for example [a.id, b.id], not one that is computed inside an apply: "
    "then the preview shows how many subnets there are and which."
)


def zone_of(subnet: Resource) -> str | None:
    """Return a subnet's zone by name, or else by id, `None` where the program does not say it."""
    for key in ("availabilityZone", "availabilityZoneId"):
        value = subnet.get(key)
        if isinstance(value, str) and value:
            return value
    return None


def only_zone(subnets: References) -> str | None:
    """Return the zone in which all of these subnets certainly are, `None` where that is not so."""
    zones = [one.get("availabilityZone") for one in subnets.resources]
    named = {zone for zone in zones if isinstance(zone, str) and zone}
    certain = subnets.complete and all(zone in named for zone in zones)
    return named.pop() if certain and len(named) == 1 else None


def regions(subnets: Iterable[Resource]) -> frozenset[str]:
    """Return the Regions of subnets, as far as the names of their zones tell."""
    found = (region_of_zone(one.get("availabilityZone")) for one in subnets)
    return frozenset(one for one in found if one is not None)


def _given(resource: Resource, properties: Sequence[str]) -> str | None:
    # A property that the program leaves to the provider is unknown too.
    return next((name for name in properties if given(resource, name) is not None), None)


def _subnet_references(value: Any) -> Any:
    """Return the references in a list of subnet ids or mappings, `UNKNOWN` if all is unknown."""
    if value is UNKNOWN:
        return UNKNOWN
    if isinstance(value, Sequence) and value and isinstance(value[0], Mapping):
        return [element.get("subnetId") for element in value]
    return list(leaves(value))


@dataclass(frozen=True)
class _Zones:
    """The zones of some subnets, and the subnets without one."""

    names: Counter[str]
    ids: Counter[str]
    by_chance: tuple[str, ...]
    computed: tuple[str, ...]

    def bounds(self, entries: int) -> tuple[int, int]:
        """Return how many zones a choice of this many of these subnets spans at least and at most."""
        # Zone names and zone ids may mean the same zones: only the larger set certainly differs.
        counted = max(self.names, self.ids, key=len)
        spare = sum(self.names.values()) + sum(self.ids.values()) - sum(counted.values())
        spare += len(self.by_chance) + len(self.computed)
        left = max(0, entries - spare)
        certain = 0
        for _, several in counted.most_common():
            if left > 0:
                certain += 1
            left -= several
        return certain, len(self.names) + len(self.ids) + len(self.computed)


def _zones(subnets: Iterable[Resource]) -> _Zones:
    names: Counter[str] = Counter()
    ids: Counter[str] = Counter()
    by_chance: list[str] = []
    computed: list[str] = []
    for subnet in subnets:
        name, zone_id = subnet.get("availabilityZone"), subnet.get("availabilityZoneId")
        if isinstance(name, str) and name:
            names[name] += 1
        elif isinstance(zone_id, str) and zone_id:
            ids[zone_id] += 1
        else:
            said = (given(subnet, "availabilityZone"), given(subnet, "availabilityZoneId"))
            (computed if UNKNOWN in said else by_chance).append(f'subnet "{subnet.name}"')
    return _Zones(names, ids, tuple(by_chance), tuple(computed))


def _unlisted(prop: str, subnets: Sequence[Resource]) -> Spread:
    """Return the zones of a list that is unknown as a whole: it may be any part of its sources."""
    label = _label(prop)
    if not subnets:
        return Spread((), 0, 99, (f"{label} is not known in this preview",), _LOOKED_UP)
    found = _zones(subnets)
    certain, possible = found.bounds(1)
    names = ", ".join(f'"{subnet.name}"' for subnet in subnets)
    missing = [f"{label} is not known in this preview: any of the subnets {names}"]
    return Spread(
        tuple(sorted([*found.names, *found.ids])),
        certain,
        possible,
        (*missing, *_unknown_zones(found)),
        _WHOLE_LIST if possible > 1 else None,
    )


def _listed(
    prop: str,
    subnets: Sequence[Resource],
    references: Sequence[Any],
    foreign: Sequence[str],
    zones: Mapping[str, str],
    *,
    untraced: int,
) -> Spread:
    """Return the zones of a list of known length."""
    found = _zones(subnets)
    for subnet_id in foreign:
        if subnet_id in zones:
            found.names[zones[subnet_id]] += 1
    entries = len(references)
    outside = [one for one in foreign if one not in zones]
    certain, possible = found.bounds(entries - len(outside) - max(0, untraced))
    possible = min(possible + len(outside) + max(0, untraced), entries)
    missing = [*_unknown_zones(found)]
    missing += [f"the zone of subnet {one} (not of this stack) is not known" for one in outside]
    if untraced > 0:
        missing.append(f"{untraced} of its {_label(prop)} are not known in this preview")
    if untraced < 0:
        names = ", ".join(f'"{subnet.name}"' for subnet in subnets)
        missing.append(f"only {entries} of the subnets {names} listed")
    return Spread(
        tuple(sorted([*found.names, *found.ids])),
        certain,
        possible,
        tuple(missing),
        # One subnet is in one zone, whatever it is called.
        _remedy(*((outside, found, untraced) if possible > 1 else ((), found, 0))),
    )


def _remedy(outside: Sequence[str], found: _Zones, untraced: int) -> str | None:
    if outside:
        example = ", ".join(f'"{one}": "<its zone>"' for one in outside)
        return (
            "name the zones of subnets that this stack does not create in the policy "
            f'configuration, as this rule\'s parameter: "subnetZones": {{{example}}}.'
        )
    if untraced:
        return _WHOLE_LIST
    if found.by_chance or found.computed:
        names = ", ".join((*found.by_chance, *found.computed))
        return (
            f"set availability_zone of {names} as text: AWS chooses one otherwise, perhaps the "
            "same for all."
        )
    return None


def _unknown_zones(found: _Zones) -> list[str]:
    names = (*found.by_chance, *found.computed)
    return [f"the zone of {', '.join(names)} is not known"] if names else []


def _label(prop: str) -> str:
    words = {
        "vpcZoneIdentifiers": "vpc_zone_identifiers",
        "subnetMappings": "subnet_mappings",
        "networkConfiguration": "network_configuration.subnets",
    }
    return words.get(prop, prop)
