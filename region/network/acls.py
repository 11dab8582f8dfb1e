"""Network ACLs, written as rules for nftables. Nothing in here touches the network.

As in VPC: an ACL is of subnets, and without memory. Every packet that leaves a subnet is looked up in
the outbound rules of its ACL, every packet that enters one in the inbound rules, also answers and packets
of connections that exist. The first rule that matches decides, and what none matches is dropped. Between
two addresses of one subnet no ACL applies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network

from region.network.errors import FirewallError
from region.network.services import Permission, service

_EVERYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True, slots=True)
class AclRule:
    """One rule of a network ACL.

    Attributes:
        number: Lower numbers are looked at first.
        permission: Protocol, ports and the other side's block.
    """

    number: int
    allow: bool
    permission: Permission


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """A network ACL: the blocks of its subnets, and what may enter and leave them."""

    id: str
    subnets: tuple[str, ...]
    ingress: tuple[AclRule, ...] = ()
    egress: tuple[AclRule, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it lets everything pass, as the default ACL of a VPC does."""
        return all(_lets_all_pass(rules) for rules in (self.ingress, self.egress))


def chains(acls: Iterable[NetworkAcl]) -> Iterator[str]:
    """Write the chain `acls`, which drops what an ACL does not let pass, and those that it needs.

    Raises:
        FirewallError: A block is malformed.
    """
    effective = [acl for acl in acls if acl.subnets and not acl.is_open]
    yield "chain acls {"
    for acl in effective:
        for subnet in map(_block, acl.subnets):
            yield f"  ip saddr {subnet} ip daddr != {subnet} jump leaving-{acl.id}"
            yield f"  ip daddr {subnet} ip saddr != {subnet} jump entering-{acl.id}"
    yield "}"
    for acl in effective:
        yield from _chain(f"leaving-{acl.id}", acl.egress, "daddr")
        yield from _chain(f"entering-{acl.id}", acl.ingress, "saddr")


def _chain(name: str, rules: Iterable[AclRule], side: str) -> Iterator[str]:
    yield f"chain {name} {{"
    for rule in sorted(rules, key=lambda rule: rule.number):
        for network in rule.permission.networks():
            peer = [] if network == _EVERYWHERE else [f"ip {side} {network}"]
            verdict = "return" if rule.allow else "drop"
            yield f"  {' '.join([*peer, *service(rule.permission), verdict])}"
    yield "  drop"
    yield "}"


def _lets_all_pass(rules: tuple[AclRule, ...]) -> bool:
    first = min(rules, key=lambda rule: rule.number, default=None)
    return (
        first is not None
        and first.allow
        and first.permission.protocol == "-1"
        and first.permission.networks() == [_EVERYWHERE]
    )


def _block(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError as error:
        raise FirewallError(
            f"{text!r} is not a subnet's block: write it like 10.0.1.0/24."
        ) from error
