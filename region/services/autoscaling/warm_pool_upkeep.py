"""Keeping a warm pool at its size.

Callers hold the control plane's lock.
"""

from __future__ import annotations

import logging
import time

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from region.api.server import ControlPlane
from region.services.autoscaling import (
    activities,
    announcements,
    balance,
    groups,
    launch_requests,
    launch_settings,
    lifecycle,
    scaling_plan,
    views,
    warm_pool,
)
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.autoscaling.termination_policies import Placement
from region.services.autoscaling.warm_pool import (
    PROCEED,
    READY,
    WAIT,
    WARM_PENDING,
    WARM_RUNNING,
    WARM_STOPPED,
    WARM_TERMINATING,
)
from region.services.ec2 import instances as ec2
from region.services.ec2.records import InstanceRecord

log = logging.getLogger(__name__)


def keep_up(plane: ControlPlane, group: FakeAutoScalingGroup, now: float) -> None:
    """Take a group's warm pool one step closer to what it is to be."""
    record = GroupRecord.of(group)
    if group.warm_pool is None and not record.warm:
        return
    before = [(member.instance.id, member.lifecycle_state) for member in record.warm]
    for member in list(record.warm):
        _advance(plane, group, member)
    _resize(plane, group, now)
    if group.warm_pool is not None and warm_pool.is_deleting(group) and not record.warm:
        group.warm_pool = None
    if [(member.instance.id, member.lifecycle_state) for member in record.warm] != before:
        plane.notify()


def _advance(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> None:
    instance, warm = member.instance, GroupRecord.of(group).warm
    code, state = instance.state_code, str(member.lifecycle_state)
    if code == ec2.TERMINATED:
        backend = group.autoscaling_backend
        activities.finish(backend, MemberRecord.of(member).termination_activity, "Successful")
        warm.remove(member)
    elif state.startswith(WARM_TERMINATING):
        _end(plane, group, member)
    elif code == ec2.SHUTTING_DOWN or InstanceRecord.of(instance).impairment:
        MemberRecord.of(member).without_hooks = True
        _terminate(group, member, "an EC2 health check indicating it has been terminated")
    elif state.startswith(WARM_PENDING):
        _prepare(plane, group, member)


def _prepare(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> None:
    """Let an instance that has booted wait for hooks, then as the pool wants: running, or stopped."""
    instance = member.instance
    if instance.state_code == ec2.STOPPED:
        member.lifecycle_state = WARM_STOPPED
    elif groups.is_up(instance):
        own = lifecycle.decide(plane, group, member, groups.LAUNCHING_TRANSITION)
        if own == "wait":
            member.lifecycle_state = WARM_PENDING + WAIT
        elif own in {"abandon", "expire"}:
            _abandon(plane, group, member)
        elif group.warm_pool is not None and str(group.warm_pool.pool_state) == "Running":
            member.lifecycle_state = WARM_RUNNING
        else:
            member.lifecycle_state = WARM_PENDING + PROCEED
            instance.stop()
    if member.lifecycle_state in READY:
        backend = group.autoscaling_backend
        activities.finish(backend, MemberRecord.of(member).launch_activity, "Successful")


def _abandon(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> None:
    """End an instance whose launch hook was abandoned; the pool is filled again after a while."""
    record = MemberRecord.of(member)
    message = "Instance failed to complete user's Lifecycle Action."
    activities.finish(group.autoscaling_backend, record.launch_activity, "Failed", message)
    record.without_hooks = True
    _back_off(plane, group)
    _terminate(group, member, "an abandoned lifecycle action")


def _end(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> None:
    """End an instance once no termination hook holds it any more."""
    own: lifecycle.Decision = "continue"
    if not MemberRecord.of(member).without_hooks:
        own = lifecycle.decide(plane, group, member, groups.TERMINATING_TRANSITION)
    if own == "wait":
        member.lifecycle_state = WARM_TERMINATING + WAIT
    else:
        member.lifecycle_state = WARM_TERMINATING + PROCEED
        if member.instance.state_code != ec2.SHUTTING_DOWN:
            member.instance.terminate()


def _resize(plane: ControlPlane, group: FakeAutoScalingGroup, now: float) -> None:
    record = GroupRecord.of(group)
    active = [
        one for one in record.warm if not str(one.lifecycle_state).startswith(WARM_TERMINATING)
    ]
    if launch_settings.current_refresh(group) is not None:
        wanted = launch_settings.of(group)
        for member in active:
            known = MemberRecord.of(member)
            if member.lifecycle_state in READY and not launch_settings.matches(
                wanted, known, member.instance.instance_type
            ):
                _terminate(group, member, "an instance refresh")
    suspended = groups.suspended_processes(group)
    missing = warm_pool.missing(group)
    if missing < 0 and "Terminate" not in suspended:
        for member in active[missing:]:
            _terminate(group, member, "a difference between desired and actual capacity")
    elif missing > 0 and "Launch" not in suspended and now >= record.launch_not_before:
        for _ in range(missing):
            if not _launch(plane, group):
                return


def _launch(plane: ControlPlane, group: FakeAutoScalingGroup) -> bool:
    backend, record = plane.backend("autoscaling"), GroupRecord.of(group)
    placements = views.placements_of(plane, group)
    if not placements:
        return False
    taken = [
        Placement(str(one.instance.subnet_id), str(one.availability_zone)) for one in record.warm
    ]
    cause = (
        f"At {activities.timestamp()} an instance was started in response to a difference between "
        "desired and actual capacity of the warm pool, increasing its size from "
        f"{len(record.warm)} to {len(record.warm) + 1}."
    )
    description = f"{announcements.LAUNCHING} into warm pool"
    activity = activities.begin(backend, group, description, cause)
    try:
        instance, choice = launch_requests.run(
            plane.backend("ec2"), group, balance.next_placement(placements, taken)
        )
    except Exception as error:
        message = f"Launching EC2 instance failed. {error}"
        activities.finish(backend, activity, "Failed", message)
        _back_off(plane, group)
        log.warning("group %s: warm pool: %s", group.name, message)
        return False
    activities.describe(backend, activity, f"{description}: {instance.id}")
    member = InstanceState(instance, lifecycle_state=WARM_PENDING, autoscaling_group=group)
    known = MemberRecord.of(member)
    known.launched_template, known.launch_activity = choice.described, activity
    record.warm.append(member)
    return True


def _back_off(plane: ControlPlane, group: FakeAutoScalingGroup) -> None:
    wait = plane.config.seconds(scaling_plan.back_off(5))
    GroupRecord.of(group).launch_not_before = time.time() + wait


def _terminate(group: FakeAutoScalingGroup, member: InstanceState, response_to: str) -> None:
    member.lifecycle_state = WARM_TERMINATING
    MemberRecord.of(member).termination_activity = activities.begin(
        group.autoscaling_backend,
        group,
        f"{announcements.TERMINATING}: {member.instance.id}",
        f"At {activities.timestamp()} an instance was taken out of the warm pool in response to "
        f"{response_to}.",
    )
