"""EventBridge events of EC2 instances that change their state."""

from __future__ import annotations

from moto.ec2.models.instances import Instance

from region.api.server import ControlPlane
from region.services.ec2 import arns
from region.services.ec2.instances import STATE_NAMES
from region.services.events.emission import publish

STATE_CHANGE = "EC2 Instance State-change Notification"


class StateEventsController:
    """Tells EventBridge of each state that an instance takes."""

    name = "state-events"

    def __init__(self, plane: ControlPlane) -> None:
        """Watch the instances of `plane`; those that exist already cause no event."""
        self._plane = plane
        self._states: dict[str, int] | None = None

    def reconcile(self) -> None:
        """Emit an event for each instance whose state differs from the last round's."""
        with self._plane.lock:
            backend = self._plane.backend("ec2")
            known = self._states
            states: dict[str, int] = {}
            for instance in backend.all_instances():
                states[instance.id] = instance.state_code
                if known is not None and known.get(instance.id) != instance.state_code:
                    self._emit(instance)
            self._states = states

    def close(self) -> None:
        """Do nothing: this controller starts nothing of its own."""

    def _emit(self, instance: Instance) -> None:
        config = self._plane.config
        arn = arns.of_instance(config.region, config.account, instance.id)
        publish(
            self._plane.backend("events"),
            "aws.ec2",
            STATE_CHANGE,
            {"instance-id": instance.id, "state": STATE_NAMES.get(instance.state_code, "pending")},
            [arn],
        )
