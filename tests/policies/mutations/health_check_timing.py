"""What breaks the rule about the timing of health checks."""

from __future__ import annotations

from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides(
    "codedeploy-health-check-timing",
    "target-group",
    "deregistrationDelay",
    absent=KEEPS,
    unknown=BREAKS,
)


@breaks("codedeploy-health-check-timing")
def unhealthy_longer_than_the_grace_period(stack):
    check = {"enabled": True, "protocol": "HTTP", "path": "/", "interval": 300}
    stack.set("target-group", "healthCheck", check)


@breaks("codedeploy-health-check-timing")
def an_hour_to_deregister(stack):
    stack.set("target-group", "deregistrationDelay", 3600)
