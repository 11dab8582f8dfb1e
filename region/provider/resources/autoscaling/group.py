"""Auto Scaling groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import CheckFailure, ProviderError
from region.provider.handler import MINUTE, Handler, found, given
from region.provider.operation import Operation
from region.provider.resources.autoscaling import group_metrics, instance_refresh, warm_pool
from region.provider.resources.autoscaling.mixed_instances_policy import (
    DISTRIBUTION,
    MIXED,
    NO_SPOT,
    SPECIFICATION,
    TEMPLATE,
    check_policy,
    described_policy,
    policy_parameter,
)
from region.provider.values import UNKNOWN, Properties

HEALTH_TYPES = ("EC2", "ELB")


CAPACITY_TIMEOUT = "10m"


_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


_SETTINGS = {
    "MinSize": "minSize",
    "MaxSize": "maxSize",
    "DesiredCapacity": "desiredCapacity",
    "DefaultCooldown": "defaultCooldown",
    "DefaultInstanceWarmup": "defaultInstanceWarmup",
    "HealthCheckType": "healthCheckType",
    "HealthCheckGracePeriod": "healthCheckGracePeriod",
    "TerminationPolicies": "terminationPolicies",
    "NewInstancesProtectedFromScaleIn": "protectFromScaleIn",
    "MaxInstanceLifetime": "maxInstanceLifetime",
    "CapacityRebalance": "capacityRebalance",
}


_MAINTENANCE = {
    "MinHealthyPercentage": "minHealthyPercentage",
    "MaxHealthyPercentage": "maxHealthyPercentage",
}


_SIZES = frozenset({"minSize", "desiredCapacity"})


class Group(Handler):
    """`aws.autoscaling.Group` over a launch template, alone or with a choice of types."""

    resource_type = "aws:autoscaling/group:Group"
    supported = frozenset(
        {
            "name",
            "namePrefix",
            "availabilityZones",
            "vpcZoneIdentifiers",
            "launchTemplate.id",
            "launchTemplate.name",
            "launchTemplate.version",
            *(f"{TEMPLATE}.launchTemplateSpecification.{name}" for name in SPECIFICATION.values()),
            f"{TEMPLATE}.overrides.instanceType",
            *(f"{MIXED}.instancesDistribution.{name}" for name in DISTRIBUTION.values()),
            "targetGroupArns",
            "suspendedProcesses",
            "instanceMaintenancePolicy",
            "forceDelete",
            "waitForCapacityTimeout",
            "tags",
            *_SETTINGS.values(),
            *instance_refresh.PATHS,
            *group_metrics.PATHS,
            *warm_pool.PATHS,
        }
    )
    hints: ClassVar = {
        "minElbCapacity": "remove it: targets become healthy only after the first deployment",
        "waitForElbCapacity": "remove it: targets become healthy only after the first deployment",
        "launchConfiguration": "use 'launchTemplate'",
    }
    defaults: ClassVar = {
        "forceDelete": False,
        "forceDeleteWarmPool": False,
        "healthCheckGracePeriod": 300,
        "protectFromScaleIn": False,
        "waitForCapacityTimeout": CAPACITY_TIMEOUT,
    }
    sets = frozenset(
        {
            "availabilityZones",
            "vpcZoneIdentifiers",
            "targetGroupArns",
            "tags",
            "suspendedProcesses",
            "enabledMetrics",
        }
    )
    naming = Naming(pattern=r"[^:]+", rule="any characters but colons")
    computed = frozenset(
        {
            "availabilityZones",
            "defaultCooldown",
            "desiredCapacity",
            "healthCheckType",
            "vpcZoneIdentifiers",
        }
    )

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the sizes are in order and that there is something to launch and a place for it."""
        yield from _check_sizes(inputs, old)
        yield from instance_refresh.check(inputs)
        yield from group_metrics.check(inputs)
        yield from warm_pool.check(inputs)
        yield from checks.one_of("healthCheckType", inputs.get("healthCheckType"), HEALTH_TYPES)
        yield from checks.exactly_one(inputs, ["vpcZoneIdentifiers", "availabilityZones"])
        if not inputs.get("launchTemplate") and not inputs.get(MIXED):
            reason = f"a group needs 'launchTemplate' or {MIXED!r}, which says what it launches"
            yield CheckFailure("launchTemplate", f"{reason}; set one of them")
        else:
            yield from checks.exactly_one(inputs, ["launchTemplate", MIXED])
        template: Any = inputs.get("launchTemplate")
        if isinstance(template, dict):
            yield from checks.exactly_one(template, ["id", "name"])
        policy: Any = inputs.get(MIXED)
        if isinstance(policy, dict):
            yield from check_policy(op, policy)
        if inputs.get("capacityRebalance") is True:
            yield CheckFailure("capacityRebalance", f"{NO_SPOT} and leave 'capacityRebalance' out")
        timeout = inputs["waitForCapacityTimeout"]
        if timeout is not UNKNOWN and duration(timeout) is None:
            reason = f"{timeout!r} is not a duration; write one such as 10m, or 0 for no wait"
            yield CheckFailure("waitForCapacityTimeout", reason)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateAutoScalingGroup; the id is the name."""
        name = inputs["name"]
        op.aws.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            Tags=[_tag(name, tag) for tag in inputs.get("tags") or ()],
            **_settings(inputs),
            **given({"TargetGroupARNs": "targetGroupArns"}, inputs),
        )
        return name

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Change what differs and wait until enough instances are in service."""
        if old is not None:
            self._update(op, identity, new, old)
        self._suspend(op, identity, new, old or {})
        group_metrics.apply(op, identity, new, old or {})
        warm_pool.apply(op, identity, new, old or {})
        if old is None or new == old or any(new.get(name) != old.get(name) for name in _SIZES):
            self._await_capacity(op, identity, new)

    def _update(self, op: Operation, identity: str, new: Properties, old: Properties) -> None:
        scaling = op.aws.autoscaling
        before = _settings(old)
        changes = {key: value for key, value in _settings(new).items() if before.get(key) != value}
        refreshes, desired = instance_refresh.is_wanted(new, old), dict[str, Any]()
        if refreshes and instance_refresh.rolls_back(new):
            # The refresh gives the group its new template, so that it can go back to the old one.
            for name in ("LaunchTemplate", "MixedInstancesPolicy"):
                if name in changes:
                    desired[name] = changes.pop(name)
        if changes:
            scaling.update_auto_scaling_group(AutoScalingGroupName=identity, **changes)
        removed, added = _exchange(new.get("targetGroupArns"), old.get("targetGroupArns"))
        if added:
            scaling.attach_load_balancer_target_groups(
                AutoScalingGroupName=identity, TargetGroupARNs=added
            )
        if removed:
            scaling.detach_load_balancer_target_groups(
                AutoScalingGroupName=identity, TargetGroupARNs=removed
            )
        self._retag(scaling, identity, new.get("tags") or [], old.get("tags") or [])
        if refreshes:
            instance_refresh.start(op, identity, new, desired)

    def _retag(
        self, scaling: Any, identity: str, new: Sequence[Properties], old: Sequence[Properties]
    ) -> None:
        keys = {tag["key"] for tag in new}
        gone = [_tag(identity, tag) for tag in old if tag["key"] not in keys]
        if gone:
            scaling.delete_tags(Tags=gone)
        changed = [_tag(identity, tag) for tag in new if tag not in old]
        if changed:
            scaling.create_or_update_tags(Tags=changed)

    def _suspend(self, op: Operation, identity: str, new: Properties, old: Properties) -> None:
        resumed, suspended = _exchange(new.get("suspendedProcesses"), old.get("suspendedProcesses"))
        for processes, call in (
            (suspended, op.aws.autoscaling.suspend_processes),
            (resumed, op.aws.autoscaling.resume_processes),
        ):
            if processes:
                call(AutoScalingGroupName=identity, ScalingProcesses=processes)

    def _await_capacity(self, op: Operation, identity: str, inputs: Properties) -> None:
        limit = duration(inputs["waitForCapacityTimeout"])
        if not limit:
            return

        def probe() -> tuple[bool | None, str]:
            group = _describe(op, identity)
            if group is None:
                raise ProviderError(f"the group {identity!r} vanished; run the update again")
            wanted = max(group["DesiredCapacity"], group["MinSize"])
            ready = _in_service(group)
            return (True if ready >= wanted else None), f"{ready} of {wanted} in service"

        op.wait(f"the instances of {identity}", probe, default_timeout=limit)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the group."""
        group = _describe(op, identity)
        if group is None:
            return None
        template = found(
            {"LaunchTemplateId": "id", "LaunchTemplateName": "name", "Version": "version"},
            group.get("LaunchTemplate") or {},
        )
        maintenance = found(_MAINTENANCE, group.get("InstanceMaintenancePolicy") or {})
        suspended = [item["ProcessName"] for item in group.get("SuspendedProcesses") or ()]
        subnets = [item for item in group.get("VPCZoneIdentifier", "").split(",") if item]
        return {
            "name": identity,
            "arn": group["AutoScalingGroupARN"],
            **found(_SETTINGS, group),
            **({"launchTemplate": template} if template else {}),
            **described_policy(group.get("MixedInstancesPolicy") or {}),
            **({"instanceMaintenancePolicy": maintenance} if maintenance else {}),
            **({"suspendedProcesses": suspended} if suspended else {}),
            "availabilityZones": sorted(group.get("AvailabilityZones") or ()),
            "vpcZoneIdentifiers": subnets,
            "targetGroupArns": list(group.get("TargetGroupARNs") or ()),
            "tags": [
                {
                    "key": tag["Key"],
                    "value": tag["Value"],
                    "propagateAtLaunch": bool(tag.get("PropagateAtLaunch")),
                }
                for tag in group.get("Tags") or ()
            ],
            "predictedCapacity": 0,
            **group_metrics.described(group),
            **warm_pool.described(group),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteAutoScalingGroup, after draining unless forced; wait until all is gone."""
        scaling = op.aws.autoscaling
        group = _describe(op, identity)
        if group is None:
            return
        instances = [item["InstanceId"] for item in group.get("Instances") or ()]
        forced = bool(state.get("forceDelete"))
        if not forced:
            self._drain(op, identity)
        scaling.delete_auto_scaling_group(AutoScalingGroupName=identity, ForceDelete=forced)

        def probe() -> tuple[bool | None, str]:
            if _describe(op, identity) is not None:
                return None, "still there"
            left = _alive(op, instances)
            return (None if left else True), f"gone, {left} of its instances still terminating"

        op.wait(f"the group {identity} to be gone", probe, default_timeout=10 * MINUTE)

    def _drain(self, op: Operation, identity: str) -> None:
        op.aws.autoscaling.update_auto_scaling_group(
            AutoScalingGroupName=identity, MinSize=0, MaxSize=0, DesiredCapacity=0
        )

        def probe() -> tuple[bool | None, str]:
            left = len((_describe(op, identity) or {}).get("Instances") or ())
            return (None if left else True), f"has {left} instances left"

        op.wait(f"the group {identity} to be empty", probe, default_timeout=10 * MINUTE)


def duration(text: Any) -> float | None:
    """Return the seconds of a duration such as `1h`, `10m` or `0`; None if it is not one."""
    if text == "0":
        return 0.0
    match = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def _check_sizes(inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
    low, high = inputs.get("minSize"), inputs.get("maxSize")
    desired = inputs.get("desiredCapacity")
    if not isinstance(low, int) or not isinstance(high, int):
        return
    if not 0 <= low <= high:
        yield CheckFailure("minSize", f"'minSize' {low} must be 0 to 'maxSize' {high}")
    elif desired == old.get("desiredCapacity"):
        # Left to scaling policies (ignoreChanges): the group itself moves it within the new limits.
        return
    elif isinstance(desired, int) and not low <= desired <= high:
        yield CheckFailure(
            "desiredCapacity", f"'desiredCapacity' {desired} must be {low} to {high} (min to max)"
        )


def _settings(inputs: Properties) -> dict[str, Any]:
    """Return the parameters that creating and updating a group have in common."""
    settings = given(_SETTINGS, inputs)
    if inputs.get("vpcZoneIdentifiers"):
        settings["VPCZoneIdentifier"] = ",".join(inputs["vpcZoneIdentifiers"])
    elif inputs.get("availabilityZones"):
        settings["AvailabilityZones"] = inputs["availabilityZones"]
    if inputs.get("launchTemplate"):
        settings["LaunchTemplate"] = given(
            {"LaunchTemplateId": "id", "LaunchTemplateName": "name", "Version": "version"},
            inputs["launchTemplate"],
        )
    if inputs.get(MIXED):
        settings["MixedInstancesPolicy"] = policy_parameter(inputs[MIXED])
    if inputs.get("instanceMaintenancePolicy"):
        policy = given(_MAINTENANCE, inputs["instanceMaintenancePolicy"])
        settings["InstanceMaintenancePolicy"] = policy
    return settings


def _tag(group: str, tag: Properties) -> dict[str, Any]:
    return {
        "ResourceId": group,
        "ResourceType": "auto-scaling-group",
        "Key": tag["key"],
        "Value": tag["value"],
        "PropagateAtLaunch": tag["propagateAtLaunch"],
    }


def _exchange(new: list[str] | None, old: list[str] | None) -> tuple[list[str], list[str]]:
    """Return the items that were removed from a list and those that were added."""
    before, after = set(old or ()), set(new or ())
    return sorted(before - after), sorted(after - before)


def _describe(op: Operation, identity: str) -> Mapping[str, Any] | None:
    response = op.aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[identity])
    groups = response["AutoScalingGroups"]
    return groups[0] if groups else None


def _in_service(group: Mapping[str, Any]) -> int:
    instances = group.get("Instances") or ()
    return sum(item["LifecycleState"] == "InService" for item in instances)


def _alive(op: Operation, instances: list[str]) -> int:
    """Return how many of the instances are not terminated yet."""
    if not instances:
        return 0
    response = op.aws.ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": instances}])
    found = [item for group in response["Reservations"] for item in group["Instances"]]
    return sum(item["State"]["Name"] != "terminated" for item in found)
