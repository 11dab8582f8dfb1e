"""Sends again what HTTP endpoints of topics could not take."""

from __future__ import annotations

from region.api.server import ControlPlane
from region.services.sns import http_subscriptions


class MessagesController:
    """Follows the delivery policies of topics and subscriptions."""

    name = "messages"

    def __init__(self, plane: ControlPlane) -> None:
        """Wait by the clock of `plane`."""
        self._plane = plane

    def reconcile(self) -> None:
        """One round."""
        http_subscriptions.send_due(self._plane.config.seconds)

    def close(self) -> None:
        """Nothing runs beside the rounds."""
