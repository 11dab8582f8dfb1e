"""Names of Regions and zones."""

from __future__ import annotations

import pytest
from guardrails.architecture.place_names import is_region, is_zone_id, region_of_zone
from guardrails.values import UNKNOWN


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("eu-west-1a", "eu-west-1"),
        ("us-gov-east-1b", "us-gov-east-1"),
        ("eusc-de-east-1a", "eusc-de-east-1"),
        ("us-east-1-bos-1a", "us-east-1"),
        ("us-east-1-wl1-bos-wlz-1", "us-east-1"),
        ("eu-west-1", None),
        ("euw1-az1", None),
        ("", None),
        (None, None),
        (UNKNOWN, None),
    ],
)
def test_a_zone_tells_its_region(zone, region):
    assert region_of_zone(zone) == region


@pytest.mark.parametrize(
    ("name", "expected"),
    [("eu-west-1", True), ("eusc-de-east-1", True), ("eu-west-1a", False), (UNKNOWN, False)],
)
def test_what_a_region_is(name, expected):
    assert is_region(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("use1-az1", True), ("use1-bos1-az1", True), ("us-east-1a", False), (UNKNOWN, False)],
)
def test_what_the_id_of_a_zone_is(name, expected):
    assert is_zone_id(name) is expected
