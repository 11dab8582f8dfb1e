"""The rules of security groups, and the parties that they let connect."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from guardrails.resources import References, Resource
from guardrails.values import UNKNOWN

INGRESS, EGRESS = "ingress", "egress"
_ALL = ("-1", "all")
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}

_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)


_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")


@dataclass(frozen=True)
class Permit:
    """One rule of a security group.

    Attributes:
        ports: First and last port; None for every port, `UNKNOWN` if the preview does not know.
        peers: The security groups that it admits.
        listed: The addresses of prefix lists, by list; they are among `addresses`.
        itself: Whether it admits members of its own group.
        origin: The resource that holds the rule.
    """

    direction: str
    protocol: Any
    ports: Any
    addresses: tuple[Any, ...]
    peers: References
    prefix_lists: tuple[Any, ...]
    itself: bool
    origin: Resource
    listed: Mapping[Resource, tuple[Any, ...]] = field(default_factory=dict[Resource, Any])

    def covers(self, port: int, protocol: str) -> bool | None:
        """Return whether it is about this port and protocol, None if that is not known."""
        if self.protocol is UNKNOWN:
            return None
        given = _PROTOCOLS.get(str(self.protocol).lower(), str(self.protocol).lower())
        if given in _ALL:
            return True
        if given != protocol:
            return False
        if self.ports is UNKNOWN:
            return None
        return self.ports is None or self.ports[0] <= port <= self.ports[1]

    @property
    def for_somebody(self) -> bool:
        """Whether it names anybody at all."""
        return bool(
            self.addresses
            or self.prefix_lists
            or self.itself
            or self.peers.any
            or self.peers.foreign
            or self.peers.untraced
        )

    def describe(self) -> str:
        """Describe the ports, for "admits …"."""
        if self.ports is UNKNOWN or self.protocol is UNKNOWN:
            return "ports that are not known"
        if str(self.protocol).lower() in _ALL or self.ports is None:
            return "every port"
        first, last = self.ports
        return f"{first}" if first == last else f"{first}-{last}"


@dataclass(frozen=True)
class Party:
    """One end of a connection.

    Attributes:
        name: For messages, with its kind ("instances of web").
        groups: Its security groups; empty means the VPC's default group, unless `unfiltered`.
        unfiltered: It has no security group at all (a network load balancer may).
        networks: The address ranges that it has its addresses from, as far as they are known.
        internet: Whether it is, or passes on, clients anywhere on the internet.
        family: The version of IP in which it speaks: a rule for the other one is of no use.
    """

    name: str
    groups: References = field(default_factory=References)
    unfiltered: bool = False
    networks: tuple[Any, ...] = ()
    internet: bool = False
    family: int = 4

    @property
    def grouped(self) -> bool:
        """Whether it has security groups of its own, or needs none.

        Of a load balancer that has none `elb-open-on-listener-ports` reports that.
        """
        groups = self.groups
        return self.unfiltered or bool(groups.any or groups.foreign or groups.untraced)


WORLD = Party("visitors", unfiltered=True, internet=True)
WORLD_6 = Party("visitors by IPv6", unfiltered=True, internet=True, family=6)


def network(value: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return an address range, None if it is none."""
    return _network(value) if isinstance(value, str) else None


@functools.cache
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def within(inner: Any, outer: Any) -> bool:
    """Return whether a range lies in another one."""
    return inner is not None and inner.version == outer.version and inner.subnet_of(outer)


def is_everything(value: Any) -> bool:
    """Return whether a range is the whole internet, or half of it: two halves are the whole."""
    given = network(value)
    return given is not None and given.prefixlen <= 1


def is_nobody(value: Any) -> bool:
    """Return whether a range holds no address that anybody has: a part of 0.0.0.0/8, as 0.0.0.0/32."""
    found = network(value)
    return (
        found is not None
        and found.prefixlen >= _THIS_NETWORK.prefixlen
        and within(found, _THIS_NETWORK)
    )


def is_vast(value: Any) -> bool:
    """Return whether a range covers so much of the internet that it keeps nobody out."""
    given = network(value)
    largest = 7 if given is not None and given.version == 4 else 15
    return given is not None and given.prefixlen <= largest and not is_private(value)


def speaks(value: Any, family: int) -> bool:
    """Return whether a range has addresses of a version of IP."""
    given = network(value)
    return given is not None and given.version == family


def is_private(value: Any) -> bool:
    """Return whether a range holds private addresses only."""
    given = network(value)
    return any(within(given, private) for private in _PRIVATE)


def is_vague(networks: tuple[Any, ...]) -> bool:
    """Return whether a party may have addresses that are not known."""
    return not networks or UNKNOWN in networks
