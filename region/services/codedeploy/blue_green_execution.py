"""One blue/green deployment: new instances, the revision on them, their traffic, the end of the old.

https://docs.aws.amazon.com/codedeploy/latest/userguide/welcome.html#welcome-deployment-overview-blue-green
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable

from moto.codedeploy.models import DeploymentInfo
from typing_extensions import override

from region.api.server import ControlPlane
from region.machines.codedeploy_agent.lifecycle_events import ALLOWING, BLOCKING, INSTALLATION
from region.services.codedeploy import (
    alarms_and_suspension,
    announcements,
    blue_green,
    deployment_errors,
    deployments,
    endings,
    green_fleet,
    managed_hooks,
    membership,
    periods,
    plans,
    service_role,
)
from region.services.codedeploy.execution import Execution
from region.services.codedeploy.minimum_healthy_hosts import MinimumHealthyHosts
from region.services.codedeploy.oversight import POLL
from region.services.codedeploy.records import (
    DeploymentRecord,
    DeploymentStatus,
    ErrorInformation,
    InstanceLabel,
)
from region.services.codedeploy.stages import NO_MINIMUM, Stage
from region.services.codedeploy.target_deployment import Machine, TargetPlan

MINUTE = 60.0


class BlueGreenError(Exception):
    """The deployment ends here; the arguments are its status and error."""

    def __init__(self, status: DeploymentStatus, error: ErrorInformation) -> None:
        """Keep both."""
        super().__init__(error.message)
        self.status: DeploymentStatus = status
        self.error = error


class BlueGreenExecution(Execution):
    """Deploys to new instances, and sends the traffic to them."""

    limit = periods.BLUE_GREEN

    def __init__(
        self,
        plane: ControlPlane,
        find_machine: Callable[[str], Machine],
        deployment: DeploymentInfo,
        closing: threading.Event,
    ) -> None:
        """Prepare; `closing` is set when the region stops."""
        super().__init__(plane, find_machine, deployment, closing)
        self._options = blue_green.options_of(deployment.deployment_group)
        self._copy = green_fleet.name_of(deployment) if self._options.copies else ""
        self._rerouted = False

    @override
    def run(self) -> None:
        """Deploy, and undo what no traffic depends on if that fails."""
        try:
            self._run()
        except BlueGreenError as failure:
            with self._plane.lock:
                if self._copy and not self._rerouted:
                    green_fleet.delete_group(self._plane, self._copy)
                endings.finish(self._plane, self._deployment, failure.status, failure.error)

    def _run(self) -> None:
        with self._plane.lock:
            deployments.begin(self._deployment)
            announcements.deployment_changed(self._plane, self._deployment)
            alarms_and_suspension.suspend_processes(self._plane, self._deployment)
            blue = membership.members(self._plane, self._deployment.deployment_group)
            lacking = service_role.problem(self._plane, self._deployment.deployment_group)
            self._plane.notify()
        if lacking is not None:
            raise BlueGreenError("Failed", lacking)
        green = self._provision()
        self._plan(green, blue)
        self._install(green)
        self._await_traffic()
        self._reroute(green, blue)
        self._end_blue(blue)
        with self._plane.lock:
            endings.finish(self._plane, self._deployment, "Succeeded")

    # The parts, in order ---------------------------------------------------------------------

    def _provision(self) -> list[str]:
        """Return the new instances: those of the copied group, or those the deployment names."""
        plane, deployment = self._plane, self._deployment
        if not self._options.copies:
            with plane.lock:
                found = membership.named(plane, DeploymentRecord.of(deployment).green)
            if not found:
                raise BlueGreenError("Failed", deployment_errors.NO_INSTANCES)
            return found
        with plane.lock:
            source = deployment.deployment_group.auto_scaling_groups[0]
            green_fleet.copy_group(plane, source, self._copy)
            plane.notify()
        deadline = time.monotonic() + plane.config.seconds(periods.PROVISIONING)
        while time.monotonic() < deadline:
            self._require_not_stopped()
            with plane.lock:
                ready = green_fleet.in_service(plane, self._copy)
            if ready:
                return ready
            self._closing.wait(POLL)
        raise BlueGreenError("Failed", deployment_errors.no_capacity(self._copy))

    def _plan(self, green: list[str], blue: list[str]) -> None:
        events: dict[str, tuple[str, ...]] = dict.fromkeys(green, (*INSTALLATION, *ALLOWING))
        labels: dict[str, InstanceLabel] = dict.fromkeys(green, "Green")
        for name in blue:
            if name not in events:
                events[name], labels[name] = BLOCKING, "Blue"
        with self._plane.lock:
            deployments.set_targets(self._deployment, events, labels)
            self._plane.notify()

    def _install(self, green: list[str]) -> None:
        with self._plane.lock:
            minimum = plans.minimum_healthy_hosts(self._plane, self._deployment)
            found = plans.plans(self._deployment, green, INSTALLATION, installs=True)
        self._roll_out([dataclasses.replace(plan, outcome="Ready") for plan in found], minimum)

    def _await_traffic(self) -> None:
        """Wait for the user's word, if that is how traffic is rerouted."""
        if not self._options.waits_for_user:
            return
        with self._plane.lock:
            deployments.await_traffic(self._deployment)
            announcements.deployment_changed(self._plane, self._deployment)
            self._plane.notify()
        if not self._wait_for_user(self._options.ready_wait):
            raise BlueGreenError("Stopped", deployment_errors.NOT_CONTINUED)
        with self._plane.lock:
            deployments.go_on(self._deployment)

    def _reroute(self, green: list[str], blue: list[str]) -> None:
        """Register the new instances, then deregister the original ones."""
        plane, deployment = self._plane, self._deployment
        with plane.lock:
            minimum = plans.minimum_healthy_hosts(plane, deployment)
            arns = membership.target_group_arns(plane, deployment.deployment_group)
            allow = plans.plans(deployment, green, ALLOWING, arns, installs=False)
            old = [name for name in blue if name not in green]
            block = plans.plans(deployment, old, BLOCKING, arns, installs=False)
        self._rerouted = True
        self._roll_out(allow, minimum)
        with plane.lock:
            if self._copy:
                source = deployment.deployment_group.auto_scaling_groups[0]
                green_fleet.take_over_traffic(plane, source, self._copy)
        self._roll_out(block, NO_MINIMUM)

    def _end_blue(self, blue: list[str]) -> None:
        """Let the deployment group have the new instances, and end the original ones in time."""
        plane, group = self._plane, self._deployment.deployment_group
        with plane.lock:
            source = group.auto_scaling_groups[0] if self._copy else ""
            if self._copy:
                group.auto_scaling_groups = [self._copy]
                managed_hooks.synchronize(plane.backend("codedeploy"), group)
            deployments.await_termination(self._deployment)
        if self._options.terminates:
            self._wait_for_user(self._options.termination_wait)
            with plane.lock:
                if source:
                    green_fleet.delete_group(plane, source)
                else:
                    plane.backend("ec2").terminate_instances(blue)
                plane.notify()
        with plane.lock:
            deployments.go_on(self._deployment)

    # What they share -------------------------------------------------------------------------

    def _roll_out(self, targets: list[TargetPlan], minimum: MinimumHealthyHosts) -> None:
        if not targets:
            return
        rollout = self._rollout(targets)
        everything = Stage(frozenset(plan.instance_id for plan in targets), NO_MINIMUM)
        rollout.deploy(minimum, everything)
        self._require_not_stopped()
        progress = rollout.progress()
        if progress.pending or not minimum.satisfied(progress):
            raise BlueGreenError("Failed", deployment_errors.HEALTH_CONSTRAINTS)

    def _wait_for_user(self, minutes: int) -> bool:
        """Wait until a user continues the deployment; return False if the time passed first."""
        deadline = time.monotonic() + self._plane.config.seconds(minutes * MINUTE)
        while time.monotonic() < deadline:
            self._oversight.heed_alarms()
            self._require_not_stopped()
            with self._plane.lock:
                if deployments.take_continuation(self._deployment):
                    return True
            self._closing.wait(POLL)
        return False

    def _require_not_stopped(self) -> None:
        ending = self._oversight.ending()
        if ending is not None:
            raise BlueGreenError(*ending)
