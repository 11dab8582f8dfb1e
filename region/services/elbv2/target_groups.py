"""moto's target groups as patches and controllers handle them.

Callers hold the control plane's lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address
from typing import Any, Final

from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer, FakeTargetGroup

from region.config import RegionConfig
from region.services.elbv2.attributes import DEREGISTRATION_DELAY
from region.services.elbv2.records import LoadBalancerRecord, TargetGroupRecord, TargetHealth

DRAIN_MARGIN: Final = 60.0
"""Seconds after the deregistration delay until a target that still drains is given up on."""
EVERY_ZONE: Final = "all"
"""The Availability Zone of an address outside the VPC."""

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
ZONE_NOT_ENABLED: Final = TargetHealth(
    "unused",
    "Target.NotInUse",
    "Target is in an Availability Zone that is not enabled for the load balancer",
)
NOT_REGISTERED: Final = TargetHealth(
    "unused", "Target.NotRegistered", "Target is not registered to the target group"
)
STOPPED: Final = TargetHealth("unused", "Target.InvalidState", "Target is in the stopped state")
TERMINATED: Final = TargetHealth(
    "unused", "Target.InvalidState", "Target is in the terminated state"
)


def forwarded_to(load_balancer: FakeLoadBalancer) -> set[str]:
    """Return the ARNs of the target groups that the load balancer's rules forward to."""
    return {
        arn
        for listener in load_balancer.listeners.values()
        for rule in listener.rules.values()
        for action in rule.actions
        for arn in action_targets(action.data)
    }


def action_targets(action: dict[str, Any]) -> list[str]:
    """Return the ARNs of the target groups that a listener's action forwards to."""
    config = action.get("ForwardConfig") or {}
    found = [str(group["TargetGroupArn"]) for group in config.get("TargetGroups") or []]
    if action.get("Type") == "forward" and not found and action.get("TargetGroupArn"):
        found = [str(action["TargetGroupArn"])]
    return found


def balancer_of(backend: ELBv2Backend, target_group: FakeTargetGroup) -> FakeLoadBalancer | None:
    """Return the load balancer that forwards to the target group; there is one at most."""
    for load_balancer in backend.load_balancers.values():
        if target_group.arn in forwarded_to(load_balancer):
            return load_balancer
    return None


def in_use(backend: ELBv2Backend, target_group: FakeTargetGroup) -> bool:
    """Return whether a load balancer forwards to the target group."""
    return balancer_of(backend, target_group) is not None


def zone_of(backend: ELBv2Backend, target_group: FakeTargetGroup, target_id: str) -> str:
    """Return the Availability Zone of a target; `all` if it belongs to none."""
    given = TargetGroupRecord.of(target_group).zones.get(target_id)
    if given:
        return given
    if target_group.target_type == "instance":
        instance = backend.ec2_backend.get_instance_by_id(target_id)
        return (instance.placement.zone or "") if instance is not None else ""
    return zone_of_address(backend, target_group.vpc_id, target_id) or EVERY_ZONE


def zone_of_address(backend: ELBv2Backend, vpc_id: str, address: str) -> str:
    """Return the zone of the subnet of a VPC that an address is in; empty if it is in none."""
    try:
        ip = IPv4Address(address)
    except AddressValueError:
        return ""
    for subnets in backend.ec2_backend.subnets.values():
        for subnet in subnets.values():
            if subnet.vpc_id == vpc_id and ip in subnet.cidr:
                return str(subnet.availability_zone)
    return ""


def health_of(backend: ELBv2Backend, target_group: FakeTargetGroup, target_id: str) -> TargetHealth:
    """Return a target's health as `DescribeTargetHealth` does."""
    reported = TargetGroupRecord.of(target_group).health.get(target_id)
    if target_id not in target_group.targets:
        draining = reported is not None and reported.state == "draining"
        return DRAINING if draining else NOT_REGISTERED
    if target_id.startswith("i-"):
        instance = backend.ec2_backend.get_instance_by_id(target_id)
        if instance is None or instance.state in {"shutting-down", "terminated"}:
            return TERMINATED
        if instance.state in {"stopping", "stopped"}:
            return STOPPED
    load_balancer = balancer_of(backend, target_group)
    if load_balancer is None:
        return NOT_IN_USE
    zone = zone_of(backend, target_group, target_id)
    if zone not in {EVERY_ZONE, *LoadBalancerRecord.of(load_balancer).nodes}:
        return ZONE_NOT_ENABLED
    return reported or REGISTERING


def start_draining(
    backend: ELBv2Backend, target_group: FakeTargetGroup, target_ids: Iterable[str]
) -> None:
    """Mark deregistered targets as draining until the data plane reports on them."""
    record = TargetGroupRecord.of(target_group)
    used = in_use(backend, target_group)
    for target_id in target_ids:
        if used and record.health.get(target_id) is not None:
            record.health[target_id] = DRAINING
        else:
            record.health.pop(target_id, None)


def deregistration_delay(target_group: FakeTargetGroup) -> float:
    """Return the target group's deregistration delay in seconds, as AWS's clock counts them."""
    return float(target_group.attributes[DEREGISTRATION_DELAY])


def longest_drain(target_groups: Iterable[FakeTargetGroup], config: RegionConfig) -> float:
    """Return after how many seconds all targets of the groups have drained."""
    delays = [deregistration_delay(group) for group in target_groups]
    return config.seconds(max(delays, default=0.0)) + DRAIN_MARGIN
