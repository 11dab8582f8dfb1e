"""Lifecycle hooks: what an instance waits for while it is launched or terminated.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html
Those that CodeDeploy puts on a group are not among them: the controller's gates decide for these.
Callers hold the control plane's lock.
"""

from __future__ import annotations

import time
import uuid
from typing import Literal

from moto.autoscaling.models import (
    AutoScalingBackend,
    FakeAutoScalingGroup,
    InstanceState,
    LifecycleHook,
)

from region.api.server import ControlPlane
from region.services.autoscaling import groups, hook_messages, periods
from region.services.autoscaling.records import HookWait, MemberRecord, members_of

Decision = Literal["continue", "wait", "abandon", "expire"]
"""What follows for an instance. It is abandoned too where a hook whose time was over says so: `expire`."""
RETRIES = 100


def longest_wait(heartbeat: float) -> float:
    """Return a hook's global timeout for its heartbeat timeout, both in seconds of AWS's clock."""
    return min(periods.LONGEST_WAIT.seconds, RETRIES * heartbeat)


def hooks_of(backend: AutoScalingBackend, group_name: str, transition: str) -> list[LifecycleHook]:
    """Return the group's own hooks on a transition."""
    return [
        hook
        for hook in backend.lifecycle_hooks.values()
        if hook.auto_scaling_group_name == group_name
        and hook.lifecycle_transition == transition
        and not hook.name.startswith(groups.CODEDEPLOY_HOOK)
    ]


def decide(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState, transition: str
) -> Decision:
    """Return whether an instance may go on; its hooks begin with the first call.

    One abandoned hook ends the others.
    """
    record = MemberRecord.of(member)
    if record.hooks_of != transition:
        _begin(plane, group, member, transition)
    now, expired = time.time(), False
    for name, wait in list(record.hook_waits.items()):
        if now > min(wait.deadline, wait.last):
            end(member, name, wait.default_result)
            expired = True
    if "ABANDON" in record.hook_results.values():
        record.hook_waits.clear()
        return "expire" if expired else "abandon"
    return "wait" if record.hook_waits else "continue"


def end(member: InstanceState, hook: str, result: str) -> None:
    """Record how a hook that an instance waits for ended."""
    record = MemberRecord.of(member)
    del record.hook_waits[hook]
    record.hook_results[hook] = result


def extend(member: InstanceState, hook: str) -> None:
    """Restart the heartbeat timeout of a hook that an instance waits for."""
    wait = MemberRecord.of(member).hook_waits[hook]
    wait.deadline = time.time() + wait.heartbeat


def find_waiting(
    group: FakeAutoScalingGroup, hook: str, *, instance_id: str = "", token: str = ""
) -> InstanceState | None:
    """Return the member that waits for a hook, by its id or by the action's token."""
    for member in members_of(group):
        wait = MemberRecord.of(member).hook_waits.get(hook)
        if wait is None:
            continue
        if (token and wait.token == token) or (not token and member.instance.id == instance_id):
            return member
    return None


def _begin(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState, transition: str
) -> None:
    record = MemberRecord.of(member)
    record.hooks_of = transition
    record.hook_waits.clear()
    record.hook_results.clear()
    now = time.time()
    backend = plane.backend("autoscaling")
    for hook in hooks_of(backend, group.name, transition):
        heartbeat = plane.config.seconds(hook.heartbeat_timeout)
        wait = HookWait(
            token=str(uuid.uuid4()),
            heartbeat=heartbeat,
            deadline=now + heartbeat,
            last=now + plane.config.seconds(longest_wait(hook.heartbeat_timeout)),
            default_result=hook.default_result,
        )
        record.hook_waits[hook.name] = wait
        hook_messages.action_begun(backend, group, hook, member, wait.token)
