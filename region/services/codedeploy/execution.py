"""One deployment, carried out from its plan to its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import cast

from moto.codedeploy.models import DeploymentInfo

from appspec import FileExistsBehavior
from region.api.server import ControlPlane
from region.machines.codedeploy_agent.messages import AgentDeployment
from region.services.codedeploy import (
    alarms_and_suspension,
    deployment_errors,
    deployments,
    endings,
    membership,
    triggers,
)
from region.services.codedeploy.deployment_configs import PREDEFINED_CONFIGS, config_of
from region.services.codedeploy.minimum_healthy_hosts import COUNT, MinimumHealthyHosts
from region.services.codedeploy.records import BY_AUTOSCALING, TERMINATION, DeploymentRecord
from region.services.codedeploy.rollout import Rollout
from region.services.codedeploy.stages import Stage, stages_of
from region.services.codedeploy.target_deployment import Machine, TargetPlan

POLL = 0.2
LONGEST_DEPLOYMENT = 8 * 3600.0
"""Seconds that an in-place deployment may take (CodeDeploy User Guide, "CodeDeploy limits")."""


class Execution:
    """Carries one deployment out; `run` blocks until it has ended."""

    def __init__(
        self,
        plane: ControlPlane,
        find_machine: Callable[[str], Machine],
        deployment: DeploymentInfo,
        closing: threading.Event,
    ) -> None:
        """Prepare; `closing` is set when the region stops."""
        self._plane = plane
        self._find_machine = find_machine
        self._deployment = deployment
        self._closing = closing
        self._deadline = time.monotonic() + plane.config.seconds(LONGEST_DEPLOYMENT)

    @property
    def _record(self) -> DeploymentRecord:
        return DeploymentRecord.of(self._deployment)

    def run(self) -> None:
        """Deploy to all instances, as many at a time as may be spared."""
        plans, minimum = self._plan()
        if self._deployment.status not in deployments.ACTIVE:
            return
        rollout = Rollout(
            self._plane, self._find_machine, self._deployment, plans, self._stopped
        )
        for stage in self._stages(plans):
            if not (self._deploy(rollout, minimum, stage) and self._monitor(stage)):
                break
        self._conclude(minimum, rollout)

    def _plan(self) -> tuple[list[TargetPlan], MinimumHealthyHosts]:
        """Decide what to do on which instances; end the deployment if there is nothing to do."""
        deployment = self._deployment
        with self._plane.lock:
            deployments.begin(deployment)
            triggers.deployment_started(self._plane, deployment)
            minimum = self._minimum_healthy_hosts()
            members, names = self._instances()
            plans = self._target_plans(names)
            deployments.set_targets(deployment, {plan.instance_id: plan.events for plan in plans})
            if not members:
                endings.finish(self._plane, deployment, "Failed", deployment_errors.NO_INSTANCES)
            elif not plans:
                # All of them run the revision already.
                endings.finish(self._plane, deployment, "Succeeded")
            elif minimum.blocks_every_deployment(len(plans)):
                error = deployment_errors.no_instance_can_be_spared(
                    minimum=minimum.required(len(plans)), total=len(plans)
                )
                endings.finish(self._plane, deployment, "Failed", error)
            else:
                alarms_and_suspension.suspend_processes(self._plane, deployment)
            self._plane.notify()
            return plans, minimum

    def _minimum_healthy_hosts(self) -> MinimumHealthyHosts:
        if self._deployment.creator in BY_AUTOSCALING:
            return MinimumHealthyHosts(COUNT, 0)
        name = str(self._deployment.deployment_config_name)
        config = config_of(self._plane.backend("codedeploy"), name)
        return MinimumHealthyHosts(
            config.minimum_type, config.minimum_value, predefined=name in PREDEFINED_CONFIGS
        )

    def _instances(self) -> tuple[list[str], list[str]]:
        """Return the instances of the deployment group, and those to deploy to, in order."""
        group = self._deployment.deployment_group
        only = self._record.only_instances
        if only is not None:
            return only, only
        found = membership.members(self._plane, group)
        names = membership.in_deployment_order(group, found)
        if self._deployment.update_outdated_instances_only:
            revision = self._deployment.revision
            names = membership.without_revision(self._plane, group, names, revision)
        return found, names

    def _target_plans(self, names: list[str]) -> list[TargetPlan]:
        deployment = self._deployment
        to_agent = agent_deployment_of(deployment)
        target_groups = membership.target_group_arns(self._plane, deployment.deployment_group)
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

    def _stages(self, plans: list[TargetPlan]) -> Sequence[Stage]:
        with self._plane.lock:
            zones = {
                plan.instance_id: membership.zone_of(self._plane, plan.instance_id)
                for plan in plans
            }
            zonal = None
            if self._deployment.creator not in BY_AUTOSCALING:
                name = str(self._deployment.deployment_config_name)
                zonal = config_of(self._plane.backend("codedeploy"), name).zonal
        return stages_of(zones, zonal)

    def _deploy(self, rollout: Rollout, minimum: MinimumHealthyHosts, stage: Stage) -> bool:
        """Deploy to the instances of a stage; return whether the next stage may follow."""
        while True:
            everywhere, here = rollout.progress(), rollout.progress(stage.instances)
            if not everywhere.done:
                self._stop_on_active_alarms()
            startable = min(
                minimum.startable_count(everywhere), stage.minimum.startable_count(here)
            )
            if here.pending and startable and not self._stopped():
                rollout.start(startable, stage.instances)
            elif here.running:
                rollout.wait(POLL)
            else:
                return here.done and not self._stopped()

    def _monitor(self, stage: Stage) -> bool:
        """Watch the alarms for as long as the stage asks for; return whether to go on."""
        deadline = time.monotonic() + self._plane.config.seconds(stage.monitor)
        while time.monotonic() < deadline and not self._stopped():
            self._stop_on_active_alarms()
            self._closing.wait(min(POLL, max(0.0, deadline - time.monotonic())))
        return not self._stopped()

    def _stopped(self) -> bool:
        record = self._record
        if time.monotonic() > self._deadline:
            record.timed_out = True
        return record.stop_requested or record.timed_out or self._closing.is_set()

    def _stop_on_active_alarms(self) -> None:
        with self._plane.lock:
            if not self._record.stop_requested:
                active = alarms_and_suspension.active_alarms(self._plane, self._deployment)
                if active:
                    deployments.stop_on_alarms(self._deployment, active)

    def _conclude(self, minimum: MinimumHealthyHosts, rollout: Rollout) -> None:
        progress, record = rollout.progress(), self._record
        plane, deployment = self._plane, self._deployment
        with plane.lock:
            if record.active_alarms:
                error = deployment_errors.alarm_active(record.active_alarms)
                endings.finish(plane, deployment, "Stopped", error)
            elif record.stop_requested:
                endings.finish(plane, deployment, "Stopped", deployment_errors.MANUAL_STOP)
            elif record.timed_out:
                endings.finish(plane, deployment, "Failed", deployment_errors.TIMEOUT)
            elif self._closing.is_set() and progress.succeeded < progress.total:
                endings.finish(plane, deployment, "Failed", deployment_errors.INTERRUPTED)
            elif progress.pending or not minimum.satisfied(progress):
                endings.finish(plane, deployment, "Failed", deployment_errors.HEALTH_CONSTRAINTS)
            else:
                endings.finish(plane, deployment, "Succeeded")


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
