"""Protocols, ports and peers of rules, as matches of nftables."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses, ip_network
from typing import Literal, get_args

from region.network.errors import FirewallError

Protocol = Literal["tcp", "udp", "icmp", "-1"]
_ANY = -1
_LARGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Permission:
    """One rule of a security group or network ACL, as the EC2 API has it.

    Attributes:
        protocol: `-1` stands for all.
        from_port: First port; for icmp the type. None or -1 stand for all.
        to_port: Last port; for icmp the code. None or -1 stand for all.
        cidrs: IPv4 blocks of the other side. IPv6 blocks permit nothing: the region has no IPv6.
        groups: Security groups whose members are the other side.
    """

    protocol: Protocol
    from_port: int | None = None
    to_port: int | None = None
    cidrs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Reject what cannot be a rule.

        Raises:
            FirewallError: the message names the value.
        """
        if self.protocol not in get_args(Protocol):
            raise FirewallError(
                f"protocol {self.protocol!r} of a security group's rule is not supported: "
                f"use {', '.join(get_args(Protocol))}."
            )
        largest = 255 if self.protocol == "icmp" else _LARGEST_PORT
        for number in (self.from_port, self.to_port):
            if number is not None and not _ANY <= number <= largest:
                raise FirewallError(
                    f"{number} in a {self.protocol} rule of a security group is out of range: "
                    f"use 0 to {largest}, or -1 for all."
                )
        if self.protocol in {"tcp", "udp"} and _lowest(self.from_port) > _highest(self.to_port):
            raise FirewallError(
                f"ports {self.from_port} to {self.to_port} in a {self.protocol} rule of a security "
                "group are in the wrong order: swap them."
            )
        self.networks()

    def networks(self) -> list[IPv4Network]:
        """Return the blocks of the other side, without overlaps.

        Raises:
            FirewallError: one is not a CIDR block.
        """
        try:
            parsed = [ip_network(cidr, strict=False) for cidr in self.cidrs]
        except ValueError as error:
            raise FirewallError(
                f"a security group's rule has a bad CIDR block ({error}): write it like 10.0.0.0/8."
            ) from error
        return list(collapse_addresses(n for n in parsed if isinstance(n, IPv4Network)))


def _lowest(first: int | None) -> int:
    return 0 if first is None or first == _ANY else first


def _highest(last: int | None) -> int:
    return _LARGEST_PORT if last is None or last == _ANY else last


def service(permission: Permission) -> list[str]:
    """Write protocol and ports as matches of nftables; none for all."""
    first, last = permission.from_port, permission.to_port
    if permission.protocol == "-1":
        return []
    if permission.protocol == "icmp":
        kind = [] if first in (None, _ANY) else [f"icmp type {first}"]
        code = [] if last in (None, _ANY) or not kind else [f"icmp code {last}"]
        return [*kind, *code] or ["meta l4proto icmp"]
    lowest, highest = _lowest(first), _highest(last)
    if (lowest, highest) == (0, _LARGEST_PORT):
        return [f"meta l4proto {permission.protocol}"]
    ports = str(lowest) if lowest == highest else f"{lowest}-{highest}"
    return [f"{permission.protocol} dport {ports}"]
