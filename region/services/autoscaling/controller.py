"""Controller of Auto Scaling groups: it launches, checks and terminates their instances.

Every instance of a group goes Pending -> (Pending:Wait while a launch hook or the launch gate
holds it) -> InService -> Terminating -> gone. `scaling_plan` decides what to launch or terminate;
this module reads the group for it and applies the plan to moto's objects, under the control plane's
lock. Machines follow through the EC2 controller.

Target tracking policies are stored and described but not acted upon: the group keeps the desired
capacity that it was given.
"""

from __future__ import annotations

import time

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.ec2.models import EC2Backend
from moto.ec2.models.subnets import Subnet

from region.api.server import ControlPlane
from region.services.autoscaling import groups, health, launching, scaling_plan, termination
from region.services.autoscaling.groups import (
    IN_SERVICE,
    PENDING,
    PENDING_WAIT,
    TERMINATING,
    is_up,
)
from region.services.autoscaling.launching import Decision, Gate
from region.services.autoscaling.records import GroupRecord, MemberRecord

COUNTED = {PENDING, PENDING_WAIT, IN_SERVICE}


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
            found = list(self._backend.autoscaling_groups.values())
            before = [_signature(group) for group in found]
            errors = [self._attempt(group, decisions) for group in found]
            if [_signature(group) for group in found] != before:
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
                if member.lifecycle_state in {PENDING, PENDING_WAIT} and is_up(member.instance)
            ]

    def _at_termination_gate(self) -> list[tuple[str, str]]:
        with self._plane.lock:
            return [
                (group.name, member.instance.id)
                for group in self._backend.autoscaling_groups.values()
                for member in group.instance_states
                if member.lifecycle_state == TERMINATING
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
        suspended = groups.suspended_processes(group)
        for member in list(group.instance_states):
            decision = decisions.get(member.instance.id)
            if member.lifecycle_state in {PENDING, PENDING_WAIT}:
                launching.advance(self._plane, group, member, decision)
            if member.lifecycle_state == IN_SERVICE and "HealthCheck" not in suspended:
                health.check(self._plane, group, member, self._started)
            if member.lifecycle_state == TERMINATING:
                released = decision not in {None, "wait"}
                termination.advance(self._plane, group, member, released=released)
        self._scale(group)
        if GroupRecord.of(group).status is not None and not group.instance_states:
            groups.remove_group(self._backend, group)

    def _scale(self, group: FakeAutoScalingGroup) -> None:
        """Apply the next launches and terminations of a group."""
        now = time.time()
        record = GroupRecord.of(group)
        members = [
            _plan_member(member)
            for member in group.instance_states
            if member.lifecycle_state in COUNTED
        ]
        plan = scaling_plan.plan(
            _plan_settings(self._plane.backend("ec2"), group),
            members,
            now,
            may_launch=now >= record.launch_not_before and record.status is None,
        )
        capacity = len(members)
        by_id = {member.instance.id: member for member in group.instance_states}
        for step in plan.terminations:
            member = by_id[step.instance_id]
            if step.reason == "unhealthy":
                termination.replace_unhealthy(self._backend, member)
            else:
                termination.scale_in(self._backend, group, member, capacity)
            capacity -= 1
        for step in plan.launches:
            if not launching.launch(self._plane, group, step, capacity):
                break
            capacity += 1


def _plan_settings(backend: EC2Backend, group: FakeAutoScalingGroup) -> scaling_plan.GroupSettings:
    names = (group.vpc_zone_identifier or "").split(",")
    placements = [
        scaling_plan.Placement(subnet.id, subnet.availability_zone)
        for subnet in (_subnet(backend, name.strip()) for name in names)
        if subnet is not None
    ]
    record = GroupRecord.of(group)
    policy = record.instance_maintenance_policy or {}
    return scaling_plan.GroupSettings(
        desired=(group.desired_capacity or 0) + record.surge,
        max_size=group.max_size or 0,
        placements=tuple(placements),
        policies=tuple(group.termination_policies),
        min_healthy=_number(policy.get("MinHealthyPercentage")),
        max_healthy=_number(policy.get("MaxHealthyPercentage")),
        suspended=groups.suspended_processes(group),
    )


def _plan_member(member: InstanceState) -> scaling_plan.Member:
    record = MemberRecord.of(member)
    version = (record.launched_template or {}).get("Version", 0)
    instance = member.instance
    return scaling_plan.Member(
        instance_id=instance.id,
        placement=scaling_plan.Placement(instance.subnet_id or "", instance.placement.zone or ""),
        in_service=member.lifecycle_state == IN_SERVICE,
        healthy=member.health_status == "Healthy",
        protected=bool(member.protected_from_scale_in),
        template_version=int(version),
        launched_at=record.launched_at,
        beyond_desired=record.beyond_desired,
    )


def _subnet(backend: EC2Backend, name: str) -> Subnet | None:
    return next((zone[name] for zone in backend.subnets.values() if name in zone), None)


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))


def _signature(group: FakeAutoScalingGroup) -> tuple[object, ...]:
    """Return what counts as a change of a group."""
    members = tuple(
        (
            member.instance.id,
            member.lifecycle_state,
            member.health_status,
            member.instance.state_code,
        )
        for member in group.instance_states
    )
    return (GroupRecord.of(group).status, members)
