"""Security groups, written as rules for nftables. Nothing in here touches the network.

As in EC2: a packet of a new connection needs permission on both sides, from a security group of its
source (egress) and from one of its destination (ingress). The groups of an interface add up, what no
group permits is dropped silently, and answers follow their connection. A rule's other side is a list
of CIDR blocks or the members of another group.

A rule that is taken away lets connections that exist go on, as EC2 does with those that it tracks. It
does not track flows that rules permit from and to everywhere, and ends them with the rule; here they
are tracked too.

The chains follow the first sentence: `traffic` looks up the source's egress rules, a match there goes on
to `ingress`, which looks up the destination's ingress rules, and a match there accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address

from region.loopback.addresses import PRIVATE
from region.network import acls
from region.network.acls import NetworkAcl
from region.network.errors import FirewallError
from region.network.services import Permission, service

METADATA = "169.254.169.254"
METADATA_PORT = 80
"""The instance metadata service, where AWS has it too."""
API = "169.254.170.1"
API_PORT = 4566
"""The region's AWS APIs."""
CONTROL_PORT = 8
"""Port of `API` on which the commands of a machine (systemctl …) reach the region."""
GATEWAY = "169.254.170.3"
"""Internet gateway: the source address of connections from the user's shell, which is the internet."""

MACHINE_SERVICES = ((METADATA, METADATA_PORT), (API, CONTROL_PORT))
"""What the computer under an instance provides: reachable whatever its groups, and without a cable."""
NETWORK_SERVICES = ((API, API_PORT),)
"""What the region's network provides: reachable whatever the groups, but not without a cable."""

EVERYWHERE = IPv4Network("0.0.0.0/0")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group: what it permits to its members."""

    id: str
    ingress: tuple[Permission, ...] = ()
    egress: tuple[Permission, ...] = ()

    def __post_init__(self) -> None:
        """Reject an id that cannot be the name of a chain.

        Raises:
            FirewallError: the message names it.
        """
        if not _NAME.fullmatch(self.id):
            raise FirewallError(
                f"{self.id!r} is not a security group's id: it is like sg-0a1b2c3d."
            )


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface in the VPC: of an instance, a load balancer's node or a database."""

    address: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Firewall:
    """All security groups and interfaces of a region at one moment.

    Attributes:
        interfaces: At most one with each address. A group that is not in `groups` permits nothing.
        groups: The security groups.
        acls: The network ACLs; a subnet without one lets everything pass.
    """

    interfaces: tuple[Interface, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    acls: tuple[NetworkAcl, ...] = ()

    def render(self) -> str:
        """Write the rules as a program for `nft -f -` that replaces the earlier ones atomically.

        Raises:
            FirewallError: an address is malformed or belongs to two interfaces.
        """
        return "\n".join(
            [
                "table ip security",
                "delete table ip security",
                "table ip security {",
                *_indent(_sets(self)),
                *_indent(_hooks()),
                *_indent(acls.chains(self.acls)),
                *_indent(_decision(self)),
                *(line for group in self.groups for line in _indent(_group(group))),
                "}",
                "",
            ]
        )


def pairs(services: Iterable[tuple[str, int]]) -> str:
    """Write addresses with ports as a set of nftables, to be compared with `ip daddr . tcp dport`."""
    return f"{{ {', '.join(f'{address} . {port}' for address, port in services)} }}"


def _indent(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _address(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError as error:
        raise FirewallError(f"{text!r} is not an address: write it like 10.20.1.7.") from error
    if address.version != 4:
        raise FirewallError(f"{text} is not an IPv4 address: the region's network has no IPv6.")
    return str(address)


def _addresses(name: str, addresses: Iterable[str]) -> str:
    members = ", ".join(sorted(map(_address, addresses)))
    elements = f" elements = {{ {members} }};" if members else ""
    return f"set {name} {{ type ipv4_addr;{elements} }}"


def _sets(firewall: Firewall) -> Iterator[str]:
    members: dict[str, set[str]] = {
        other: set()
        for group in firewall.groups
        for permission in (*group.ingress, *group.egress)
        for other in permission.groups
    }
    for interface in firewall.interfaces:
        for group in interface.groups:
            members.setdefault(group, set()).add(interface.address)
    yield _addresses("internet", (GATEWAY,))
    for group, addresses in sorted(members.items()):
        if not _NAME.fullmatch(group):
            raise FirewallError(f"{group!r} is not a security group's id: it is like sg-0a1b2c3d.")
        yield _addresses(f"members-{group}", addresses)


def _hooks() -> list[str]:
    """Databases and services are local (input), instances behind cables (forward).

    What load balancers and the internet gateway send starts in the namespace (output).
    """
    return [
        "chain input { type filter hook input priority 0; policy drop; goto traffic; }",
        "chain forward { type filter hook forward priority 0; policy drop; goto traffic; }",
        "chain output { type filter hook output priority 0; policy drop; goto notices; }",
        "chain notices {",
        # The kernel's own answers, such as "network is unreachable", belong to no connection.
        "  icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
        "  goto traffic",
        "}",
    ]


def _decision(firewall: Firewall) -> Iterator[str]:
    united: dict[tuple[str, ...], int] = {}
    chosen: dict[str, int] = {}
    for interface in firewall.interfaces:
        address = _address(interface.address)
        if address in chosen:
            raise FirewallError(
                f"two interfaces have the address {address}: leave out the one that has ended."
            )
        groups = tuple(sorted(set(interface.groups)))
        chosen[address] = united.setdefault(groups, len(united))
    yield "chain traffic {"
    yield f"  ip daddr . tcp dport {pairs(MACHINE_SERVICES)} accept"
    yield f"  ip saddr . tcp sport {pairs(MACHINE_SERVICES)} ct state established accept"
    yield "  jump acls"
    yield "  ct state vmap { invalid : drop, established : accept, related : accept }"
    yield f"  ip daddr . tcp dport {pairs(NETWORK_SERVICES)} accept"
    yield "  ip saddr @internet goto ingress"
    yield from _lookup("saddr", "from", chosen)
    yield "}"
    yield "chain ingress {"
    yield from _lookup("daddr", "to", chosen)
    yield "}"
    known = {group.id for group in firewall.groups}
    for groups, number in united.items():
        for direction in ("from", "to"):
            jumps = "".join(f" jump {direction}-{name};" for name in groups if name in known)
            yield f"chain {direction}-{number} {{{jumps} }}"


def _lookup(side: str, direction: str, chosen: Mapping[str, int]) -> Iterator[str]:
    if chosen:
        goto = ", ".join(f"{a} : goto {direction}-{number}" for a, number in sorted(chosen.items()))
        yield f"  ip {side} vmap {{ {goto} }}"


def _group(group: SecurityGroup) -> Iterator[str]:
    yield f"chain from-{group.id} {{"
    for permission in group.egress:
        yield from (f"  {match} goto ingress" for match in _matches(permission, "daddr"))
    yield "}"
    yield f"chain to-{group.id} {{"
    for permission in group.ingress:
        yield from (f"  {match} accept" for match in _matches(permission, "saddr"))
        if any(not any(n.subnet_of(p) for p in PRIVATE) for n in permission.networks()):
            yield f"  {' '.join(['ip saddr @internet', *service(permission)])} accept"
    yield "}"


def _matches(permission: Permission, side: str) -> Iterator[str]:
    """Write one match for the blocks of the other side, and one for each of its groups."""
    asked = service(permission)
    networks = permission.networks()
    if networks == [EVERYWHERE]:
        # A block of all addresses as an element of a set is beyond some versions of nft.
        yield " ".join(asked) or "ip version 4"
    elif networks:
        blocks = ", ".join(map(str, networks))
        yield " ".join([f"ip {side} {{ {blocks} }}", *asked])
    for name in permission.groups:
        yield " ".join([f"ip {side} @members-{name}", *asked])
