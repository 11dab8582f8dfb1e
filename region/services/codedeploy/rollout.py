"""The instances of one deployment, deployed to in batches, each instance on its own thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection

from moto.codedeploy.models import DeploymentInfo

from region.api.server import ControlPlane
from region.services.codedeploy.minimum_healthy_hosts import DeploymentProgress, MinimumHealthyHosts
from region.services.codedeploy.oversight import POLL, Oversight
from region.services.codedeploy.stages import Stage
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
        oversight: Oversight,
    ) -> None:
        """Prepare; `oversight` says whether the deployment shall go no further."""
        self._plane = plane
        self._find_machine = find_machine
        self._deployment = deployment
        self._pending = list(plans)
        self._running: dict[str, threading.Thread] = {}
        self._ended: dict[str, bool] = {}
        self._changed = threading.Condition()
        self._oversight = oversight

    def progress(self, among: Collection[str] | None = None) -> DeploymentProgress:
        """Return how many instances, all or those `among`, are in which state."""

        def counts(instance_id: str) -> bool:
            return among is None or instance_id in among

        with self._changed:
            ended = [succeeded for name, succeeded in self._ended.items() if counts(name)]
            return DeploymentProgress(
                pending=sum(counts(plan.instance_id) for plan in self._pending),
                running=sum(counts(name) for name in self._running),
                succeeded=sum(ended),
                failed=len(ended) - sum(ended),
            )

    def deploy(self, minimum: MinimumHealthyHosts, stage: Stage) -> bool:
        """Deploy to the instances of a stage; return whether the next stage may follow."""
        oversight = self._oversight
        while True:
            everywhere, here = self.progress(), self.progress(stage.instances)
            if not everywhere.done:
                oversight.heed_alarms()
            startable = min(
                minimum.startable_count(everywhere), stage.minimum.startable_count(here)
            )
            if here.pending and startable and not oversight.stopped():
                self._start(startable, stage.instances)
            elif here.running:
                self._wait()
            else:
                # Too many have failed for anyone else: there is nothing to wait for.
                goes_on = everywhere.done or minimum.startable_count(everywhere) > 0
                return here.done and goes_on and not oversight.stopped()

    def _start(self, count: int, among: Collection[str]) -> None:
        """Start the next `count` instances `among` these."""
        with self._changed:
            due = [plan for plan in self._pending if plan.instance_id in among][:count]
            for plan in due:
                thread = threading.Thread(target=self._run, args=(plan,), daemon=True)
                self._running[plan.instance_id] = thread
                thread.start()
            self._pending = [plan for plan in self._pending if plan not in due]

    def _wait(self) -> None:
        """Wait until an instance has ended, but not so long that an alarm goes unnoticed."""
        with self._changed:
            self._changed.wait(POLL)

    def _run(self, plan: TargetPlan) -> None:
        succeeded = False
        try:
            target = TargetDeployment(
                self._plane,
                self._find_machine,
                self._deployment,
                plan,
                self._oversight.stopped,
            )
            succeeded = target.run()
        except Exception:
            log.exception("deployment to %s failed", plan.instance_id)
        finally:
            with self._changed:
                del self._running[plan.instance_id]
                self._ended[plan.instance_id] = succeeded
                self._changed.notify_all()
