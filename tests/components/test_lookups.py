"""The zones that a stack uses."""

from __future__ import annotations

import pytest

from components.errors import ConfigurationError
from components.lookups import select_zones


class FakeSettings:
    availability_zone_count = 2
    instance_type = "t4g.nano"


def choose(available, offering):
    return select_zones(
        region="us-west-2", available=available, offering=offering, settings=FakeSettings()
    )


def test_zones_are_selected_in_order_among_those_that_offer_the_type():
    names = ["us-west-2c", "us-west-2a", "us-west-2b"]
    assert choose(names, ["us-west-2c", "us-west-2a"]) == ("us-west-2a", "us-west-2c")


def test_local_and_wavelength_zones_are_not_selected():
    names = ["us-west-2-lax-1a", "us-west-2-wl1-las-wlz-1", "us-west-2b", "us-west-2d"]
    assert choose(names, names) == ("us-west-2b", "us-west-2d")


def test_too_few_zones_are_rejected_with_the_ones_available():
    with pytest.raises(ConfigurationError, match=r"Count is 2, .*in 1 zone\(s\) \(us-west-2a\)"):
        choose(["us-west-2a", "us-west-2b"], ["us-west-2a"])
