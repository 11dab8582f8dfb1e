"""Waits until a stack is complete again before the next experiment breaks something."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from loadtest.stack import health
from loadtest.stack.deployments import Deployments
from loadtest.stack.outputs import StackOutputs

LONGEST_S: Final = 90.0
"""What takes longer, the experiment's own steady state says."""
ROUNDS: Final = 3
"""So often in a row nothing may be missing: health checks flap."""
POLL_S: Final = 1.0
IN_SERVICE_S: Final = 20.0
"""From a launch until the instance is in service, when its grace period begins: at the most."""


class Clients(Protocol):
    """boto3's clients by the name of their service."""

    def __getitem__(self, service: str) -> Any:
        """Return the client of that service, such as `ec2`."""
        ...


def wait(
    outputs: StackOutputs,
    clients: Clients,
    tell: Callable[[str], None],
    longest_s: float = LONGEST_S,
    poll_s: float = POLL_S,
) -> bool:
    """Return whether all instances serve and all targets are healthy, after waiting for it."""
    deadline = time.monotonic() + longest_s
    whole = 0
    while True:
        missing = _missing(outputs, clients)
        whole = 0 if missing else whole + 1
        if whole >= ROUNDS or outputs.topology == "single":
            return True
        if time.monotonic() > deadline:
            return False
        tell(f"waiting until the stack is whole: {missing or 'nothing is missing'}")
        time.sleep(poll_s)


def until_no_alarm(
    outputs: StackOutputs,
    clients: Clients,
    tell: Callable[[str], None],
    longest_s: float = LONGEST_S,
    poll_s: float = POLL_S,
) -> bool:
    """Return whether no alarm is active that would stop a deployment, after waiting for it."""
    group = Deployments(
        clients["codedeploy"], outputs.codedeploy_application, outputs.codedeploy_deployment_group
    )
    deadline = time.monotonic() + longest_s
    while active := group.active_alarms(clients["cloudwatch"]):
        if time.monotonic() > deadline:
            return False
        tell(f"waiting until no alarm stops a deployment: {', '.join(active)}")
        time.sleep(poll_s)
    return True


def _missing(outputs: StackOutputs, clients: Clients) -> str | None:
    if outputs.auto_scaling_group_name is None:
        return None
    _, missing = health.instances(outputs, clients["autoscaling"])
    return missing or health.unhealthy_targets(outputs, clients["elbv2"])


def outlast_grace(
    outputs: StackOutputs,
    clients: Clients,
    speed: float,
    tell: Callable[[str], None],
    oldest: int | None = None,
) -> None:
    """Wait until no grace period spares any of the oldest instances: what fails is to be replaced.

    By default that is all of them. Experiments hit the oldest ones first.
    """
    (group,) = clients["autoscaling"].describe_auto_scaling_groups(
        AutoScalingGroupNames=[outputs.auto_scaling_group_name]
    )["AutoScalingGroups"]
    ids = [one["InstanceId"] for one in group["Instances"]]
    described = clients["ec2"].describe_instances(InstanceIds=ids)["Reservations"]
    launched = sorted(one["LaunchTime"] for found in described for one in found["Instances"])
    youngest = launched[:oldest][-1]
    grace_s = group["HealthCheckGracePeriod"] / speed
    # Once by the clock; then by one that nobody sets, and never for longer than the period itself.
    age_s = time.time() - youngest.timestamp()  # noqa: TID251 - EC2 says when
    left_s = min(-age_s, 0.0) + IN_SERVICE_S + grace_s
    until = time.monotonic() + left_s
    while (left_s := until - time.monotonic()) > 0:
        tell(f"waiting {left_s:.0f} s until the group's grace period is over")
        time.sleep(min(left_s, POLL_S))
