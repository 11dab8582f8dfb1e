"""What a deployment does: its configuration, and what its agents get. Call with the lock held."""

from __future__ import annotations

from typing import cast

from moto.codedeploy.models import DeploymentInfo

from appspec import FileExistsBehavior
from region.api.server import ControlPlane
from region.machines.codedeploy_agent.lifecycle_events import events_of
from region.machines.codedeploy_agent.messages import AgentDeployment
from region.services.codedeploy import membership
from region.services.codedeploy.deployment_configs import PREDEFINED_CONFIGS, config_of
from region.services.codedeploy.minimum_healthy_hosts import MinimumHealthyHosts
from region.services.codedeploy.records import (
    AUTO_UPDATE,
    BY_AUTOSCALING,
    TERMINATION,
    DeploymentRecord,
    ZonalConfig,
)
from region.services.codedeploy.stages import NO_MINIMUM
from region.services.codedeploy.target_deployment import TargetPlan


def minimum_healthy_hosts(plane: ControlPlane, deployment: DeploymentInfo) -> MinimumHealthyHosts:
    """Return how many of a deployment's instances must stay healthy."""
    if deployment.creator in BY_AUTOSCALING:
        return NO_MINIMUM
    name = str(deployment.deployment_config_name)
    config = config_of(plane.backend("codedeploy"), name)
    # To bring late instances up to date nothing is taken out of service that was released already.
    lenient = name in PREDEFINED_CONFIGS or deployment.creator == AUTO_UPDATE
    return MinimumHealthyHosts(config.minimum_type, config.minimum_value, predefined=lenient)


def zonal_config(plane: ControlPlane, deployment: DeploymentInfo) -> ZonalConfig | None:
    """Return how a deployment goes from zone to zone; None for all zones at once."""
    if deployment.creator in BY_AUTOSCALING:
        return None
    return config_of(plane.backend("codedeploy"), str(deployment.deployment_config_name)).zonal


def in_place(plane: ControlPlane, deployment: DeploymentInfo, names: list[str]) -> list[TargetPlan]:
    """Return what an in-place deployment does on these instances."""
    target_groups = membership.target_group_arns(plane, deployment.deployment_group)
    terminating = deployment.creator == TERMINATION
    events = events_of(
        with_traffic_control=bool(target_groups),
        terminating=terminating,
        restart=DeploymentRecord.of(deployment).restart,
    )
    return plans(deployment, names, events, target_groups, installs=not terminating)


def plans(
    deployment: DeploymentInfo,
    names: list[str],
    events: tuple[str, ...],
    target_groups: tuple[str, ...] = (),
    *,
    installs: bool,
) -> list[TargetPlan]:
    """Return a plan with the same events for each of these instances."""
    to_agent = agent_deployment_of(deployment)
    return [
        TargetPlan(
            name,
            to_agent,
            events,
            target_groups,
            ignore_stop_failures=bool(deployment.ignore_application_stop_failures),
            installs=installs,
        )
        for name in names
    ]


def agent_deployment_of(deployment: DeploymentInfo) -> AgentDeployment:
    """Return a deployment as the agent on an instance receives it."""
    location = deployment.revision["s3Location"]
    group = deployment.deployment_group
    return AgentDeployment(
        deployment_id=deployment.deployment_id,
        application_name=deployment.application_name,
        deployment_group_name=group.deployment_group_name,
        deployment_group_id=group.deployment_group_id,
        bucket=location["bucket"],
        key=location["key"],
        version_id=location.get("version"),
        etag=location.get("eTag"),
        bundle_type=location.get("bundleType") or "zip",
        file_exists_behavior=cast(
            "FileExistsBehavior", deployment.file_exists_behavior or "DISALLOW"
        ),
        restart=DeploymentRecord.of(deployment).restart,
    )
