"""CodeDeploy's deployments, their targets and the revisions of applications.

A deployment is recorded here and carried out by `region.services.codedeploy.controller`, which writes
its progress into the same records: `targets` maps instance ids to what describing a target shows.
"""

import secrets
import string
import uuid
from collections.abc import Iterable
from typing import Any

from moto.codedeploy import responses
from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend, DeploymentInfo
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from region.api.patching import add, original, replace
from region.services.codedeploy.deployment_configs import config_of

ID_LENGTH = 9
ID_ALPHABET = string.ascii_uppercase + string.digits
HOOK_PREFIX = "CodeDeploy-managed-automatic-launch-deployment-hook"
TERMINATION_HOOK_PREFIX = "CodeDeploy-managed-automatic-termination-deployment-hook"
ACTIVE = frozenset({"Created", "Queued", "InProgress", "Baking", "Ready"})
USER, ROLLBACK = "user", "codeDeployRollback"
AUTOSCALING, AUTO_UPDATE = "autoscaling", "CodeDeployAutoUpdate"
TERMINATION = "autoscalingTermination"
BY_AUTOSCALING = frozenset({AUTOSCALING, TERMINATION})
"""Deployments to one instance, which Auto Scaling launches or ends."""

SUSPEND = "autoScalingGroupProcessesToSuspend"
SUSPENDABLE = ("Terminate", "AZRebalance", "InstanceRefresh", "ScheduledActions")
TARGET_STATES = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")


def install() -> None:
    """Patch moto's deployments."""
    replace(responses, "_deployment_info", _make_info)
    replace(DeploymentInfo, "__init__", _make_init)
    replace(CodeDeployBackend, "create_deployment", _make_create)
    replace(CodeDeployResponse, "create_deployment", _make_create_call)
    add(CodeDeployResponse, *_deployment_calls(), *_target_calls(), *_legacy_target_calls())
    add(CodeDeployResponse, *_revision_calls())


def prepare_group(group: Any) -> None:
    """Give a new deployment group the memory that deployments need."""
    group.target_revision = None
    group.last_successful = None
    group.last_attempted = None
    group.deployed = {}  # instance id -> id of its last successful deployment
    group.failed_instances = []  # whose last deployment failed
    group.launches = {}  # instance id -> deployment that its launch waits for
    group.terminations = {}  # instance id -> deployment that its termination waits for
    group.hooks = {}
    group.termination_hooks = {}
    group.ec2_deployment_options = None


def hook_name(group: Any, asg_name: str) -> str:
    """The name of the launch lifecycle hook for one of the group's Auto Scaling groups."""
    fallback = f"{HOOK_PREFIX}-{group.deployment_group_name}-{uuid.uuid4()}"
    return group.hooks.setdefault(asg_name, fallback)


def termination_hook_name(group: Any, asg_name: str) -> str:
    """The name of the termination lifecycle hook for one of the group's Auto Scaling groups."""
    fallback = f"{TERMINATION_HOOK_PREFIX}-{group.deployment_group_name}-{uuid.uuid4()}"
    return group.termination_hooks.setdefault(asg_name, fallback)


def check_options(options: dict[str, Any] | None, scaling: Iterable[str]) -> None:
    """Refuse Auto Scaling processes that CodeDeploy does not suspend, or not here."""
    wanted = (options or {}).get(SUSPEND) or []
    unknown = [name for name in wanted if name not in SUSPENDABLE]
    if unknown:
        raise CodeDeployException(
            "InvalidAutoScalingGroupProcessToSuspendException",
            f"{', '.join(unknown)} cannot be suspended: use {', '.join(SUSPENDABLE)}.",
        )
    if wanted and not list(scaling):
        raise CodeDeployException(
            "InvalidAutoScalingGroupProcessToSuspendException",
            "The deployment group has no Auto Scaling group whose processes could be suspended.",
        )


def revisions(backend: Any) -> dict[str, list[dict[str, Any]]]:
    """Registered revisions by application name."""
    return backend.__dict__.setdefault("application_revisions", {})


def active_deployment(backend: Any, group: Any) -> Any:
    """The group's running deployment, launches of Auto Scaling aside; None if there is none."""
    return next(
        (
            deployment
            for deployment in backend.deployments.values()
            if deployment.deployment_group is group
            and deployment.status in ACTIVE
            and deployment.creator not in BY_AUTOSCALING
        ),
        None,
    )


def require_idle(backend: Any, group: Any) -> None:
    """Raise AWS's error if the group has a running deployment."""
    running = active_deployment(backend, group)
    if running is not None:
        raise CodeDeployException(
            "DeploymentLimitExceededException",
            f"The Deployment Group '{group.deployment_group_name}' already has an active "
            f"Deployment '{running.deployment_id}'",
        )


def follow_up(
    backend: Any, group: Any, source: Any, creator: str, *, only: Iterable[str] | None = None
) -> Any:
    """Create a deployment of `source`'s revision on CodeDeploy's own account.

    `only` restricts it to these instances.
    """
    identifier = original(CodeDeployBackend, "create_deployment")(
        backend,
        group.application.application_name,
        group.deployment_group_name,
        source.revision,
        deployment_config_name=str(group.deployment_config_name),
        file_exists_behavior="OVERWRITE" if creator == ROLLBACK else source.file_exists_behavior,
        ignore_application_stop_failures=source.ignore_application_stop_failures,
    )
    deployment = backend.deployments[identifier]
    deployment.creator = creator
    deployment.only_instances = list(only) if only is not None else None
    return deployment


def summary(deployment: Any) -> dict[str, Any]:
    """A deployment as a group's last successful or last attempted one."""
    return {
        "deploymentId": deployment.deployment_id,
        "status": deployment.status,
        "createTime": deployment.create_time,
        "endTime": deployment.complete_time,
    }


def count_targets(deployment: Any) -> None:
    """Bring deploymentOverview in line with the targets."""
    states = [target["status"] for target in deployment.targets.values()]
    deployment.deployment_overview = {state: states.count(state) for state in TARGET_STATES}


def _make_init(moto_init: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        moto_init(self, *args, **kwargs)
        code = "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
        self.deployment_id = f"d-{code}"
        self.targets = {}
        self.only_instances = None
        self.error_information = None
        self.rollback_info = None
        self.previous_revision = self.deployment_group.target_revision
        self.stop_requested = False
        self.rollback_on_stop = False
        self.active_alarms = []  # that stopped it
        options = self.deployment_group.ec2_deployment_options or {}
        self.processes_to_suspend = list(options.get(SUSPEND) or [])
        self.suspended = {}  # Auto Scaling group -> processes that it suspended there

    return __init__


def _make_create(moto_create: Any) -> Any:
    def create_deployment(
        self: Any,
        application_name: str,
        deployment_group_name: str,
        revision: dict[str, Any] | None = None,
        **options: Any,
    ) -> str:
        self.get_application(application_name)
        if deployment_group_name:
            group = self.get_deployment_group(application_name, deployment_group_name)
            _check_revision(revision)
            if options.get("deployment_config_name"):
                config_of(self, options["deployment_config_name"])
            require_idle(self, group)
        identifier = moto_create(self, application_name, deployment_group_name, revision, **options)
        deployment = self.deployments[identifier]
        _remember_revision(self, application_name, deployment.revision, deployment.create_time)
        return identifier

    return create_deployment


def _make_create_call(moto_call: Any) -> Any:
    def create_deployment(self: Any) -> ActionResult:
        """Moto's call with the options that it does not know."""
        backend = self.codedeploy_backend
        options = self._get_param("ec2DeploymentOptions")
        if options is not None:
            name = self._get_param("deploymentGroupName")
            group = backend.get_deployment_group(self._get_param("applicationName"), name)
            check_options(options, group.auto_scaling_groups)
        answer: ActionResult = moto_call(self)
        if options is not None:
            deployment = backend.deployments[answer.result["deploymentId"]]  # pyright: ignore[reportIndexIssue]
            deployment.processes_to_suspend = list(options.get(SUSPEND) or [])
        return answer

    return create_deployment


def _check_revision(revision: dict[str, Any] | None) -> None:
    if not revision:
        raise CodeDeployException(
            "RevisionRequiredException", "You must specify a revision to deploy."
        )
    location = revision.get("s3Location") or {}
    if (
        revision.get("revisionType") != "S3"
        or not location.get("bucket")
        or not location.get("key")
    ):
        raise CodeDeployException(
            "InvalidRevisionException",
            "The local region deploys revisions of type S3 with bucket and key.",
        )
    if str(location.get("bundleType") or "zip") != "zip":
        raise CodeDeployException(
            "InvalidRevisionException",
            f"Bundle type {location['bundleType']} is not supported in the local region: use zip.",
        )


def _make_info(moto_info: Any) -> Any:
    def _deployment_info(deployment: Any) -> dict[str, Any]:
        info: dict[str, Any] = moto_info(deployment)
        info["errorInformation"] = deployment.error_information
        info["rollbackInfo"] = deployment.rollback_info
        info["previousRevision"] = deployment.previous_revision
        info["autoRollbackConfiguration"] = (
            deployment.auto_rollback_configuration
            or deployment.deployment_group.auto_rollback_configuration
            or None
        )
        info["overrideAlarmConfiguration"] = deployment.override_alarm_configuration
        if deployment.processes_to_suspend:
            info["ec2DeploymentOptions"] = {SUSPEND: deployment.processes_to_suspend}
        info["deploymentStyle"] = deployment.deployment_group.deployment_style or {
            "deploymentType": "IN_PLACE",
            "deploymentOption": "WITHOUT_TRAFFIC_CONTROL",
        }
        return {name: value for name, value in info.items() if value is not None}

    return _deployment_info


def _deployment_calls() -> list[Any]:
    def stop_deployment(self: Any) -> ActionResult:
        deployment = self.codedeploy_backend.get_deployment(self._get_param("deploymentId"))
        if deployment.status not in ACTIVE:
            raise CodeDeployException(
                "DeploymentAlreadyCompletedException",
                f"The deployment {deployment.deployment_id} is already completed.",
            )
        deployment.stop_requested = True
        deployment.rollback_on_stop = bool(self._get_bool_param("autoRollbackEnabled"))
        return ActionResult(
            {"status": "Pending", "statusMessage": "The deployment is being stopped."}
        )

    def continue_deployment(self: Any) -> EmptyResult:
        self.codedeploy_backend.get_deployment(self._get_param("deploymentId"))
        raise CodeDeployException(
            "UnsupportedActionForDeploymentTypeException",
            "Only blue/green deployments can be continued.",
        )

    return [stop_deployment, continue_deployment]


# Targets -------------------------------------------------------------------------------------


def _shown(deployment: Any, instance_id: str) -> dict[str, Any]:
    target = deployment.targets.get(instance_id)
    if target is None:
        raise CodeDeployException(
            "DeploymentTargetDoesNotExistException",
            f"The target {instance_id} is not part of deployment {deployment.deployment_id}.",
        )
    return {
        "deploymentTargetType": "InstanceTarget",
        "instanceTarget": {
            "deploymentId": deployment.deployment_id,
            "targetId": instance_id,
            **target,
        },
    }


def _target_calls() -> list[Any]:
    def list_deployment_targets(self: Any) -> ActionResult:
        deployment = self.codedeploy_backend.get_deployment(self._get_param("deploymentId"))
        filters = self._get_param("targetFilters") or {}
        wanted = filters.get("TargetStatus")
        found = [
            name
            for name, target in deployment.targets.items()
            if not wanted or target["status"] in wanted
        ]
        return ActionResult({"targetIds": found})

    def batch_get_deployment_targets(self: Any) -> ActionResult:
        deployment = self.codedeploy_backend.get_deployment(self._get_param("deploymentId"))
        names = self._get_param("targetIds") or list(deployment.targets)
        return ActionResult({"deploymentTargets": [_shown(deployment, name) for name in names]})

    def get_deployment_target(self: Any) -> ActionResult:
        deployment = self.codedeploy_backend.get_deployment(self._get_param("deploymentId"))
        return ActionResult({"deploymentTarget": _shown(deployment, self._get_param("targetId"))})

    return [list_deployment_targets, batch_get_deployment_targets, get_deployment_target]


def _legacy_target_calls() -> list[Any]:
    def list_deployment_instances(self: Any) -> ActionResult:
        deployment = self.codedeploy_backend.get_deployment(self._get_param("deploymentId"))
        wanted = self._get_param("instanceStatusFilter")
        found = [
            name
            for name, target in deployment.targets.items()
            if not wanted or target["status"] in wanted
        ]
        return ActionResult({"instancesList": found})

    def instance_summary(deployment: Any, name: str) -> dict[str, Any]:
        target = _shown(deployment, name)["instanceTarget"]
        kept = ("deploymentId", "status", "lastUpdatedAt", "lifecycleEvents")
        return {"instanceId": name, **{key: target[key] for key in kept if key in target}}

    def get_deployment_instance(self: Any) -> ActionResult:
        deployment = self.codedeploy_backend.get_deployment(self._get_param("deploymentId"))
        name = self._get_param("instanceId")
        return ActionResult({"instanceSummary": instance_summary(deployment, name)})

    def batch_get_deployment_instances(self: Any) -> ActionResult:
        deployment = self.codedeploy_backend.get_deployment(self._get_param("deploymentId"))
        names = self._get_param("instanceIds") or []
        return ActionResult(
            {"instancesSummary": [instance_summary(deployment, name) for name in names]}
        )

    return [list_deployment_instances, get_deployment_instance, batch_get_deployment_instances]


# Revisions -----------------------------------------------------------------------------------


def _remember_revision(
    backend: Any, application: str, location: dict[str, Any], used: Any, text: str | None = None
) -> None:
    known = revisions(backend).setdefault(application, [])
    for entry in known:
        if entry["revision"] == location:
            info = entry["info"]
            break
    else:
        info: dict[str, Any] = {"registerTime": utcnow(), "deploymentGroups": []}
        known.append({"revision": location, "info": info})
    if text:
        info["description"] = text
    if used is not None:
        info.setdefault("firstUsedTime", used)
        info["lastUsedTime"] = used


def _revision_calls() -> list[Any]:
    def register_application_revision(self: Any) -> EmptyResult:
        backend = self.codedeploy_backend
        name, revision = self._get_param("applicationName"), self._get_param("revision")
        backend.get_application(name)
        _check_revision(revision)
        _remember_revision(backend, name, revision, None, self._get_param("description"))
        return EmptyResult()

    def list_application_revisions(self: Any) -> ActionResult:
        backend = self.codedeploy_backend
        name = self._get_param("applicationName")
        backend.get_application(name)
        found = [entry["revision"] for entry in revisions(backend).get(name, [])]
        return ActionResult({"revisions": found})

    def get_application_revision(self: Any) -> ActionResult:
        backend = self.codedeploy_backend
        name, revision = self._get_param("applicationName"), self._get_param("revision")
        backend.get_application(name)
        for entry in revisions(backend).get(name, []):
            if entry["revision"] == revision:
                return ActionResult(
                    {"applicationName": name, "revision": revision, "revisionInfo": entry["info"]}
                )
        raise CodeDeployException(
            "RevisionDoesNotExistException",
            f"The revision is not registered with the application {name}.",
        )

    return [register_application_revision, list_application_revisions, get_application_revision]
