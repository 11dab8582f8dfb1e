"""Transit gateways."""

from __future__ import annotations

from tests.policies.mutations.transit_routes import gateway
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def one_range(draft):
    gateway(draft, blackhole=True)
    return draft.set("gateway-route", "destinationCidrBlock", "10.0.0.0/8")


BREAKS = []
KEEPS = [lambda draft: gateway(draft) or draft, one_range]
