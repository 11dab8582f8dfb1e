"""Launching: a group's instances from the API call to going into service.

An instance is `Pending` until it is up, then `Pending:Wait` while a launch hook or the launch gate
holds it. Callers hold the control plane's lock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Literal

from moto.autoscaling.models import (
    ASG_NAME_TAG,
    AutoScalingBackend,
    FakeAutoScalingGroup,
    InstanceState,
    LifecycleHook,
)
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance

from region.api.server import ControlPlane
from region.services.autoscaling import activities, groups, launch_settings, scaling_plan, warm_pool
from region.services.autoscaling.groups import IN_SERVICE, PENDING_WAIT, is_up
from region.services.autoscaling.health import STATUS_CHECKS_CAUSE, STOPPED_CAUSE
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.autoscaling.termination import terminate
from region.services.ec2 import instances as ec2
from region.services.ec2.records import InstanceRecord

log = logging.getLogger(__name__)

Decision = Literal["continue", "wait", "abandon"]
Gate = Callable[[str, str], Decision]


def launch(
    plane: ControlPlane, group: FakeAutoScalingGroup, step: scaling_plan.Launch, capacity: int
) -> bool:
    """Launch an instance and return whether EC2 accepted it; `capacity` counts those before it."""
    backend = plane.backend("autoscaling")
    cause = _cause(group, step.reason, capacity)
    warm = warm_pool.take(group, step.placement.zone)
    if warm is not None:
        known = MemberRecord.of(warm)
        known.beyond_desired = step.beyond_desired
        known.launch_activity = activities.begin(
            backend,
            group,
            f"Launching a new EC2 instance from warm pool: {warm.instance.id}",
            cause,
        )
        return True
    activity = activities.begin(backend, group, "Launching a new EC2 instance", cause)
    try:
        instance, template = run_instance(plane.backend("ec2"), group, step.placement)
    except Exception as error:
        message = f"Launching EC2 instance failed. {error}"
        activities.finish(backend, activity, "Failed", message)
        _back_off(plane, group)
        return False
    activities.describe(backend, activity, f"Launching a new EC2 instance: {instance.id}")
    record = MemberRecord.of(groups.add_member(group, instance))
    record.launched_template = template
    record.beyond_desired = step.beyond_desired
    record.launch_activity = activity
    return True


def advance(
    plane: ControlPlane,
    group: FakeAutoScalingGroup,
    member: InstanceState,
    decision: Decision | None,
) -> None:
    """Take a pending instance one step further.

    `decision` is the launch gate's; None if it was not asked because the instance was not up.
    """
    instance = member.instance
    impairment = InstanceRecord.of(instance).impairment
    if instance.state_code not in {ec2.PENDING, ec2.RUNNING}:
        message = "The instance ended before it was in service."
        _fail(plane, group, member, message, STOPPED_CAUSE)
    elif impairment:
        _fail(plane, group, member, impairment, STATUS_CHECKS_CAUSE)
    elif decision is not None and is_up(instance):
        combined = _with_hooks(plane, group, member, decision)
        if combined == "wait":
            member.lifecycle_state = PENDING_WAIT
        elif combined == "abandon":
            message = f"Instance {instance.id} was abandoned by its launch lifecycle hook."
            _fail(plane, group, member, message, "an abandoned lifecycle action")
        else:
            _put_into_service(plane.backend("autoscaling"), group, member)


def _with_hooks(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState, gate: Decision
) -> Decision:
    """Combine the launch gate's decision with those of the group's own lifecycle hooks."""
    waiting = gate == "wait"
    for hook in plane.backend("autoscaling").describe_lifecycle_hooks(group.name):
        if hook.lifecycle_transition != groups.LAUNCHING_TRANSITION or hook.name.startswith(
            groups.CODEDEPLOY_LAUNCH_HOOK
        ):
            continue
        result = _hook_result(plane, member, hook)
        if result == "ABANDON":
            return "abandon"
        waiting = waiting or result is None
    return "wait" if waiting and gate != "abandon" else gate


def _hook_result(plane: ControlPlane, member: InstanceState, hook: LifecycleHook) -> str | None:
    """Return how a hook was completed, its default after its timeout, None before."""
    record = MemberRecord.of(member)
    result = record.hook_results.get(hook.name)
    if result is None:
        timeout = plane.config.seconds(hook.heartbeat_timeout)
        deadline = record.hook_deadlines.setdefault(hook.name, time.time() + timeout)
        result = hook.default_result if time.time() > deadline else None
    return result


def _put_into_service(
    backend: AutoScalingBackend, group: FakeAutoScalingGroup, member: InstanceState
) -> None:
    record = MemberRecord.of(member)
    member.lifecycle_state = IN_SERVICE
    member.health_status = "Healthy"
    record.in_service_at = time.time()
    record.hook_deadlines.clear()
    GroupRecord.of(group).launch_failures = 0
    if "AddToLoadBalancer" not in groups.suspended_processes(group):
        for arn in group.target_group_arns:
            groups.register(backend, arn, [member.instance.id])
    activities.finish(backend, record.launch_activity, "Successful")


def _fail(
    plane: ControlPlane,
    group: FakeAutoScalingGroup,
    member: InstanceState,
    message: str,
    response_to: str,
) -> None:
    backend = plane.backend("autoscaling")
    _back_off(plane, group)
    activities.finish(backend, MemberRecord.of(member).launch_activity, "Failed", message)
    terminate(
        backend, member, f"an instance was taken out of service in response to {response_to}."
    )


def _back_off(plane: ControlPlane, group: FakeAutoScalingGroup) -> None:
    record = GroupRecord.of(group)
    record.launch_failures += 1
    wait = plane.config.seconds(scaling_plan.back_off(record.launch_failures))
    record.launch_not_before = time.time() + wait
    log.warning(
        "group %s: launch failed %d times, next attempt in %.0f s",
        group.name,
        record.launch_failures,
        wait,
    )


def run_instance(
    backend: EC2Backend, group: FakeAutoScalingGroup, placement: scaling_plan.Placement
) -> tuple[Instance, dict[str, str]]:
    """Launch one instance from the launch template, in the version that group or refresh name."""
    wanted = launch_settings.of(group)
    template = wanted.template
    if template is None or template.id not in backend.launch_templates:
        name = f"{template.id} ({template.name})" if template else "of the group"
        raise LookupError(f"Launch template {name} no longer exists.")
    version = template.get_version(wanted.version)
    reservation = backend.run_instances(
        version.image_id,
        1,
        version.user_data,
        [],
        region_name=backend.region_name,
        instance_type=_choose_type(backend, wanted.types, placement.zone) or version.instance_type,
        is_instance_type_default=False,
        subnet_id=placement.subnet_id,
        associate_public_ip=None,
        launch_template={"LaunchTemplateId": template.id, "Version": str(version.number)},
        tags={
            "instance": {
                **version.instance_tags,
                **group.get_propagated_tags(),
                ASG_NAME_TAG: group.name,
            }
        },
    )
    return reservation.instances[0], {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "Version": str(version.number),
    }


def _choose_type(backend: EC2Backend, types: Sequence[str], zone: str) -> str | None:
    """Return the first of the group's types that the zone offers; None if the template decides.

    On-Demand instances by priority, the only kind here. Capacity never runs out, so a later type
    is used only where an offer is missing.
    """
    if not types:
        return None
    offers = backend.describe_instance_type_offerings("availability-zone", {"location": [zone]})
    offered = {offer["InstanceType"] for offer in offers}
    for name in types:
        if name in offered:
            return name
    raise LookupError(f"{zone} offers none of the types {', '.join(types)}.")


def _cause(group: FakeAutoScalingGroup, reason: str, capacity: int) -> str:
    now = activities.timestamp()
    if reason == "unhealthy":
        return (
            f"At {now} an instance was launched in response to an unhealthy instance needing to "
            "be replaced."
        )
    if reason == "rebalance":
        return (
            f"At {now} an instance was launched to balance instances across Availability Zones, "
            "resulting in more than desired number of instances in the group."
        )
    started = (
        f"At {now} an instance was started in response to a difference between desired and actual "
        f"capacity, increasing the capacity from {capacity} to {capacity + 1}."
    )
    changed = GroupRecord.of(group).capacity_cause
    return f"{changed}  {started}" if changed else started
