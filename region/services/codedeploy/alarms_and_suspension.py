"""What protects a running deployment: alarms that stop it, Auto Scaling processes it suspends.

https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html
https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling-suspend-processes.html
Call with the control plane's lock held.
"""

from __future__ import annotations

from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.codedeploy.models import DeploymentInfo

from region.api.server import ControlPlane
from region.services.autoscaling import groups
from region.services.codedeploy import deployments, service_role
from region.services.codedeploy.records import (
    AUTO_UPDATE,
    BY_AUTOSCALING,
    USER,
    DeploymentRecord,
    alarm_configuration_of,
)

ALARM = "ALARM"
STOPPED_BY_ALARMS = frozenset[str]({USER, AUTO_UPDATE})
"""Creators whose deployments alarms stop. A rollback runs although the alarm that caused it is still
active, and the deployment to one instance that Auto Scaling launches or terminates is not a
release."""


def heed(plane: ControlPlane, deployment: DeploymentInfo) -> None:
    """Stop a deployment whose alarms are active, or cannot be read and must be."""
    settings = alarm_configuration_of(deployment)
    if not settings.get("enabled") or deployment.creator not in STOPPED_BY_ALARMS:
        return
    if service_role.may_read_alarms(plane, deployment.deployment_group):
        active = _active(plane, settings)
        if active:
            deployments.stop_on_alarms(deployment, active)
    elif not settings.get("ignorePollAlarmFailure"):
        deployments.stop_without_alarms(deployment)


def _active(plane: ControlPlane, settings: dict[str, Any]) -> list[str]:
    """Return the names of the alarms that are in ALARM."""
    known = plane.backend("cloudwatch").alarms
    names = [str(entry["name"]) for entry in settings.get("alarms") or []]
    return [name for name in names if name in known and known[name].state_value == ALARM]


def suspend_processes(plane: ControlPlane, deployment: DeploymentInfo) -> None:
    """Suspend the deployment's processes in its Auto Scaling groups, and remember which it did.

    A process that is suspended already is left out: it is not the deployment's to resume. The
    deployments of Auto Scaling itself (launch, termination) suspend nothing.
    """
    if deployment.creator in BY_AUTOSCALING:
        return
    for group in _scaling_groups(plane, deployment):
        before = groups.suspended_processes(group)
        new = frozenset(DeploymentRecord.of(deployment).processes_to_suspend) - before
        if new:
            group.suspended_processes = sorted(before | new)
            deployments.note_suspended(deployment, group.name, sorted(new))


def resume_processes(plane: ControlPlane, deployment: DeploymentInfo) -> None:
    """Resume what `suspend_processes` suspended."""
    for group in _scaling_groups(plane, deployment):
        ours = deployments.take_suspended(deployment, group.name)
        if ours:
            group.suspended_processes = sorted(groups.suspended_processes(group) - ours)


def _scaling_groups(plane: ControlPlane, deployment: DeploymentInfo) -> list[FakeAutoScalingGroup]:
    known = plane.backend("autoscaling").autoscaling_groups
    names = deployment.deployment_group.auto_scaling_groups
    return [known[name] for name in names if name in known]
