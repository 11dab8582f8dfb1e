"""Scales a fleet that has grown back to its size before an experiment hits it.

What an experiment before it cost the instances in CPU lets the group grow, and once that is over the group
shrinks again, in the middle of a later one: a deployment then loses instances that it had counted on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from loadtest.experiments.session import Session

POLL_S: Final = 1.0
ASIDE: Final = ("Standby", "EnteringStandby", "Warmed:")
"""States of instances that do not count towards what a group wants, and stay."""


@dataclass(frozen=True)
class Restored:
    """How many instances a group wanted that had grown, and how many it wants now."""

    before: int
    now: int
    """More than asked for where the group's own minimum is larger."""


def restore(session: Session, instances: int, longest_s: float) -> Restored | None:
    """Have the Auto Scaling group keep so many instances, and wait until the others have left.

    Not fewer than its own minimum. A group that launches before it terminates may have more who serve
    than it wants, and a fault would hit one whom nobody would miss: those are waited for as well. Nobody
    waits for an instance that is being replaced and does not serve.

    None if it had not grown, or the stack has no group. After `longest_s` it waits no longer: the
    experiment's own steady state tells what is missing.
    """
    stack = session.stack
    if stack.outputs.auto_scaling_group_name is None:
        return None
    group = stack.group()
    size, before = max(instances, int(group["MinSize"])), int(group["DesiredCapacity"])
    grown = before > size
    if grown:
        session.clients["autoscaling"].set_desired_capacity(
            AutoScalingGroupName=stack.outputs.auto_scaling_group_name,
            DesiredCapacity=size,
            HonorCooldown=False,
        )
    deadline = time.monotonic() + longest_s
    while (
        _too_many(session, size, grown=grown)
        and time.monotonic() < deadline
        and not session.stopping.is_set()
    ):
        session.wait(POLL_S)
    return Restored(before, size) if grown else None


def _too_many(session: Session, size: int, *, grown: bool) -> bool:
    """Return whether the group has more instances than `size`; unless it has grown, more that serve."""
    there = _there(session.stack.group())
    if len(there) <= size or grown:
        return len(there) > size
    healthy, _ = session.stack.healthy_targets()
    return len(healthy & there) > size


def _there(group: Mapping[str, Any]) -> set[str]:
    """Return the instances of a group that serve, come or leave: nobody waits for those set aside."""
    return {
        str(one["InstanceId"])
        for one in group["Instances"]
        if not str(one["LifecycleState"]).startswith(ASIDE)
    }
