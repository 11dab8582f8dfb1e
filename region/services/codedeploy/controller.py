"""CodeDeploy's controller: carries deployments out on the machines, each on its own thread."""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol, cast

from moto.codedeploy.models import CodeDeployBackend, DeploymentInfo

from appspec import FileExistsBehavior
from region.api.server import ControlPlane
from region.machines.codedeploy_agent.messages import AgentDeployment
from region.services.codedeploy import (
    alarms_and_suspension,
    deployment_errors,
    deployments,
    follow_ups,
    lifecycle_hooks,
    membership,
)
from region.services.codedeploy.deployment_configs import PREDEFINED_CONFIGS, config_of
from region.services.codedeploy.minimum_healthy_hosts import COUNT, MinimumHealthyHosts
from region.services.codedeploy.records import (
    BY_AUTOSCALING,
    TERMINATION,
    DeploymentRecord,
    DeploymentStatus,
    ErrorInformation,
)
from region.services.codedeploy.rollout import Rollout
from region.services.codedeploy.target_deployment import Machine, TargetPlan

log = logging.getLogger(__name__)

CLOSE_TIMEOUT = 20.0
POLL = 0.2


class Pool(Protocol):
    """The machines of the region."""

    def get(self, instance_id: str) -> Machine:
        """Return the machine of an instance; raises if there is none."""
        ...


class DeploymentsController:
    """Starts a thread for each new deployment and follows it to its end."""

    name = "deployments"

    def __init__(self, plane: ControlPlane, pool: Pool) -> None:
        """Carry out `plane`'s deployments with the agents of `pool`'s machines."""
        self._plane = plane
        self._pool = pool
        self._threads: dict[str, threading.Thread] = {}
        self._closing = threading.Event()
        self._recovered = False

    def reconcile(self) -> None:
        """Start new deployments; end those that a restart of the region interrupted."""
        self._threads = {key: item for key, item in self._threads.items() if item.is_alive()}
        with self._plane.lock:
            found = list(self._backend.deployments.values())
            if not self._recovered:
                self._recovered = True
                for deployment in found:
                    if deployment.status in {"Queued", "InProgress"}:
                        self._finish(deployment, "Failed", deployment_errors.INTERRUPTED)
            created = [item for item in found if item.status == "Created"]
            for deployment in created:
                deployments.queue(deployment)
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
        """Return the decision of CodeDeploy's launch hook about a new instance."""
        return lifecycle_hooks.launch_decision(self._plane, asg_name, instance_id)

    def termination_gate(self, asg_name: str, instance_id: str) -> lifecycle_hooks.Decision:
        """Return the decision of CodeDeploy's termination hook about an instance."""
        return lifecycle_hooks.termination_decision(self._plane, asg_name, instance_id)

    @property
    def _backend(self) -> CodeDeployBackend:
        return self._plane.backend("codedeploy")

    # One deployment --------------------------------------------------------------------------

    def _run(self, deployment: DeploymentInfo) -> None:
        try:
            self._deploy(deployment)
        except Exception as error:
            log.exception("deployment %s failed", deployment.deployment_id)
            with self._plane.lock:
                self._finish(deployment, "Failed", deployment_errors.internal_error(str(error)))

    def _deploy(self, deployment: DeploymentInfo) -> None:
        plans, minimum = self._plan(deployment)
        if deployment.status not in deployments.ACTIVE:
            return
        rollout = Rollout(self._plane, self._pool.get, deployment, plans, self._closing.is_set)
        while True:
            progress = rollout.progress()
            if not progress.done:
                self._stop_on_active_alarms(deployment)
            stopped = DeploymentRecord.of(deployment).stop_requested or self._closing.is_set()
            startable = 0 if stopped else minimum.startable_count(progress)
            if startable:
                rollout.start(startable)
            elif progress.running or not (stopped or progress.done or minimum.violated(progress)):
                rollout.wait(POLL)
            else:
                break
        self._conclude(deployment, minimum, rollout)

    def _stop_on_active_alarms(self, deployment: DeploymentInfo) -> None:
        with self._plane.lock:
            if not DeploymentRecord.of(deployment).stop_requested:
                active = alarms_and_suspension.active_alarms(self._plane, deployment)
                if active:
                    deployments.stop_on_alarms(deployment, active)

    def _plan(self, deployment: DeploymentInfo) -> tuple[list[TargetPlan], MinimumHealthyHosts]:
        """Decide what to do on which instances; end the deployment if there is nothing to do."""
        with self._plane.lock:
            deployments.begin(deployment)
            minimum = self._minimum_healthy_hosts(deployment)
            plans = self._target_plans(deployment)
            deployments.set_targets(deployment, {plan.instance_id: plan.events for plan in plans})
            if not plans:
                self._finish(deployment, "Failed", deployment_errors.NO_INSTANCES)
            elif minimum.blocks_every_deployment(len(plans)):
                error = deployment_errors.no_instance_can_be_spared(
                    minimum=minimum.required(len(plans)), total=len(plans)
                )
                self._finish(deployment, "Failed", error)
            else:
                alarms_and_suspension.suspend_processes(self._plane, deployment)
            self._plane.notify()
            return plans, minimum

    def _minimum_healthy_hosts(self, deployment: DeploymentInfo) -> MinimumHealthyHosts:
        if deployment.creator in BY_AUTOSCALING:
            return MinimumHealthyHosts(COUNT, 0)
        name = str(deployment.deployment_config_name)
        config = config_of(self._backend, name)
        return MinimumHealthyHosts(
            config.minimum_type, config.minimum_value, predefined=name in PREDEFINED_CONFIGS
        )

    def _target_plans(self, deployment: DeploymentInfo) -> list[TargetPlan]:
        group = deployment.deployment_group
        names = DeploymentRecord.of(deployment).only_instances
        if names is None:
            members = membership.members(self._plane, group)
            names = membership.in_deployment_order(group, members)
        to_agent = agent_deployment_of(deployment)
        target_groups = membership.target_group_arns(self._plane, group)
        return [
            TargetPlan(
                name,
                to_agent,
                target_groups,
                ignore_stop_failures=bool(deployment.ignore_application_stop_failures),
                terminating=deployment.creator == TERMINATION,
            )
            for name in names
        ]

    def _conclude(
        self, deployment: DeploymentInfo, minimum: MinimumHealthyHosts, rollout: Rollout
    ) -> None:
        progress, record = rollout.progress(), DeploymentRecord.of(deployment)
        with self._plane.lock:
            if record.active_alarms:
                error = deployment_errors.alarm_active(record.active_alarms)
                self._finish(deployment, "Stopped", error)
            elif record.stop_requested:
                self._finish(deployment, "Stopped", deployment_errors.MANUAL_STOP)
            elif self._closing.is_set() and progress.succeeded < progress.total:
                self._finish(deployment, "Failed", deployment_errors.INTERRUPTED)
            elif progress.pending or not minimum.satisfied(progress):
                self._finish(deployment, "Failed", deployment_errors.HEALTH_CONSTRAINTS)
            else:
                self._finish(deployment, "Succeeded")

    def _finish(
        self,
        deployment: DeploymentInfo,
        status: DeploymentStatus,
        error: ErrorInformation | None = None,
    ) -> None:
        """End a deployment and start what follows from that. Call with the lock held."""
        deployments.finish(deployment, status, error)
        alarms_and_suspension.resume_processes(self._plane, deployment)
        follow_ups.create_follow_ups(self._plane, deployment)
        self._plane.notify()
        code = error.code if error else ""
        log.info("deployment %s: %s %s", deployment.deployment_id, status, code)


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
    )
