"""Cooldowns: after a change of the capacity, simple policies wait.

Callers hold the control plane's lock.
"""

from __future__ import annotations

import time

from moto.autoscaling.exceptions import AutoscalingClientError
from moto.autoscaling.models import FakeAutoScalingGroup

from region.services.autoscaling.groups import IN_SERVICE, TERMINATING
from region.services.autoscaling.records import GroupRecord
from region.services.autoscaling.scaling.warmup import Seconds


def observe(group: FakeAutoScalingGroup, seconds: Seconds, now: float) -> None:
    """Note when a group has what it wants: then a cooldown that waits for it begins."""
    state = GroupRecord.of(group).scaling
    if not is_settled(group):
        return
    if not state.settled_at:
        state.settled_at = now
    if state.cooldown_pending:
        period = group.default_cooldown if state.cooldown is None else state.cooldown
        state.cooldown_pending = False
        state.cooldown_until = now + seconds(float(period))


def is_settled(group: FakeAutoScalingGroup) -> bool:
    """Return whether all instances that the group wants are in service, and none is on its way out."""
    states = [member.lifecycle_state for member in group.instance_states]
    if any(state.startswith(TERMINATING) for state in states):
        return False
    wanted = group.desired_capacity or 0
    return states.count(IN_SERVICE) == wanted == len([one for one in states if one != "Standby"])


def is_active(group: FakeAutoScalingGroup, now: float) -> bool:
    """Return whether the group cools down, or has yet to launch or terminate before it does."""
    state = GroupRecord.of(group).scaling
    return state.cooldown_pending or now < state.cooldown_until


def refuse_during(group: FakeAutoScalingGroup) -> None:
    """Reject a change that honors the cooldown.

    Raises:
        AutoscalingClientError: The group cools down.
    """
    if is_active(group, time.time()):
        message = f"Scaling activity of {group.name} is in progress and blocks this action"
        raise AutoscalingClientError("ScalingActivityInProgress", message)
