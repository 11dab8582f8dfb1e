"""BlockTraffic and AllowTraffic: an instance deregistered from its target groups, and registered again.

https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-elastic-load-balancing.html
"""

from __future__ import annotations

import time
from collections.abc import Callable

from moto.elbv2.models import ELBv2Backend, FakeTargetGroup

from region.api.server import ControlPlane
from region.machines.codedeploy_agent.messages import EventResult
from region.services.codedeploy import periods
from region.services.elbv2.target_groups import health_of, longest_drain

POLL = 0.5


class TrafficControl:
    """Controls one instance's traffic in the target groups of a deployment."""

    def __init__(
        self,
        plane: ControlPlane,
        instance_id: str,
        target_groups: tuple[str, ...],
        require_instance: Callable[[], None],
        require_not_cancelled: Callable[[], None],
    ) -> None:
        """Prepare; the last two functions raise when there is nothing left to wait for."""
        self._plane = plane
        self._instance_id = instance_id
        self._target_groups = target_groups
        self._require_instance = require_instance
        self._require_not_cancelled = require_not_cancelled

    def block(self) -> EventResult:
        """Deregister the instance and wait until its connections are drained."""
        with self._plane.lock:
            backend = self._plane.backend("elbv2")
            groups = self._known_groups(backend)
            for group in groups:
                backend.deregister_targets(group.arn, [{"Id": self._instance_id}])
            self._plane.notify()
        timeout = longest_drain(groups, self._plane.config)
        if self._await_health(lambda states: "draining" not in states, timeout):
            return EventResult("Succeeded")
        return failed(f"The instance was still draining after {timeout:.0f} s.")

    def allow(self) -> EventResult:
        """Register the instance and wait until it is healthy."""
        with self._plane.lock:
            backend = self._plane.backend("elbv2")
            for arn in self._target_groups:
                port = backend.target_groups[arn].port
                backend.register_targets(arn, [{"Id": self._instance_id, "Port": port}])
            self._plane.notify()
        timeout = self._plane.config.seconds(periods.HEALTHY)
        if self._await_health(lambda states: states == {"healthy"}, timeout):
            return EventResult("Succeeded")
        return failed(
            f"The instance did not become healthy in its target group within {timeout:.0f} s."
        )

    def _await_health(self, condition: Callable[[set[str]], bool], timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        generation = -1
        while time.monotonic() < deadline:
            self._require_instance()
            if condition(self._health()):
                return True
            self._require_not_cancelled()
            generation = self._plane.wait(generation, POLL)
        return False

    def _health(self) -> set[str]:
        with self._plane.lock:
            backend = self._plane.backend("elbv2")
            return {
                health_of(backend, group, self._instance_id).state
                for group in self._known_groups(backend)
            }

    def _known_groups(self, backend: ELBv2Backend) -> list[FakeTargetGroup]:
        known = backend.target_groups
        return [known[arn] for arn in self._target_groups if arn in known]


def failed(message: str) -> EventResult:
    """Return the result of an event that failed without a script."""
    return EventResult("Failed", message=message, error_code="UnknownError")
