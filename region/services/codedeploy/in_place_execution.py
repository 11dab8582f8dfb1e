"""One in-place deployment, carried out from its plan to its end."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from region.services.codedeploy import (
    alarms_and_suspension,
    announcements,
    deployment_errors,
    deployments,
    endings,
    membership,
    periods,
    plans,
    service_role,
)
from region.services.codedeploy.execution import Execution
from region.services.codedeploy.minimum_healthy_hosts import MinimumHealthyHosts
from region.services.codedeploy.records import (
    BY_AUTOSCALING,
    DeploymentRecord,
    ErrorInformation,
)
from region.services.codedeploy.rollout import Rollout
from region.services.codedeploy.stages import Stage, stages_of
from region.services.codedeploy.target_deployment import TargetPlan


class InPlaceExecution(Execution):
    """Deploys to the instances that the deployment group has."""

    limit = periods.IN_PLACE

    @override
    def run(self) -> None:
        """Deploy to all instances, as many at a time as may be spared."""
        targets, minimum = self._plan()
        if self._deployment.status not in deployments.ACTIVE:
            return
        rollout = self._rollout(targets)
        for stage in self._stages(targets):
            if not rollout.deploy(minimum, stage) or not self._oversight.watch(stage.monitor):
                break
        self._conclude(minimum, rollout)

    def _plan(self) -> tuple[list[TargetPlan], MinimumHealthyHosts]:
        """Decide what to do on which instances; end the deployment if there is nothing to do."""
        plane, deployment = self._plane, self._deployment
        with plane.lock:
            deployments.begin(deployment)
            announcements.deployment_changed(plane, deployment)
            minimum = plans.minimum_healthy_hosts(plane, deployment)
            lacking = self._lacks()
            members, names = ([], []) if lacking else self._instances()
            targets = plans.in_place(plane, deployment, names)
            deployments.set_targets(deployment, {plan.instance_id: plan.events for plan in targets})
            if lacking:
                endings.finish(plane, deployment, "Failed", lacking)
            elif not members:
                endings.finish(plane, deployment, "Failed", deployment_errors.NO_INSTANCES)
            elif not targets:
                # All of them run the revision already.
                endings.finish(plane, deployment, "Succeeded")
            elif minimum.blocks_every_deployment(len(targets)):
                error = deployment_errors.no_instance_can_be_spared(
                    minimum=minimum.required(len(targets)), total=len(targets)
                )
                endings.finish(plane, deployment, "Failed", error)
            else:
                alarms_and_suspension.suspend_processes(plane, deployment)
            plane.notify()
            return targets, minimum

    def _lacks(self) -> ErrorInformation | None:
        """Return why CodeDeploy may not deploy at all."""
        # Auto Scaling has called: its instance waits for nobody else.
        if self._deployment.creator in BY_AUTOSCALING:
            return None
        return service_role.problem(self._plane, self._deployment.deployment_group)

    def _instances(self) -> tuple[list[str], list[str]]:
        """Return the instances of the deployment group, and those to deploy to, in order."""
        group = self._deployment.deployment_group
        only = DeploymentRecord.of(self._deployment).only_instances
        if only is not None:
            return only, only
        found = membership.members(self._plane, group)
        names = membership.in_deployment_order(self._plane, group, found)
        if self._deployment.update_outdated_instances_only:
            revision = self._deployment.revision
            names = membership.without_revision(self._plane, group, names, revision)
        return found, names

    def _stages(self, targets: list[TargetPlan]) -> Sequence[Stage]:
        with self._plane.lock:
            zones = {
                plan.instance_id: membership.zone_of(self._plane, plan.instance_id)
                for plan in targets
            }
            return stages_of(zones, plans.zonal_config(self._plane, self._deployment))

    def _conclude(self, minimum: MinimumHealthyHosts, rollout: Rollout) -> None:
        progress, ending = rollout.progress(), self._oversight.ending()
        plane, deployment = self._plane, self._deployment
        with plane.lock:
            if ending is not None and (ending[0] == "Stopped" or not progress.all_succeeded):
                endings.finish(plane, deployment, *ending)
            elif progress.pending or not minimum.satisfied(progress):
                endings.finish(plane, deployment, "Failed", deployment_errors.HEALTH_CONSTRAINTS)
            else:
                endings.finish(plane, deployment, "Succeeded")
