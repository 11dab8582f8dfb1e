"""What may end a deployment while it runs: a user, an alarm, its time limit, the region's stop."""

from __future__ import annotations

import threading
import time

from moto.codedeploy.models import DeploymentInfo

from region.api.server import ControlPlane
from region.periods import Period
from region.services.codedeploy import alarms_and_suspension, deployment_errors
from region.services.codedeploy.records import (
    DeploymentRecord,
    DeploymentStatus,
    ErrorInformation,
)

POLL = 0.2


class Oversight:
    """Watches one deployment."""

    def __init__(
        self,
        plane: ControlPlane,
        deployment: DeploymentInfo,
        closing: threading.Event,
        limit: Period,
    ) -> None:
        """Watch from now on, at most for `limit`; `closing` is set when the region stops."""
        self._plane = plane
        self._deployment = deployment
        self._closing = closing
        self._deadline = time.monotonic() + plane.config.seconds(limit)

    def stopped(self) -> bool:
        """Return whether the deployment shall go no further."""
        return self.ending() is not None

    def heed_alarms(self) -> None:
        """Stop the deployment if one of its alarms is active."""
        with self._plane.lock:
            if not DeploymentRecord.of(self._deployment).stop_requested:
                alarms_and_suspension.heed(self._plane, self._deployment)

    def watch(self, period: float) -> bool:
        """Watch the alarms for so many seconds of AWS; return whether to go on after that."""
        deadline = time.monotonic() + self._plane.config.seconds(period)
        while time.monotonic() < deadline and not self.stopped():
            self.heed_alarms()
            self._closing.wait(min(POLL, max(0.0, deadline - time.monotonic())))
        return not self.stopped()

    def ending(self) -> tuple[DeploymentStatus, ErrorInformation] | None:
        """Return how the deployment ends if something stopped it, None if nothing did."""
        record = DeploymentRecord.of(self._deployment)
        if record.active_alarms:
            return "Stopped", deployment_errors.alarm_active(record.active_alarms)
        if record.alarms_unread:
            return "Stopped", deployment_errors.ALARMS_UNREAD
        if record.stop_requested:
            return "Stopped", deployment_errors.MANUAL_STOP
        if time.monotonic() > self._deadline:
            return "Failed", deployment_errors.TIMEOUT
        if self._closing.is_set():
            return "Failed", deployment_errors.INTERRUPTED
        return None
