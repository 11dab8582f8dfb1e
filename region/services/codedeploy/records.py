"""CodeDeploy's records: moto's objects as the region uses them, and what it adds to them.

Protocols describe the objects of moto, dataclasses the additions. A patched constructor sets each
addition when moto creates the object, and they are saved and loaded with it. All of this is read and
changed with the control plane's lock held; deployments change through
`region.services.codedeploy.deployments` only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import uuid4

from moto.core.utils import utcnow

from region.services.codedeploy.shapes import (
    AlarmConfiguration,
    DeploymentConfig,
    DeploymentOptions,
    DeploymentStatus,
    DeploymentStyle,
    DeploymentSummary,
    Diagnostics,
    ErrorInformation,
    LoadBalancerInfo,
    RegisteredRevision,
    Revision,
    RollbackConfiguration,
    RollbackInfo,
    TagFilter,
    TagSet,
    TargetStatus,
)

Creator = Literal[
    "user", "codeDeployRollback", "autoscaling", "autoscalingTermination", "CodeDeployAutoUpdate"
]
USER: Creator = "user"
ROLLBACK: Creator = "codeDeployRollback"
AUTOSCALING: Creator = "autoscaling"
TERMINATION: Creator = "autoscalingTermination"
AUTO_UPDATE: Creator = "CodeDeployAutoUpdate"
BY_AUTOSCALING = frozenset({AUTOSCALING, TERMINATION})
"""Deployments to one instance that Auto Scaling launches or terminates."""

EventStatus = Literal["Pending", "InProgress", "Succeeded", "Failed", "Skipped"]

HOOK_PREFIX = "CodeDeploy-managed-automatic-launch-deployment-hook"
TERMINATION_HOOK_PREFIX = "CodeDeploy-managed-automatic-termination-deployment-hook"


# Deployments ---------------------------------------------------------------------------------


@dataclass(slots=True)
class LifecycleEvent:
    """One lifecycle event of a target."""

    name: str
    status: EventStatus = "Pending"
    started: datetime | None = None
    ended: datetime | None = None
    diagnostics: Diagnostics | None = None


@dataclass(slots=True)
class Target:
    """One instance of a deployment."""

    events: list[LifecycleEvent]
    status: TargetStatus = "Pending"
    updated: datetime = field(default_factory=utcnow)

    def event(self, name: str) -> LifecycleEvent:
        """Return the event of that name."""
        return next(event for event in self.events if event.name == name)


@dataclass(slots=True)
class DeploymentState:
    """What the region adds to a deployment.

    Attributes:
        previous_revision: The group's revision when the deployment was created.
        processes_to_suspend: Auto Scaling processes that are suspended while it runs.
        only_instances: The instances that it is restricted to; None means all of the group.
        targets: Instance id -> target.
        active_alarms: Names of the alarms that stopped it.
        suspended: Auto Scaling group -> the processes that this deployment suspended there.
    """

    previous_revision: Revision | None = None
    processes_to_suspend: list[str] = field(default_factory=list[str])
    only_instances: list[str] | None = None
    targets: dict[str, Target] = field(default_factory=dict[str, Target])
    error: ErrorInformation | None = None
    rollback: RollbackInfo | None = None
    stop_requested: bool = False
    rollback_on_stop: bool = False
    active_alarms: list[str] = field(default_factory=list[str])
    suspended: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


class Deployment(Protocol):
    """A deployment: moto's DeploymentInfo."""

    deployment_id: str
    application: Application
    application_name: str
    deployment_group: DeploymentGroup
    deployment_config_name: str
    revision: Revision
    status: DeploymentStatus
    creator: Creator
    create_time: datetime
    start_time: datetime | None
    complete_time: datetime | None
    deployment_overview: dict[TargetStatus, int]
    ignore_application_stop_failures: bool | None
    file_exists_behavior: Literal["DISALLOW", "OVERWRITE", "RETAIN"] | None
    auto_rollback_configuration: RollbackConfiguration | None
    override_alarm_configuration: AlarmConfiguration | None
    state: DeploymentState


# Deployment groups ---------------------------------------------------------------------------


@dataclass(slots=True)
class DeploymentHistory:
    """What a deployment group remembers of its deployments.

    Attributes:
        deployed: Instance id -> id of its last successful deployment.
        failed_instances: Instances whose last deployment failed.
    """

    target_revision: Revision | None = None
    last_successful: DeploymentSummary | None = None
    last_attempted: DeploymentSummary | None = None
    deployed: dict[str, str] = field(default_factory=dict[str, str])
    failed_instances: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class GroupHooks:
    """A deployment group's lifecycle hooks in its Auto Scaling groups.

    Attributes:
        launches: Instance id -> id of the deployment that its launch waits for.
        terminations: Instance id -> id of the deployment that its termination waits for.
        launch_names: Auto Scaling group -> name of the launch hook.
        termination_names: Auto Scaling group -> name of the termination hook.
    """

    launches: dict[str, str] = field(default_factory=dict[str, str])
    terminations: dict[str, str] = field(default_factory=dict[str, str])
    launch_names: dict[str, str] = field(default_factory=dict[str, str])
    termination_names: dict[str, str] = field(default_factory=dict[str, str])

    def forget(self, instance_id: str) -> None:
        """Forget the deployments that an instance waited for."""
        self.launches.pop(instance_id, None)
        self.terminations.pop(instance_id, None)

    def launch_hook(self, group_name: str, scaling_group: str) -> str:
        """Return the name of the launch hook, made up on the first call."""
        return self.launch_names.setdefault(scaling_group, f"{HOOK_PREFIX}-{group_name}-{uuid4()}")

    def termination_hook(self, group_name: str, scaling_group: str) -> str:
        """Return the name of the termination hook, made up on the first call."""
        return self.termination_names.setdefault(
            scaling_group, f"{TERMINATION_HOOK_PREFIX}-{group_name}-{uuid4()}"
        )


class DeploymentGroup(Protocol):
    """A deployment group: moto's DeploymentGroup."""

    application: Application
    deployment_group_id: str
    deployment_group_name: str
    deployment_config_name: str | None
    deployment_style: DeploymentStyle
    auto_scaling_groups: list[str]
    ec2_tag_filters: list[TagFilter]
    ec2_tag_set: TagSet
    load_balancer_info: LoadBalancerInfo
    alarm_configuration: AlarmConfiguration | None
    auto_rollback_configuration: RollbackConfiguration
    outdated_instances_strategy: str | None
    termination_hook_enabled: bool | None
    ec2_deployment_options: DeploymentOptions | None
    history: DeploymentHistory
    hooks: GroupHooks


# Applications and the service ----------------------------------------------------------------


class Application(Protocol):
    """An application: moto's Application."""

    application_name: str


class Backend(Protocol):
    """CodeDeploy in one account and region: moto's CodeDeployBackend."""

    account_id: str
    region_name: str
    applications: dict[str, Application]
    deployment_groups: dict[str, dict[str, DeploymentGroup]]
    """By application name and group name."""
    deployments: dict[str, Deployment]
    deployment_configs: dict[str, DeploymentConfig]
    """The configurations that users created; the predefined ones are not among them."""
    application_revisions: dict[str, list[RegisteredRevision]]
    """By application name."""

    def get_application(self, application_name: str) -> Application:
        """Return an application; raises AWS's error if it does not exist."""
        ...

    def get_deployment(self, deployment_id: str) -> Deployment:
        """Return a deployment; raises AWS's error if it does not exist."""
        ...

    def get_deployment_group(
        self, application_name: str, deployment_group_name: str
    ) -> DeploymentGroup:
        """Return a deployment group; raises AWS's error if it does not exist."""
        ...
