"""Suspended processes of Auto Scaling groups, and why they are. Callers hold the plane's lock."""

from __future__ import annotations

from collections.abc import Iterable

from moto.autoscaling.models import FakeAutoScalingGroup

from region.services.autoscaling import activities, groups
from region.services.autoscaling.records import GroupRecord


def suspend(group: FakeAutoScalingGroup, names: Iterable[str], by: str) -> None:
    """Suspend processes; those that are suspended already keep their reason."""
    reasons = GroupRecord.of(group).suspensions
    for name in names:
        reasons.setdefault(name, f"{by} at {activities.timestamp()}")


def resume(group: FakeAutoScalingGroup, names: Iterable[str]) -> None:
    """Resume processes."""
    record = GroupRecord.of(group)
    for name in names:
        record.suspensions.pop(name, None)
    if "Launch" not in record.suspensions:
        # Who resumes it wants to see it launch, not to wait for the end of a pause.
        record.launch_not_before = record.failing_since = 0.0
        record.launch_failures = 0


def read(group: FakeAutoScalingGroup) -> list[dict[str, str]]:
    """Describe the suspended processes."""
    reasons = GroupRecord.of(group).suspensions
    return [
        {"ProcessName": name, "SuspensionReason": reasons[name]}
        for name in groups.PROCESSES
        if name in reasons
    ]


def write(group: FakeAutoScalingGroup, names: Iterable[str]) -> None:
    """Make exactly these processes the suspended ones."""
    wanted = frozenset(names)
    resume(group, set(GroupRecord.of(group).suspensions) - wanted)
    suspend(group, sorted(wanted), "User suspended")
