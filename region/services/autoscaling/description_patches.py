"""Calls that describe groups, their instances and activities, and what the service knows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.autoscaling import activities, groups
from region.services.autoscaling.records import Activity, MemberRecord
from region.services.autoscaling.termination_policies import POLICIES

MOST_GROUPS: Final = 500
MOST_CONFIGURATIONS: Final = 200

patches = Patches()


@patches.method(AutoScalingResponse)
def describe_auto_scaling_groups(self: AutoScalingResponse) -> ActionResult:
    """DescribeAutoScalingGroups, whole: `region.api.paging` cuts the pages.

    moto's tokens are names of groups: anyone can guess them, and a group that is deleted takes the next
    page with it.
    """
    given = Parameters(self)
    conditions = given.structures("Filters")
    for condition in conditions:
        _check_filter(str(condition.get("Name")))
    found: list[Any] = self.autoscaling_backend.describe_auto_scaling_groups(
        given.texts("AutoScalingGroupNames"), filters=conditions
    )
    if given.get("IncludeInstances") is not None and not given.flag("IncludeInstances"):
        found = list(map(_WithoutInstances, found))
    return ActionResult({"AutoScalingGroups": found})


@patches.method(AutoScalingResponse)
def describe_launch_configurations(self: AutoScalingResponse) -> ActionResult:
    """DescribeLaunchConfigurations, whole."""
    names = Parameters(self).texts("LaunchConfigurationNames")
    found = self.autoscaling_backend.describe_launch_configurations(names)
    return ActionResult({"LaunchConfigurations": found})


@patches.around(AutoScalingBackend, "describe_load_balancers")
def _describe_load_balancers(moto: Original, self: AutoScalingBackend, name: str) -> list[str]:
    groups.require_group(self, name)
    return moto(self, name)


def _check_filter(name: str) -> None:
    if name not in {"tag-key", "tag-value"} and not name.startswith("tag:"):
        raise ValidationError(
            f"Filter type {name} is not correct. Allowed Filter types are: [tag-key, tag-value, tag:<key>]"
        )


class _WithoutInstances:
    """A group as moto describes it, but for its instances."""

    instances: tuple[InstanceState, ...] = ()

    def __init__(self, group: FakeAutoScalingGroup) -> None:
        self._group = group

    def __getattr__(self, name: str) -> Any:
        return getattr(self._group, name)


@patches.method(AutoScalingResponse)
def describe_auto_scaling_instances(self: AutoScalingResponse) -> ActionResult:
    """Describe the instances of all groups; here their health is spelled in capitals."""
    given = Parameters(self)
    members = self.autoscaling_backend.describe_auto_scaling_instances(given.texts("InstanceIds"))
    return ActionResult({"AutoScalingInstances": list(map(_instance, members))})


def _instance(member: InstanceState) -> dict[str, Any]:
    template = MemberRecord.of(member).launched_template
    return {
        "InstanceId": member.instance.id,
        "InstanceType": member.instance.instance_type,
        "AutoScalingGroupName": groups.group_of(member).name,
        "AvailabilityZone": member.availability_zone,
        "LifecycleState": member.lifecycle_state,
        "HealthStatus": str(member.health_status).upper(),
        "ImageId": member.instance.image_id,
        "ProtectedFromScaleIn": bool(member.protected_from_scale_in),
        **({"LaunchTemplate": template} if template else {}),
    }


@patches.method(AutoScalingResponse)
def describe_scaling_activities(self: AutoScalingResponse) -> ActionResult:
    """Describe activities: those that have not ended first, and of each kind the newest."""
    backend, given = self.autoscaling_backend, Parameters(self)
    found = activities.find(backend, given.text("AutoScalingGroupName"), given.texts("ActivityIds"))
    if not given.flag("IncludeDeletedGroups"):
        known = {group.arn for group in backend.autoscaling_groups.values()}
        found = [one for one in found if one.auto_scaling_group_arn in known]
    for condition in given.structures("Filters"):
        found = _filtered(found, condition)
    return ActionResult({"Activities": found})


def _filtered(found: list[Activity], condition: dict[str, Any]) -> list[Activity]:
    name, values = str(condition.get("Name")), [str(one) for one in condition.get("Values") or []]
    if name == "Status":
        return [one for one in found if one.status_code in values]
    if name not in {"StartTimeLowerBound", "StartTimeUpperBound"} or len(values) != 1:
        raise ValidationError(
            f"Filter {name} {values}: use Status, StartTimeLowerBound or StartTimeUpperBound."
        )
    try:
        bound = datetime.fromisoformat(values[0])
    except ValueError as error:
        raise ValidationError(f"{values[0]} is not a time such as 2026-01-01T00:00:00Z.") from error
    bound = bound if bound.tzinfo else bound.replace(tzinfo=UTC)
    if name == "StartTimeLowerBound":
        return [one for one in found if one.start_time >= bound]
    return [one for one in found if one.start_time <= bound]


@patches.method(AutoScalingResponse)
def describe_account_limits(self: AutoScalingResponse) -> ActionResult:
    """Describe AWS's quotas and how much of them is used."""
    return ActionResult(
        {
            "MaxNumberOfAutoScalingGroups": MOST_GROUPS,
            "MaxNumberOfLaunchConfigurations": MOST_CONFIGURATIONS,
            "NumberOfAutoScalingGroups": len(self.autoscaling_backend.autoscaling_groups),
            "NumberOfLaunchConfigurations": 0,
        }
    )


@patches.method(AutoScalingResponse)
def describe_lifecycle_hook_types(self: AutoScalingResponse) -> ActionResult:
    """List the transitions that hooks may be on."""
    del self
    kinds = [groups.LAUNCHING_TRANSITION, groups.TERMINATING_TRANSITION]
    return ActionResult({"LifecycleHookTypes": kinds})


@patches.method(AutoScalingResponse)
def describe_scaling_process_types(self: AutoScalingResponse) -> ActionResult:
    """List the processes that may be suspended."""
    del self
    return ActionResult({"Processes": [{"ProcessName": name} for name in groups.PROCESSES]})


@patches.method(AutoScalingResponse)
def describe_termination_policy_types(self: AutoScalingResponse) -> ActionResult:
    """List the termination policies."""
    del self
    return ActionResult({"TerminationPolicyTypes": list(POLICIES)})
