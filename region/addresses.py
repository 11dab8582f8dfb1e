"""Loopback addresses: the only ones the region uses, and how private ones of its VPCs map to them.

Private address 10.a.b.c is loopback address 127.a.b.c: every instance has an address of its own
that only this machine can reach. So VPCs must lie in 10.0.0.0/8 and must not overlap, and
10.0.0.0/16 is left out because 127.0.x.y is where the host's own loopback services live.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from urllib.parse import urlsplit

from commandline.errors import UserError

PRIVATE_NETWORK = IPv4Network("10.0.0.0/8")
LOOPBACK_NETWORK = IPv4Network("127.0.0.0/8")
HOST_NETWORK = IPv4Network("10.0.0.0/16")
_SUFFIX = 0x00FFFFFF


def hardware_address(address: str) -> str:
    """Return a locally administered hardware address that only this private address has."""
    return ":".join(f"{byte:02x}" for byte in (2, 0, *IPv4Address(address).packed))


class AddressError(ValueError):
    """An address or CIDR block that cannot be mapped to the loopback device."""


class GuardError(UserError, ValueError):
    """A call could reach real AWS; the message says how."""


def require_loopback(name: str, url: str) -> str:
    """Return `url` if its host is a literal address in 127.0.0.0/8; `name` is what it is given as.

    Raises:
        GuardError: it is another host, perhaps the real AWS.
    """
    try:
        loopback = IPv4Address(urlsplit(url).hostname or "") in LOOPBACK_NETWORK
    except ValueError:
        loopback = False
    if not loopback:
        message = (
            f"{name} is {url!r}, which is not on this machine; the local region only talks to "
            f"{LOOPBACK_NETWORK}: use the region's own endpoint, such as http://127.0.0.1:4566."
        )
        raise GuardError(message)
    return url


def loopback_of(private_ip: str) -> str:
    """Map a private address to its loopback twin: 10.1.2.3 -> 127.1.2.3."""
    return _translate(private_ip, PRIVATE_NETWORK, LOOPBACK_NETWORK)


def private_of(loopback_ip: str) -> str:
    """Map a loopback address to its private twin: 127.1.2.3 -> 10.1.2.3."""
    return _translate(loopback_ip, LOOPBACK_NETWORK, PRIVATE_NETWORK)


def has_twin(private_ip: str) -> bool:
    """Return whether a private address can be mapped to the loopback device."""
    try:
        address = IPv4Address(private_ip)
    except AddressValueError:
        return False
    return address in PRIVATE_NETWORK and address not in HOST_NETWORK


def check_vpc_cidr(cidr: str, others: Iterable[str] = ()) -> None:
    """Reject the CIDR block of a VPC that cannot exist next to the `others`.

    Raises:
        AddressError: it is outside 10.0.0.0/8 or overlaps something.
    """
    network = _network(cidr)
    if not network.subnet_of(PRIVATE_NETWORK):
        message = (
            f"VPC CIDR {cidr} is outside {PRIVATE_NETWORK}, the only range that the local region "
            "can map to the loopback device: choose a block like 10.10.0.0/16."
        )
        raise AddressError(message)
    if network.overlaps(HOST_NETWORK):
        message = (
            f"VPC CIDR {cidr} overlaps {HOST_NETWORK}, whose twin 127.0.0.0/16 holds the host's "
            "own loopback services: choose a block like 10.10.0.0/16."
        )
        raise AddressError(message)
    for other in others:
        if network.overlaps(_network(other)):
            message = (
                f"VPC CIDR {cidr} overlaps {other} of another VPC in this region; both would have "
                "the same loopback addresses: choose a block that no other stack uses."
            )
            raise AddressError(message)


def _network(cidr: str) -> IPv4Network:
    try:
        return IPv4Network(cidr, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        message = f"{cidr!r} is not an IPv4 CIDR block ({error}): write it like 10.10.0.0/16."
        raise AddressError(message) from error


def _translate(ip: str, source: IPv4Network, target: IPv4Network) -> str:
    try:
        address = IPv4Address(ip)
    except AddressValueError as error:
        raise AddressError(f"{ip!r} is not an IPv4 address: write it like 10.10.1.4.") from error
    if address not in source:
        raise AddressError(f"Address {ip} has no twin in {target}: it must be inside {source}.")
    return str(IPv4Address(int(target.network_address) | (int(address) & _SUFFIX)))
