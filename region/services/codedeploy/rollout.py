"""The instances of one deployment, deployed to in batches, each instance on its own thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from moto.codedeploy.models import DeploymentInfo

from region.api.server import ControlPlane
from region.services.codedeploy.minimum_healthy_hosts import DeploymentProgress
from region.services.codedeploy.records import DeploymentRecord
from region.services.codedeploy.target_deployment import Machine, TargetDeployment, TargetPlan

log = logging.getLogger(__name__)


class Rollout:
    """Deploys to the next instances on request, and counts the results."""

    def __init__(
        self,
        plane: ControlPlane,
        find_machine: Callable[[str], Machine],
        deployment: DeploymentInfo,
        plans: list[TargetPlan],
        closing: Callable[[], bool],
    ) -> None:
        """Prepare; `closing` returns whether the region stops."""
        self._plane = plane
        self._find_machine = find_machine
        self._deployment = deployment
        self._pending = list(plans)
        self._running: dict[str, threading.Thread] = {}
        self._ended: dict[str, bool] = {}
        self._changed = threading.Condition()
        self._closing = closing

    def progress(self) -> DeploymentProgress:
        """Return how many instances are in which state."""
        with self._changed:
            succeeded = sum(self._ended.values())
            return DeploymentProgress(
                pending=len(self._pending),
                running=len(self._running),
                succeeded=succeeded,
                failed=len(self._ended) - succeeded,
            )

    def start(self, count: int) -> None:
        """Start the next `count` instances."""
        with self._changed:
            for plan in self._pending[:count]:
                thread = threading.Thread(target=self._run, args=(plan,), daemon=True)
                self._running[plan.instance_id] = thread
                thread.start()
            del self._pending[:count]

    def wait(self, timeout: float) -> None:
        """Wait until an instance has ended, at most `timeout` seconds."""
        with self._changed:
            self._changed.wait(timeout)

    def _run(self, plan: TargetPlan) -> None:
        succeeded = False
        try:
            target = TargetDeployment(
                self._plane, self._find_machine, self._deployment, plan, self._cancelled
            )
            succeeded = target.run()
        except Exception:
            log.exception("deployment to %s failed", plan.instance_id)
        finally:
            with self._changed:
                del self._running[plan.instance_id]
                self._ended[plan.instance_id] = succeeded
                self._changed.notify_all()

    def _cancelled(self) -> bool:
        return DeploymentRecord.of(self._deployment).stop_requested or self._closing()
