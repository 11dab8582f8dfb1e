"""Auto Scaling groups as AWS describes them: a call records what is desired, the controller acts.

moto launches and terminates inside the call, in the first subnet only, and checks no limits.
Here a call validates and records; region.services.autoscaling.controller launches, replaces and
terminates in the group's own time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.autoscaling import (
    activities,
    instance_patches,
    lifetime,
    metric_patches,
    notification_patches,
    warm_pool_patches,
)
from region.services.autoscaling.groups import (
    DELETING,
    IN_SERVICE,
    deregister,
    refuse_if_deleting,
    register,
    remove_group,
    require_group,
    set_capacity,
    suspended_processes,
)
from region.services.autoscaling.records import Activity, BackendRecord, GroupRecord, MemberRecord
from region.services.autoscaling.refresh import refresh_patches
from region.services.autoscaling.scaling import cooldown, policy_patches
from region.services.autoscaling.scheduled import action_patches

# Parameters that moto drops: fields of GroupRecord, and properties of the group for describing it.
RECORDED = {
    "DefaultInstanceWarmup": "default_instance_warmup",
    "InstanceMaintenancePolicy": "instance_maintenance_policy",
    "MaxInstanceLifetime": "max_instance_lifetime",
    "Context": "context",
    "DesiredCapacityType": "desired_capacity_type",
    "AvailabilityZoneDistribution": "availability_zone_distribution",
    "AvailabilityZoneImpairmentPolicy": "availability_zone_impairment_policy",
    "CapacityReservationSpecification": "capacity_reservation_specification",
    "InstanceLifecyclePolicy": "instance_lifecycle_policy",
}
# Parameters that moto stores on creation, but not always as given and not on update.
CORRECTED = {
    "DefaultCooldown": "default_cooldown",
    "TerminationPolicies": "termination_policies",
    "PlacementGroup": "placement_group",
    "CapacityRebalance": "capacity_rebalance",
    "NewInstancesProtectedFromScaleIn": "new_instances_protected_from_scale_in",
    "ServiceLinkedRoleARN": "service_linked_role_arn",
}
WHOLE_NUMBERS = {"DefaultInstanceWarmup", "MaxInstanceLifetime", "DefaultCooldown"}

patches = Patches()


def install() -> None:
    """Patch moto's Auto Scaling."""
    patches.install()
    for module in (
        instance_patches,
        policy_patches,
        action_patches,
        refresh_patches,
        notification_patches,
        metric_patches,
        warm_pool_patches,
    ):
        module.patches.install()


@patches.around(FakeAutoScalingGroup, "__init__")
def _new_group(moto: Original, self: FakeAutoScalingGroup, *args: object, **kwargs: object) -> None:
    GroupRecord().attach(self)
    self.desired_capacity = 0
    moto(self, *args, **kwargs)


def _recorded(attribute: str) -> Callable[[FakeAutoScalingGroup], object]:
    def read(self: FakeAutoScalingGroup) -> object:
        return getattr(GroupRecord.of(self), attribute)

    return read


for _attribute in ("status", *RECORDED.values()):
    patches.value(FakeAutoScalingGroup, _attribute)(_recorded(_attribute))


@patches.method(FakeAutoScalingGroup, "set_desired_capacity")
def _set_desired_capacity(self: FakeAutoScalingGroup, new_capacity: int | None) -> None:
    known = self.name in self.autoscaling_backend.autoscaling_groups
    why = "explicitly set group desired capacity" if known else "created an AutoScalingGroup"
    wanted = self.min_size if new_capacity is None else new_capacity
    set_capacity(self, wanted or 0, f"a user request {why}")


@patches.method(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def _launch_nothing(
    self: FakeAutoScalingGroup, count_needed: int, propagated_tags: dict[str, str]
) -> None:
    """Leave launching to the controller."""
    del self, count_needed, propagated_tags


@patches.around(InstanceState, "__init__")
def _new_member(moto: Original, self: InstanceState, *args: object, **kwargs: object) -> None:
    moto(self, *args, **kwargs)
    now = time.time()
    in_service_at = now if self.lifecycle_state == IN_SERVICE else 0.0
    MemberRecord(launched_at=now, in_service_at=in_service_at).attach(self)


@patches.value(InstanceState, "launch_template")
def _launch_template(self: InstanceState) -> dict[str, str] | None:
    """Return the template and version that the instance was launched with, not today's."""
    return MemberRecord.of(self).launched_template


@patches.around(AutoScalingBackend, "__init__")
def _new_backend(moto: Original, self: AutoScalingBackend, *args: object, **kwargs: object) -> None:
    BackendRecord().attach(self)
    moto(self, *args, **kwargs)


@patches.method(AutoScalingBackend)
def notify_terminate_instances(self: AutoScalingBackend, instance_ids: list[str]) -> None:
    """Leave replacement to the controller, which sees the instances' states."""
    del self, instance_ids


@patches.method(AutoScalingBackend)
def update_attached_target_groups(self: AutoScalingBackend, group_name: str) -> None:
    """Register the instances in service with all target groups of their group."""
    group = self.autoscaling_groups[group_name]
    if "AddToLoadBalancer" in suspended_processes(group):
        return
    for arn in group.target_group_arns:
        register(self, arn, [state.instance.id for state in group.active_instances()])


@patches.method(AutoScalingBackend)
def detach_load_balancer_target_groups(
    self: AutoScalingBackend, group_name: str, target_group_arns: list[str]
) -> None:
    """Detach target groups and deregister the group's instances from them."""
    group = require_group(self, group_name)
    kept = [arn for arn in group.target_group_arns if arn not in target_group_arns]
    group.target_group_arns = kept
    for arn in target_group_arns:
        for state in group.instance_states:
            deregister(self, arn, state.instance.id)


@patches.around(AutoScalingResponse, "create_auto_scaling_group")
def _create(moto: Original, self: AutoScalingResponse) -> EmptyResult:
    backend = self.autoscaling_backend
    given = Parameters(self)
    name = given.text("AutoScalingGroupName")
    if name in backend.autoscaling_groups:
        message = (
            "AutoScalingGroup by this name already exists - A group with the name "
            f"{name} already exists"
        )
        raise AutoscalingClientError("AlreadyExists", message)
    mixed = given.structure("MixedInstancesPolicy")
    if not given.structure("LaunchTemplate") and not mixed:
        message = (
            "The local region starts Auto Scaling groups from a LaunchTemplate or a "
            "MixedInstancesPolicy only: launch configurations are not supported."
        )
        raise ValidationError(message)
    _check_on_demand(mixed)
    lifetime.check(given.integer("MaxInstanceLifetime"))
    minimum, maximum = given.integer("MinSize") or 0, given.integer("MaxSize") or 0
    _check_sizes(minimum, maximum, _or(given.integer("DesiredCapacity"), minimum))
    answer: EmptyResult = moto(self)
    group = backend.autoscaling_groups[name]
    group.health_check_grace_period = given.integer("HealthCheckGracePeriod") or 0
    _store(given, group)
    arns = [source["Identifier"] for source in given.structures("TrafficSources")]
    group.append_target_groups(arns)
    return answer


@patches.around(AutoScalingResponse, "update_auto_scaling_group")
def _update(moto: Original, self: AutoScalingResponse) -> EmptyResult:
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    refuse_if_deleting(group)
    record = GroupRecord.of(group)
    before, cause = group.desired_capacity or 0, record.capacity_cause
    minimum = _or(given.integer("MinSize"), group.min_size)
    maximum = _or(given.integer("MaxSize"), group.max_size)
    mixed = given.structure("MixedInstancesPolicy")
    _check_on_demand(mixed)
    lifetime.check(given.integer("MaxInstanceLifetime"))
    # Without a desired capacity AWS keeps the present one, moved inside the new bounds.
    kept = max(minimum, min(before, maximum))
    desired = _or(given.integer("DesiredCapacity"), kept)
    _check_sizes(minimum, maximum, desired)
    policy = group.mixed_instances_policy
    answer: EmptyResult = moto(self)
    if not given.structure("LaunchTemplate") and not mixed:
        group.mixed_instances_policy = policy  # moto forgets it when it is not given again
    group.desired_capacity, record.capacity_cause = before, cause
    why = (
        "a user request update of AutoScalingGroup constraints to "
        f"min: {minimum}, max: {maximum}, desired: {desired}"
    )
    set_capacity(group, desired, why)
    _store(given, group)
    return answer


@patches.method(AutoScalingResponse)
def set_desired_capacity(self: AutoScalingResponse) -> EmptyResult:
    """Set the desired capacity, within the group's bounds."""
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    refuse_if_deleting(group)
    desired = given.integer("DesiredCapacity") or 0
    minimum, maximum = group.min_size or 0, group.max_size or 0
    outside = ""
    if desired < minimum:
        outside = f"below min value {minimum}"
    elif desired > maximum:
        outside = f"above max value {maximum}"
    if outside:
        message = f"New SetDesiredCapacity value {desired} is {outside} for the AutoScalingGroup."
        raise ValidationError(message)
    if given.flag("HonorCooldown"):
        cooldown.refuse_during(group)
    group.set_desired_capacity(desired)
    return EmptyResult()


@patches.method(AutoScalingResponse)
def delete_auto_scaling_group(self: AutoScalingResponse) -> EmptyResult:
    """Delete a group: at once if it has no instances, else only by force."""
    backend = self.autoscaling_backend
    given = Parameters(self)
    group = require_group(backend, given.text("AutoScalingGroupName"))
    if group.instance_states and not given.flag("ForceDelete"):
        message = (
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
            "instance request(s) still in the group."
        )
        raise AutoscalingClientError("ResourceInUse", message)
    group.min_size = group.max_size = group.desired_capacity = 0
    GroupRecord.of(group).status = DELETING
    if not group.instance_states:
        remove_group(backend, group)
    return EmptyResult()


@patches.method(AutoScalingResponse)
def describe_scaling_activities(self: AutoScalingResponse) -> ActionResult:
    """Describe the controller's activities, newest first."""
    given = Parameters(self)
    found: list[Activity] = activities.find(
        self.autoscaling_backend, given.text("AutoScalingGroupName"), given.texts("ActivityIds")
    )
    begin = given.integer("NextToken") or 0
    end = begin + (given.integer("MaxRecords") or 100)
    token = str(end) if end < len(found) else None
    return ActionResult({"Activities": found[begin:end], "NextToken": token})


@patches.method(AutoScalingResponse)
def describe_traffic_sources(self: AutoScalingResponse) -> ActionResult:
    """Describe the group's target groups, the only kind of traffic source here."""
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    arns = group.target_group_arns
    if given.text("TrafficSourceType") not in {"", "elbv2"}:
        arns = []
    sources = [
        {"Identifier": arn, "TrafficSource": arn, "Type": "elbv2", "State": "InService"}
        for arn in arns
    ]
    return ActionResult({"TrafficSources": sources})


@patches.method(AutoScalingResponse)
def attach_traffic_sources(self: AutoScalingResponse) -> EmptyResult:
    """Attach target groups."""
    given = Parameters(self)
    arns = [source["Identifier"] for source in given.structures("TrafficSources")]
    name = given.text("AutoScalingGroupName")
    self.autoscaling_backend.attach_load_balancer_target_groups(name, arns)
    return EmptyResult()


@patches.method(AutoScalingResponse)
def detach_traffic_sources(self: AutoScalingResponse) -> EmptyResult:
    """Detach target groups."""
    given = Parameters(self)
    arns = [source["Identifier"] for source in given.structures("TrafficSources")]
    name = given.text("AutoScalingGroupName")
    self.autoscaling_backend.detach_load_balancer_target_groups(name, arns)
    return EmptyResult()


def _check_on_demand(mixed: dict[str, Any]) -> None:
    """Reject a mixed instances policy with a share of Spot instances: there is no market here."""
    distribution = mixed.get("InstancesDistribution") or {}
    share = distribution.get("OnDemandPercentageAboveBaseCapacity")
    if share is not None and int(share) != 100:
        message = (
            f"OnDemandPercentageAboveBaseCapacity {share} asks for Spot instances, which the local "
            "region does not have: use 100."
        )
        raise ValidationError(message)


def _check_sizes(minimum: int, maximum: int, desired: int) -> None:
    if minimum > maximum:
        message = f"Max bound, {maximum}, must be greater than or equal to min bound, {minimum}"
        raise ValidationError(message)
    if not minimum <= desired <= maximum:
        message = (
            f"Desired capacity:{desired} must be between the specified min size:{minimum} "
            f"and max size:{maximum}"
        )
        raise ValidationError(message)


def _or(value: int | None, default: int | None) -> int:
    return (default or 0) if value is None else value


def _store(given: Parameters, group: FakeAutoScalingGroup) -> None:
    record = GroupRecord.of(group)
    for names, owner in ((RECORDED, record), (CORRECTED, group)):
        for parameter, attribute in names.items():
            value = given.get(parameter)
            if value is not None:
                setattr(owner, attribute, int(value) if parameter in WHOLE_NUMBERS else value)
    if (record.default_instance_warmup or 0) < 0:
        record.default_instance_warmup = None  # -1 clears it.
    policy = record.instance_maintenance_policy
    if policy and -1 in {int(value) for value in policy.values()}:
        record.instance_maintenance_policy = None  # -1 clears the policy.
