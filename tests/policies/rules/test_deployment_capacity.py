"""What a deployment leaves in service."""

from __future__ import annotations

from tests.policies.draft import Draft, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

CONFIG = "aws:codedeploy/deploymentConfig:DeploymentConfig"


def configured(draft, kind, value, size=6.0):
    draft.set("group", "minSize", size).set("group", "desiredCapacity", size)
    draft.set("group", "maxSize", size + 3)
    return draft.set("config", "minimumHealthyHosts", {"type": kind, "value": value})


# A change and the one rule that it breaks.
BREAKS = [
    ("codedeploy-keeps-capacity", lambda d: configured(d, "HOST_COUNT", 1.0)),
    ("codedeploy-keeps-capacity", lambda d: configured(d, "HOST_COUNT", 3.0, size=9.0)),
    ("codedeploy-works-without-a-zone", lambda d: configured(d, "HOST_COUNT", 5.0)),
]

# A change that breaks nothing.
KEEPS = [
    lambda d: configured(d, "FLEET_PERCENT", 50.0),
    lambda d: configured(d, "FLEET_PERCENT", 66.0),
    lambda d: configured(d, "FLEET_PERCENT", 80.0),
    lambda d: configured(d, "HOST_COUNT", 12.0, size=13.0).set(
        "deployment-group", "deploymentConfigName", "CodeDeployDefault.OneAtATime"
    ),
]


def test_the_path_proves_it():
    (found,) = violations(configured(Draft(), "HOST_COUNT", 1.0), "codedeploy-keeps-capacity")
    assert "updates 5 of 6 instances at a time" in found.what
    assert found.path == (
        'deployment group "deployment-group"',
        'configuration "config" keeps 1 host(s)',
        'Auto Scaling group "group", min_size 6',
    )


def test_the_threshold_comes_from_the_configuration():
    draft = configured(Draft(), "HOST_COUNT", 3.0)
    assert not violations(draft, "codedeploy-keeps-capacity")
    assert violations(draft, "codedeploy-keeps-capacity", minimumFleetPercent=66.0)
