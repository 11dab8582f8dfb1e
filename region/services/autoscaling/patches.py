"""Auto Scaling groups as AWS describes them: a call records what is desired, the controller acts.

moto launches and terminates inside the call, in the first subnet only, and checks no limits.
Here a call validates and records; region.services.autoscaling.controller launches, replaces and
terminates in the group's own time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.autoscaling import (
    description_patches,
    group_checks,
    hook_patches,
    instance_patches,
    metric_patches,
    move_patches,
    notification_patches,
    tag_patches,
    traffic_source_patches,
    warm_pool_patches,
)
from region.services.autoscaling.groups import (
    DELETING,
    refuse_if_deleting,
    remove_group,
    require_group,
    set_capacity,
)
from region.services.autoscaling.records import BackendRecord, GroupRecord
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
    "DeletionProtection": "deletion_protection",
}
# Parameters that moto stores on creation, but not always as given and not on update.
CORRECTED = {
    "DefaultCooldown": "default_cooldown",
    "TerminationPolicies": "termination_policies",
    "CapacityRebalance": "capacity_rebalance",
    "NewInstancesProtectedFromScaleIn": "new_instances_protected_from_scale_in",
    "ServiceLinkedRoleARN": "service_linked_role_arn",
}
WHOLE_NUMBERS = {"DefaultInstanceWarmup", "MaxInstanceLifetime", "DefaultCooldown"}
PATCHES = (
    action_patches,
    description_patches,
    hook_patches,
    instance_patches,
    metric_patches,
    move_patches,
    notification_patches,
    policy_patches,
    refresh_patches,
    tag_patches,
    traffic_source_patches,
    warm_pool_patches,
)

patches = Patches()


def install() -> None:
    """Patch moto's Auto Scaling."""
    patches.install()
    for module in PATCHES:
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


@patches.around(AutoScalingBackend, "__init__")
def _new_backend(moto: Original, self: AutoScalingBackend, *args: object, **kwargs: object) -> None:
    BackendRecord().attach(self)
    moto(self, *args, **kwargs)


@patches.method(AutoScalingBackend)
def notify_terminate_instances(self: AutoScalingBackend, instance_ids: list[str]) -> None:
    """Leave replacement to the controller, which sees the instances' states."""
    del self, instance_ids


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
    group_checks.check_new(backend, given)
    group_checks.check(backend, given)
    mixed = given.structure("MixedInstancesPolicy")
    if not given.structure("LaunchTemplate") and not mixed:
        raise ValidationError(group_checks.ONE_SOURCE)
    hooks = given.structures("LifecycleHookSpecificationList")
    for hook in hooks:
        hook_patches.check(hook, new=True)
    minimum, maximum = given.integer("MinSize") or 0, given.integer("MaxSize") or 0
    desired = _or(given.integer("DesiredCapacity"), minimum)
    group_checks.check_sizes(minimum, maximum, desired)
    answer: EmptyResult = moto(self)
    group = backend.autoscaling_groups[name]
    group.health_check_grace_period = given.integer("HealthCheckGracePeriod") or 0
    _store(given, group)
    arns = [source["Identifier"] for source in given.structures("TrafficSources")]
    group.append_target_groups(arns)
    try:
        for hook in hooks:
            hook_patches.put(backend, group, hook)
    except ValidationError:
        remove_group(backend, group)
        raise
    return answer


@patches.around(AutoScalingResponse, "update_auto_scaling_group")
def _update(moto: Original, self: AutoScalingResponse) -> EmptyResult:
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    refuse_if_deleting(group)
    _complete_policy(self, group.mixed_instances_policy)
    group_checks.check(self.autoscaling_backend, given)
    record = GroupRecord.of(group)
    before, cause = group.desired_capacity or 0, record.capacity_cause
    minimum = _or(given.integer("MinSize"), group.min_size)
    maximum = _or(given.integer("MaxSize"), group.max_size)
    mixed = given.structure("MixedInstancesPolicy")
    # Without a desired capacity AWS keeps the present one, moved inside the new bounds.
    kept = max(minimum, min(before, maximum))
    desired = _or(given.integer("DesiredCapacity"), kept)
    group_checks.check_sizes(minimum, maximum, desired)
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


def _complete_policy(call: AutoScalingResponse, present: Mapping[str, Any] | None) -> None:
    """Add to a mixed instances policy what the present one has and the call does not change.

    API reference, UpdateAutoScalingGroup: properties that are not specified are not changed.
    """
    changes = Parameters(call).structure("MixedInstancesPolicy")
    if not changes or not present:
        return
    whole: dict[str, dict[str, Any]] = {
        part: {**(present.get(part) or {}), **(changes.get(part) or {})}
        for part in ("LaunchTemplate", "InstancesDistribution")
    }
    template = dict(whole["LaunchTemplate"].get("LaunchTemplateSpecification") or {})
    if "LaunchTemplateSpecification" not in (changes.get("LaunchTemplate") or {}):
        template.pop("LaunchTemplateName", None)  # A described one has its id and its name.
    whole["LaunchTemplate"]["LaunchTemplateSpecification"] = template
    call.params["MixedInstancesPolicy"] = whole


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
    _check_protection(group, forced=given.flag("ForceDelete"))
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


def _check_protection(group: FakeAutoScalingGroup, *, forced: bool) -> None:
    level = GroupRecord.of(group).deletion_protection
    if level == "prevent-all-deletion" or (level == "prevent-force-deletion" and forced):
        message = (
            f"AutoScalingGroup {group.name} cannot be deleted because its deletion protection is "
            f"{level}. Change DeletionProtection first."
        )
        raise ValidationError(message)


@patches.method(AutoScalingResponse)
def create_launch_configuration(self: AutoScalingResponse) -> EmptyResult:
    """Refuse launch configurations, as AWS does in accounts of today."""
    del self
    message = group_checks.NO_LAUNCH_CONFIGURATIONS
    raise AutoscalingClientError("UnsupportedOperation", message)


@patches.method(AutoScalingResponse)
def delete_launch_configuration(self: AutoScalingResponse) -> EmptyResult:
    """Refuse a launch configuration that is not there: there can be none."""
    name = Parameters(self).text("LaunchConfigurationName")
    message = f"Launch configuration name not found - Launch configuration {name} not found"
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
        record.instance_maintenance_policy = None  # -1 clears it.
    record.max_instance_lifetime = record.max_instance_lifetime or None
