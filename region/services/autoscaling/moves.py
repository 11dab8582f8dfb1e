"""Standby and detaching: instances that leave traffic and go on running.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-detach-attach-instances.html
Lifecycle hooks have no part in it. Callers hold the control plane's lock.
"""

from __future__ import annotations

import time

from moto.autoscaling.models import (
    ASG_NAME_TAG,
    AutoScalingBackend,
    FakeAutoScalingGroup,
    InstanceState,
)

from region.api.server import ControlPlane
from region.services.autoscaling import activities, groups, targets
from region.services.autoscaling.records import MemberRecord
from region.services.ec2 import instances as ec2

LEAVING = frozenset({groups.ENTERING_STANDBY, groups.DETACHING})


def begin(
    backend: AutoScalingBackend, member: InstanceState, state: str, description: str, cause: str
) -> str:
    """Begin to move an instance to standby or out of the group; return the activity's id."""
    member.lifecycle_state = state
    record = MemberRecord.of(member)
    record.leaving_since, record.out_of_traffic = time.time(), False
    return _note(backend, member, description, cause)


def rejoin(backend: AutoScalingBackend, member: InstanceState, description: str, cause: str) -> str:
    """Begin to put an instance into service that was in standby or is attached."""
    member.lifecycle_state = groups.PENDING
    record = MemberRecord.of(member)
    record.rejoining, record.ready, record.beyond_desired = True, False, False
    record.out_of_traffic = False
    found = _note(backend, member, description, cause)
    activities.set_status(backend, found, activities.PRE_IN_SERVICE, 30)
    return found


def advance(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> None:
    """Take an instance that leaves traffic one step further."""
    backend, record = plane.backend("autoscaling"), MemberRecord.of(member)
    targets.leave(plane, group, member)
    running = member.instance.state_code == ec2.RUNNING
    if running and targets.is_draining(plane, group, member):
        activities.set_status(backend, record.move_activity, activities.DRAINING)
        return
    if member.lifecycle_state == groups.DETACHING:
        group.instance_states.remove(member)
        vars(member.instance).pop("autoscaling_group", None)
        plane.backend("ec2").delete_tags([member.instance.id], {ASG_NAME_TAG: group.name})
    else:
        member.lifecycle_state = groups.STANDBY
    activities.finish(backend, record.move_activity, "Successful")


def _note(backend: AutoScalingBackend, member: InstanceState, description: str, cause: str) -> str:
    found = activities.begin(
        backend,
        groups.group_of(member),
        f"{description}: {member.instance.id}",
        f"At {activities.timestamp()} instance {member.instance.id} was {cause}.",
        activities.place(member.availability_zone or ""),
    )
    MemberRecord.of(member).move_activity = found
    return found
