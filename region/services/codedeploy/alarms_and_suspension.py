"""What guards a deployment: alarms that stop it, and Auto Scaling processes that wait for its end.

https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html
https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling-suspend-processes.html
Call with the control plane's lock held.
"""

from collections.abc import Iterable
from typing import Any

from region.api.server import ControlPlane
from region.services.autoscaling import groups
from region.services.codedeploy import deployment_patches as records

ALARM = "ALARM"
ALARM_ACTIVE = (
    "One or more alarms have been activated according to the Amazon CloudWatch metrics you "
    "selected, and the affected deployments have been stopped. Activated alarms: {names}"
)
WATCHED = frozenset({records.USER, records.AUTO_UPDATE})
"""Deployments that alarms stop. A rollback runs although the alarm that caused it still rings, and
the deployment to one instance that Auto Scaling launches or ends is no release."""


def active_alarms(plane: ControlPlane, deployment: Any) -> list[str]:
    """Names of the deployment's alarms that are in ALARM; none where alarms do not concern it."""
    settings = (
        deployment.override_alarm_configuration or deployment.deployment_group.alarm_configuration
    )
    if not settings or not settings.get("enabled") or deployment.creator not in WATCHED:
        return []
    known = plane.backend("cloudwatch").alarms
    names = [str(entry["name"]) for entry in settings.get("alarms") or []]
    return [name for name in names if name in known and known[name].state_value == ALARM]


def alarm_message(names: Iterable[str]) -> str:
    """The error message of a deployment that alarms stopped."""
    return ALARM_ACTIVE.format(names=" ".join(f"<{name}>" for name in names))


def suspend_processes(plane: ControlPlane, deployment: Any) -> None:
    """Suspend what the deployment asks for in its Auto Scaling groups, and remember what that was.

    What is suspended already stays out of it: it is not the deployment's to resume. A launch and a
    termination suspend nothing: they are Auto Scaling's own work.
    """
    if deployment.creator in records.BY_AUTOSCALING:
        return
    for group in _scaling_groups(plane, deployment):
        before = groups.suspended_processes(group)
        new = frozenset(deployment.processes_to_suspend) - before
        if new:
            group.suspended_processes = sorted(before | new)
            deployment.suspended[group.name] = sorted(new)


def resume_processes(plane: ControlPlane, deployment: Any) -> None:
    """Resume what `suspend_processes` suspended."""
    for group in _scaling_groups(plane, deployment):
        ours = deployment.suspended.pop(group.name, ())
        if ours:
            left = groups.suspended_processes(group) - frozenset(ours)
            group.suspended_processes = sorted(left)


def _scaling_groups(plane: ControlPlane, deployment: Any) -> list[Any]:
    known = plane.backend("autoscaling").autoscaling_groups
    names = deployment.deployment_group.auto_scaling_groups
    return [known[name] for name in names if name in known]
