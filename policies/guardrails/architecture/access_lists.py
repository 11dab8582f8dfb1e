"""Network ACLs: which packets may enter and leave a subnet, replies included.

Unlike a security group a network ACL does not remember connections: replies need a rule of their own
(VPC user guide, "Control subnet traffic with network access control lists").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from guardrails import tokens
from guardrails.architecture.answers import Answer, all_of, no, undecided, yes
from guardrails.architecture.network import Network, subnet_name
from guardrails.architecture.permits import EGRESS, INGRESS, is_private, network, within
from guardrails.architecture.routes import Subnet, address_range
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, is_true, items, number

_ID = ("id",)
_ALL = ("-1", "all")
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp"}

REPLIES = (32768, 60999)
"""Ports to which replies go: those that Linux chooses its own from. Load balancers, NAT gateways and
other systems use more."""


class _Fit(Enum):
    """How much of some packets a rule is about."""

    ALL = "all"
    SOME_ADDRESSES = "some addresses"
    SOME_PORTS = "some ports"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Place:
    """The other end of a connection.

    Attributes:
        name: For messages.
        addresses: Its address range; `None` for the whole internet, `UNKNOWN` if not known.
    """

    name: str
    addresses: Any = None

    @property
    def shown(self) -> str:
        """Its address range as a rule names it."""
        if self.addresses is None:
            return "0.0.0.0/0"
        return "the address range of " + self.name if self.addresses is UNKNOWN else self.addresses


INTERNET = Place("the internet")


def place(subnet: Subnet) -> Place:
    """Return a subnet as the other end of a connection."""
    return Place(subnet_name(subnet), address_range(subnet))


@dataclass(frozen=True)
class Packets:
    """Packets that have to pass: their protocol and the range of their destination ports."""

    protocol: str
    first: int
    last: int

    @property
    def shown(self) -> str:
        """Their protocol and ports, for messages."""
        ports = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.protocol} {ports}"


@dataclass(frozen=True)
class Entry:
    """One rule of a network ACL; `number_` is `None` if its place in the order is not known."""

    number_: float | None
    allows: bool | None
    protocol: Any
    ports: Any
    addresses: Any

    def fits(self, packets: Packets, other: Place) -> _Fit:
        """Return how much of the packets from, or to, a place it is about."""
        if self.allows is None or self.protocol is UNKNOWN or self.addresses is UNKNOWN:
            return _Fit.UNKNOWN
        named = str(self.protocol).lower()
        given = _PROTOCOLS.get(named, named)
        if given not in (*_ALL, packets.protocol):
            return _Fit.NONE
        ports = _Fit.ALL if given in _ALL else self._ports(packets)
        addresses = self._addresses(other)
        for fit in (_Fit.NONE, _Fit.UNKNOWN, _Fit.SOME_PORTS, _Fit.SOME_ADDRESSES):
            if fit in (ports, addresses):
                return fit
        return _Fit.ALL

    def _ports(self, packets: Packets) -> _Fit:
        if self.ports is UNKNOWN:
            return _Fit.UNKNOWN
        first, last = self.ports
        if first <= packets.first and packets.last <= last:
            return _Fit.ALL
        apart = last < packets.first or packets.last < first
        return _Fit.NONE if apart else _Fit.SOME_PORTS

    def _addresses(self, other: Place) -> _Fit:
        own, given = network(self.addresses), network(other.addresses)
        if own is None or own.version != 4:
            return _Fit.NONE
        if own.prefixlen == 0 or (given is not None and within(given, own)):
            return _Fit.ALL
        if other.addresses is None:
            return _Fit.NONE if is_private(self.addresses) else _Fit.SOME_ADDRESSES
        if given is None or given.version != 4:
            return _Fit.UNKNOWN
        return _Fit.SOME_ADDRESSES if within(own, given) else _Fit.NONE

    def describe(self) -> str:
        """Describe it as a step of a path."""
        verb = "allows" if self.allows else "denies"
        ports = "every port"
        if str(self.protocol).lower() not in _ALL and isinstance(self.ports, tuple):
            first, last = self.ports
            ports = f"{self.protocol} {first}" + ("" if first == last else f"-{last}")
        which = f"rule {self.number_:g} " if self.number_ is not None else "a rule "
        return f"{which}{verb} {ports} for {self.addresses}"


_DEFAULT = tuple(Entry(100, True, "-1", (0, 65535), whole) for whole in ("0.0.0.0/0", "::/0"))


@dataclass(frozen=True, eq=False)
class AccessList:
    """A network ACL of the stack; `owner` is its resource, or the VPC whose default it is."""

    owner: Resource
    entries: Mapping[str, list[Entry]]
    open: Mapping[str, str]

    @property
    def name(self) -> str:
        """Its name for messages."""
        if self.owner.type in tokens.VPC:
            return f'the default network ACL of VPC "{self.owner.name}"'
        return f'network ACL "{self.owner.name}"'

    def passes(self, direction: str, packets: Packets, other: Place) -> Answer:
        """Answer whether packets may enter from, or leave to, a place."""
        way = f"{packets.shown} {'in from' if direction == INGRESS else 'out to'} {other.name}"
        if direction in self.open:
            return self._unclear(way, self.open[direction])
        partly, last = self._decided(direction, packets, other)
        if last is not None and last.fits(packets, other) is _Fit.UNKNOWN:
            return self._unclear(way, f"what {last.describe()} is about is not known")
        if last is not None and last.allows:
            return yes(self.name)
        if partly is None:
            return self._refused(direction, packets, other, last)
        if other.addresses is None:
            return yes(self.name)  # some of the internet, on purpose
        return self._unclear(way, f"{partly.describe()}, a part of {other.shown}")

    def _decided(
        self, direction: str, packets: Packets, other: Place
    ) -> tuple[Entry | None, Entry | None]:
        """Return the first rule that allows some of the packets, and the one that ends the search."""
        partly: Entry | None = None
        for entry in sorted(self.entries.get(direction, ()), key=_order):
            fit = entry.fits(packets, other)
            if fit in (_Fit.ALL, _Fit.UNKNOWN):
                return partly, entry
            if fit is _Fit.SOME_ADDRESSES and entry.allows:
                partly = partly or entry
        return partly, None

    def _unclear(self, way: str, why: str) -> Answer:
        return undecided(
            f"whether {self.name} lets {way} is not known: {why}",
            self.name,
            remedy="write the rules of the network ACL with values that the program knows.",
        )

    def _refused(self, direction: str, packets: Packets, other: Place, by: Entry | None) -> Answer:
        entering = direction == INGRESS
        whom = f"{'in from' if entering else 'out to'} {other.name}"
        why = by.describe() if by is not None else "no rule allows it"
        before = f", before rule {by.number_:g}" if by is not None and by.number_ else ""
        return no(
            f"{self.name} does not let {packets.shown} {whom}: {why}",
            f"{self.name}, {direction}: {why}",
            remedy=(
                f"add an aws.ec2.NetworkAclRule to {self.name} that allows {packets.shown} "
                f"{'from' if entering else 'to'} {other.shown}"
                f"{'' if entering else ' (egress)'}{before}."
            ),
        )


def _order(entry: Entry) -> float:
    return entry.number_ or 0


class AccessLists:
    """The network ACLs of one stack, by subnet. A subnet without one lets everything pass."""

    def __init__(self, stack: Stack) -> None:
        """Index rules by list, and lists by subnet."""
        self._stack = stack
        self._network = stack.derived(Network)
        self._entries: dict[Resource, dict[str, list[Entry]]] = {}
        self._open: dict[Resource, dict[str, str]] = {}
        self._of: dict[Subnet, Resource] = {}
        self._default: dict[Resource, Resource] = {}
        for acl in stack.of(tokens.NETWORK_ACL):
            self._index(acl)
        self._index_rules()
        for one in stack.of(tokens.NETWORK_ACL_ASSOCIATION):
            for acl in stack.references(one, "networkAclId", tokens.NETWORK_ACL, _ID).any:
                self._associate(one, "subnetId", acl)

    # --- index ------------------------------------------------------------------------------------

    def _index(self, acl: Resource) -> None:
        entries: dict[str, list[Entry]] = {INGRESS: [], EGRESS: []}
        self._entries[acl], self._open[acl] = entries, {}
        for direction, listed in entries.items():
            given = None if acl.left_out(direction) else acl.get(direction)
            if given is UNKNOWN or UNKNOWN in items(given):
                self._open[acl][direction] = f"its inline {direction} is not known"
            listed += [entry for one in items(given) for entry in _entries(one, "ruleNo", "action")]
        if not acl.left_out("subnetIds"):
            self._associate(acl, "subnetIds", acl)
        for vpc in self._stack.sources(acl, "defaultNetworkAclId", tokens.VPC):
            self._default[vpc] = acl

    def _index_rules(self) -> None:
        for rule in self._stack.of(tokens.NETWORK_ACL_RULE):
            direction = EGRESS if is_true(rule.get("egress")) else INGRESS
            found = self._stack.references(rule, "networkAclId", tokens.NETWORK_ACL, _ID)
            owners = list(found.resources)
            for acl in found.possible:
                self._open[acl][direction] = f'rule "{rule.name}" may belong to it'
            if not found.any:
                # The default list's id is an output of the VPC.
                owners += self._stack.sources(rule, "networkAclId", tokens.VPC)
            for owner in owners:
                if owner.type in tokens.VPC and owner not in self._entries:
                    self._entries[owner] = {INGRESS: [*_DEFAULT], EGRESS: [*_DEFAULT]}
                    self._open[owner] = {}
                    self._default.setdefault(owner, owner)
                new = _entries(rule.properties, "ruleNumber", "ruleAction")
                self._entries[owner][direction] += new

    def _associate(self, owner: Resource, prop: str, acl: Resource) -> None:
        for subnet in self._network.subnets(owner, prop):
            self._of[subnet] = acl

    # --- questions --------------------------------------------------------------------------------

    @property
    def any(self) -> bool:
        """Whether the stack has any."""
        return bool(self._entries)

    def of(self, subnet: Subnet) -> AccessList | None:
        """Return the network ACL of a subnet, `None` for one that lets everything pass."""
        owner = self._of.get(subnet)
        if owner is None and isinstance(subnet, Resource):
            vpc = self._network.vpc(subnet)
            owner = self._default.get(vpc) if isinstance(vpc, Resource) else None
        if owner is None:
            return None
        return AccessList(owner, self._entries[owner], self._open[owner])

    def connects(
        self, source: Subnet, target: Subnet, port: int, protocol: str = "tcp"
    ) -> Iterator[tuple[AccessList, Answer]]:
        """Yield what each list between two subnets says about a connection and its replies."""
        if source is target or source == target:
            return  # a network ACL is at the border of a subnet
        there, back = Packets(protocol, port, port), Packets(protocol, *REPLIES)
        for subnet, other, first in ((source, target, EGRESS), (target, source, INGRESS)):
            yield from self._both(subnet, place(other), first, (there, back))

    def admits_visitors(
        self, subnet: Subnet, port: int, protocol: str = "tcp"
    ) -> Iterator[tuple[AccessList, Answer]]:
        """Yield what the list of a subnet says about connections from the internet."""
        packets = Packets(protocol, port, port), Packets(protocol, *REPLIES)
        yield from self._both(subnet, INTERNET, INGRESS, packets)

    def leads_out(self, subnet: Subnet, port: int = 443) -> Iterator[tuple[AccessList, Answer]]:
        """Yield what the list of a subnet says about connections to the internet."""
        packets = Packets("tcp", port, port), Packets("tcp", *REPLIES)
        yield from self._both(subnet, INTERNET, EGRESS, packets)

    def _both(
        self, subnet: Subnet, other: Place, first: str, packets: tuple[Packets, Packets]
    ) -> Iterator[tuple[AccessList, Answer]]:
        acl = self.of(subnet)
        if acl is None:
            return
        there, back = packets
        second = INGRESS if first == EGRESS else EGRESS
        answer = all_of((acl.passes(first, there, other), acl.passes(second, back, other)))
        yield acl, answer.after(subnet_name(subnet))


def _entries(given: Any, number_: str, action: str) -> list[Entry]:
    """Return the entries of one rule: one per address range."""
    if not isinstance(given, Mapping):
        return []
    allows = given.get(action)
    first, last = given.get("fromPort"), given.get("toPort")
    ports: Any = UNKNOWN if UNKNOWN in (first, last) else (_port(first, 0), _port(last, 65535))
    return [
        Entry(
            number(given.get(number_)),
            None if allows is UNKNOWN else str(allows).lower() == "allow",
            given.get("protocol"),
            ports,
            given.get(name),
        )
        for name in ("cidrBlock", "ipv6CidrBlock")
        if not is_absent(given.get(name))
    ]


def _port(value: Any, default: int) -> int:
    given = number(value)
    return default if given is None else int(given)
