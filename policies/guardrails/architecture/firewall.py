"""Security groups as reachability: who may connect to whom, on which port."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from guardrails import tokens
from guardrails.architecture.answers import Answer, all_of, no, undecided, yes
from guardrails.architecture.permits import (
    EGRESS,
    INGRESS,
    WORLD,
    Party,
    Permit,
    is_everything,
    is_nobody,
    is_private,
    is_vague,
    is_vast,
    network,
    speaks,
    within,
)
from guardrails.architecture.prefix_lists import PrefixLists
from guardrails.resources import References, Resource, Stack
from guardrails.values import UNKNOWN, is_absent, is_true, items, number

_ID = ("id",)
_LISTS = ("prefixListId", "prefixListIds")


class Firewall:
    """The security groups of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Index the rules by group."""
        self._stack = stack
        self._lists = stack.derived(PrefixLists)
        self._permits: dict[Resource, list[Permit]] = {}
        self._open: dict[tuple[Resource, str], str] = {}
        """Groups whose rules are not all known, by direction, and why."""
        self._index_inline()
        self._index_rules()

    # --- index ------------------------------------------------------------------------------------

    def _index_inline(self) -> None:
        for group in self._stack.of(tokens.SECURITY_GROUP):
            permits = self._permits.setdefault(group, [])
            for direction in (INGRESS, EGRESS):
                listed = None if group.left_out(direction) else group.get(direction)
                if listed is UNKNOWN:
                    self._open[group, direction] = f"its inline {direction} is not known"
                for entry in items(listed):
                    if entry is UNKNOWN:
                        self._open[group, direction] = f"an inline {direction} rule is not known"
                    else:
                        permits.append(self._permit(group, direction, entry, direction))

    def _index_rules(self) -> None:
        for kind, types in (
            (INGRESS, tokens.INGRESS_RULE),
            (EGRESS, tokens.EGRESS_RULE),
            (None, tokens.SECURITY_GROUP_RULE),
        ):
            for rule in self._stack.of(types):
                direction = kind or (EGRESS if rule.get("type") == EGRESS else INGRESS)
                permit = self._permit(rule, direction, rule.properties, "")
                found = self._stack.references(rule, "securityGroupId", tokens.SECURITY_GROUP, _ID)
                for group in found.resources:
                    self._permits.setdefault(group, []).append(permit)
                for group in found.possible:
                    self._open[group, direction] = f'rule "{rule.name}" may belong to it'

    def _permit(
        self, owner: Resource, direction: str, entry: Mapping[str, Any], prop: str
    ) -> Permit:
        addresses = [
            address
            for name in ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")
            for address in _listed(owner, entry, name, prop)
            if not is_nobody(address)
        ]
        lists = [one for name in _LISTS for one in _listed(owner, entry, name, prop)]
        peers = [
            one
            for name in ("referencedSecurityGroupId", "sourceSecurityGroupId", "securityGroups")
            for one in _listed(owner, entry, name, prop)
        ]
        source = prop or next(
            (
                name
                for name in ("referencedSecurityGroupId", "sourceSecurityGroupId")
                if not owner.left_out(name)
            ),
            "",
        )
        holder = next(
            (name for name in _LISTS if not prop and not is_absent(entry.get(name))), prop
        )
        listed, lists = self._lists.resolve(owner, holder, lists)
        first, last = entry.get("fromPort"), entry.get("toPort")
        return Permit(
            direction=direction,
            protocol=entry.get("ipProtocol", entry.get("protocol", UNKNOWN)),
            ports=_ports(first, last),
            addresses=(*addresses, *(one for ones in listed.values() for one in ones)),
            peers=self._peers(owner, source, peers) if peers else References(),
            prefix_lists=lists,
            itself=is_true(entry.get("self")),
            origin=owner,
            listed=listed,
        )

    def _peers(self, owner: Resource, source: str, named: list[Any]) -> References:
        """Return the security groups that an entry names, itself or as those of a load balancer."""
        found = self._stack.references(owner, source, tokens.SECURITY_GROUP, _ID, value=named)
        balancers = self._stack.sources(owner, source, tokens.LOAD_BALANCER)
        if found.any or not found.untraced or len(balancers) != 1:
            return found
        return self._stack.references(balancers[0], "securityGroups", tokens.SECURITY_GROUP, _ID)

    # --- questions --------------------------------------------------------------------------------

    def permits(self, group: Resource, direction: str) -> list[Permit]:
        """Return the known rules of a group."""
        return [one for one in self._permits.get(group, ()) if one.direction == direction]

    def connects(self, source: Party, target: Party, port: int, protocol: str = "tcp") -> Answer:
        """Answer whether one party reaches the other: out of its groups and into the other's."""
        return all_of(
            (
                self.passes(EGRESS, source, target, port, protocol),
                self.passes(INGRESS, target, source, port, protocol),
            )
        )

    def passes(
        self, direction: str, party: Party, peer: Party, port: int, protocol: str = "tcp"
    ) -> Answer:
        """Answer whether the groups of `party` let a connection with `peer` pass, one way."""
        if party.unfiltered:
            return yes()
        if not party.groups.any and not party.groups.foreign and not party.groups.untraced:
            return self._default_group(direction, party, peer)
        permits = [one for group in party.groups.any for one in self.permits(group, direction)]
        fitting = [one for one in permits if one.covers(port, protocol) is not False]
        verdicts = [self._matches(one, party, peer) for one in fitting]
        for permit, matches in zip(fitting, verdicts, strict=True):
            if matches and permit.covers(port, protocol):
                return yes(_step(permit, party))
        if not party.groups.possible and self._cover(fitting, peer):
            return yes(f"{names(party)}: {port}")
        why = self._doubt(party, direction, fitting, verdicts)
        if why is not None:
            return undecided(
                f"whether {names(party)} lets {protocol} {port} "
                f"{'in from' if direction == INGRESS else 'out to'} {peer.name} is not known: {why}",
                names(party),
                remedy=(
                    "create the security group and its rules in this program, with a port, and the "
                    "other side's security group as referenced_security_group_id."
                ),
            )
        return _refusal(direction, party, peer, (port, protocol), permits)

    def opens(self, direction: str, party: Party, port: int, protocol: str = "tcp") -> Answer:
        """Answer whether the groups of `party` let this port pass, for anybody at all."""
        if party.unfiltered:
            return yes()
        groups = party.groups
        if not groups.any and not groups.foreign and not groups.untraced:
            return yes() if direction == EGRESS else self._default_group(direction, party, WORLD)
        permits = [one for group in groups.any for one in self.permits(group, direction)]
        if any(one.for_somebody and one.covers(port, protocol) is not False for one in permits):
            return yes()
        why = self._doubt(party, direction, [], [])
        if why is not None:
            return undecided(
                f"whether {names(party)} lets {protocol} {port} pass is not known: {why}",
                names(party),
                remedy="create the security group and its rules in this program.",
            )
        return _refusal(direction, party, WORLD, (port, protocol), permits)

    def ports_for(self, party: Party, peer: Party) -> list[int]:
        """Return the single ports on which the groups of `party` certainly admit `peer`."""
        found = {
            one.ports[0]
            for group in party.groups.resources
            for one in self.permits(group, INGRESS)
            if isinstance(one.ports, tuple)
            and one.ports[0] == one.ports[1]
            and self._matches(one, party, peer)
        }
        return sorted(found)

    def _default_group(self, direction: str, party: Party, peer: Party) -> Answer:
        """Answer for a VPC's default group: it admits its own members, and lets out everything."""
        managed = [
            group
            for group in self._stack.of(tokens.SECURITY_GROUP)
            if group.type.endswith("DefaultSecurityGroup")
        ]
        name = f"{party.name}: the VPC's default security group"
        if managed:
            return undecided(
                f"{name} is managed by this stack; which VPC's it is was not followed",
                remedy=f"give {party.name} a security group of its own.",
            )
        shared = not (peer.groups.any or peer.groups.foreign or peer.unfiltered)
        if direction == EGRESS or shared:
            return yes(name)
        return no(
            f"no security group of its own is given to {party.name}, and the VPC's default one admits only "
            "its own members",
            name,
            remedy=f"give {party.name} a security group that admits {peer.name}.",
        )

    def _matches(self, permit: Permit, party: Party, peer: Party) -> bool | None:
        """Return whether a rule is about this peer, None if that is not known."""
        known = [one for one in permit.addresses if one is not UNKNOWN and speaks(one, peer.family)]
        peers, groups = permit.peers, peer.groups
        certain = (
            any(is_everything(one) for one in known)
            or (peer.internet and any(not is_private(one) for one in known))
            or (peer.internet and bool(permit.prefix_lists))
            or bool(set(peers.resources) & set(groups.resources))
            or bool(set(peers.foreign) & set(groups.foreign))
            or (permit.itself and bool(set(party.groups.resources) & set(groups.resources)))
        )
        if certain:
            return True
        elsewhere = bool(groups.foreign or groups.untraced)
        # What is called so is not known: names-and-arns reports a name in place of an id.
        named = any(not one.startswith("sg-") for one in groups.foreign)
        doubtful = (
            (named and bool(peers.any or permit.itself))
            or UNKNOWN in permit.addresses
            or bool(permit.prefix_lists)
            or bool(set(peers.any) & set(groups.any))
            or (bool(peers.untraced) and not peer.internet)
            or (elsewhere and bool(peers.foreign or peers.untraced))
            or (bool(groups.untraced) and bool(peers.any or permit.itself))
            or (bool(known) and not peer.internet and is_vague(peer.networks))
        )
        return None if doubtful else False

    @staticmethod
    def _cover(permits: Iterable[Permit], peer: Party) -> bool:
        """Return whether the rules together admit every address that the peer may have."""
        if peer.internet or is_vague(peer.networks):
            return False
        given = [network(one) for permit in permits for one in permit.addresses]
        ranges = [one for one in given if one is not None]
        return all(any(within(network(one), outer) for outer in ranges) for one in peer.networks)

    def _doubt(
        self,
        party: Party,
        direction: str,
        fitting: list[Permit],
        verdicts: list[bool | None],
    ) -> str | None:
        """Return why the answer may be yes after all."""
        if party.groups.foreign:
            return f"security group {party.groups.foreign[0]} is not part of this stack"
        if party.groups.untraced or party.groups.possible:
            return "which security groups it has is not known"
        for group in party.groups.resources:
            if (group, direction) in self._open:
                return self._open[group, direction]
        for permit, verdict in zip(fitting, verdicts, strict=True):
            if verdict is not False:
                return f'who is meant by rule "{permit.origin.name}", or its port, is not known'
        return None

    def world_ports(self, group: Resource) -> Iterator[Permit]:
        """Yield the rules that open a group to the internet, or may."""
        for permit in self.permits(group, INGRESS):
            if any(one is UNKNOWN or is_vast(one) for one in permit.addresses):
                yield permit


def _listed(owner: Resource, entry: Mapping[str, Any], name: str, prop: str) -> list[Any]:
    """Return the values of a property of a rule; what the provider leaves unknown is none."""
    value = entry.get(name)
    if is_absent(value) or (not prop and owner.left_out(name)):
        return []
    return list(value) if isinstance(value, list) else [value]


def _ports(first: Any, last: Any) -> Any:
    if first is UNKNOWN or last is UNKNOWN:
        return UNKNOWN
    low, high = number(first), number(last)
    if low is None and high is None:
        return None
    low = high if low is None else low
    return int(low or 0), int(low or 0) if high is None else int(high)


def names(party: Party) -> str:
    """Name the security groups of a party."""
    groups = [f'"{one.name}"' for one in party.groups.any] + list(party.groups.foreign)
    noun = "security group" if len(groups) == 1 else "security groups"
    return f"{noun} {', '.join(groups)}" if groups else f"the security groups of {party.name}"


def _told(permit: Permit, protocol: str) -> str:
    """Describe a rule's ports, with its protocol where that is not the one that is asked for."""
    first = permit.ports[0] if isinstance(permit.ports, tuple) else 0
    same = permit.covers(first, protocol) is not False
    return permit.describe() if same else f"{permit.protocol} {permit.describe()}"


def _step(permit: Permit, party: Party) -> str:
    return f"{names(party)}: {permit.describe()}"


def _refusal(
    direction: str, party: Party, peer: Party, port: tuple[int, str], permits: list[Permit]
) -> Answer:
    number_, protocol = port
    verb = "admits" if direction == INGRESS else "lets out"
    same_port = [one for one in permits if one.covers(number_, protocol)]
    if not permits:
        given = f"{verb} nothing"
    elif same_port:
        given = f"{verb} {number_}, but not {'from' if direction == INGRESS else 'to'} {peer.name}"
    else:
        ports = ", ".join(dict.fromkeys(_told(one, protocol) for one in permits))
        given = f"{verb} {ports} only, not {'' if protocol == 'tcp' else protocol + ' '}{number_}"
    kind = "Ingress" if direction == INGRESS else "Egress"
    whom = "0.0.0.0/0" if peer.internet else f"the security group of {peer.name}"
    if not peer.internet and peer.unfiltered:
        whom = f"the addresses of {peer.name}"
    return no(
        f"{names(party)} {given}",
        f"{names(party)}: {given}",
        remedy=(
            f"add an aws.vpc.SecurityGroup{kind}Rule to {names(party)} for {protocol} port "
            f"{number_} {'from' if direction == INGRESS else 'to'} {whom}."
        ),
    )
