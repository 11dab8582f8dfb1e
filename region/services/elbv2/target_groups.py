"""moto's target groups as patches and controllers handle them.

Callers hold the control plane's lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer, FakeTargetGroup

from region.config import RegionConfig
from region.services.elbv2.records import TargetGroupRecord, TargetHealth

DEREGISTRATION_DELAY: Final = "deregistration_delay.timeout_seconds"
DRAIN_MARGIN: Final = 60.0
"""Seconds after the deregistration delay until a target that still drains is given up on."""

REGISTERING: Final = TargetHealth(
    "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
)
DRAINING: Final = TargetHealth(
    "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
)
NOT_IN_USE: Final = TargetHealth(
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
)
NOT_REGISTERED: Final = TargetHealth(
    "unused", "Target.NotRegistered", "Target is not registered to the target group"
)
STOPPED: Final = TargetHealth("unused", "Target.InvalidState", "Target is in the stopped state")


def forwarded_to(backend: ELBv2Backend, load_balancer: FakeLoadBalancer) -> set[str]:
    """Return the ARNs of the target groups that the load balancer's rules forward to."""
    return {
        arn
        for listener in load_balancer.listeners.values()
        for rule in listener.rules.values()
        for action in rule.actions
        for arn in action_targets(backend, action.data)
    }


def action_targets(backend: ELBv2Backend, action: dict[str, object]) -> list[str]:
    """Return the ARNs of the target groups that a listener's action forwards to."""
    return backend._get_target_group_arns_from(action_data=action)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def in_use(backend: ELBv2Backend, target_group: FakeTargetGroup) -> bool:
    """Return whether a load balancer forwards to the target group."""
    return any(
        target_group.arn in forwarded_to(backend, load_balancer)
        for load_balancer in backend.load_balancers.values()
    )


def health_of(backend: ELBv2Backend, target_group: FakeTargetGroup, target_id: str) -> TargetHealth:
    """Return a target's health as `DescribeTargetHealth` does."""
    reported = TargetGroupRecord.of(target_group).health.get(target_id)
    if target_id not in target_group.targets:
        draining = reported is not None and reported.state == "draining"
        return DRAINING if draining else NOT_REGISTERED
    if target_id.startswith("i-"):
        instance = backend.ec2_backend.get_instance_by_id(target_id)
        if instance is None or instance.state in {"stopping", "stopped"}:
            return STOPPED
    if not in_use(backend, target_group):
        return NOT_IN_USE
    return reported or REGISTERING


def start_draining(
    backend: ELBv2Backend, target_group: FakeTargetGroup, target_ids: Iterable[str]
) -> None:
    """Mark deregistered targets as draining until the data plane reports on them."""
    health = TargetGroupRecord.of(target_group).health
    used = in_use(backend, target_group)
    for target_id in target_ids:
        if used:
            health[target_id] = DRAINING
        else:
            health.pop(target_id, None)


def deregistration_delay(target_group: FakeTargetGroup) -> float:
    """Return the target group's deregistration delay in seconds, as AWS's clock counts them."""
    return float(target_group.attributes[DEREGISTRATION_DELAY])


def longest_drain(target_groups: Iterable[FakeTargetGroup], config: RegionConfig) -> float:
    """Return after how many seconds all targets of the groups have drained."""
    delays = [deregistration_delay(group) for group in target_groups]
    return config.seconds(max(delays, default=0.0)) + DRAIN_MARGIN
