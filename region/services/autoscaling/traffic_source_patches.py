"""Calls about a group's traffic sources: its target groups, the only kind of them here."""

from __future__ import annotations

from collections.abc import Sequence

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.autoscaling import groups, traffic_sources
from region.services.autoscaling.group_checks import (
    MOST_TARGET_GROUPS,
    check_target_groups,
    check_traffic_sources,
    one_of,
)

MOST_PER_CALL = 10
NO_CLASSIC = "there are no Classic Load Balancers: use target groups"

patches = Patches()


@patches.value(FakeAutoScalingGroup, "traffic_sources")
def _traffic_sources(self: FakeAutoScalingGroup) -> list[dict[str, str]]:
    return [{"Identifier": arn, "Type": "elbv2"} for arn in self.target_group_arns]


@patches.method(AutoScalingBackend)
def update_attached_target_groups(self: AutoScalingBackend, group_name: str) -> None:
    """Register the instances in service with all target groups of their group."""
    group = self.autoscaling_groups[group_name]
    traffic_sources.add(group, group.target_group_arns)
    if "AddToLoadBalancer" in groups.suspended_processes(group):
        return
    for arn in group.target_group_arns:
        groups.register(self, arn, [state.instance.id for state in group.active_instances()])


@patches.method(AutoScalingBackend)
def detach_load_balancer_target_groups(
    self: AutoScalingBackend, group_name: str, target_group_arns: list[str]
) -> None:
    """Detach target groups and deregister the group's instances from them."""
    group = groups.require_group(self, group_name)
    attached = [arn for arn in target_group_arns if arn in group.target_group_arns]
    group.target_group_arns = [arn for arn in group.target_group_arns if arn not in attached]
    traffic_sources.remove(group, attached)
    for arn in attached:
        for state in group.instance_states:
            groups.deregister(self, arn, state.instance.id)


@patches.method(AutoScalingResponse)
def attach_load_balancer_target_groups(self: AutoScalingResponse) -> EmptyResult:
    """Attach target groups."""
    _attach(self.autoscaling_backend, Parameters(self), Parameters(self).texts("TargetGroupARNs"))
    return EmptyResult()


@patches.method(AutoScalingResponse)
def attach_traffic_sources(self: AutoScalingResponse) -> EmptyResult:
    """Attach target groups."""
    _attach(self.autoscaling_backend, Parameters(self), _identifiers(Parameters(self)))
    return EmptyResult()


def _attach(backend: AutoScalingBackend, given: Parameters, arns: Sequence[str]) -> None:
    group = groups.require_group(backend, given.text("AutoScalingGroupName"))
    groups.refuse_if_deleting(group)
    check_target_groups(backend, arns, MOST_PER_CALL)
    if len({*group.target_group_arns, *arns}) > MOST_TARGET_GROUPS:
        raise ValidationError(f"A group has at most {MOST_TARGET_GROUPS} target groups.")
    backend.attach_load_balancer_target_groups(group.name, list(arns))


@patches.method(AutoScalingResponse, "detach_load_balancer_target_groups")
def _detach_load_balancer_target_groups(self: AutoScalingResponse) -> EmptyResult:
    """Detach target groups."""
    _detach(self.autoscaling_backend, Parameters(self), Parameters(self).texts("TargetGroupARNs"))
    return EmptyResult()


@patches.method(AutoScalingResponse)
def detach_traffic_sources(self: AutoScalingResponse) -> EmptyResult:
    """Detach target groups."""
    _detach(self.autoscaling_backend, Parameters(self), _identifiers(Parameters(self)))
    return EmptyResult()


def _detach(backend: AutoScalingBackend, given: Parameters, arns: Sequence[str]) -> None:
    group = groups.require_group(backend, given.text("AutoScalingGroupName"))
    if len(arns) > MOST_PER_CALL:
        raise ValidationError(f"{len(arns)} target groups were given: at most {MOST_PER_CALL}.")
    unknown = [arn for arn in arns if arn not in group.target_group_arns]
    if unknown:
        raise ValidationError(
            f"Trying to remove Target Groups that are not part of the group: {', '.join(unknown)}"
        )
    backend.detach_load_balancer_target_groups(group.name, list(arns))


def _identifiers(given: Parameters) -> list[str]:
    sources = given.structures("TrafficSources")
    check_traffic_sources(sources)
    return [str(source["Identifier"]) for source in sources]


@patches.method(AutoScalingResponse)
def describe_traffic_sources(self: AutoScalingResponse) -> ActionResult:
    """Describe the group's target groups, also those that are being removed."""
    given = Parameters(self)
    group = groups.require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    kind = given.text("TrafficSourceType")
    one_of(kind, "trafficSourceType", ("elb", "elbv2", "vpc-lattice"))
    states = traffic_sources.described(group) if kind in {"", "elbv2"} else {}
    found = [
        {"Identifier": arn, "TrafficSource": arn, "Type": "elbv2", "State": state}
        for arn, state in states.items()
    ]
    return ActionResult({"TrafficSources": found})


@patches.method(AutoScalingResponse)
def describe_load_balancer_target_groups(self: AutoScalingResponse) -> ActionResult:
    """Describe the group's target groups, also those that are being removed."""
    given = Parameters(self)
    group = groups.require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    found = [
        {"LoadBalancerTargetGroupARN": arn, "State": state}
        for arn, state in traffic_sources.described(group).items()
    ]
    return ActionResult({"LoadBalancerTargetGroups": found})


@patches.method(AutoScalingResponse)
def attach_load_balancers(self: AutoScalingResponse) -> EmptyResult:
    """Refuse Classic Load Balancers."""
    raise NotImplementedError(NO_CLASSIC)


@patches.method(AutoScalingResponse)
def detach_load_balancers(self: AutoScalingResponse) -> EmptyResult:
    """Refuse Classic Load Balancers."""
    raise NotImplementedError(NO_CLASSIC)
