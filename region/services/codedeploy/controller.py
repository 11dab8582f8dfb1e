"""CodeDeploy: carries deployments out on the machines, one thread per running deployment."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from moto.core.utils import utcnow

from region.api.server import ControlPlane
from region.machines.codedeploy_agent.messages import AgentDeployment
from region.services.codedeploy import alarms_and_suspension, lifecycle_hooks, membership
from region.services.codedeploy import deployment_patches as records
from region.services.codedeploy.deployment_configs import PREDEFINED_CONFIGS, config_of
from region.services.codedeploy.minimum_healthy_hosts import COUNT, Progress, Rule
from region.services.codedeploy.rollout import Machine, Rollout, Task, new_target

log = logging.getLogger(__name__)

CLOSE_TIMEOUT = 20.0
POLL = 0.2

NO_INSTANCES = (
    "The deployment failed because no instances were found for your deployment group. Check your "
    "deployment group settings to make sure the tags for your Amazon EC2 instances or Auto Scaling "
    "groups correctly identify the instances you want to deploy to, and then try again."
)
HEALTH_CONSTRAINTS = (
    "The overall deployment failed because too many individual instances failed deployment, too "
    "few healthy instances are available for deployment, or some instances in your deployment "
    "group are experiencing problems."
)
HEALTH_CONSTRAINTS_INVALID = (
    "The deployment failed because the deployment configuration requires {minimum} healthy "
    "instances and the deployment group has {total}: no instance could be taken out of service. "
    "Use a deployment configuration with a lower minimum, or more instances."
)
MANUAL_STOP = "The deployment was stopped by the user."
INTERRUPTED = (
    "The deployment was interrupted because the local region was stopped while it ran: "
    "deploy again."
)


class Park(Protocol):
    """The machines of the region."""

    def get(self, instance_id: str) -> Machine:
        """The machine of an instance; raises if there is none."""
        ...


class DeploymentsController:
    """Starts a thread for each deployment that was created and follows it to its end."""

    name = "deployments"

    def __init__(self, plane: ControlPlane, park: Park) -> None:
        """Work on `plane`'s deployments with the agents of `park`'s machines."""
        self._plane = plane
        self._park = park
        self._threads: dict[str, threading.Thread] = {}
        self._closing = threading.Event()
        self._recovered = False

    def reconcile(self) -> None:
        """Start what was created; end what a restart of the region interrupted."""
        self._threads = {key: item for key, item in self._threads.items() if item.is_alive()}
        with self._plane.lock:
            found = list(self._plane.backend("codedeploy").deployments.values())
            if not self._recovered:
                self._recovered = True
                for deployment in found:
                    if deployment.status in {"Queued", "InProgress"}:
                        _skip_unfinished(deployment)
                        self._finish(deployment, "Failed", "INTERNAL_ERROR", INTERRUPTED)
            created = [item for item in found if item.status == "Created"]
            for deployment in created:
                deployment.status = "Queued"
        for deployment in created:
            thread = threading.Thread(
                target=self._run, args=(deployment,), name=deployment.deployment_id, daemon=True
            )
            self._threads[deployment.deployment_id] = thread
            thread.start()

    def close(self) -> None:
        """Stop running deployments at the next lifecycle event and wait for that."""
        self._closing.set()
        self._plane.notify()
        deadline = time.monotonic() + CLOSE_TIMEOUT
        for thread in self._threads.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def launch_gate(self, asg_name: str, instance_id: str) -> lifecycle_hooks.Decision:
        """CodeDeploy's launch hook: whether a new instance may go into service."""
        return lifecycle_hooks.launch_decision(self._plane, asg_name, instance_id)

    def termination_gate(self, asg_name: str, instance_id: str) -> lifecycle_hooks.Decision:
        """CodeDeploy's termination hook: whether an instance may be ended."""
        return lifecycle_hooks.termination_decision(self._plane, asg_name, instance_id)

    # One deployment --------------------------------------------------------------------------

    def _run(self, deployment: Any) -> None:
        try:
            self._deploy(deployment)
        except Exception as error:
            log.exception("deployment %s failed", deployment.deployment_id)
            with self._plane.lock:
                _skip_unfinished(deployment)
                self._finish(deployment, "Failed", "INTERNAL_ERROR", str(error))

    def _deploy(self, deployment: Any) -> None:
        tasks, rule = self._plan(deployment)
        if deployment.status not in records.ACTIVE:
            return
        rollouts = _Rollouts(self._plane, self._park.get, deployment, tasks, self._closing.is_set)
        while True:
            progress = rollouts.progress()
            if not progress.done:
                self._heed_alarms(deployment)
            stopped = deployment.stop_requested or self._closing.is_set()
            if not stopped and rule.may_start(progress):
                rollouts.start(rule.may_start(progress))
            elif progress.running or not (stopped or progress.done or rule.broken(progress)):
                rollouts.wait(POLL)
            else:
                break
        self._conclude(deployment, rule, rollouts)

    def _heed_alarms(self, deployment: Any) -> None:
        with self._plane.lock:
            if not deployment.stop_requested:
                deployment.active_alarms = alarms_and_suspension.active_alarms(
                    self._plane, deployment
                )
                deployment.stop_requested = bool(deployment.active_alarms)

    def _plan(self, deployment: Any) -> tuple[list[Task], Rule]:
        """What to do on which instances; ends the deployment if that is nothing."""
        with self._plane.lock:
            group = deployment.deployment_group
            deployment.status, deployment.start_time = "InProgress", utcnow()
            rule = self._rule(deployment)
            names = deployment.only_instances
            if names is None:
                names = membership.ordered(group, membership.members(self._plane, group))
            agent_deployment = agent_deployment_of(deployment)
            arns = membership.target_group_arns(self._plane, group)
            ignore = bool(deployment.ignore_application_stop_failures)
            ending = deployment.creator == records.TERMINATION
            tasks = [Task(name, agent_deployment, arns, ignore, ending) for name in names]
            deployment.targets = {task.instance_id: new_target(task) for task in tasks}
            records.count_targets(deployment)
            if not tasks:
                self._finish(deployment, "Failed", "NO_INSTANCES", NO_INSTANCES)
            elif rule.impossible(len(tasks)):
                _skip_unfinished(deployment)
                text = HEALTH_CONSTRAINTS_INVALID.format(
                    minimum=rule.minimum_healthy(len(tasks)), total=len(tasks)
                )
                self._finish(deployment, "Failed", "HEALTH_CONSTRAINTS_INVALID", text)
            else:
                alarms_and_suspension.suspend_processes(self._plane, deployment)
            self._plane.notify()
            return tasks, rule

    def _rule(self, deployment: Any) -> Rule:
        if deployment.creator in records.BY_AUTOSCALING:
            return Rule(COUNT, 0)
        name = str(deployment.deployment_config_name)
        hosts = config_of(self._plane.backend("codedeploy"), name)["minimumHealthyHosts"]
        return Rule(hosts["type"], int(hosts["value"]), name in PREDEFINED_CONFIGS)

    def _conclude(self, deployment: Any, rule: Rule, rollouts: "_Rollouts") -> None:
        progress = rollouts.progress()
        with self._plane.lock:
            _skip_unfinished(deployment)
            if deployment.active_alarms:
                text = alarms_and_suspension.alarm_message(deployment.active_alarms)
                self._finish(deployment, "Stopped", "ALARM_ACTIVE", text)
            elif deployment.stop_requested:
                self._finish(deployment, "Stopped", "MANUAL_STOP", MANUAL_STOP)
            elif self._closing.is_set() and progress.succeeded < progress.total:
                self._finish(deployment, "Failed", "INTERNAL_ERROR", INTERRUPTED)
            elif progress.pending or not rule.satisfied(progress):
                self._finish(deployment, "Failed", "HEALTH_CONSTRAINTS", HEALTH_CONSTRAINTS)
            else:
                self._finish(deployment, "Succeeded")

    def _finish(self, deployment: Any, status: str, code: str = "", text: str = "") -> None:
        """Write down a deployment's end and what follows from it. Call with the lock held."""
        group = deployment.deployment_group
        deployment.status, deployment.complete_time = status, utcnow()
        if code:
            deployment.error_information = {"code": code, "message": text}
        alarms_and_suspension.resume_processes(self._plane, deployment)
        records.count_targets(deployment)
        if deployment.creator == records.TERMINATION:
            _forget_instances(group, deployment)
        else:
            _remember_instances(group, deployment)
        if deployment.creator == records.AUTOSCALING:
            self._catch_up(deployment)
        elif deployment.creator != records.TERMINATION:
            group.last_attempted = records.summary(deployment)
            if status == "Succeeded":
                group.last_successful = records.summary(deployment)
                group.target_revision = deployment.revision
                self._update_outdated(deployment)
            else:
                self._roll_back(deployment)
        self._plane.notify()
        log.info("deployment %s: %s %s", deployment.deployment_id, status, code)

    def _catch_up(self, launch: Any) -> None:
        """Deploy the newer revision that became the last successful one during a launch."""
        group = launch.deployment_group
        backend = self._plane.backend("codedeploy")
        newest = backend.deployments.get((group.last_successful or {}).get("deploymentId"))
        if launch.status == "Succeeded" and newest and newest.revision != launch.revision:
            self._update_outdated(newest, list(launch.targets))

    def _update_outdated(self, deployment: Any, names: list[str] | None = None) -> None:
        """Deploy to instances that were launched with the old revision while this one ran."""
        group = deployment.deployment_group
        if (group.outdated_instances_strategy or "UPDATE") != "UPDATE":
            return
        if names is None:
            names = membership.outdated(self._plane, group, deployment)
        if names and self._exists(group):
            backend = self._plane.backend("codedeploy")
            records.follow_up(backend, group, deployment, records.AUTO_UPDATE, only=names)

    def _roll_back(self, deployment: Any) -> None:
        group = deployment.deployment_group
        if not self._exists(group) or not _wants_rollback(deployment):
            return
        backend = self._plane.backend("codedeploy")
        last = group.last_successful
        if last is None or last["deploymentId"] not in backend.deployments:
            deployment.rollback_info = {
                "rollbackMessage": "No earlier successful deployment to roll back to was found."
            }
            return
        source = backend.deployments[last["deploymentId"]]
        new = records.follow_up(backend, group, source, records.ROLLBACK)
        new.ignore_application_stop_failures = True
        new.rollback_info = {
            "rollbackTriggeringDeploymentId": deployment.deployment_id,
            "rollbackMessage": f"Rolling back deployment {deployment.deployment_id}.",
        }
        deployment.rollback_info = {
            "rollbackDeploymentId": new.deployment_id,
            "rollbackMessage": f"Deployment {new.deployment_id} is rolling this one back.",
        }

    def _exists(self, group: Any) -> bool:
        groups = self._plane.backend("codedeploy").deployment_groups
        application = group.application.application_name
        return groups.get(application, {}).get(group.deployment_group_name) is group


class _Rollouts:
    """The instances of one deployment, each on a thread of its own while it runs."""

    def __init__(
        self,
        plane: ControlPlane,
        find_machine: Callable[[str], Machine],
        deployment: Any,
        tasks: list[Task],
        closing: Callable[[], bool],
    ) -> None:
        self._plane = plane
        self._find_machine = find_machine
        self._deployment = deployment
        self._pending = list(tasks)
        self._running: dict[str, threading.Thread] = {}
        self._ended: dict[str, bool] = {}
        self._changed = threading.Condition()
        self._closing = closing

    def progress(self) -> Progress:
        """Where the instances stand."""
        with self._changed:
            succeeded = sum(self._ended.values())
            return Progress(
                len(self._pending), len(self._running), succeeded, len(self._ended) - succeeded
            )

    def start(self, count: int) -> None:
        """Start the next `count` instances."""
        with self._changed:
            for task in self._pending[:count]:
                thread = threading.Thread(target=self._run, args=(task,), daemon=True)
                self._running[task.instance_id] = thread
                thread.start()
            del self._pending[:count]

    def wait(self, timeout: float) -> None:
        """Wait until an instance has ended, at most `timeout` seconds."""
        with self._changed:
            self._changed.wait(timeout)

    def _run(self, task: Task) -> None:
        succeeded = False
        try:
            rollout = Rollout(
                self._plane, self._find_machine, self._deployment, task, self._cancelled
            )
            succeeded = rollout.run()
        except Exception:
            log.exception("deployment to %s failed", task.instance_id)
        finally:
            with self._changed:
                del self._running[task.instance_id]
                self._ended[task.instance_id] = succeeded
                self._changed.notify_all()

    def _cancelled(self) -> bool:
        return bool(self._deployment.stop_requested) or self._closing()


def agent_deployment_of(deployment: Any) -> AgentDeployment:
    """A deployment as the agent on an instance gets it."""
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
        file_exists_behavior=deployment.file_exists_behavior or "DISALLOW",
    )


def _skip_unfinished(deployment: Any) -> None:
    for target in deployment.targets.values():
        if target["status"] in {"Pending", "InProgress"}:
            target.update(status="Skipped", lastUpdatedAt=utcnow())
            for entry in target["lifecycleEvents"]:
                if entry["status"] in {"Pending", "InProgress"}:
                    entry["status"] = "Skipped"


def _remember_instances(group: Any, deployment: Any) -> None:
    failed = set(group.failed_instances)
    for name, target in deployment.targets.items():
        if target["status"] == "Succeeded":
            group.deployed[name] = deployment.deployment_id
            failed.discard(name)
        elif target["status"] == "Failed":
            failed.add(name)
    group.failed_instances = sorted(failed)


def _forget_instances(group: Any, deployment: Any) -> None:
    for name in deployment.targets:
        group.deployed.pop(name, None)
        group.launches.pop(name, None)
        group.terminations.pop(name, None)
    group.failed_instances = [
        name for name in group.failed_instances if name not in deployment.targets
    ]


def _wants_rollback(deployment: Any) -> bool:
    if deployment.creator != records.USER:
        return False
    if deployment.status == "Stopped" and not deployment.active_alarms:
        return deployment.rollback_on_stop
    event = "DEPLOYMENT_STOP_ON_ALARM" if deployment.active_alarms else "DEPLOYMENT_FAILURE"
    settings = (
        deployment.auto_rollback_configuration
        or deployment.deployment_group.auto_rollback_configuration
        or {}
    )
    return bool(settings.get("enabled")) and event in (settings.get("events") or [])
