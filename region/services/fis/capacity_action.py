"""aws:ec2:asg-insufficient-instance-capacity-error: launches of groups fail in some zones."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from region.services.ec2 import capacity
from region.services.fis.actions import ActionFailedError, Behaviour, Context, Task
from region.shortages import ANY, Shortage


class NoCapacity(Behaviour):
    """Auto Scaling groups get InsufficientInstanceCapacity for their launches."""

    @override
    def begin(self, context: Context, task: Task) -> None:
        """Let launches fail."""
        share = int(task.parameters.get("percentage", "100"))
        asked = [one.strip() for one in task.parameters["availabilityZoneIdentifiers"].split(",")]
        with context.plane.lock:
            zones = [_zone(context.plane.backend("ec2"), one) for one in asked]
            capacity.begin(
                context.plane.backend("ec2"),
                _key(task),
                [Shortage(zone, ANY, group, share) for group in task.names for zone in zones],
            )

    @override
    def ended(self, context: Context, task: Task) -> bool:
        """Return whether the duration has passed."""
        return task.elapsed(context)

    @override
    def undo(self, context: Context, task: Task) -> None:
        """Let launches succeed again."""
        with context.plane.lock:
            capacity.end(context.plane.backend("ec2"), _key(task))


def _key(task: Task) -> str:
    return f"experiment {task.experiment} {task.name}"


def _zone(backend: Any, identifier: str) -> str:
    """Return the name of a zone that is given by its name or its id."""
    for zone in backend.describe_availability_zones():
        if identifier in {zone.name, zone.zone_id}:
            return str(zone.name)
    raise ActionFailedError(f"There is no Availability Zone {identifier}.")
