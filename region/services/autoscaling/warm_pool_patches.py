"""Calls about warm pools."""

from __future__ import annotations

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters, is_true
from region.api.patching import Original, Patches
from region.services.autoscaling import launch_settings, warm_pool
from region.services.autoscaling.groups import refuse_if_deleting, require_group
from region.services.autoscaling.records import GroupRecord
from region.services.autoscaling.warm_pool import DELETING

STATES = ("Stopped", "Running")

patches = Patches()


@patches.method(AutoScalingResponse)
def put_warm_pool(self: AutoScalingResponse) -> EmptyResult:
    """Create a warm pool or change it."""
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    refuse_if_deleting(group)
    if launch_settings.current_refresh(group) is not None:
        message = f"An Instance Refresh of {group.name} is in progress: wait for it or cancel it."
        raise AutoscalingClientError("InstanceRefreshInProgress", message)
    if group.warm_pool is not None and warm_pool.is_deleting(group):
        raise ValidationError(f"The warm pool of {group.name} is pending delete.")
    prepared, least = given.integer("MaxGroupPreparedCapacity"), given.integer("MinSize")
    before = group.warm_pool
    # What is not given stays as it is.
    if before is not None:
        prepared = before.max_group_prepared_capacity if prepared is None else prepared
        least = before.min_size if least is None else least
    state = given.text("PoolState") or (str(before.pool_state) if before is not None else "Stopped")
    if prepared is not None and prepared < -1:
        raise ValidationError(f"MaxGroupPreparedCapacity {prepared} must be -1 or more.")
    if least is not None and least < 0:
        raise ValidationError(f"MinSize {least} must not be negative.")
    if state == "Hibernated":
        raise NotImplementedError(f"PoolState {state}: use one of {', '.join(STATES)}")
    if state not in STATES:
        raise ValidationError(f"PoolState {state} is not one of {', '.join(STATES)}, Hibernated.")
    reuse = given.get("InstanceReusePolicy")
    policy = before.instance_reuse_policy if before is not None else None
    if reuse is not None:
        policy = {"ReuseOnScaleIn": is_true(reuse.get("ReuseOnScaleIn", False))}
    group.put_warm_pool(None if prepared == -1 else prepared, least, state, policy)
    return EmptyResult()


@patches.method(AutoScalingResponse)
def describe_warm_pool(self: AutoScalingResponse) -> ActionResult:
    """Describe a warm pool and its instances."""
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    result = {
        "WarmPoolConfiguration": group.warm_pool,
        "Instances": list(GroupRecord.of(group).warm),
    }
    return ActionResult({name: value for name, value in result.items() if value is not None})


@patches.method(AutoScalingResponse)
def delete_warm_pool(self: AutoScalingResponse) -> EmptyResult:
    """Delete a warm pool; it goes once its instances have ended."""
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    record = GroupRecord.of(group)
    if group.warm_pool is None:
        raise ValidationError(f"The group {group.name} has no warm pool.")
    if given.flag("ForceDelete") or not record.warm:
        for member in record.warm:
            member.instance.terminate()
        record.warm.clear()
        group.warm_pool = None
    else:
        vars(group.warm_pool)["status"] = DELETING
    return EmptyResult()


@patches.value(FakeAutoScalingGroup, "warm_pool_size")
def _warm_pool_size(self: FakeAutoScalingGroup) -> int | None:
    return len(GroupRecord.of(self).warm) if self.warm_pool is not None else None


@patches.around(AutoScalingBackend, "describe_auto_scaling_instances")
def _describe_instances(
    moto: Original, self: AutoScalingBackend, instance_ids: list[str]
) -> list[InstanceState]:
    """List the instances of warm pools too."""
    found: list[InstanceState] = moto(self, instance_ids)
    warm = [
        member
        for group in self.autoscaling_groups.values()
        for member in GroupRecord.of(group).warm
        if not instance_ids or member.instance.id in instance_ids
    ]
    return [*found, *warm]
