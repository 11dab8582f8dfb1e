"""Prices of Spot Instances."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.spot_prices import offered
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_it_is_not_refused,
    test_it_is_refused,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_it_is_not_refused",
    "test_it_is_refused",
]

RULE = "asg-spot-price"
OVERRIDES = "mixedInstancesPolicy.launchTemplate.overrides"


def types(draft, price, *kinds):
    offered(draft, price)
    return draft.set("hosts", OVERRIDES, [{"instanceType": kind} for kind in kinds])


def at(price):
    def change(draft):
        offered(draft, price)
        return draft

    return change


BREAKS = []
REFUSED = {
    RULE: [
        at("0.0001"),
        lambda d: types(d, "0.0002", "i4i.large", "x2gd.large"),
        lambda d: types(d, "0.0019", "t3.medium", "t4g.medium"),
        lambda d: types(d, "0.0039", "i4i.large", "x2gd.large"),  # two vCPUs, whatever the family
        lambda d: types(d, "0.015", "g4dn.2xlarge"),
    ]
}
SOUND = {
    RULE: [
        at("0.004"),
        at(""),
        at(UNKNOWN),
        # One of the types is to be had.
        lambda d: types(d, "0.003", "m7g.large", "t4g.medium"),
        lambda d: types(d, "0.02", "g4dn.2xlarge"),
        lambda d: types(
            d, "0.003", "m7i.metal-24xl", "hpc7a.48xlarge"
        ),  # what these cost is not known
    ]
}
