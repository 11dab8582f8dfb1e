"""Global Accelerator."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.accelerators import accelerated
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "accelerator-sends-requests"


def of(**more):
    def change(draft):
        accelerated(draft, **more)
        return draft

    return change


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, lambda d: of()(d).set("endpoints", "endpointConfigurations.0.weight", 0.0)),
    (RULE, of(port=8080.0)),
]

# A change that breaks nothing.
KEEPS = [
    of(),
    of(trafficDialPercentage=10.0),
    of(trafficDialPercentage=UNKNOWN),
    of(port=8443.0, portOverrides=[{"listenerPort": 8443.0, "endpointPort": 443.0}]),
    # Another endpoint group of the same listener takes the requests.
    lambda d: (
        of(trafficDialPercentage=0.0)(d)
        .twin("endpoints", "elsewhere")
        .set("elsewhere", "trafficDialPercentage", 100.0)
    ),
]
