"""What security groups open to the internet, which the user's shell stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network

from region.loopback.addresses import PRIVATE
from region.network.firewall import Permission, SecurityGroup

_LAST_PORT = 65_535


def internet_ports(
    groups: Mapping[str, SecurityGroup], member_of: Iterable[str], most: int
) -> list[int]:
    """Return the TCP ports that a member of these groups opens to the internet, sorted.

    A rule with more than `most` ports is left out: no instance listens on nearly all of them
    (`region.network.listening` knows on which).
    """
    found: set[int] = set()
    for first, last in _ranges(groups, member_of):
        if last - first < most:
            found.update(range(first, last + 1))
    return sorted(found)


def opens_wide(groups: Mapping[str, SecurityGroup], member_of: Iterable[str], most: int) -> bool:
    """Return whether a rule opens more than `most` TCP ports, which `internet_ports` leaves out."""
    return any(last - first >= most for first, last in _ranges(groups, member_of))


def admits_internet(
    groups: Mapping[str, SecurityGroup], member_of: Iterable[str], port: int
) -> bool:
    """Return whether a member of these groups admits connections from the internet to a TCP port."""
    return any(first <= port <= last for first, last in _ranges(groups, member_of))


def _ranges(
    groups: Mapping[str, SecurityGroup], member_of: Iterable[str]
) -> Iterator[tuple[int, int]]:
    for name in member_of:
        group = groups.get(name)
        for permission in group.ingress if group else ():
            if permission.protocol in ("tcp", "-1") and _is_public(permission):
                first, last = permission.from_port, permission.to_port
                yield (
                    0 if first is None or first < 0 else first,
                    _LAST_PORT if last is None or last < 0 else last,
                )


def _is_public(permission: Permission) -> bool:
    """Return whether a rule's source is not wholly inside the private networks of RFC 1918."""
    return any(not _is_private(network) for network in permission.networks())


def _is_private(network: IPv4Network) -> bool:
    return any(network.subnet_of(private) for private in PRIVATE)
