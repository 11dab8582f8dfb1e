"""Minimum healthy hosts of a deployment."""

from __future__ import annotations

import pytest
from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

CONFIG = "aws:codedeploy/deploymentConfig:DeploymentConfig"

# A change and the one rule that it breaks.
BREAKS = [
    ("codedeploy-min-healthy-hosts", lambda d: d
        .set("config", "minimumHealthyHosts", {"type": "FLEET_PERCENT", "value": 49.0})),
    ("codedeploy-min-healthy-hosts", lambda d: d
        .set("deployment-group", "deploymentConfigName", "elsewhere")),
    ("codedeploy-min-healthy-hosts", lambda d: d
        .set("deployment-group", "deploymentConfigName", UNKNOWN)
        .link("deployment-group", "deploymentConfigName")),
    ("codedeploy-min-healthy-hosts", lambda d: d.set("config", "minimumHealthyHosts", UNKNOWN)),
    ("codedeploy-healthy-hosts-possible", lambda d: d.set("group", "minSize", 2.0)
        .set("config", "minimumHealthyHosts", {"type": "FLEET_PERCENT", "value": 66.0})),
    ("codedeploy-healthy-hosts-possible", lambda d: d.set("group", "minSize", UNKNOWN)
        .set("config", "minimumHealthyHosts", {"type": "HOST_COUNT", "value": 3.0})),
    ("codedeploy-healthy-hosts-possible", lambda d: d.set("group", "minSize", UNKNOWN)
        .set("config", "minimumHealthyHosts", {"type": "FLEET_PERCENT", "value": 66.0})),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    # OneAtATime, with twelve further batches.
    lambda d: d.set("deployment-group", "deploymentConfigName", ...)
        .set("group", "minSize", 13.0).set("group", "desiredCapacity", 13.0)
        .set("group", "maxSize", 15.0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "kind", "value", "possible"),
    [
        (2, "FLEET_PERCENT", 50, True),
        (2, "FLEET_PERCENT", 51, False),
        (3, "FLEET_PERCENT", 66, True),
        (3, "FLEET_PERCENT", 67, False),
        (2, "HOST_COUNT", 1, True),
        (2, "HOST_COUNT", 2, False),
    ],
)
def test_percentages_round_up_to_hosts(size, kind, value, possible):
    draft = Draft().set("group", "minSize", float(size))
    draft.set("config", "minimumHealthyHosts", {"type": kind, "value": float(value)})
    assert bool(violations(draft, "codedeploy-healthy-hosts-possible")) == (not possible)
