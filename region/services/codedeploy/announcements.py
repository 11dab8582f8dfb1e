"""Who is notified of a deployment's progress: triggers (Amazon SNS), and EventBridge.

https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-cloudwatch-events.html
Call with the control plane's lock held.
"""

from __future__ import annotations

from moto.codedeploy.models import DeploymentInfo

from region.api.server import ControlPlane
from region.services import events
from region.services.codedeploy import triggers
from region.services.codedeploy.records import DeploymentRecord
from region.services.ec2 import arns

DEPLOYMENT_EVENT = "CodeDeploy Deployment State-change Notification"
INSTANCE_EVENT = "CodeDeploy Instance State-change Notification"
STATES = {
    "Succeeded": "SUCCESS",
    "Failed": "FAILURE",
    "Stopped": "STOP",
    "InProgress": "START",
    "Ready": "READY",
}


def deployment_changed(plane: ControlPlane, deployment: DeploymentInfo) -> None:
    """Tell that a deployment has begun, waits for its traffic to be rerouted, or has ended."""
    triggers.deployment_changed(plane, deployment)
    detail = _detail(plane, deployment, STATES[str(deployment.status)])
    resources = _resources(plane, deployment)
    events.emit(plane, "aws.codedeploy", DEPLOYMENT_EVENT, detail, resources)


def instance_changed(plane: ControlPlane, deployment: DeploymentInfo, instance_id: str) -> None:
    """Tell that the deployment to an instance has begun or ended."""
    triggers.instance_changed(plane, deployment, instance_id)
    state = STATES.get(DeploymentRecord.of(deployment).targets[instance_id].status)
    if state is not None:
        detail = {**_detail(plane, deployment, state), "instanceId": instance_id}
        where = arns.of_instance(plane.config.region, plane.config.account, instance_id)
        resources = [*_resources(plane, deployment), where]
        events.emit(plane, "aws.codedeploy", INSTANCE_EVENT, detail, resources)


def _detail(plane: ControlPlane, deployment: DeploymentInfo, state: str) -> dict[str, str]:
    group = deployment.deployment_group
    return {
        "region": plane.config.region,
        "application": deployment.application_name,
        "deploymentGroup": group.deployment_group_name,
        "deploymentId": deployment.deployment_id,
        "state": state,
        "instanceGroupId": group.deployment_group_id,
    }


def _resources(plane: ControlPlane, deployment: DeploymentInfo) -> list[str]:
    prefix = f"arn:aws:codedeploy:{plane.config.region}:{plane.config.account}"
    application = deployment.application_name
    group = deployment.deployment_group.deployment_group_name
    return [
        f"{prefix}:application:{application}",
        f"{prefix}:deploymentgroup:{application}/{group}",
    ]
