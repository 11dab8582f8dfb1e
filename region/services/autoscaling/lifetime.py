"""The maximum lifetime of a group's instances.

Callers hold the control plane's lock.
"""

from __future__ import annotations

from moto.autoscaling.models import FakeAutoScalingGroup

from region.api.server import ControlPlane
from region.services.autoscaling import groups, launch_settings, termination
from region.services.autoscaling.groups import IN_SERVICE
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.autoscaling.refresh import batches
from region.services.autoscaling.refresh.preferences import DEFAULT_MAX, DEFAULT_MIN, MAX, MIN

WHY = "an instance was taken out of service in response to its maximum instance lifetime."


def replace_old(plane: ControlPlane, group: FakeAutoScalingGroup, now: float) -> None:
    """Replace the instances that have reached the group's maximum, as its maintenance policy says."""
    record = GroupRecord.of(group)
    if launch_settings.current_refresh(group) is not None:
        return
    lifetime = plane.config.seconds(float(record.max_instance_lifetime or 0))
    serving = [one for one in group.instance_states if one.lifecycle_state == IN_SERVICE]
    old = [one for one in serving if lifetime and now > MemberRecord.of(one).launched_at + lifetime]
    if not old:
        record.surge = 0
        return
    busy = len(serving) != len(
        [one for one in group.instance_states if "Standby" not in one.lifecycle_state]
    )
    if busy or groups.suspended_processes(group) & {"Launch", "Terminate"}:
        return
    policy = record.instance_maintenance_policy or {}
    limits = batches.bounds(
        group.desired_capacity or 0,
        int(policy.get(MIN, DEFAULT_MIN)),
        int(policy.get(MAX, DEFAULT_MAX)),
        explicit=MAX in policy,
    )
    healthy = [one for one in serving if one.health_status == "Healthy"]
    batch = batches.next_batch(limits, len(healthy), len(old), len(old))
    old.sort(key=lambda one: MemberRecord.of(one).launched_at)
    for member in old[: batch.terminate]:
        termination.terminate(group.autoscaling_backend, member, WHY)
    if batch.terminate or record.surge != batch.surge:
        record.surge = batch.surge
        plane.notify()
