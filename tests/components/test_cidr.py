"""The division of a VPC's block into subnets."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cidr import instance_addresses, parse_vpc_cidr, plan_subnets

CIDRS = st.builds(
    lambda block, prefix: str(ipaddress.ip_network((f"10.{block}.0.0", prefix), strict=False)),
    st.integers(0, 255),
    st.integers(16, 23),
)


ZONES = st.integers(1, 6).map(
    lambda count: [f"ap-northeast-2{letter}" for letter in "abcdef"][:count]
)


@given(cidr=CIDRS, zones=ZONES)
def test_subnets_lie_in_the_vpc_and_never_overlap(cidr, zones):
    plan = plan_subnets(cidr, zones)
    blocks = [
        ipaddress.ip_network(text)
        for b in plan.values()
        for text in (b.public, b.private, b.isolated)
    ]
    assert len(blocks) == 3 * len(zones)
    assert all(block.subnet_of(ipaddress.ip_network(cidr)) for block in blocks)
    # A load balancer needs a /27, and a /28 is the smallest subnet of all.
    for zone in plan.values():
        assert ipaddress.ip_network(zone.public).prefixlen <= 27
        assert ipaddress.ip_network(zone.private).prefixlen <= 28
    for index, block in enumerate(blocks):
        assert not any(block.overlaps(other) for other in blocks[index + 1 :])


@given(cidr=CIDRS, zones=ZONES)
def test_another_zone_moves_no_subnet(cidr, zones):
    fewer = plan_subnets(cidr, zones[:-1])
    assert {zone: plan_subnets(cidr, zones)[zone] for zone in fewer} == fewer


@given(cidr=CIDRS, zones=ZONES, private=st.booleans())
def test_the_capacity_of_a_zone_is_that_of_its_subnet(cidr, zones, private):
    blocks = next(iter(plan_subnets(cidr, zones).values()))
    subnet = ipaddress.ip_network(blocks.private if private else blocks.public)
    kept = 5 if private else 5 + 8
    prefix = ipaddress.ip_network(cidr).prefixlen
    assert instance_addresses(prefix, private=private) == subnet.num_addresses - kept


def test_a_zone_listed_twice_is_rejected():
    with pytest.raises(ValueError, match="listed twice: a, a"):
        plan_subnets("10.0.0.0/16", ["a", "a"])


def test_too_many_zones_are_rejected():
    with pytest.raises(ValueError, match="at most 6"):
        plan_subnets("10.0.0.0/16", list("abcdefg"))


@pytest.mark.parametrize("text", ["10.0.0.0/15", "10.0.0.0/24", "banana", "fd00::/56"])
def test_blocks_that_aws_or_the_plan_cannot_use_are_rejected(text):
    with pytest.raises(ValueError, match=r"use a prefix|write it like"):
        parse_vpc_cidr(text)
