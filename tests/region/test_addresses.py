from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.addresses import (
    AddressError,
    GuardError,
    check_vpc_cidr,
    has_twin,
    loopback_of,
    private_of,
    require_loopback,
)


@given(st.integers(0, 2**24 - 1))
def test_twins_are_each_others_inverse(suffix):
    private = str(IPv4Address(int(IPv4Address("10.0.0.0")) + suffix))
    twin = loopback_of(private)
    assert twin == "127" + private[2:]
    assert private_of(twin) == private


@pytest.mark.parametrize("address", ["192.168.1.1", "11.0.0.1", "127.0.0.1"])
def test_addresses_outside_the_private_network_have_no_twin(address):
    assert not has_twin(address)
    with pytest.raises(AddressError, match=address):
        loopback_of(address)


def test_the_hosts_own_loopback_addresses_have_no_private_twin():
    assert not has_twin("10.0.0.1")
    assert has_twin("10.1.0.1")


@pytest.mark.parametrize("text", ["10.1", "10.1.2.300", "", "nonsense", "10.1.2.3/24"])
def test_an_invalid_address_is_named(text):
    assert not has_twin(text)
    with pytest.raises(AddressError, match="is not an IPv4 address"):
        loopback_of(text)


@pytest.mark.parametrize(
    ("cidr", "others", "why"),
    [
        ("10.0.0.0/16", (), "overlaps 10.0.0.0/16"),
        ("10.0.128.0/20", (), "overlaps 10.0.0.0/16"),
        ("10.0.0.0/8", (), "overlaps 10.0.0.0/16"),
        ("172.16.0.0/16", (), "outside 10.0.0.0/8"),
        ("10.0.0.0/7", (), "outside 10.0.0.0/8"),
        ("10.20.0.0/16", ("10.10.0.0/16", "10.20.3.0/24"), "overlaps 10.20.3.0/24"),
        ("10.20.0.0/99", (), "not an IPv4 CIDR block"),
        ("fd00::/64", (), "not an IPv4 CIDR block"),
    ],
)
def test_impossible_cidrs_are_rejected_with_the_reason(cidr, others, why):
    with pytest.raises(AddressError, match=why):
        check_vpc_cidr(cidr, others)


def test_the_cidrs_of_the_two_stacks_are_compatible():
    check_vpc_cidr("10.10.0.0/16", ["10.20.0.0/16"])
    check_vpc_cidr("10.20.0.0/16", ["10.10.0.0/16"])


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
