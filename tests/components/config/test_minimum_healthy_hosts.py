"""CodeDeploy's arithmetic of healthy hosts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.config.minimum_healthy_hosts import (
    MinimumHealthyHosts,
    parse_minimum,
)
from policies.availability import healthy_hosts
from policies.availability.healthy_hosts import largest_possible

FLEETS = st.integers(1, 500)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("4", "HOST_COUNT", 4), ("0", "HOST_COUNT", 0), ("66%", "FLEET_PERCENT", 66)],
)
def test_a_minimum_is_a_number_or_a_percentage(text, kind, value):
    assert parse_minimum(text) == MinimumHealthyHosts(kind=kind, value=value)


@pytest.mark.parametrize("text", ["", "-1", "4 hosts", "66 %", "101%", "6.5", "٤"])
def test_anything_else_is_rejected(text):
    with pytest.raises(ValueError, match=r"write it like|below 100%"):
        parse_minimum(text)


def test_percentages_are_rounded_up():
    """The case that AWS Config's default threshold makes impossible with two instances."""
    two_thirds = parse_minimum("66%")
    assert healthy_hosts.required(two_thirds.kind, two_thirds.value, 2) == 2
    assert two_thirds.deadlock(2) == (
        "66 % of 2 host(s) is 1.32, rounded up to 2, which leaves none to deploy to, so every "
        "deployment would fail"
    )
    assert two_thirds.deadlock(3) is None


@given(size=FLEETS, percent=st.integers(0, 100))
def test_rounding_is_exact(size, percent):
    required = healthy_hosts.required("FLEET_PERCENT", percent, size)
    assert (required - 1) * 100 < size * percent <= required * 100
    assert required == math.ceil(round(size * percent / 100, 9))


@given(size=FLEETS)
def test_the_largest_possible_is_possible_and_the_next_is_not(size):
    count, percent = largest_possible(size)
    for kind, value in (("HOST_COUNT", count), ("FLEET_PERCENT", percent)):
        assert MinimumHealthyHosts(kind=kind, value=value).deadlock(size) is None
        assert MinimumHealthyHosts(kind=kind, value=value + 1).deadlock(size)


@given(size=FLEETS, percent=st.integers(0, 100))
def test_what_a_fleet_can_keep_every_larger_one_can(size, percent):
    minimum = MinimumHealthyHosts(kind="FLEET_PERCENT", value=percent)
    if minimum.deadlock(size) is None:
        assert minimum.deadlock(size + 1) is None
