"""Warm pools: instances that were launched ahead, and wait stopped or running.

Callers hold the control plane's lock.
"""

from __future__ import annotations

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from region.services.autoscaling.groups import (
    LAUNCHING_TRANSITION,
    PENDING,
    counted,
    is_up,
    suspended_processes,
)
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.ec2 import instances as ec2

WARM_PENDING, WARM_TERMINATING = "Warmed:Pending", "Warmed:Terminating"
WAIT, PROCEED = ":Wait", ":Proceed"
"""What is added to these two while lifecycle hooks hold an instance, and once they do not any more."""
WARM_RUNNING, WARM_STOPPED = "Warmed:Running", "Warmed:Stopped"
READY = frozenset({WARM_RUNNING, WARM_STOPPED})
DELETING = "PendingDelete"


def minimum(group: FakeAutoScalingGroup) -> int:
    """Return the fewest instances of the pool."""
    return int(group.warm_pool.min_size) if group.warm_pool is not None else 0


def size(group: FakeAutoScalingGroup) -> int:
    """Return how many instances the pool is to have: what is missing to the group's maximum."""
    pool = group.warm_pool
    if pool is None or is_deleting(group):
        return 0
    prepared = pool.max_group_prepared_capacity
    most = (group.max_size or 0) if prepared is None else int(prepared)
    return max(minimum(group), most - (group.desired_capacity or 0), 0)


def expected(group: FakeAutoScalingGroup) -> int:
    """Return how many instances the pool has that stay, and how many come back to it."""
    staying = [
        member
        for member in GroupRecord.of(group).warm
        if not str(member.lifecycle_state).startswith(WARM_TERMINATING)
    ]
    returning = [one for one in group.instance_states if MemberRecord.of(one).to_warm_pool]
    return len(staying) + len(returning)


def missing(group: FakeAutoScalingGroup) -> int:
    """Return how many instances the pool lacks; negative: how many it has too many.

    What the group is about to give to the pool or to take from it counts as done: the pool would
    otherwise launch or end instances in the moment between a new capacity and the group's next step.
    """
    lacking = size(group) - expected(group)
    surplus = len(counted(group)) - (group.desired_capacity or 0)
    suspended = suspended_processes(group)
    if lacking > 0 and surplus > 0 and _reuses(group) and "Terminate" not in suspended:
        returning = [one for one in counted(group) if _may_return(one)]
        return max(lacking - min(surplus, len(returning)), 0)
    if lacking < 0 and surplus < 0 and "Launch" not in suspended:
        return min(lacking + min(-surplus, len(_ready(group))), 0)
    return lacking


def has_room(group: FakeAutoScalingGroup) -> bool:
    """Return whether an instance that a scale-in takes out goes back to the pool.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceReusePolicy.html
    """
    return _reuses(group) and expected(group) < size(group)


def _reuses(group: FakeAutoScalingGroup) -> bool:
    pool = group.warm_pool
    policy = (pool.instance_reuse_policy if pool is not None else None) or {}
    return bool(policy.get("ReuseOnScaleIn"))


def _may_return(member: InstanceState) -> bool:
    """Return whether a scale-in could take it out, and it has been in service."""
    served = bool(MemberRecord.of(member).in_service_at)
    return served and is_up(member.instance) and not member.protected_from_scale_in


def _ready(group: FakeAutoScalingGroup) -> list[InstanceState]:
    return [one for one in GroupRecord.of(group).warm if one.lifecycle_state in READY]


def give_back(group: FakeAutoScalingGroup, member: InstanceState) -> None:
    """Move an instance of the group into the pool: there it stops, if the pool's instances do."""
    group.instance_states.remove(member)
    member.lifecycle_state = WARM_PENDING
    member.protected_from_scale_in = False
    record = MemberRecord.of(member)
    record.to_warm_pool = record.from_warm_pool = record.ready = record.out_of_traffic = False
    record.in_service_at = record.leaving_since = record.grace_until = record.proceeds_at = 0.0
    record.launch_activity = record.termination_activity = ""
    # Its termination hooks have run: those of a launch are for its way back into the group.
    record.hooks_of = LAUNCHING_TRANSITION
    record.hook_waits.clear()
    record.hook_results.clear()
    GroupRecord.of(group).warm.append(member)


def is_deleting(group: FakeAutoScalingGroup) -> bool:
    """Return whether the pool goes once its instances have ended."""
    return vars(group.warm_pool).get("status") == DELETING


def take(group: FakeAutoScalingGroup, zone: str) -> InstanceState | None:
    """Move an instance of the pool into the group, from the zone if there is one; None without any."""
    ready = _ready(group)
    if not ready:
        return None
    chosen = min(ready, key=lambda member: str(member.availability_zone) != zone)
    GroupRecord.of(group).warm.remove(chosen)
    if chosen.instance.state_code == ec2.STOPPED:
        chosen.instance.start()
    chosen.lifecycle_state = PENDING
    record = MemberRecord.of(chosen)
    record.from_warm_pool = True
    # The group's hooks hold it again, on its way into service.
    record.hooks_of = ""
    group.instance_states.append(chosen)
    return chosen
