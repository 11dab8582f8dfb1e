"""An instance refresh under way: one step in each round.

Callers hold the control plane's lock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from region.api.server import ControlPlane
from region.services.autoscaling import groups, launch_settings, periods, termination
from region.services.autoscaling.groups import IN_SERVICE, TERMINATING
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.autoscaling.refresh import batches, ends
from region.services.autoscaling.refresh.records import (
    BAKING,
    CANCELLING,
    IN_PROGRESS,
    PENDING,
    ROLLING_BACK,
    Refresh,
)
from region.services.autoscaling.scaling import policies

SUSPENDED = "InstanceRefresh"
STANDBY = "Standby"
WHY = "an instance was taken out of service in response to an instance refresh."


@dataclass(frozen=True, slots=True)
class _View:
    """The group in one round.

    Attributes:
        members: Those that are not on their way out.
        ready: In service, healthy and warmed up.
        waiting: The ids of new instances that are not.
    """

    members: list[InstanceState]
    ready: list[InstanceState]
    waiting: list[str]


def advance(plane: ControlPlane, group: FakeAutoScalingGroup, now: float) -> None:
    """Take the group's instance refresh, if it has one, a step further."""
    refresh = launch_settings.current_refresh(group)
    if refresh is None or SUSPENDED in groups.suspended_processes(group):
        return
    before = (refresh.status, refresh.percentage, refresh.reason, len(refresh.remaining))
    if refresh.status == PENDING:
        refresh.status, refresh.progress_at = IN_PROGRESS, now
        ends.tell(group, refresh, "Started")
    view = _view(plane, group, refresh, now)
    if refresh.status == CANCELLING:
        if not view.waiting and not _leaving(group):
            ends.cancelled(group, refresh)
    else:
        _go_on(plane, group, refresh, view, now)
    if (refresh.status, refresh.percentage, refresh.reason, len(refresh.remaining)) != before:
        plane.notify()


def _go_on(
    plane: ControlPlane, group: FakeAutoScalingGroup, refresh: Refresh, view: _View, now: float
) -> None:
    alarm = "" if refresh.status == ROLLING_BACK else _alarm(group, refresh)
    if alarm:
        ends.failed(group, refresh, f"Alarm {alarm} is in state ALARM.", now)
        return
    if refresh.status == BAKING:
        if now >= refresh.waiting_until:
            ends.succeeded(group, refresh)
        return
    present = {member.instance.id for member in view.members}
    refresh.remaining = [name for name in refresh.remaining if name in present]
    _count(group, refresh, view, now)
    if now < refresh.waiting_until:
        return
    _terminate_standby(group, refresh, view)
    limit = _limit(refresh)
    old = [member for member in view.members if member.instance.id in refresh.remaining]
    old = [member for member in old if not _ignored(refresh, member)]
    allowed = max(0, limit - (refresh.total - len(refresh.remaining)))
    if not old or allowed == 0:
        _settle(plane, group, refresh, view, now, last=not old)
    else:
        _replace(group, refresh, view, old, allowed)
    patience = plane.config.seconds(periods.REFRESH_PATIENCE.seconds)
    if refresh.status in {IN_PROGRESS, ROLLING_BACK} and now > refresh.progress_at + patience:
        ends.failed(group, refresh, f"No progress was made for one hour. {refresh.reason}", now)


def _view(plane: ControlPlane, group: FakeAutoScalingGroup, refresh: Refresh, now: float) -> _View:
    warmup = plane.config.seconds(float(refresh.preferences["InstanceWarmup"]))
    members = groups.staying(group)
    ready: list[InstanceState] = []
    waiting: list[str] = []
    for member in members:
        is_new = member.instance.id not in refresh.original
        fit = member.lifecycle_state == IN_SERVICE and member.health_status == "Healthy"
        if fit and (not is_new or now >= MemberRecord.of(member).in_service_at + warmup):
            ready.append(member)
        elif is_new:
            waiting.append(member.instance.id)
    return _View(members, ready, waiting)


def _replace(
    group: FakeAutoScalingGroup,
    refresh: Refresh,
    view: _View,
    old: list[InstanceState],
    allowed: int,
) -> None:
    """Terminate old instances, and ask for new ones beyond the desired capacity, within the bounds."""
    if groups.suspended_processes(group) & {"Launch", "Terminate"}:
        refresh.reason = "Waiting for the Launch and Terminate processes to be resumed."
        return
    preferences, desired = refresh.preferences, group.desired_capacity or 0
    limits = batches.bounds(
        desired,
        int(preferences["MinHealthyPercentage"]),
        int(preferences["MaxHealthyPercentage"]),
        explicit=refresh.explicit_maximum,
    )
    free = [member for member in old if not _held(refresh, member)]
    ready = {id(member) for member in view.ready}
    # What is not in service serves nobody: it goes first, and takes nothing from what is ready.
    useless = [
        member for member in free if id(member) not in ready and member.instance.state_code != 0
    ]
    old_ready = [member for member in free if id(member) in ready]
    batch = batches.next_batch(
        limits, len(view.ready), min(allowed, len(old_ready)), min(allowed, len(free))
    )
    chosen = [*useless[:allowed], *_choose(view.members, old_ready, batch.terminate)][:allowed]
    for member in chosen:
        termination.terminate(group.autoscaling_backend, member, WHY)
        refresh.remaining.remove(member.instance.id)
    GroupRecord.of(group).surge = batch.surge
    refresh.reason = _reason(view, old, free)


def _settle(
    plane: ControlPlane,
    group: FakeAutoScalingGroup,
    refresh: Refresh,
    view: _View,
    now: float,
    *,
    last: bool,
) -> None:
    """Wait for the new instances; then for the checkpoint or the bake time, or end."""
    GroupRecord.of(group).surge = 0
    if view.waiting or len(view.ready) < (group.desired_capacity or 0):
        refresh.reason = _reason(view, [], [])
        return
    refresh.progress_at = now
    percentages: list[int] = refresh.preferences.get("CheckpointPercentages") or []
    if refresh.status == IN_PROGRESS and not last and refresh.checkpoint + 1 < len(percentages):
        delay = float(refresh.preferences["CheckpointDelay"])
        refresh.waiting_until = now + plane.config.seconds(delay)
        refresh.progress_at = refresh.waiting_until
        reached = percentages[refresh.checkpoint]
        refresh.reason = f"Waiting at the checkpoint of {reached} percent for {delay:g} seconds."
        refresh.checkpoint += 1
        ends.tell(group, refresh, "Checkpoint Reached", CheckpointPercentage=reached)
        return
    bake = float(refresh.preferences.get("BakeTime") or 0)
    if refresh.status == IN_PROGRESS and bake:
        refresh.status, refresh.waiting_until = BAKING, now + plane.config.seconds(bake)
        refresh.reason = f"Waiting for the bake time of {bake:g} seconds."
    elif refresh.status == ROLLING_BACK:
        ends.rolled_back(group, refresh)
    else:
        ends.succeeded(group, refresh)


def _count(group: FakeAutoScalingGroup, refresh: Refresh, view: _View, now: float) -> None:
    gone = refresh.total - len(refresh.remaining)
    missing = max(0, (group.desired_capacity or 0) - len(view.ready))
    done = max(0, gone - missing)
    percentage = batches.percentage_of(done, refresh.total)
    if refresh.rollback is not None:
        back = refresh.rollback.percentage * (refresh.total - done)
        refresh.percentage = back // refresh.total if refresh.total else 0
        return
    if percentage > refresh.percentage:
        refresh.progress_at = max(refresh.progress_at, now)
    refresh.percentage = max(refresh.percentage, percentage)
    refresh.to_update = refresh.total - done


def _limit(refresh: Refresh) -> int:
    """Return how many instances may be replaced up to the next checkpoint."""
    percentages: list[int] = refresh.preferences.get("CheckpointPercentages") or []
    if not percentages or refresh.status == ROLLING_BACK:
        return refresh.total
    at = percentages[min(refresh.checkpoint, len(percentages) - 1)]
    return batches.replaced_at(refresh.total, at)


def _choose(
    members: list[InstanceState], candidates: list[InstanceState], count: int
) -> list[InstanceState]:
    """Choose instances one after the other from the zone that has most."""
    zones = Counter(str(member.availability_zone) for member in members)
    left, chosen = list(candidates), list[InstanceState]()
    for _ in range(min(count, len(left))):
        member = max(left, key=lambda one: zones[str(one.availability_zone)])
        left.remove(member)
        zones[str(member.availability_zone)] -= 1
        chosen.append(member)
    return chosen


def _terminate_standby(group: FakeAutoScalingGroup, refresh: Refresh, view: _View) -> None:
    if refresh.preferences["StandbyInstances"] != "Terminate":
        return
    for member in view.members:
        if member.lifecycle_state == STANDBY and member.instance.id in refresh.remaining:
            termination.terminate(group.autoscaling_backend, member, WHY)
            refresh.remaining.remove(member.instance.id)


def _ignored(refresh: Refresh, member: InstanceState) -> bool:
    preferences = refresh.preferences
    if member.lifecycle_state == STANDBY:
        return preferences["StandbyInstances"] == "Ignore"
    protected = bool(member.protected_from_scale_in)
    return protected and preferences["ScaleInProtectedInstances"] == "Ignore"


def _held(refresh: Refresh, member: InstanceState) -> bool:
    preferences = refresh.preferences
    if member.lifecycle_state == STANDBY:
        return preferences["StandbyInstances"] == "Wait"
    protected = bool(member.protected_from_scale_in)
    return protected and preferences["ScaleInProtectedInstances"] == "Wait"


def _reason(view: _View, old: list[InstanceState], free: list[InstanceState]) -> str:
    if view.waiting:
        return (
            "Waiting for instances to warm up before continuing. For example: "
            f"{view.waiting[0]} is warming up."
        )
    if old and not free:
        return (
            f"Waiting for instances to be replaceable. For example: {old[0].instance.id} is "
            "protected from scale in or in Standby."
        )
    return "Waiting for remaining instances to be available."


def _alarm(group: FakeAutoScalingGroup, refresh: Refresh) -> str:
    """Return the name of an alarm of the refresh that is in ALARM; empty if none is."""
    known = policies.alarms_of(group.autoscaling_backend).alarms
    names = (refresh.preferences.get("AlarmSpecification") or {}).get("Alarms") or []
    return next(
        (name for name in names if name in known and known[name].state_value == "ALARM"), ""
    )


def _leaving(group: FakeAutoScalingGroup) -> bool:
    return any(member.lifecycle_state.startswith(TERMINATING) for member in group.instance_states)
