"""The end of a deployment, and what follows from it."""

from __future__ import annotations

import logging

from moto.codedeploy.models import DeploymentInfo

from region.api.server import ControlPlane
from region.services.codedeploy import alarms_and_suspension, announcements, deployments, follow_ups
from region.services.codedeploy.records import DeploymentStatus, ErrorInformation

log = logging.getLogger(__name__)


def finish(
    plane: ControlPlane,
    deployment: DeploymentInfo,
    status: DeploymentStatus,
    error: ErrorInformation | None = None,
) -> None:
    """End a deployment and start what follows from that. Call with the lock held."""
    deployments.finish(deployment, status, error)
    alarms_and_suspension.resume_processes(plane, deployment)
    announcements.deployment_changed(plane, deployment)
    follow_ups.create_follow_ups(plane, deployment)
    plane.notify()
    code = error.code if error else ""
    log.info("deployment %s: %s %s", deployment.deployment_id, status, code)
