"""Auto Scaling groups as AWS answers them: calls store what is wanted, the controller does it.

moto launches and terminates inside the call, in the first subnet only, and checks no limits.
Here a call validates and records; region.services.autoscaling.controller launches, replaces and
terminates in the group's own time. Scaling policies are stored and described, not acted upon.
"""

import time
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.patching import Patches
from region.services.autoscaling import activities, instance_patches
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

# Parameters that moto drops, stored on the group under the name that describing looks for.
STORED = {
    "DefaultInstanceWarmup": "default_instance_warmup",
    "InstanceMaintenancePolicy": "instance_maintenance_policy",
    "MaxInstanceLifetime": "max_instance_lifetime",
    "Context": "context",
    "DesiredCapacityType": "desired_capacity_type",
    "AvailabilityZoneDistribution": "availability_zone_distribution",
    "AvailabilityZoneImpairmentPolicy": "availability_zone_impairment_policy",
    "CapacityReservationSpecification": "capacity_reservation_specification",
    "InstanceLifecyclePolicy": "instance_lifecycle_policy",
    "ServiceLinkedRoleARN": "service_linked_role_arn",
}
# Parameters that moto stores on creation, but not always as given and not on update.
CORRECTED = {
    "DefaultCooldown": "default_cooldown",
    "TerminationPolicies": "termination_policies",
    "PlacementGroup": "placement_group",
    "CapacityRebalance": "capacity_rebalance",
    "NewInstancesProtectedFromScaleIn": "new_instances_protected_from_scale_in",
}
WHOLE_NUMBERS = {"DefaultInstanceWarmup", "MaxInstanceLifetime", "DefaultCooldown"}

patches = Patches()


def install() -> None:
    """Patch moto's Auto Scaling."""
    patches.install()
    instance_patches.patches.install()


@patches.around(FakeAutoScalingGroup, "__init__")
def _new_group(moto: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    self.desired_capacity = 0
    self.capacity_cause = ""
    self.status = None
    self.launch_failures = 0
    self.launch_not_before = 0.0
    for attribute in STORED.values():
        setattr(self, attribute, None)
    moto(self, *args, **kwargs)


@patches.method(FakeAutoScalingGroup, "set_desired_capacity")
def _set_desired_capacity(self: Any, new_capacity: int | None) -> None:
    known = self.name in self.autoscaling_backend.autoscaling_groups
    why = "explicitly set group desired capacity" if known else "created an AutoScalingGroup"
    wanted = self.min_size if new_capacity is None else new_capacity
    set_capacity(self, wanted or 0, f"a user request {why}")


@patches.method(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def _launch_nothing(self: Any, count_needed: int, propagated_tags: dict[str, str]) -> None:
    """Leave launching to the controller."""
    del self, count_needed, propagated_tags


@patches.around(InstanceState, "__init__")
def _new_member(moto: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    moto(self, *args, **kwargs)
    self.launched_at = time.time()
    self.in_service_at = self.launched_at if self.lifecycle_state == IN_SERVICE else 0.0
    self.launched_template = None
    self.beyond_desired = False
    self.health_cause = ""
    self.hook_deadlines = {}
    self.hook_results = {}
    self.leaving_since = 0.0
    self.launch_activity = ""
    self.end_activity = ""


@patches.value(InstanceState, "launch_template")
def _launch_template(self: Any) -> dict[str, Any] | None:
    """The template and version that the instance was launched with, not the group's of today."""
    return self.launched_template


@patches.method(AutoScalingBackend)
def notify_terminate_instances(self: Any, instance_ids: list[str]) -> None:
    """Leave replacement to the controller, which sees the instances' states."""
    del self, instance_ids


@patches.method(AutoScalingBackend)
def update_attached_target_groups(self: Any, group_name: str) -> None:
    """Register the instances in service with all target groups of their group."""
    group = self.autoscaling_groups[group_name]
    if "AddToLoadBalancer" in suspended_processes(group):
        return
    for arn in group.target_group_arns:
        register(self, arn, [state.instance.id for state in group.active_instances()])


@patches.method(AutoScalingBackend)
def detach_load_balancer_target_groups(
    self: Any, group_name: str, target_group_arns: list[str]
) -> None:
    """Detach target groups and deregister the group's instances from them."""
    group = require_group(self, group_name)
    kept = [arn for arn in group.target_group_arns if arn not in target_group_arns]
    group.target_group_arns = kept
    for arn in target_group_arns:
        for state in group.instance_states:
            deregister(self, arn, state.instance.id)


@patches.around(AutoScalingResponse, "create_auto_scaling_group")
def _create(moto: Any, self: Any) -> Any:
    backend = self.autoscaling_backend
    name = self._get_param("AutoScalingGroupName")
    if name in backend.autoscaling_groups:
        message = (
            "AutoScalingGroup by this name already exists - A group with the name "
            f"{name} already exists"
        )
        raise AutoscalingClientError("AlreadyExists", message)
    mixed = self._get_param("MixedInstancesPolicy")
    if not self._get_param("LaunchTemplate") and not mixed:
        message = (
            "The local region starts Auto Scaling groups from a LaunchTemplate or a "
            "MixedInstancesPolicy only: launch configurations are not supported."
        )
        raise ValidationError(message)
    _check_on_demand(mixed)
    minimum, maximum = self._get_int_param("MinSize"), self._get_int_param("MaxSize")
    _check_sizes(minimum, maximum, _or(self._get_int_param("DesiredCapacity"), minimum))
    answer = moto(self)
    group = backend.autoscaling_groups[name]
    group.health_check_grace_period = self._get_int_param("HealthCheckGracePeriod") or 0
    _store(self, group)
    arns = [source["Identifier"] for source in self._get_param("TrafficSources", [])]
    group.append_target_groups(arns)
    return answer


@patches.around(AutoScalingResponse, "update_auto_scaling_group")
def _update(moto: Any, self: Any) -> Any:
    group = require_group(self.autoscaling_backend, self._get_param("AutoScalingGroupName"))
    refuse_if_deleting(group)
    before, cause = group.desired_capacity, group.capacity_cause
    minimum = _or(self._get_int_param("MinSize"), group.min_size)
    maximum = _or(self._get_int_param("MaxSize"), group.max_size)
    _check_on_demand(self._get_param("MixedInstancesPolicy"))
    # Without a desired capacity AWS keeps the present one, moved inside the new bounds.
    kept = max(minimum, min(before, maximum))
    desired = _or(self._get_int_param("DesiredCapacity"), kept)
    _check_sizes(minimum, maximum, desired)
    policy = group.mixed_instances_policy
    answer = moto(self)
    if not self._get_param("LaunchTemplate") and not self._get_param("MixedInstancesPolicy"):
        group.mixed_instances_policy = policy  # moto forgets it when it is not given again
    group.desired_capacity, group.capacity_cause = before, cause
    why = (
        "a user request update of AutoScalingGroup constraints to "
        f"min: {minimum}, max: {maximum}, desired: {desired}"
    )
    set_capacity(group, desired, why)
    _store(self, group)
    return answer


@patches.method(AutoScalingResponse)
def set_desired_capacity(self: Any) -> EmptyResult:
    """SetDesiredCapacity, within the group's bounds."""
    group = require_group(self.autoscaling_backend, self._get_param("AutoScalingGroupName"))
    refuse_if_deleting(group)
    wanted = self._get_int_param("DesiredCapacity")
    outside = ""
    if wanted < group.min_size:
        outside = f"below min value {group.min_size}"
    elif wanted > group.max_size:
        outside = f"above max value {group.max_size}"
    if outside:
        message = f"New SetDesiredCapacity value {wanted} is {outside} for the AutoScalingGroup."
        raise ValidationError(message)
    group.set_desired_capacity(wanted)
    return EmptyResult()


@patches.method(AutoScalingResponse)
def delete_auto_scaling_group(self: Any) -> EmptyResult:
    """DeleteAutoScalingGroup: at once without instances, with them only by force."""
    backend = self.autoscaling_backend
    group = require_group(backend, self._get_param("AutoScalingGroupName"))
    if group.instance_states and not self._get_bool_param("ForceDelete", False):
        message = (
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
            "instance request(s) still in the group."
        )
        raise AutoscalingClientError("ResourceInUse", message)
    group.min_size = group.max_size = group.desired_capacity = 0
    group.status = DELETING
    if not group.instance_states:
        remove_group(backend, group)
    return EmptyResult()


@patches.method(AutoScalingResponse)
def describe_scaling_activities(self: Any) -> ActionResult:
    """The controller's activities, newest first."""
    found = activities.find(
        self.autoscaling_backend,
        self._get_param("AutoScalingGroupName"),
        self._get_param("ActivityIds", []),
    )
    begin = int(self._get_param("NextToken") or 0)
    end = begin + (self._get_int_param("MaxRecords") or 100)
    token = str(end) if end < len(found) else None
    return ActionResult({"Activities": found[begin:end], "NextToken": token})


@patches.method(AutoScalingResponse)
def describe_traffic_sources(self: Any) -> ActionResult:
    """The group's target groups, which is the only kind of traffic source here."""
    group = require_group(self.autoscaling_backend, self._get_param("AutoScalingGroupName"))
    arns = group.target_group_arns
    if self._get_param("TrafficSourceType") not in {None, "elbv2"}:
        arns = []
    sources = [
        {"Identifier": arn, "TrafficSource": arn, "Type": "elbv2", "State": "InService"}
        for arn in arns
    ]
    return ActionResult({"TrafficSources": sources})


@patches.method(AutoScalingResponse)
def attach_traffic_sources(self: Any) -> EmptyResult:
    """AttachTrafficSources, for target groups."""
    arns = [source["Identifier"] for source in self._get_param("TrafficSources", [])]
    name = self._get_param("AutoScalingGroupName")
    self.autoscaling_backend.attach_load_balancer_target_groups(name, arns)
    return EmptyResult()


@patches.method(AutoScalingResponse)
def detach_traffic_sources(self: Any) -> EmptyResult:
    """DetachTrafficSources, for target groups."""
    arns = [source["Identifier"] for source in self._get_param("TrafficSources", [])]
    name = self._get_param("AutoScalingGroupName")
    self.autoscaling_backend.detach_load_balancer_target_groups(name, arns)
    return EmptyResult()


@patches.around(AutoScalingResponse, "put_scaling_policy")
def _put_scaling_policy(moto: Any, self: Any) -> ActionResult:
    """PutScalingPolicy; moto answers under a name that is not the API's."""
    require_group(self.autoscaling_backend, self._get_param("AutoScalingGroupName"))
    arn = moto(self).result["PolicyArn"]
    return ActionResult({"PolicyARN": arn, "Alarms": []})


def _check_on_demand(mixed: dict[str, Any] | None) -> None:
    """Refuse a mixed instances policy with a share of Spot instances: there is no market here."""
    distribution = (mixed or {}).get("InstancesDistribution") or {}
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


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _store(response: Any, group: Any) -> None:
    for parameter, attribute in (STORED | CORRECTED).items():
        value = response._get_param(parameter)  # noqa: SLF001
        if value is not None:
            setattr(group, attribute, int(value) if parameter in WHOLE_NUMBERS else value)
    policy = group.instance_maintenance_policy
    if policy and -1 in {int(value) for value in policy.values()}:
        group.instance_maintenance_policy = None  # -1 clears the policy.
