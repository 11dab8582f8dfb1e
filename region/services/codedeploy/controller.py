"""CodeDeploy's controller: carries deployments out on the machines, each on its own thread."""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

from moto.codedeploy.models import CodeDeployBackend, DeploymentInfo

from region.api.server import ControlPlane
from region.services.autoscaling.lifecycle import Decision
from region.services.codedeploy import (
    blue_green,
    deployment_errors,
    deployments,
    endings,
    lifecycle_hooks,
)
from region.services.codedeploy.blue_green_execution import BlueGreenExecution
from region.services.codedeploy.in_place_execution import InPlaceExecution
from region.services.codedeploy.records import DeploymentRecord
from region.services.codedeploy.target_deployment import Machine

log = logging.getLogger(__name__)

CLOSE_TIMEOUT = 20.0


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
                    if deployment.status in {"Queued", "InProgress", "Ready"}:
                        endings.finish(
                            self._plane, deployment, "Failed", deployment_errors.INTERRUPTED
                        )
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

    def launch_gate(self, asg_name: str, instance_id: str) -> Decision:
        """Return the decision of CodeDeploy's launch hook about a new instance."""
        return lifecycle_hooks.launch_decision(self._plane, asg_name, instance_id)

    def termination_gate(self, asg_name: str, instance_id: str) -> Decision:
        """Return the decision of CodeDeploy's termination hook about an instance."""
        return lifecycle_hooks.termination_decision(self._plane, asg_name, instance_id)

    @property
    def _backend(self) -> CodeDeployBackend:
        return self._plane.backend("codedeploy")

    def _run(self, deployment: DeploymentInfo) -> None:
        kind = InPlaceExecution
        if blue_green.is_blue_green(deployment.deployment_group) and _brings_instances(deployment):
            kind = BlueGreenExecution
        try:
            kind(self._plane, self._pool.get, deployment, self._closing).run()
        except Exception as error:
            log.exception("deployment %s failed", deployment.deployment_id)
            with self._plane.lock:
                endings.finish(
                    self._plane, deployment, "Failed", deployment_errors.internal_error(str(error))
                )


def _brings_instances(deployment: DeploymentInfo) -> bool:
    """Return whether a blue/green group's deployment is one itself.

    Those to single instances that a group launches or terminates, or that are behind, are in place.
    """
    return DeploymentRecord.of(deployment).only_instances is None
