"""How a fleet replaces its instances."""

from __future__ import annotations

import pytest
from guardrails.values import UNKNOWN

from tests.policies.draft import BY_ID, Draft, broken, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

GROUP = "aws:autoscaling/group:Group"


def limits(draft, least, most, size=6.0):
    """A maintenance policy, and the size of the group."""
    policy = {"minHealthyPercentage": least, "maxHealthyPercentage": most}
    return draft.set("group", "instanceMaintenancePolicy", policy).set("group", "minSize", size)


def refreshed(draft, **preferences):
    """An instance refresh."""
    refresh = (
        {"strategy": "Rolling", "preferences": preferences}
        if preferences
        else {"strategy": "Rolling"}
    )
    return draft.set("group", "instanceRefresh", refresh)


# A change and the one rule that it breaks.
BREAKS = [
    ("asg-processes-run", lambda d: d.set("group", "suspendedProcesses", UNKNOWN)),
    ("asg-processes-run", lambda d: d.set("group", "suspendedProcesses", ["AZRebalance", UNKNOWN])),
    ("asg-processes-run", lambda d: d.add("workers", GROUP, {"minSize": 1.0, "maxSize": 2.0,
        "suspendedProcesses": ["Launch"],
        "mixedInstancesPolicy": {"launchTemplate": {"launchTemplateSpecification": {"version": UNKNOWN},
            "overrides": [{"instanceType": "m7g.large"}, {"instanceType": "m7g.xlarge"}]}}})),
    ("asg-instance-lifetime", lambda d: d.set("group", "maxInstanceLifetime", 172800.0)),
    ("asg-instance-lifetime", lambda d: d.set("group", "maxInstanceLifetime", UNKNOWN)
        .link("group", "maxInstanceLifetime", "vpc")),
    ("asg-replacement-keeps-capacity", lambda d: limits(d, 0.0, 100.0)),
    ("asg-refresh-keeps-capacity", lambda d: refreshed(d, minHealthyPercentage=0.0)),
    ("asg-refresh-keeps-capacity", lambda d: refreshed(d, minHealthyPercentage=UNKNOWN)),
    ("asg-launch-before-terminate", lambda d: d.set("group", "instanceMaintenancePolicy", ...)
        .set("group", "minSize", 3.0)),
    ("asg-grace-period", lambda d: d.set("group", "healthCheckGracePeriod", 59.0)),
    ("asg-grace-period", lambda d: d.set("group", "healthCheckGracePeriod", 3601.0)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("group", "suspendedProcesses", ["AZRebalance"]),
    lambda d: d.set("group", "suspendedProcesses", ["ScheduledActions", "InstanceRefresh"]),
    lambda d: d.set("group", "suspendedProcesses", []),
    lambda d: d.set("group", "maxInstanceLifetime", 604800.0),
    lambda d: d.set("group", "maxInstanceLifetime", 0.0),
    lambda d: d.set("group", "instanceMaintenancePolicy", ...),
    lambda d: limits(d, 90.0, 120.0),
    lambda d: limits(d, 50.0, 100.0),
    lambda d: limits(d, -1.0, -1.0),
    lambda d: limits(d, 100.0, 110.0, size=2.0),
    refreshed,
    lambda d: refreshed(d, minHealthyPercentage=50.0, skipMatching=True),
    lambda d: refreshed(d, instanceWarmup="60"),
    lambda d: d.set("group", "healthCheckGracePeriod", 60.0),
    lambda d: d.set("group", "healthCheckGracePeriod", ...),
    lambda d: d.set("group", "healthCheckType", "EBS,ELB"),
    lambda d: d.set("group", "terminationPolicies", ["OldestLaunchTemplate", "Default"]),
    lambda d: d.set("group", "protectFromScaleIn", True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "path", "wrong", "right"),
    [
        (
            "asg-processes-run",
            "suspendedProcesses",
            ["HealthCheck", "AZRebalance"],
            ["AZRebalance"],
        ),
        ("asg-instance-lifetime", "maxInstanceLifetime", 86400.0, 604800.0),
        ("asg-grace-period", "healthCheckGracePeriod", 30.0, 300.0),
        ("asg-grace-period", "healthCheckGracePeriod", 7200.0, 600.0),
        (
            "asg-replacement-keeps-capacity",
            "instanceMaintenancePolicy.minHealthyPercentage",
            10.0,
            100.0,
        ),
    ],
)
def test_the_remedy_ends_it(rule, path, wrong, right):
    draft = Draft().set("group", "instanceMaintenancePolicy.maxHealthyPercentage", 110.0)
    (found,) = violations(draft.set("group", path, wrong), rule)
    shown = right if isinstance(right, list) else [f"{right:g}"]
    if rule != "asg-replacement-keeps-capacity":
        assert all(one in BY_ID[rule].text(found) for one in shown if one != "AZRebalance")
    assert not broken(draft.set("group", path, right))
