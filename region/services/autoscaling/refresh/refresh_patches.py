"""Calls about instance refreshes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.autoscaling import launch_settings
from region.services.autoscaling.groups import refuse_if_deleting, require_group, staying
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.autoscaling.refresh import ends, preferences
from region.services.autoscaling.refresh.records import (
    CANCELLING,
    ROLLING_BACK,
    Refresh,
)

KEPT = 100
"""How many refreshes of a group are described."""
STRATEGY = "Rolling"

patches = Patches()


@patches.method(AutoScalingResponse)
def start_instance_refresh(self: AutoScalingResponse) -> ActionResult:
    """Start to replace a group's instances."""
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    refuse_if_deleting(group)
    strategy = given.text("Strategy") or STRATEGY
    if strategy == "ReplaceRootVolume":
        raise NotImplementedError(f"Strategy {strategy}: use {STRATEGY}, which replaces instances")
    if strategy != STRATEGY:
        raise ValidationError(f"Strategy {strategy} is not one of {STRATEGY}, ReplaceRootVolume.")
    if launch_settings.current_refresh(group) is not None:
        message = (
            "An Instance Refresh is already in progress and blocks the execution of this Instance "
            "Refresh."
        )
        raise AutoscalingClientError("InstanceRefreshInProgress", message)
    wanted, desired = given.structure("Preferences"), given.structure("DesiredConfiguration")
    refresh = Refresh(
        preferences.complete(wanted, group), preferences.is_maximum_set(wanted, group), desired
    )
    _check_desired(group, refresh)
    _list_instances(group, refresh)
    refreshes = GroupRecord.of(group).refreshes
    refreshes.append(refresh)
    del refreshes[:-KEPT]
    return ActionResult({"InstanceRefreshId": refresh.identity})


@patches.method(AutoScalingResponse)
def cancel_instance_refresh(self: AutoScalingResponse) -> ActionResult:
    """Cancel a refresh: what it has begun with single instances is finished."""
    given = Parameters(self)
    group, refresh = _active(self, given)
    if refresh.status == ROLLING_BACK:
        raise _not_found(group)
    GroupRecord.of(group).surge = 0
    if given.get("WaitForTransitioningInstances") is None or given.flag(
        "WaitForTransitioningInstances"
    ):
        refresh.status, refresh.reason = CANCELLING, "Cancelled due to user request."
    else:
        ends.cancelled(group, refresh)
    return ActionResult({"InstanceRefreshId": refresh.identity})


@patches.method(AutoScalingResponse)
def rollback_instance_refresh(self: AutoScalingResponse) -> ActionResult:
    """Replace what a refresh has launched by the group's own configuration."""
    group, refresh = _active(self, Parameters(self))
    if refresh.status in {CANCELLING, ROLLING_BACK}:
        raise _not_found(group)
    if not ends.is_reversible(group, refresh):
        message = (
            "The instance refresh cannot be rolled back: it has no desired configuration, or the "
            "group's launch template has the version $Latest or $Default or an image by parameter."
        )
        raise AutoscalingClientError("IrreversibleInstanceRefresh", message)
    ends.roll_back(group, refresh, "Rolled back due to user request.", time.time())
    return ActionResult({"InstanceRefreshId": refresh.identity})


@patches.method(AutoScalingResponse)
def describe_instance_refreshes(self: AutoScalingResponse) -> ActionResult:
    """Describe refreshes, the newest first."""
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    names = given.texts("InstanceRefreshIds")
    found = [
        _described(group, refresh)
        for refresh in reversed(GroupRecord.of(group).refreshes)
        if not names or refresh.identity in names
    ]
    return ActionResult({"InstanceRefreshes": found})


def _active(
    response: AutoScalingResponse, given: Parameters
) -> tuple[FakeAutoScalingGroup, Refresh]:
    group = require_group(response.autoscaling_backend, given.text("AutoScalingGroupName"))
    refresh = launch_settings.current_refresh(group)
    if refresh is None:
        raise _not_found(group)
    return group, refresh


def _not_found(group: FakeAutoScalingGroup) -> AutoscalingClientError:
    message = (
        f"No in progress or pending Instance Refresh found for Auto Scaling group {group.name}"
    )
    return AutoscalingClientError("ActiveInstanceRefreshNotFound", message)


def _check_desired(group: FakeAutoScalingGroup, refresh: Refresh) -> None:
    desired = refresh.desired
    if desired:
        mixed: Mapping[str, Any] = desired.get("MixedInstancesPolicy") or {}
        if bool(desired.get("LaunchTemplate")) == bool(mixed):
            raise ValidationError(
                "DesiredConfiguration must have either a LaunchTemplate or a MixedInstancesPolicy."
            )
        share = (mixed.get("InstancesDistribution") or {}).get(
            "OnDemandPercentageAboveBaseCapacity", 100
        )
        if int(share) != 100:
            raise ValidationError(
                f"OnDemandPercentageAboveBaseCapacity {share} asks for Spot instances, which the "
                "local region does not have: use 100."
            )
        _check_template(launch_settings.desired(group.ec2_backend, desired))
    if refresh.preferences["AutoRollback"]:
        settings = [launch_settings.own(group)]
        if desired:
            settings.append(launch_settings.desired(group.ec2_backend, desired))
        if not desired or any(ends.moves(one) for one in settings):
            raise ValidationError(
                "AutoRollback needs a DesiredConfiguration, and launch templates in a numbered "
                "version with an image id: not $Latest, $Default or a parameter."
            )


def _check_template(settings: launch_settings.LaunchSettings) -> None:
    if settings.template is None:
        raise ValidationError(
            "You must use a valid fully-formed launch template. The specified launch template does "
            "not exist."
        )
    version, known = settings.version, {str(one.number) for one in settings.template.versions}
    if version not in {*ends.MOVING_VERSIONS, *known}:
        raise ValidationError(
            "You must use a valid fully-formed launch template. The specified launch template, with "
            f"template ID {settings.template.id}, and version {version} does not exist."
        )


def _list_instances(group: FakeAutoScalingGroup, refresh: Refresh) -> None:
    settings = (
        launch_settings.desired(group.ec2_backend, refresh.desired)
        if refresh.desired
        else launch_settings.own(group)
    )
    members = staying(group)
    skip = refresh.preferences["SkipMatching"]
    refresh.original = [member.instance.id for member in members]
    refresh.remaining = [
        member.instance.id
        for member in members
        if not (
            skip
            and launch_settings.matches(
                settings, MemberRecord.of(member), member.instance.instance_type
            )
        )
    ]
    refresh.total = refresh.to_update = len(refresh.remaining)


def _described(group: FakeAutoScalingGroup, refresh: Refresh) -> dict[str, Any]:
    described: dict[str, Any] = {
        "InstanceRefreshId": refresh.identity,
        "AutoScalingGroupName": group.name,
        "Status": refresh.status,
        "StartTime": refresh.started,
        "PercentageComplete": refresh.percentage,
        "InstancesToUpdate": refresh.to_update,
        "Preferences": refresh.preferences,
        "Strategy": STRATEGY,
    }
    if refresh.reason:
        described["StatusReason"] = refresh.reason
    if refresh.ended is not None:
        described["EndTime"] = refresh.ended
    if refresh.desired:
        described["DesiredConfiguration"] = refresh.desired
    if refresh.rollback is not None:
        described["RollbackDetails"] = {
            "RollbackReason": refresh.rollback.reason,
            "RollbackStartTime": refresh.rollback.started,
            "PercentageCompleteOnRollback": refresh.rollback.percentage,
            "InstancesToUpdateOnRollback": refresh.rollback.to_update,
        }
    return described
