"""The division of a VPC's address block into subnets. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

SUBNET_BITS = 4
"""A VPC is divided into 16 equal blocks: the lower 8 for public subnets, the upper 8 for isolated
ones, so that adding or removing a zone never moves the subnets of another."""

MAX_ZONES = 6
"""More zones than any Region offers to an account today (us-east-1 has six)."""

LARGEST_PREFIX = 16
"""The largest VPC that AWS allows is a /16 (VPC user guide, "VPC CIDR blocks")."""

SMALLEST_PREFIX = 23
"""A /23 gives /27 subnets: the smallest that an Application Load Balancer accepts (at least a /27
with 8 free addresses, ELB user guide, "Subnets for your load balancer")."""

RESERVED_ADDRESSES = 5
"""AWS reserves the first four addresses and the last of every subnet (VPC user guide, "Subnet
CIDR blocks")."""

LOAD_BALANCER_ADDRESSES = 8
"""Free addresses that a load balancer needs in each of its subnets to scale (ELB user guide, ibid.)."""


def parse_vpc_cidr(text: str) -> ipaddress.IPv4Network:
    """Parse a VPC's address block.

    Raises:
        ValueError: AWS or the subnet plan cannot use the block; the message names the remedy.
    """
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"is not an IPv4 network ({error}); write it like 10.20.0.0/16") from error
    if not network.is_private:
        raise ValueError("is not a private range; use one inside 10.0.0.0/8 or 172.16.0.0/12")
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise ValueError(
            f"is too small for the subnets or larger than a VPC may be; "
            f"use a prefix from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}"
        )
    return network


@dataclass(frozen=True, kw_only=True)
class ZoneBlocks:
    """The subnets of one availability zone, as CIDR text."""

    public: str
    private: str
    isolated: str


def plan_subnets(cidr: str, zones: Sequence[str]) -> dict[str, ZoneBlocks]:
    """Assign each zone its public, private and isolated block, in the order of `zones`.

    Zones take the first six blocks of each half. The two blocks left over in each half are split
    once more for the private subnets, so that adding these to a stack moves no existing subnet.

    Raises:
        ValueError: A zone is listed twice, there are too many, or the block is unusable.
    """
    if len(set(zones)) != len(zones):
        raise ValueError(f"zones are listed twice: {', '.join(zones)}; list each zone once")
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
    """Return how many instances fit into one zone of a VPC with this prefix length.

    In the public subnets the load balancer needs addresses as well.
    """
    bits = 32 - prefix - SUBNET_BITS
    if private:
        return int(2 ** (bits - 1)) - RESERVED_ADDRESSES
    return int(2**bits) - RESERVED_ADDRESSES - LOAD_BALANCER_ADDRESSES
