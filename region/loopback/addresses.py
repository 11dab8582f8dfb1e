"""Loopback addresses: the only ones the region uses, and how private ones of its VPCs map to them.

Private address 10.a.b.c is loopback address 127.a.b.c: every instance has an address of its own that
only this machine can reach. The other blocks that VPCs have take the places of blocks of 10.0.0.0/8 that
few use (`_MOVED`), 10.0.0.0/16 among them, because 127.0.x.y is where the host's own loopback services
live. VPCs whose loopback addresses would be the same cannot exist side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import Final
from urllib.parse import urlsplit

from commandline.errors import UserError

PRIVATE: Final = tuple(
    IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
"""RFC 1918: where VPCs can lie."""
LOOPBACK_NETWORK: Final = IPv4Network("127.0.0.0/8")
_MOVED: Final[Mapping[IPv4Network, IPv4Network]] = {
    IPv4Network("172.16.0.0/12"): IPv4Network("127.224.0.0/12"),
    IPv4Network("192.168.0.0/16"): IPv4Network("127.240.0.0/16"),
    IPv4Network("10.0.0.0/16"): IPv4Network("127.241.0.0/16"),
    IPv4Network("10.0.0.0/8"): LOOPBACK_NETWORK,
}
"""Where a private block's loopback addresses lie; the first that has an address counts."""
LARGEST: Final = 16
"""The shortest prefix of a VPC's block (VPC user guide, "VPC CIDR blocks")."""


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
    """Map a private address to its loopback twin: 10.1.2.3 -> 127.1.2.3, 172.31.0.4 -> 127.239.0.4.

    Raises:
        AddressError: it is not a private address.
    """
    try:
        address = IPv4Address(private_ip)
    except AddressValueError as error:
        message = f"{private_ip!r} is not an IPv4 address: write it like 10.10.1.4."
        raise AddressError(message) from error
    for block, twin in _MOVED.items():
        if address in block:
            return str(twin.network_address + (int(address) - int(block.network_address)))
    message = f"Address {private_ip} has no twin in {LOOPBACK_NETWORK}: it must be in {_listed()}."
    raise AddressError(message)


def has_twin(private_ip: str) -> bool:
    """Return whether a private address can be mapped to the loopback device."""
    try:
        loopback_of(private_ip)
    except AddressError:
        return False
    return True


def check_vpc_cidr(cidr: str, others: Mapping[str, str]) -> None:
    """Reject the CIDR block of a VPC that cannot exist next to `others`, which map blocks to VPCs.

    Raises:
        AddressError: it is not in a private range, larger than a VPC's, or overlaps something.
    """
    network = _network(cidr)
    if not any(network.subnet_of(block) for block in PRIVATE):
        message = (
            f"VPC CIDR {cidr} is outside {_listed()}, the ranges that the local region can map to the "
            "loopback device: choose a block like 10.10.0.0/16."
        )
        raise AddressError(message)
    if network.prefixlen < LARGEST:
        message = f"VPC CIDR {cidr} is larger than /{LARGEST}: choose a block like 10.10.0.0/16."
        raise AddressError(message)
    for other, owner in others.items():
        if _twin(network).overlaps(_twin(_network(other))):
            message = (
                f"VPC CIDR {cidr} overlaps {other} of {owner}, another VPC in this region; both would "
                "have the same loopback addresses: choose a block that no other VPC uses."
            )
            raise AddressError(message)


def _twin(network: IPv4Network) -> IPv4Network:
    return IPv4Network((loopback_of(str(network.network_address)), network.prefixlen))


def _listed() -> str:
    first, *others, last = map(str, PRIVATE)
    return f"{', '.join([first, *others])} and {last}"


def _network(cidr: str) -> IPv4Network:
    try:
        return IPv4Network(cidr, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        message = f"{cidr!r} is not an IPv4 CIDR block ({error}): write it like 10.10.0.0/16."
        raise AddressError(message) from error
