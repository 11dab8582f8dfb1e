"""Termination: a group's instances from leaving its target groups to being gone.

`Terminating` while the target groups drain it, `Terminating:Wait` while its lifecycle hooks or the
termination gate hold it, `Terminating:Proceed` while EC2 ends it. Callers hold the control plane's
lock.
"""

from __future__ import annotations

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState

from region.api.server import ControlPlane
from region.services.autoscaling import activities, groups, lifecycle, targets, warm_pool
from region.services.autoscaling.groups import is_up
from region.services.autoscaling.lifecycle import Decision
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.ec2 import instances as ec2


def terminate(backend: AutoScalingBackend, member: InstanceState, why: str) -> None:
    """Begin to take an instance out of its group."""
    groups.begin_termination(backend, member, f"At {activities.timestamp()} {why}")


def replace_unhealthy(backend: AutoScalingBackend, member: InstanceState) -> None:
    """Begin to take out an instance because of its health."""
    cause = MemberRecord.of(member).health_cause or "an EC2 health check failure"
    terminate(backend, member, f"an instance was taken out of service in response to {cause}.")


def scale_in(
    backend: AutoScalingBackend, group: FakeAutoScalingGroup, member: InstanceState, capacity: int
) -> None:
    """Begin to take out a surplus instance; `capacity` counts the instances before that."""
    terminate(
        backend,
        member,
        "an instance was taken out of service in response to a difference between desired "
        f"and actual capacity, shrinking the capacity from {capacity} to {capacity - 1}.  "
        f"At {activities.timestamp()} instance {member.instance.id} was selected for termination.",
    )
    record = GroupRecord.of(group)
    if record.status is None and is_up(member.instance) and MemberRecord.of(member).in_service_at:
        MemberRecord.of(member).to_warm_pool = warm_pool.has_room(group)
    changed = record.balance_cause or record.capacity_cause
    if changed:
        activities.prepend_cause(backend, MemberRecord.of(member).termination_activity, changed)


def may_ask_gate(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> bool:
    """Return whether it is the termination gate's turn.

    That is after the last request, and not where the group itself is deleted with its hooks.
    """
    return (
        GroupRecord.of(group).status is None
        and MemberRecord.of(member).out_of_traffic
        and is_up(member.instance)
        and not targets.is_draining(plane, group, member)
    )


def advance(
    plane: ControlPlane,
    group: FakeAutoScalingGroup,
    member: InstanceState,
    decision: Decision | None,
) -> None:
    """Take a terminating instance one step further.

    `decision` is the termination gate's; None if it was not asked in this round.
    """
    instance, record = member.instance, MemberRecord.of(member)
    backend = plane.backend("autoscaling")
    targets.leave(plane, group, member)
    if instance.state_code in {ec2.SHUTTING_DOWN, ec2.TERMINATED}:
        member.lifecycle_state = groups.TERMINATING_PROCEED
        if instance.state_code == ec2.TERMINATED:
            group.instance_states.remove(member)
            activities.finish(backend, record.termination_activity, "Successful")
        return
    if instance.state_code == ec2.RUNNING and targets.is_draining(plane, group, member):
        activities.set_status(backend, record.termination_activity, activities.DRAINING)
        return
    combined = _decide(plane, group, member, decision)
    if combined == "wait":
        member.lifecycle_state = groups.TERMINATING_WAIT
        activities.set_status(backend, record.termination_activity, activities.IN_HOOK)
    elif combined == "abandon" and _retains(group):
        member.lifecycle_state = groups.RETAINED
        message = (
            f"Instance {instance.id} is retained: its termination lifecycle hook was abandoned."
        )
        activities.finish(backend, record.termination_activity, "Cancelled", message)
    elif combined == "continue" and _returns(group, member):
        activities.finish(backend, record.termination_activity, "Successful")
        warm_pool.give_back(group, member)
    elif combined != "ask":
        record.to_warm_pool = False
        member.lifecycle_state = groups.TERMINATING_PROCEED
        activities.set_status(backend, record.termination_activity, activities.IN_PROGRESS)
        instance.terminate()


def _decide(
    plane: ControlPlane,
    group: FakeAutoScalingGroup,
    member: InstanceState,
    gate: Decision | None,
) -> str:
    """Combine the gate's decision with those of the group's hooks; `ask` if the gate must be asked."""
    record = MemberRecord.of(member)
    # A group that is deleted takes its hooks along; a failed launch has not come as far as them.
    if GroupRecord.of(group).status is not None or record.without_hooks:
        return "continue"
    own: Decision = "continue"
    if record.in_service_at:
        own = lifecycle.decide(plane, group, member, groups.TERMINATING_TRANSITION)
    if own in {"abandon", "expire"}:
        return "abandon"
    if gate is None and may_ask_gate(plane, group, member):
        # In the round that took it out of traffic the gate was not asked yet: the next one asks.
        return "ask"
    return "wait" if "wait" in {own, gate} else "continue"


def _returns(group: FakeAutoScalingGroup, member: InstanceState) -> bool:
    """Return whether an instance is not terminated, but goes to the group's warm pool, if it still can."""
    staying = group.warm_pool is not None and not warm_pool.is_deleting(group)
    return (
        MemberRecord.of(member).to_warm_pool
        and staying
        and GroupRecord.of(group).status is None
        and is_up(member.instance)
    )


def _retains(group: FakeAutoScalingGroup) -> bool:
    policy = GroupRecord.of(group).instance_lifecycle_policy or {}
    triggers = policy.get("RetentionTriggers") or {}
    return triggers.get("TerminateHookAbandon") == "retain"
