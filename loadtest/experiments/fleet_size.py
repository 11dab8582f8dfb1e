"""Brings a fleet that has grown back to its size, before an experiment hits it.

What an experiment before it cost the instances in CPU lets the group grow, and once that is over the group
shrinks again, in the middle of a later one: a deployment then loses instances that it had counted on.
"""

from __future__ import annotations

import time
from typing import Final

from loadtest.experiments.session import Session

POLL_S: Final = 1.0


def restore(session: Session, instances: int, longest_s: float) -> int:
    """Have the Auto Scaling group keep so many instances, and wait until the others have left.

    Returns how many too many it wanted; 0 if it had not grown, or the stack has no group. After `longest_s`
    it waits no longer: the experiment's own steady state tells what is missing.
    """
    stack = session.stack
    if stack.outputs.auto_scaling_group_name is None:
        return 0
    group = stack.group()
    size = max(instances, int(group["MinSize"]))
    grown = int(group["DesiredCapacity"]) - size
    if grown <= 0:
        return 0
    session.clients["autoscaling"].set_desired_capacity(
        AutoScalingGroupName=stack.outputs.auto_scaling_group_name,
        DesiredCapacity=size,
        HonorCooldown=False,
    )
    deadline = time.monotonic() + longest_s
    while (
        len(stack.group()["Instances"]) > size
        and time.monotonic() < deadline
        and not session.stopping.is_set()
    ):
        session.wait(POLL_S)
    return grown
