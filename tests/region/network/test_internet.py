"""What is open to the internet."""

from __future__ import annotations

import pytest

from region.network import Permission, SecurityGroup
from region.network.internet import admits_internet, internet_ports


def _groups(*permissions: Permission) -> dict[str, SecurityGroup]:
    return {"sg-a": SecurityGroup("sg-a", ingress=permissions)}


@pytest.mark.parametrize(
    ("permission", "open_"),
    [
        (Permission("tcp", 80, 80, cidrs=("0.0.0.0/0",)), True),
        (Permission("-1", cidrs=("0.0.0.0/0",)), True),
        (Permission("tcp", 1, 100, cidrs=("203.0.113.0/24",)), True),
        (Permission("tcp", 80, 80, cidrs=("10.0.0.0/8", "192.168.0.0/16")), False),
        (Permission("tcp", 80, 80, cidrs=("10.0.0.0/7",)), True),
        (Permission("udp", 80, 80, cidrs=("0.0.0.0/0",)), False),
        (Permission("tcp", 81, 90, cidrs=("0.0.0.0/0",)), False),
        (Permission("tcp", 80, 80, groups=("sg-b",)), False),
    ],
)
def test_a_port_is_open_to_the_internet(permission: Permission, open_: bool):
    assert admits_internet(_groups(permission), ["sg-a"], 80) is open_
    assert (80 in internet_ports(_groups(permission), ["sg-a"], 65_536)) is open_


def test_an_unknown_group_opens_nothing():
    assert not admits_internet({}, ["sg-a"], 80)
    assert internet_ports({}, ["sg-a"], 10) == []


def test_wide_ranges_are_left_out():
    groups = _groups(
        Permission("tcp", 0, 65_535, cidrs=("0.0.0.0/0",)),
        Permission("tcp", 8_000, 8_003, cidrs=("0.0.0.0/0",)),
    )
    assert internet_ports(groups, ["sg-a"], 4) == [8_000, 8_001, 8_002, 8_003]
