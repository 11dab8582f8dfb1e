"""Timing of health checks, deregistration and grace period."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


# A change and the one rule that it breaks.
BREAKS = [
    ("codedeploy-health-check-timing", lambda d: d
        .set("target-group", "healthCheck.interval", 300.0)
        .set("target-group", "deregistrationDelay", 10.0)),
    ("codedeploy-health-check-timing", lambda d: d.set("group", "healthCheckGracePeriod", 10.0)),
    ("codedeploy-health-check-timing", lambda d: d
        .set("group", "healthCheckGracePeriod", UNKNOWN)),
    ("codedeploy-health-check-timing", lambda d: d
        .set("target-group", "healthCheck.interval", UNKNOWN)),
    ("codedeploy-health-check-timing", lambda d: d
        .set("target-group", "healthCheck.healthyThreshold", UNKNOWN)),
    ("codedeploy-health-check-timing", lambda d: d
        .set("target-group", "deregistrationDelay", UNKNOWN)),
    ("codedeploy-health-check-timing", lambda d: d
        .set("target-group", "deregistrationDelay", 3600.0)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("target-group", "healthCheck.interval", 29.0)
        .set("target-group", "healthCheck.healthyThreshold", 2.0)
        .set("group", "healthCheckGracePeriod", 60.0),
]  # fmt: skip
