"""How a VPC's address block is cut into subnets. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

SUBNET_BITS = 4
"""A VPC is cut into 16 equal blocks: the lower 8 for public subnets, the upper 8 for isolated ones,
so that a zone that is added or removed never moves the subnets of another."""

MAX_ZONES = 6
"""More zones than any Region offers to an account today (us-east-1 has six)."""

LARGEST_PREFIX = 16
"""The largest VPC that AWS allows is a /16 (VPC user guide, "VPC CIDR blocks")."""

SMALLEST_PREFIX = 23
"""A /23 gives /27 subnets: the smallest that an Application Load Balancer accepts (at least a /27
with 8 free addresses, ELB user guide, "Subnets for your load balancer")."""

RESERVED_ADDRESSES = 5
"""Of every subnet AWS keeps the first four addresses and the last (VPC user guide, "Subnet
CIDR blocks")."""

BALANCER_ADDRESSES = 8
"""What a load balancer wants free in each of its subnets, to scale (ELB user guide, ibidem)."""


def parse_vpc_cidr(text: str) -> ipaddress.IPv4Network:
    """Reads a VPC's block; raises ValueError with the remedy when AWS or the plan cannot use it."""
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"is no IPv4 network ({error}); write it like 10.20.0.0/16") from error
    if not network.is_private:
        raise ValueError("is not a private range; take one inside 10.0.0.0/8 or 172.16.0.0/12")
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise ValueError(
            f"has no room for the subnets or is larger than a VPC may be; "
            f"use a prefix from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}"
        )
    return network


@dataclass(frozen=True, kw_only=True)
class ZoneBlocks:
    """The subnets of one Availability Zone, as CIDR text."""

    public: str
    private: str
    isolated: str


def plan_subnets(cidr: str, zones: Sequence[str]) -> dict[str, ZoneBlocks]:
    """Gives each zone its public, private and isolated block, in the order of `zones`.

    Zones take the first six blocks of each half. The two that are left over in each half are halved
    once more for the private subnets, so that these move no subnet of a stack that has none yet.
    """
    if len(set(zones)) != len(zones):
        raise ValueError(f"zones are named twice: {', '.join(zones)}; name each zone once")
    if len(zones) > MAX_ZONES:
        raise ValueError(f"{len(zones)} zones do not fit; use at most {MAX_ZONES}")
    blocks = list(parse_vpc_cidr(cidr).subnets(prefixlen_diff=SUBNET_BITS))
    isolated = len(blocks) // 2
    spare = [*blocks[MAX_ZONES:isolated], *blocks[isolated + MAX_ZONES :]]
    private = [half for block in spare for half in block.subnets(prefixlen_diff=1)]
    return {
        zone: ZoneBlocks(
            public=str(blocks[index]),
            private=str(private[index]),
            isolated=str(blocks[isolated + index]),
        )
        for index, zone in enumerate(zones)
    }


def instance_addresses(prefix: int, *, private: bool) -> int:
    """How many instances fit into one zone of a VPC with this prefix length.

    In the public subnets the load balancer has to find room beside them.
    """
    bits = 32 - prefix - SUBNET_BITS
    if private:
        return int(2 ** (bits - 1)) - RESERVED_ADDRESSES
    return int(2**bits) - RESERVED_ADDRESSES - BALANCER_ADDRESSES
