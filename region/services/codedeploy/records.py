"""What the region keeps about moto's CodeDeploy objects.

Deployments and the history of their groups change through `region.services.codedeploy.deployments`
only, and all of this with the control plane's lock held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast
from uuid import uuid4

from moto.codedeploy.models import CodeDeployBackend, DeploymentGroup, DeploymentInfo
from moto.core.utils import utcnow

from region.api.records import Record
from region.services.autoscaling.groups import CODEDEPLOY_HOOK, CODEDEPLOY_LAUNCH_HOOK

DeploymentStatus = Literal[
    "Created", "Queued", "InProgress", "Ready", "Succeeded", "Failed", "Stopped"
]
TargetStatus = Literal["Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"]
InstanceLabel = Literal["Blue", "Green"]
EventStatus = Literal["Pending", "InProgress", "Succeeded", "Failed", "Skipped"]

Creator = Literal[
    "user", "codeDeployRollback", "autoscaling", "autoscalingTermination", "CodeDeployAutoUpdate"
]
USER: Creator = "user"
ROLLBACK: Creator = "codeDeployRollback"
AUTOSCALING: Creator = "autoscaling"
TERMINATION: Creator = "autoscalingTermination"
AUTO_UPDATE: Creator = "CodeDeployAutoUpdate"
BY_AUTOSCALING: frozenset[str] = frozenset({AUTOSCALING, TERMINATION})
"""Deployments to one instance that Auto Scaling launches or terminates."""

Revision = dict[str, Any]
"""RevisionLocation of the API; moto keeps it as it comes."""

TERMINATION_HOOK_PREFIX = f"{CODEDEPLOY_HOOK}termination-deployment-hook"


# Deployments ---------------------------------------------------------------------------------


@dataclass
class Diagnostics:
    """How the scripts of a lifecycle event ended."""

    error_code: str
    script_name: str
    message: str
    log_tail: str


@dataclass
class LifecycleEvent:
    """One lifecycle event of a target."""

    name: str
    status: EventStatus = "Pending"
    started: datetime | None = None
    ended: datetime | None = None
    diagnostics: Diagnostics | None = None


@dataclass
class Target:
    """One instance of a deployment."""

    events: list[LifecycleEvent]
    status: TargetStatus = "Pending"
    updated: datetime = field(default_factory=utcnow)
    label: InstanceLabel | None = None

    def event(self, name: str) -> LifecycleEvent:
        """Return the event of that name."""
        return next(event for event in self.events if event.name == name)


@dataclass(frozen=True)
class ErrorInformation:
    """Why a deployment did not succeed."""

    code: str
    message: str


@dataclass(frozen=True)
class RollbackInfo:
    """The link between a deployment and the one that rolls it back, on either of them.

    Attributes:
        rollback: Id of the deployment that rolls this one back.
        triggered_by: Id of the deployment that this one rolls back.
    """

    message: str
    rollback: str | None = None
    triggered_by: str | None = None


@dataclass
class DeploymentRecord(Record[DeploymentInfo]):
    """A deployment's progress and outcome.

    Attributes:
        previous_revision: The group's revision when the deployment was created.
        processes_to_suspend: Auto Scaling processes that are suspended while it runs.
        only_instances: The instances that it is restricted to; None means all of the group.
        targets: Instance id -> target.
        active_alarms: Names of the alarms that stopped it.
        alarms_unread: Whether it was stopped because its alarms could not be read.
        suspended: Auto Scaling group -> the processes that this deployment suspended there.
        restart: Whether it restarts the last successful revision and installs nothing.
        termination_wait: Whether it waits before it ends its original instances.
        continue_requested: Whether a user asked it to wait no longer.
        green: The instances that a blue/green deployment is to discover, as `targetInstances`.
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
    alarms_unread: bool = False
    suspended: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    restart: bool = False
    termination_wait: bool = False
    continue_requested: bool = False
    green: dict[str, Any] = field(default_factory=dict[str, Any])


# Deployment groups ---------------------------------------------------------------------------


@dataclass(frozen=True)
class DeploymentSummary:
    """A deployment as the last successful or last attempted one of its group."""

    deployment_id: str
    status: str
    created: datetime
    ended: datetime | None


@dataclass
class DeploymentGroupRecord(Record[DeploymentGroup]):
    """A deployment group's options, its history, and its lifecycle hooks.

    Attributes:
        processes_to_suspend: `autoScalingGroupProcessesToSuspend` of `ec2DeploymentOptions`.
        deployed: Instance id -> id of its last successful deployment.
        failed_instances: Instances whose last deployment failed.
        launches: Instance id -> id of the deployment that its launch waits for.
        terminations: Instance id -> id of the deployment that its termination waits for.
        launch_hooks: Auto Scaling group -> name of the launch hook.
        termination_hooks: Auto Scaling group -> name of the termination hook.
    """

    processes_to_suspend: list[str] | None = None
    target_revision: Revision | None = None
    last_successful: DeploymentSummary | None = None
    last_attempted: DeploymentSummary | None = None
    deployed: dict[str, str] = field(default_factory=dict[str, str])
    failed_instances: set[str] = field(default_factory=set[str])
    launches: dict[str, str] = field(default_factory=dict[str, str])
    terminations: dict[str, str] = field(default_factory=dict[str, str])
    launch_hooks: dict[str, str] = field(default_factory=dict[str, str])
    termination_hooks: dict[str, str] = field(default_factory=dict[str, str])

    def forget(self, instance_id: str) -> None:
        """Forget an instance that is being terminated."""
        self.failed_instances.discard(instance_id)
        for memory in (self.deployed, self.launches, self.terminations):
            memory.pop(instance_id, None)

    def launch_hook(self, group_name: str, scaling_group: str) -> str:
        """Return the name of the launch hook, made up on the first call."""
        new = f"{CODEDEPLOY_LAUNCH_HOOK}-{group_name}-{uuid4()}"
        return self.launch_hooks.setdefault(scaling_group, new)

    def termination_hook(self, group_name: str, scaling_group: str) -> str:
        """Return the name of the termination hook, made up on the first call."""
        new = f"{TERMINATION_HOOK_PREFIX}-{group_name}-{uuid4()}"
        return self.termination_hooks.setdefault(scaling_group, new)


# The service ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class ZonalConfig:
    """A deployment to one Availability Zone after the other.

    Attributes:
        monitor: Seconds to wait after a zone, before the next one.
        first_monitor: The same after the first zone.
        minimum_type: FLEET_PERCENT or HOST_COUNT, of the instances of a zone.
        minimum_value: How many of them must stay healthy.
    """

    monitor: int = 0
    first_monitor: int | None = None
    minimum_type: str = "FLEET_PERCENT"
    minimum_value: int = 0


@dataclass(frozen=True)
class DeploymentConfig:
    """A deployment configuration. Only those that users created have an id and a date.

    Attributes:
        minimum_type: FLEET_PERCENT or HOST_COUNT; MOST_CONCURRENCY for OneAtATime.
        zonal: None for all zones at once.
    """

    name: str
    minimum_type: str
    minimum_value: int
    compute_platform: str = "Server"
    identifier: str | None = None
    created: datetime | None = None
    zonal: ZonalConfig | None = None


@dataclass
class RegisteredRevision:
    """A revision of an application."""

    revision: Revision
    registered: datetime = field(default_factory=utcnow)
    description: str | None = None
    first_used: datetime | None = None
    last_used: datetime | None = None


@dataclass
class OnPremisesInstance:
    """A computer outside AWS that was registered.

    Attributes:
        user: The ARN of the IAM user that it uses; empty if it has a session.
        session: The ARN of the session of a role that it uses; empty if it has a user.
    """

    name: str
    arn: str
    user: str
    session: str
    registered: datetime = field(default_factory=utcnow)
    deregistered: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class ServiceRecord(Record[CodeDeployBackend]):
    """What CodeDeploy has beside applications, groups and deployments.

    Attributes:
        configs: The deployment configurations that users created, by name.
        revisions: Application name -> its revisions.
        orphans: Instance id -> when its launch began to wait for a hook that nobody answers.
        on_premises: The on-premises instances that were ever registered, by name.
    """

    configs: dict[str, DeploymentConfig] = field(default_factory=dict[str, DeploymentConfig])
    revisions: dict[str, list[RegisteredRevision]] = field(
        default_factory=dict[str, list[RegisteredRevision]]
    )
    orphans: dict[str, float] = field(default_factory=dict[str, float])
    on_premises: dict[str, OnPremisesInstance] = field(
        default_factory=dict[str, OnPremisesInstance]
    )


def alarm_configuration_of(owner: DeploymentGroup | DeploymentInfo) -> dict[str, Any]:
    """Return the alarm configuration of a group, or the one that holds for a deployment.

    moto keeps it as the API sends it, though its annotations say otherwise.
    """
    if isinstance(owner, DeploymentInfo):
        override = cast("dict[str, Any] | None", owner.override_alarm_configuration)
        return override or alarm_configuration_of(owner.deployment_group)
    return cast("dict[str, Any] | None", owner.alarm_configuration) or {}
