"""Launching: a group's instances from the API call to going into service.

An instance is `Pending` until it is up, `Pending:Wait` while a launch hook or the launch gate holds
it, and then `Pending:Proceed` for a moment. Callers hold the control plane's lock.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from region.api.server import ControlPlane
from region.services.autoscaling import (
    activities,
    announcements,
    groups,
    launch_requests,
    lifecycle,
    periods,
    processes,
    scaling_plan,
    targets,
    warm_pool,
)
from region.services.autoscaling.groups import IN_SERVICE, PENDING_PROCEED, PENDING_WAIT, is_up
from region.services.autoscaling.health import STATUS_CHECKS_CAUSE, STOPPED_CAUSE
from region.services.autoscaling.launch_requests import NoCapacityError
from region.services.autoscaling.lifecycle import Decision
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.autoscaling.termination import terminate
from region.services.ec2 import instances as ec2
from region.services.ec2.records import InstanceRecord

log = logging.getLogger(__name__)

Gate = Callable[[str, str], Decision]
ABANDONED = "Lifecycle Action Completed with ABANDON Result"
HEARTBEAT_TIMEOUT = "Heartbeat Timeout"


def launch(
    plane: ControlPlane, group: FakeAutoScalingGroup, step: scaling_plan.Launch, capacity: int
) -> bool:
    """Launch an instance and return whether the group may go on launching.

    A zone that has no capacity is left alone for a while; after any other failure the whole group
    is. `capacity` counts the instances before this one.
    """
    backend = plane.backend("autoscaling")
    cause = _cause(group, step.reason, capacity)
    warm = warm_pool.take(group, step.placement.zone)
    if warm is not None:
        known = MemberRecord.of(warm)
        known.beyond_desired = step.beyond_desired
        known.launch_activity = activities.begin(
            backend,
            group,
            f"{announcements.LAUNCHING} from warm pool: {warm.instance.id}",
            cause,
        )
        return True
    details = activities.place(step.placement.zone, step.placement.subnet_id)
    activity = activities.begin(backend, group, announcements.LAUNCHING, cause, details)
    try:
        instance, choice = launch_requests.run(plane.backend("ec2"), group, step.placement)
    except Exception as error:
        message = f"{error} Launching EC2 instance failed."
        text = f"{announcements.LAUNCHING}.  Status Reason: {message}"
        activities.describe(backend, activity, text)
        activities.finish(backend, activity, "Failed", message)
        if isinstance(error, NoCapacityError):
            _block_zone(plane, group, step.placement.zone)
            return True
        _back_off(plane, group)
        return False
    activities.describe(backend, activity, f"{announcements.LAUNCHING}: {instance.id}")
    activities.set_status(backend, activity, activities.PRE_IN_SERVICE, 30)
    record = MemberRecord.of(groups.add_member(group, instance))
    record.launched_template = choice.described
    record.beyond_desired = step.beyond_desired
    record.launch_activity = activity
    if step.reason == "rebalance":
        GroupRecord.of(group).balance_cause = _balance_cause(step.placement.zone)
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
    instance, record = member.instance, MemberRecord.of(member)
    impairment = InstanceRecord.of(instance).impairment
    if record.rejoining:
        _put_into_service(plane, group, member)
    elif instance.state_code not in {ec2.PENDING, ec2.RUNNING}:
        message = "The instance ended before it was in service."
        _fail(plane, group, member, message, STOPPED_CAUSE)
    elif impairment:
        _fail(plane, group, member, impairment, STATUS_CHECKS_CAUSE)
    elif member.lifecycle_state == PENDING_PROCEED:
        if time.time() >= record.proceeds_at:
            _put_into_service(plane, group, member)
    elif decision is not None and is_up(instance):
        _after_gate(plane, group, member, decision)


def _after_gate(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState, gate: Decision
) -> None:
    """Combine the launch gate's decision with those of the group's own lifecycle hooks."""
    record, backend = MemberRecord.of(member), plane.backend("autoscaling")
    tokens = [wait.token for wait in record.hook_waits.values()]
    own = lifecycle.decide(plane, group, member, groups.LAUNCHING_TRANSITION)
    if {own, gate} & {"abandon", "expire"}:
        reason = HEARTBEAT_TIMEOUT if "expire" in {own, gate} else ABANDONED
        # That of CodeDeploy's hook nobody else knows.
        token = tokens[0] if tokens else str(uuid.uuid4())
        message = (
            "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token "
            f"{token} was abandoned: {reason}"
        )
        _fail(plane, group, member, message, "an abandoned lifecycle action")
    elif "wait" in {own, gate}:
        member.lifecycle_state = PENDING_WAIT
        activities.set_status(backend, record.launch_activity, activities.IN_HOOK)
    elif member.lifecycle_state == PENDING_WAIT:
        member.lifecycle_state = PENDING_PROCEED
        record.proceeds_at = time.time() + plane.config.seconds(periods.PROCEED.seconds)
        activities.set_status(backend, record.launch_activity, activities.PRE_IN_SERVICE)
        targets.register(plane, group, member)
    else:
        _put_into_service(plane, group, member)


def _put_into_service(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState
) -> None:
    record, group_record = MemberRecord.of(member), GroupRecord.of(group)
    member.lifecycle_state = IN_SERVICE
    if not record.rejoining:
        member.health_status = "Healthy"
    record.in_service_at = time.time()
    record.rejoining = False
    record.hook_waits.clear()
    group_record.launch_failures, group_record.failing_since = 0, 0.0
    targets.register(plane, group, member)
    for activity in (record.launch_activity, record.move_activity):
        activities.finish(plane.backend("autoscaling"), activity, "Successful")


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


def _block_zone(plane: ControlPlane, group: FakeAutoScalingGroup, zone: str) -> None:
    until = time.time() + plane.config.seconds(periods.ZONE_RETRY.seconds)
    GroupRecord.of(group).blocked_zones[zone] = until
    _note_failure(plane, group)


def _back_off(plane: ControlPlane, group: FakeAutoScalingGroup) -> None:
    record = GroupRecord.of(group)
    record.launch_failures += 1
    wait = plane.config.seconds(scaling_plan.back_off(record.launch_failures))
    record.launch_not_before = time.time() + wait
    _note_failure(plane, group)
    log.warning(
        "group %s: launch failed %d times, next attempt in %.0f s",
        group.name,
        record.launch_failures,
        wait,
    )


def _note_failure(plane: ControlPlane, group: FakeAutoScalingGroup) -> None:
    """Suspend the processes of a group without instances whose launches have failed for a day."""
    record = GroupRecord.of(group)
    record.failing_since = record.failing_since or time.time()
    longest = plane.config.seconds(periods.ADMINISTRATIVE_SUSPENSION.seconds)
    in_vain = not any(member.lifecycle_state == IN_SERVICE for member in group.instance_states)
    if in_vain and time.time() > record.failing_since + longest:
        processes.suspend(group, groups.PROCESSES, "Administratively suspended")


def _balance_cause(zone: str) -> str:
    return (
        f"At {activities.timestamp()} instances were launched to balance instances in zones {zone} "
        "with other zones resulting in more than desired number of instances in the group."
    )


def _cause(group: FakeAutoScalingGroup, reason: str, capacity: int) -> str:
    now = activities.timestamp()
    if reason == "unhealthy":
        return (
            f"At {now} an instance was launched in response to an unhealthy instance needing to "
            "be replaced."
        )
    if reason == "rebalance":
        return f"At {now} an instance was launched to aid in balancing the group's zones."
    started = (
        f"At {now} an instance was started in response to a difference between desired and actual "
        f"capacity, increasing the capacity from {capacity} to {capacity + 1}."
    )
    changed = GroupRecord.of(group).capacity_cause
    return f"{changed}  {started}" if changed else started
