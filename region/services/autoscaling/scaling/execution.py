"""Running a scaling policy: from an alarm, or a call, to the group's desired capacity.

Callers hold the control plane's lock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, FakeScalingPolicy

from region.services.autoscaling import groups
from region.services.autoscaling.clock import seconds_of
from region.services.autoscaling.records import GroupRecord
from region.services.autoscaling.scaling import cooldown, policies, tracking_alarms, warmup
from region.services.autoscaling.scaling.adjustments import EXACT, adjusted, step_for, tracked
from region.services.autoscaling.scaling.policies import SIMPLE, STEP, TRACKING
from region.services.autoscaling.scaling.policy_checks import steps_of
from region.services.autoscaling.scaling.records import PolicyRecord

ALARM = "ALARM"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Why a policy runs.

    Attributes:
        why: For the cause of what follows, such as `a monitor alarm cpu in state ALARM triggered
            policy out`.
        alarm: The name of the alarm; empty for a call.
        value: The metric's newest value; None if there is none.
        threshold: What it breached.
    """

    why: str
    alarm: str = ""
    value: float | None = None
    threshold: float | None = None


def run(
    backend: AutoScalingBackend,
    group: FakeAutoScalingGroup,
    policy: FakeScalingPolicy,
    trigger: Trigger,
) -> bool:
    """Run a policy and return whether it changed the desired capacity."""
    if GroupRecord.of(group).status is not None:
        return False
    now = time.time()
    if policy.policy_type == SIMPLE:
        wanted = _simple(group, policy, trigger, now)
    elif policy.policy_type == STEP:
        wanted = _step(group, policy, trigger, _warm(backend, group, policy, now))
    else:
        wanted = _track(backend, group, policy, trigger, _warm(backend, group, policy, now))
    if wanted is None:
        return False
    bounded = max(group.min_size or 0, min(wanted, group.max_size or 0))
    if bounded == (group.desired_capacity or 0):
        return False
    groups.set_capacity(group, bounded, trigger.why)
    if policy.policy_type == SIMPLE:
        GroupRecord.of(group).scaling.begin_cooldown(policy.cooldown)
    return True


def _warm(
    backend: AutoScalingBackend, group: FakeAutoScalingGroup, policy: FakeScalingPolicy, now: float
) -> int:
    """Return how much of the desired capacity a policy counts on: what does not warm up.

    What is not launched yet warms up too, unless nothing is launched, or it belongs to the capacity that
    the group was created with.
    """
    desired = group.desired_capacity or 0
    record = GroupRecord.of(group)
    if not record.scaling.settled_at and record.default_instance_warmup is None:
        return desired
    warm = warmup.warm_count(group, policy, seconds_of(backend), now)
    if "Launch" in groups.suspended_processes(group):
        states = [member.lifecycle_state for member in group.instance_states]
        coming = sum(state.startswith(("Pending", groups.IN_SERVICE)) for state in states) - warm
        return max(0, desired - coming)
    return min(desired, warm)


def _simple(
    group: FakeAutoScalingGroup, policy: FakeScalingPolicy, trigger: Trigger, now: float
) -> int | None:
    if trigger.alarm and cooldown.is_active(group, now):
        return None
    desired = group.desired_capacity or 0
    return adjusted(desired, policy.adjustment_type, policy.scaling_adjustment or 0, _least(policy))


def _step(
    group: FakeAutoScalingGroup, policy: FakeScalingPolicy, trigger: Trigger, warm: int
) -> int | None:
    """Return what the fitting step wants; instances that warm up count for more, and forbid less."""
    difference = 0.0
    if trigger.value is not None and trigger.threshold is not None:
        difference = trigger.value - trigger.threshold
    step = step_for(steps_of(policy.step_adjustments), difference)  # pyright: ignore[reportArgumentType]
    if step is None:
        return None
    desired = group.desired_capacity or 0
    grows = step.adjustment > (desired if policy.adjustment_type == EXACT else 0)
    base = warm if grows else desired
    wanted = adjusted(base, policy.adjustment_type, step.adjustment, _least(policy))
    if grows:
        return max(desired, wanted)
    return wanted if warm >= desired else None


def _track(
    backend: AutoScalingBackend,
    group: FakeAutoScalingGroup,
    policy: FakeScalingPolicy,
    trigger: Trigger,
    warm: int,
) -> int | None:
    desired = group.desired_capacity or 0
    if f"-{tracking_alarms.HIGH}-" in trigger.alarm:
        wanted = warm + 1
        if trigger.value is not None:
            wanted = tracked(max(1, warm), trigger.value, tracking_alarms.target_of(policy))
        return max(desired, wanted)
    if warm < desired or not _all_want_less(backend, group):
        return None
    if trigger.value is not None:
        target = tracking_alarms.target_of(policy)
        if tracked(desired, trigger.value, target) >= desired:
            return None
    # Out by as many as are missing, in by one at a time: "it scales in more gradually".
    return desired - 1


def _all_want_less(backend: AutoScalingBackend, group: FakeAutoScalingGroup) -> bool:
    """Return whether no target tracking policy wants more, and all that scale in want less."""
    states = {name: alarm.state_value for name, alarm in policies.alarms_of(backend).alarms.items()}
    for policy in policies.of_group(backend, group.name):
        record = PolicyRecord.of(policy)
        if policy.policy_type != TRACKING or not record.enabled:
            continue
        for name in record.alarms:
            is_low = f"-{tracking_alarms.LOW}-" in name
            if (states.get(name) == ALARM) != is_low:
                return False
    return True


def _least(policy: FakeScalingPolicy) -> int | None:
    least = policy.min_adjustment_magnitude
    return int(least) if least else None
