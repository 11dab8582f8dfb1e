"""Controller of Auto Scaling groups: it launches, checks and terminates their instances.

`scaling_plan` decides what to launch or terminate; this module reads the group for it and applies
the plan to moto's objects, under the control plane's lock. `launching`, `moves` and `termination`
take each instance from one lifecycle state to the next. Machines follow through the EC2 controller.
"""

from __future__ import annotations

import time

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState

from region.api.server import ControlPlane
from region.services.autoscaling import (
    activities,
    groups,
    health,
    launching,
    moves,
    scaling_plan,
    termination,
    traffic_sources,
    views,
)
from region.services.autoscaling.groups import is_up
from region.services.autoscaling.launching import Gate
from region.services.autoscaling.lifecycle import Decision
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.ec2 import capacity
from region.services.ec2 import instances as ec2

PROTECTED = (
    "Could not scale to desired capacity because all remaining instances are protected from "
    "scale-in."
)


def always_continue(group_name: str, instance_id: str) -> Decision:
    """Hold no instance."""
    del group_name, instance_id
    return "continue"


class AutoScalingController:
    """Keeps every Auto Scaling group at its desired capacity, balanced and healthy.

    `launch_gate(group, instance_id)` is asked about each instance that is up, before it goes into
    service, and `termination_gate` about each that is out of traffic, before it is terminated:
    CodeDeploy's hooks. Both are asked without the control plane's lock.
    """

    name = "autoscaling"

    def __init__(
        self,
        plane: ControlPlane,
        launch_gate: Gate = always_continue,
        termination_gate: Gate = always_continue,
    ) -> None:
        """Work on the groups of `plane`."""
        self._plane = plane
        self._launch_gate = launch_gate
        self._termination_gate = termination_gate
        self._started = time.time()

    def reconcile(self) -> None:
        """Run one round over all groups."""
        decisions: dict[str, Decision] = {
            instance_id: self._launch_gate(group, instance_id)
            for group, instance_id in self._at_launch_gate()
        }
        for group, instance_id in self._at_termination_gate():
            decisions[instance_id] = self._termination_gate(group, instance_id)
        with self._plane.lock:
            capacity.load(self._plane.backend("ec2"), self._plane.config.root)
            found = list(self._backend.autoscaling_groups.values())
            before = [views.signature(group) for group in found]
            errors = [self._attempt(group, decisions) for group in found]
            if [views.signature(group) for group in found] != before:
                self._plane.notify()
        for error in errors:
            if error is not None:
                raise error  # The loop logs it and backs off.

    def close(self) -> None:
        """Do nothing: this controller starts nothing of its own."""

    @property
    def _backend(self) -> AutoScalingBackend:
        return self._plane.backend("autoscaling")

    def _at_launch_gate(self) -> list[tuple[str, str]]:
        with self._plane.lock:
            return [
                (group.name, member.instance.id)
                for group in self._backend.autoscaling_groups.values()
                for member in group.instance_states
                if member.lifecycle_state in {groups.PENDING, groups.PENDING_WAIT}
                and not MemberRecord.of(member).rejoining
                and is_up(member.instance)
            ]

    def _at_termination_gate(self) -> list[tuple[str, str]]:
        with self._plane.lock:
            return [
                (group.name, member.instance.id)
                for group in self._backend.autoscaling_groups.values()
                for member in group.instance_states
                if member.lifecycle_state in {groups.TERMINATING, groups.TERMINATING_WAIT}
                and termination.may_ask_gate(self._plane, group, member)
            ]

    def _attempt(
        self, group: FakeAutoScalingGroup, decisions: dict[str, Decision]
    ) -> Exception | None:
        """Reconcile one group; return its error, which must not keep others from their turn."""
        try:
            self._reconcile_group(group, decisions)
        except Exception as error:
            return error
        return None

    def _reconcile_group(self, group: FakeAutoScalingGroup, decisions: dict[str, Decision]) -> None:
        traffic_sources.advance(self._plane, group)
        for member in list(group.instance_states):
            self._advance(group, member, decisions.get(member.instance.id))
        if GroupRecord.of(group).status is None:
            self._scale(group)
        else:
            self._delete(group)

    def _delete(self, group: FakeAutoScalingGroup) -> None:
        """Terminate all instances of a group that is deleted, protected or not, and then the group."""
        for member in list(group.instance_states):
            if member.lifecycle_state not in groups.ENDING | {groups.DETACHING}:
                count = len(groups.counted(group))
                termination.scale_in(self._backend, group, member, count)
        if not group.instance_states:
            groups.remove_group(self._backend, group)

    def _advance(
        self, group: FakeAutoScalingGroup, member: InstanceState, decision: Decision | None
    ) -> None:
        """Take one instance to its next lifecycle state, if it is its time."""
        if member.lifecycle_state in groups.LAUNCHING:
            launching.advance(self._plane, group, member, decision)
        if member.lifecycle_state == groups.IN_SERVICE:
            health.set_grace(self._plane, group, member, self._started)
            if "HealthCheck" not in groups.suspended_processes(group):
                health.check(self._plane, group, member)
            health.check_ready(self._plane, group, member)
        if member.lifecycle_state in moves.LEAVING:
            moves.advance(self._plane, group, member)
        if member.lifecycle_state in groups.ENDING:
            termination.advance(self._plane, group, member, decision)
        elif (
            member.lifecycle_state == groups.RETAINED
            and member.instance.state_code == ec2.TERMINATED
        ):
            group.instance_states.remove(member)

    def _scale(self, group: FakeAutoScalingGroup) -> None:
        """Apply the next launches and terminations of a group.

        One launch at a time: where one finds no capacity, the next goes to another zone.
        """
        self._terminate(group, self._plan(group))
        for _ in range(2 * (group.desired_capacity or 0) + len(group.availability_zones)):
            plan = self._plan(group)
            count = len(groups.counted(group))
            if not plan.launches:
                break
            if not launching.launch(self._plane, group, plan.launches[0], count):
                break

    def _plan(self, group: FakeAutoScalingGroup) -> scaling_plan.Plan:
        now, record = time.time(), GroupRecord.of(group)
        return scaling_plan.plan(
            views.settings_of(self._plane, group),
            views.members_of(group),
            now,
            may_launch=now >= record.launch_not_before,
        )

    def _terminate(self, group: FakeAutoScalingGroup, plan: scaling_plan.Plan) -> None:
        record = GroupRecord.of(group)
        count = len(groups.counted(group))
        by_id = {member.instance.id: member for member in group.instance_states}
        for step in plan.terminations:
            member = by_id[step.instance_id]
            if step.reason == "unhealthy":
                termination.replace_unhealthy(self._backend, member)
            else:
                termination.scale_in(self._backend, group, member, count)
            count -= 1
        if count <= (group.desired_capacity or 0):
            record.balance_cause, record.protected_at = "", None
        elif plan.protected and record.protected_at is None:
            record.protected_at = group.desired_capacity
            self._tell_protected(group)

    def _tell_protected(self, group: FakeAutoScalingGroup) -> None:
        cause = (
            f"{GroupRecord.of(group).capacity_cause}  "
            f"At {activities.timestamp()} group reached equilibrium."
        )
        activity = activities.begin(self._backend, group, PROTECTED, cause.strip())
        activities.finish(self._backend, activity, "Failed", PROTECTED)
