from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.loopback.addresses import (
    AddressError,
    GuardError,
    check_vpc_cidr,
    has_twin,
    loopback_of,
    require_loopback,
)


@given(st.integers(2**16, 2**24 - 1))
def test_a_twin_in_the_largest_block_keeps_what_follows_the_first_number(suffix):
    private = str(IPv4Address(int(IPv4Address("10.0.0.0")) + suffix))
    assert loopback_of(private) == "127" + private[2:]


@pytest.mark.parametrize(
    ("private", "twin"),
    [
        ("10.0.1.4", "127.241.1.4"),
        ("172.16.0.4", "127.224.0.4"),
        ("172.31.255.254", "127.239.255.254"),
        ("192.168.1.10", "127.240.1.10"),
    ],
)
def test_other_private_blocks_have_their_place(private, twin):
    assert has_twin(private)
    assert loopback_of(private) == twin


@given(
    st.sampled_from([("10.0.0.0", 2**16), ("172.16.0.0", 2**20), ("192.168.0.0", 2**16)]),
    st.integers(0, 2**20),
)
def test_no_twin_is_one_of_the_hosts_own_addresses(block, offset):
    first, size = block
    twin = IPv4Address(loopback_of(str(IPv4Address(first) + offset % size)))
    assert twin in IPv4Network("127.0.0.0/8")
    assert twin not in IPv4Network("127.0.0.0/16")


@pytest.mark.parametrize("address", ["100.64.0.1", "11.0.0.1", "127.0.0.1", "172.32.0.1"])
def test_addresses_outside_the_private_networks_have_no_twin(address):
    assert not has_twin(address)
    with pytest.raises(AddressError, match=address):
        loopback_of(address)


@pytest.mark.parametrize("text", ["10.1", "10.1.2.300", "", "nonsense", "10.1.2.3/24"])
def test_an_invalid_address_is_named(text):
    assert not has_twin(text)
    with pytest.raises(AddressError, match="is not an IPv4 address"):
        loopback_of(text)


@pytest.mark.parametrize(
    ("cidr", "others", "why"),
    [
        ("10.0.0.0/8", (), "larger than /16"),
        ("100.64.0.0/16", (), "outside 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16"),
        ("10.0.0.0/7", (), "outside 10.0.0.0/8"),
        ("10.0.128.0/20", ("10.0.0.0/16",), "overlaps 10.0.0.0/16"),
        ("10.241.4.0/24", ("10.0.0.0/16",), "overlaps 10.0.0.0/16"),
        ("10.239.0.0/16", ("172.31.0.0/16",), "overlaps 172.31.0.0/16"),
        ("10.20.0.0/16", ("10.10.0.0/16", "10.20.3.0/24"), "overlaps 10.20.3.0/24"),
        ("10.20.0.0/99", (), "not an IPv4 CIDR block"),
        ("fd00::/64", (), "not an IPv4 CIDR block"),
    ],
)
def test_impossible_cidrs_are_rejected_with_the_reason(cidr, others, why):
    with pytest.raises(AddressError, match=why):
        check_vpc_cidr(cidr, dict.fromkeys(others, "vpc-1"))


def test_the_cidrs_of_the_two_stacks_are_compatible():
    check_vpc_cidr("10.10.0.0/16", {"10.20.0.0/16": "vpc-1"})
    check_vpc_cidr("10.20.0.0/16", {"10.10.0.0/16": "vpc-1"})


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "172.16.0.0/16", "192.168.0.0/24", "10.31.0.0/16"])
def test_blocks_that_people_write_fit_beside_the_default_vpc(cidr):
    check_vpc_cidr(cidr, {"172.31.0.0/16": "vpc-1", "10.10.0.0/16": "vpc-2"})


@pytest.mark.parametrize(
    "url",
    [
        "https://ec2.ap-northeast-2.amazonaws.com",
        "http://10.20.0.1:4566",
        "http://localhost.evil.example",
        "not a url",
    ],
)
def test_an_endpoint_elsewhere_is_rejected(url: str) -> None:
    with pytest.raises(GuardError, match=r"127\.0\.0\.0/8"):
        require_loopback("AWS_ENDPOINT_URL", url)


def test_an_endpoint_on_this_machine_is_accepted() -> None:
    assert require_loopback("AWS_ENDPOINT_URL", "http://127.0.5.1:1") == "http://127.0.5.1:1"
