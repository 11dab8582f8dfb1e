"""How instance refreshes end: successful, failed, cancelled or rolled back; and who is notified.

Callers hold the control plane's lock.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup

from region.services.autoscaling import announcements, groups, launch_settings
from region.services.autoscaling.records import GroupRecord
from region.services.autoscaling.refresh.records import (
    CANCELLED,
    FAILED,
    ROLLBACK_FAILED,
    ROLLED_BACK,
    ROLLING_BACK,
    SUCCESSFUL,
    Refresh,
    Rollback,
)
from region.services.ec2 import image_parameters

MOVING_VERSIONS = ("$Latest", "$Default")


def tell(group: FakeAutoScalingGroup, refresh: Refresh, what: str, **detail: Any) -> None:
    """Emit an event of a refresh."""
    announcements.emit(
        group.autoscaling_backend,
        f"EC2 Auto Scaling Instance Refresh {what}",
        {"InstanceRefreshId": refresh.identity, "AutoScalingGroupName": group.name, **detail},
        [group.arn],
    )


def succeeded(group: FakeAutoScalingGroup, refresh: Refresh) -> None:
    """End a refresh: the desired configuration becomes the group's own."""
    refresh.percentage, refresh.to_update = 100, 0
    if refresh.remaining:  # The last checkpoint, or ignored instances, left some as they are.
        done = refresh.total - len(refresh.remaining)
        refresh.percentage = 100 * done // max(1, refresh.total)
        refresh.to_update = len(refresh.remaining)
    if refresh.desired:
        launch_settings.adopt(group, refresh.desired)
    _end(group, refresh, SUCCESSFUL, "")
    tell(group, refresh, "Succeeded")


def failed(group: FakeAutoScalingGroup, refresh: Refresh, reason: str, now: float) -> None:
    """End a refresh that failed, or roll it back if it wants that."""
    if refresh.status == ROLLING_BACK:
        _end(group, refresh, ROLLBACK_FAILED, reason)
        tell(group, refresh, "Rollback Failed")
    elif refresh.preferences["AutoRollback"]:
        roll_back(group, refresh, reason, now)
    else:
        _end(group, refresh, FAILED, reason)
        tell(group, refresh, "Failed")


def cancelled(group: FakeAutoScalingGroup, refresh: Refresh) -> None:
    """End a refresh that was cancelled."""
    _end(group, refresh, CANCELLED, "Cancelled due to user request.")
    tell(group, refresh, "Cancelled")


def rolled_back(group: FakeAutoScalingGroup, refresh: Refresh) -> None:
    """End a refresh that was rolled back."""
    refresh.percentage = 0
    _end(group, refresh, ROLLED_BACK, refresh.rollback.reason if refresh.rollback else "")
    tell(group, refresh, "Rollback Succeeded")


def roll_back(group: FakeAutoScalingGroup, refresh: Refresh, reason: str, now: float) -> None:
    """Begin to replace what the refresh has launched by what the group itself says."""
    refresh.rollback = Rollback(reason, datetime.now(UTC), refresh.percentage, refresh.to_update)
    present = [member.instance.id for member in groups.staying(group)]
    refresh.remaining = [name for name in present if name not in refresh.original]
    refresh.original, refresh.total = present, len(refresh.remaining)
    refresh.status, refresh.reason = ROLLING_BACK, reason
    refresh.waiting_until, refresh.progress_at = 0.0, now
    GroupRecord.of(group).surge = 0
    tell(group, refresh, "Rollback Started")


def is_reversible(group: FakeAutoScalingGroup, refresh: Refresh) -> bool:
    """Return whether a refresh can be rolled back: both configurations are fixed."""
    if not refresh.desired:
        return False
    own = launch_settings.own(group)
    return not moves(own)


def moves(settings: launch_settings.LaunchSettings) -> bool:
    """Return whether what these settings launch may change without them."""
    if settings.version in MOVING_VERSIONS or settings.template is None:
        return True
    image = settings.template.get_version(settings.version).image_id
    return str(image).startswith(image_parameters.PREFIX)


def _end(group: FakeAutoScalingGroup, refresh: Refresh, status: str, reason: str) -> None:
    refresh.status, refresh.reason, refresh.ended = status, reason, datetime.now(UTC)
    GroupRecord.of(group).surge = 0
