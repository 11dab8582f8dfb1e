"""Settings of an Auto Scaling group that the API refuses."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "asg-settings-accepted"


def limits(draft, least, most):
    """A maintenance policy."""
    policy = {"minHealthyPercentage": least, "maxHealthyPercentage": most}
    return draft.set("group", "instanceMaintenancePolicy", policy)


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, lambda d: d.set("group", "desiredCapacity", 10.0)),
    (RULE, lambda d: d.set("group", "maxSize", 3.0)),
    (RULE, lambda d: d.set("group", "maxInstanceLifetime", 40000000.0)),
    (RULE, lambda d: limits(d, 60.0, 180.0)),
    (RULE, lambda d: limits(d, 50.0, 90.0)),
    (RULE, lambda d: d.set("group", "availabilityZones", ["ap-northeast-2a", "ap-northeast-2c"])),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("group", "desiredCapacity", UNKNOWN),
    lambda d: d.set("group", "maxSize", UNKNOWN),
    lambda d: d.set("group", "maxInstanceLifetime", 31536000.0),
    lambda d: limits(d, 100.0, 200.0),
    # As after an update: the provider has filled in the zones of the subnets.
    lambda d: d.leave_out("group", "availabilityZones", ["ap-northeast-2a", "ap-northeast-2c"]),
    lambda d: d.leave_out("group", "maxInstanceLifetime", 0.0)
        .leave_out("template", "defaultVersion", 1.0).set("template", "latestVersion", 1.0),
]  # fmt: skip
