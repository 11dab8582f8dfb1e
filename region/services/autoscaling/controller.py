"""Auto Scaling groups: instances come, are looked after and go as the group wants them.

Every instance of a group goes Pending -> (Pending:Wait while a launch hook or the launch gate
says so) -> InService -> Terminating -> gone. What has to be launched or terminated is decided by
scaling_rules; this module reads the group for it and carries the decision out on moto's objects,
under the control plane's lock. Machines follow through the instances controller.

Target tracking policies are stored and described but not acted upon: the group keeps the desired
capacity that it was given.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Literal

from region.api.server import ControlPlane
from region.services.autoscaling import activities, rules
from region.services.autoscaling import groups as membership
from region.services.autoscaling.groups import IN_SERVICE, LEAVING, PENDING, WAITING
from region.services.ec2 import instances as ec2
from region.services.ec2.records import InstanceRecord

log = logging.getLogger(__name__)

Decision = Literal["continue", "wait", "abandon"]
Gate = Callable[[str, str], Decision]

COUNTED = {PENDING, WAITING, IN_SERVICE}
CODEDEPLOY_HOOK = "CodeDeploy-managed-automatic-launch-deployment-hook-"
ASG_TAG = "aws:autoscaling:groupName"
DRAIN_MARGIN = 10.0
DEFAULT_DEREGISTRATION_DELAY = 300.0
STATUS_CHECKS = "EC2 instance status checks failure"
GONE = "EC2 health check indicating it has been terminated or stopped"


def always_continue(group_name: str, instance_id: str) -> Decision:
    """A gate that holds no instance."""
    del group_name, instance_id
    return "continue"


class AutoScalingController:
    """Keeps every Auto Scaling group at its desired capacity, balanced and healthy.

    `launch_gate(group, instance_id)` is asked about each instance that is up, before it goes into
    service, and `termination_gate` about each that is out of traffic, before it is ended: CodeDeploy's
    hooks. Both are asked without the control plane's lock.
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
        self._gate = launch_gate
        self._end_gate = termination_gate
        self._started = time.time()

    def reconcile(self) -> None:
        """One round over all groups."""
        decisions: dict[str, Decision] = {
            instance_id: self._gate(group, instance_id) for group, instance_id in self._at_gate()
        }
        for group, instance_id in self._at_end():
            decisions[instance_id] = self._end_gate(group, instance_id)
        with self._plane.lock:
            groups = list(self._backend.autoscaling_groups.values())
            before = [_signature(group) for group in groups]
            errors = [self._attempt(group, decisions) for group in groups]
            if [_signature(group) for group in groups] != before:
                self._plane.notify()
        for error in errors:
            if error is not None:
                raise error  # The loop logs it and backs off.

    def close(self) -> None:
        """Nothing to end: this controller starts nothing of its own."""

    @property
    def _backend(self) -> Any:
        return self._plane.backend("autoscaling")

    def _at_gate(self) -> list[tuple[str, str]]:
        with self._plane.lock:
            return [
                (group.name, state.instance.id)
                for group in self._backend.autoscaling_groups.values()
                for state in group.instance_states
                if state.lifecycle_state in {PENDING, WAITING} and _is_up(state.instance)
            ]

    def _at_end(self) -> list[tuple[str, str]]:
        with self._plane.lock:
            return [
                (group.name, state.instance.id)
                for group in self._backend.autoscaling_groups.values()
                for state in group.instance_states
                if state.lifecycle_state == LEAVING and self._may_stop(group, state)
            ]

    def _attempt(self, group: Any, decisions: dict[str, Decision]) -> Exception | None:
        """Look after one group; an error in it must not keep others from being looked after."""
        try:
            self._look_after(group, decisions)
        except Exception as error:
            return error
        return None

    def _look_after(self, group: Any, decisions: dict[str, Decision]) -> None:
        suspended = membership.suspended_processes(group)
        for state in list(group.instance_states):
            if state.lifecycle_state in {PENDING, WAITING}:
                self._advance(group, state, decisions.get(state.instance.id), suspended)
            if state.lifecycle_state == IN_SERVICE and "HealthCheck" not in suspended:
                self._check_health(group, state)
            if state.lifecycle_state == LEAVING:
                self._leave(group, state, decisions.get(state.instance.id))
        self._carry_out(group, suspended)
        if group.status is not None and not group.instance_states:
            membership.remove_group(self._backend, group)

    # Coming ----------------------------------------------------------------------------------

    def _advance(
        self, group: Any, state: Any, decision: Decision | None, suspended: frozenset[str]
    ) -> None:
        instance = state.instance
        if instance.state_code not in {ec2.PENDING, ec2.RUNNING}:
            self._launch_failed(group, state, "The instance ended before it was in service.", GONE)
        elif InstanceRecord.of(instance).impairment:
            self._launch_failed(group, state, InstanceRecord.of(instance).impairment, STATUS_CHECKS)
        elif decision is not None and _is_up(instance):
            verdict = self._verdict(group, state, decision)
            if verdict == "wait":
                state.lifecycle_state = WAITING
            elif verdict == "abandon":
                message = f"Instance {instance.id} was abandoned by its launch lifecycle hook."
                self._launch_failed(group, state, message, "an abandoned lifecycle action")
            else:
                self._into_service(group, state, suspended)

    def _verdict(self, group: Any, state: Any, gate: Decision) -> Decision:
        """What the launch gate and the group's own lifecycle hooks say together."""
        waiting = gate == "wait"
        for hook in self._backend.describe_lifecycle_hooks(group.name):
            if hook.lifecycle_transition != membership.LAUNCHING or hook.name.startswith(
                CODEDEPLOY_HOOK
            ):
                continue
            result = state.hook_results.get(hook.name)
            if result is None:
                timeout = self._plane.config.seconds(hook.heartbeat_timeout)
                deadline = state.hook_deadlines.setdefault(hook.name, time.time() + timeout)
                result = hook.default_result if time.time() > deadline else None
            if result == "ABANDON":
                return "abandon"
            waiting = waiting or result is None
        return "wait" if waiting and gate != "abandon" else gate

    def _into_service(self, group: Any, state: Any, suspended: frozenset[str]) -> None:
        state.lifecycle_state = IN_SERVICE
        state.health_status = "Healthy"
        state.in_service_at = time.time()
        state.hook_deadlines.clear()
        group.launch_failures = 0
        if "AddToLoadBalancer" not in suspended:
            for arn in group.target_group_arns:
                membership.register(self._backend, arn, [state.instance.id])
        activities.finish(self._backend, state.launch_activity, "Successful")

    def _launch_failed(self, group: Any, state: Any, message: str, response_to: str) -> None:
        self._back_off(group)
        activities.finish(self._backend, state.launch_activity, "Failed", message)
        self._take_out(state, f"an instance was taken out of service in response to {response_to}.")

    def _back_off(self, group: Any) -> None:
        group.launch_failures += 1
        wait = self._plane.config.seconds(rules.back_off(group.launch_failures))
        group.launch_not_before = time.time() + wait
        log.warning(
            "group %s: launch failed %d times, next attempt in %.0f s",
            group.name,
            group.launch_failures,
            wait,
        )

    # Staying ---------------------------------------------------------------------------------

    def _check_health(self, group: Any, state: Any) -> None:
        instance = state.instance
        if instance.state_code != ec2.RUNNING:
            state.health_status, state.health_cause = "Unhealthy", GONE
            return
        if InstanceRecord.of(instance).rebooting:
            return  # After a restart of the region machines boot again; nothing is wrong.
        if InstanceRecord.of(instance).impairment:
            state.health_status, state.health_cause = "Unhealthy", STATUS_CHECKS
            return
        # The grace period is for load balancer and custom checks only (CreateAutoScalingGroup).
        grace = self._plane.config.seconds(group.health_check_grace_period)
        if time.time() < max(state.in_service_at, self._started) + grace:
            return
        if group.health_check_type != "EC2" and self._failing_target(group, instance.id):
            state.health_status = "Unhealthy"
            state.health_cause = "an ELB system health check failure"

    def _failing_target(self, group: Any, instance_id: str) -> bool:
        return any(health == "unhealthy" for health in self._target_health(group, instance_id))

    def _target_health(self, group: Any, instance_id: str) -> list[str]:
        balancers = self._plane.backend("elbv2")
        return [
            health.status
            for arn in group.target_group_arns
            if arn in balancers.target_groups
            for health in balancers.describe_target_health(arn, [{"Id": instance_id}])
        ]

    # Going -----------------------------------------------------------------------------------

    def _take_out(self, state: Any, why: str) -> None:
        membership.mark_leaving(self._backend, state, f"At {activities.timestamp()} {why}")

    def _leave(self, group: Any, state: Any, decision: Decision | None) -> None:
        instance = state.instance
        for arn in group.target_group_arns:
            membership.deregister(self._backend, arn, instance.id)
        if not state.out_of_traffic:
            state.out_of_traffic = True
            self._plane.notify()
        if instance.state_code in {ec2.SHUTTING_DOWN, ec2.TERMINATED}:
            if instance.state_code == ec2.TERMINATED:
                group.instance_states.remove(state)
                activities.finish(self._backend, state.end_activity, "Successful")
            return
        if instance.state_code == ec2.RUNNING and self._drains(group, state):
            return
        # Not asked yet, in the round that took it out of traffic: the next one asks.
        if self._may_stop(group, state) and decision in {None, "wait"}:
            return
        instance.terminate()

    def _may_stop(self, group: Any, state: Any) -> bool:
        """Whether the termination hook has its turn: after the last request, and not where the
        group itself is deleted, which takes its hooks along.
        """
        return (
            group.status is None
            and state.out_of_traffic
            and _is_up(state.instance)
            and not self._drains(group, state)
        )

    def _drains(self, group: Any, state: Any) -> bool:
        """Whether a target group still sends the rest of its requests to the instance."""
        if "draining" not in self._target_health(group, state.instance.id):
            return False
        delays = [
            float(
                self._plane.backend("elbv2")
                .target_groups[arn]
                .attributes.get(
                    "deregistration_delay.timeout_seconds", DEFAULT_DEREGISTRATION_DELAY
                )
            )
            for arn in group.target_group_arns
            if arn in self._plane.backend("elbv2").target_groups
        ]
        longest = self._plane.config.seconds(max(delays, default=0.0)) + DRAIN_MARGIN
        return time.time() < state.leaving_since + longest

    # Scaling ---------------------------------------------------------------------------------

    def _carry_out(self, group: Any, suspended: frozenset[str]) -> None:
        now = time.time()
        members = [
            _member(state) for state in group.instance_states if state.lifecycle_state in COUNTED
        ]
        plan = rules.plan(
            self._wanted(group, suspended),
            members,
            now,
            may_launch=now >= group.launch_not_before and group.status is None,
        )
        capacity = len(members)
        states = {state.instance.id: state for state in group.instance_states}
        for termination in plan.terminations:
            self._terminate(group, states[termination.instance_id], termination.reason, capacity)
            capacity -= 1
        for launch in plan.launches:
            if not self._launch(group, launch, capacity):
                break
            capacity += 1

    def _wanted(self, group: Any, suspended: frozenset[str]) -> rules.Wanted:
        subnets = self._plane.backend("ec2")
        names = (group.vpc_zone_identifier or "").split(",")
        places = [
            rules.Place(subnet.id, subnet.availability_zone)
            for subnet in (_subnet(subnets, name.strip()) for name in names)
            if subnet is not None
        ]
        policy = group.instance_maintenance_policy or {}
        return rules.Wanted(
            desired=group.desired_capacity,
            max_size=group.max_size,
            places=tuple(places),
            policies=tuple(group.termination_policies),
            min_healthy=_number(policy.get("MinHealthyPercentage")),
            max_healthy=_number(policy.get("MaxHealthyPercentage")),
            suspended=suspended,
        )

    def _terminate(self, group: Any, state: Any, reason: str, capacity: int) -> None:
        if reason == "unhealthy":
            cause = getattr(state, "health_cause", "an EC2 health check failure")
            self._take_out(state, f"an instance was taken out of service in response to {cause}.")
            return
        now = activities.timestamp()
        self._take_out(
            state,
            "an instance was taken out of service in response to a difference between desired "
            f"and actual capacity, shrinking the capacity from {capacity} to {capacity - 1}.  "
            f"At {now} instance {state.instance.id} was selected for termination.",
        )
        if group.capacity_cause:
            self._prefix_cause(state, group.capacity_cause)

    def _prefix_cause(self, state: Any, cause: str) -> None:
        for activity in activities.find(self._backend, None, [state.end_activity]):
            activity["Cause"] = f"{cause}  {activity['Cause']}"

    def _launch(self, group: Any, launch: rules.Launch, capacity: int) -> bool:
        backend = self._backend
        cause = _launch_cause(group, launch.reason, capacity)
        activity = activities.begin(backend, group, "Launching a new EC2 instance", cause)
        try:
            instance, template = _run_instance(self._plane.backend("ec2"), group, launch.place)
        except Exception as error:
            message = f"Launching EC2 instance failed. {error}"
            activities.finish(backend, activity, "Failed", message)
            self._back_off(group)
            return False
        activities.describe(backend, activity, f"Launching a new EC2 instance: {instance.id}")
        state = membership.new_member(group, instance)
        state.launched_template = template
        state.beyond_desired = launch.beyond_desired
        state.launch_activity = activity
        return True


def _member(state: Any) -> rules.Member:
    version = (state.launched_template or {}).get("Version", 0)
    return rules.Member(
        instance_id=state.instance.id,
        place=rules.Place(state.instance.subnet_id, state.instance.placement.zone),
        in_service=state.lifecycle_state == IN_SERVICE,
        healthy=state.health_status == "Healthy",
        protected=bool(state.protected_from_scale_in),
        template_version=int(version),
        launched_at=state.launched_at,
        beyond_desired=state.beyond_desired,
    )


def _run_instance(backend: Any, group: Any, place: rules.Place) -> tuple[Any, dict[str, str]]:
    """Launch one instance from the group's launch template, in the version the group names."""
    template = group.ec2_launch_template
    if template.id not in backend.launch_templates:
        raise LookupError(f"Launch template {template.id} ({template.name}) no longer exists.")
    version = template.get_version(group.launch_template_version)
    reservation = backend.run_instances(
        version.image_id,
        1,
        version.user_data,
        [],
        region_name=backend.region_name,
        instance_type=_choose_type(backend, group, place.zone) or version.instance_type,
        is_instance_type_default=False,
        subnet_id=place.subnet_id,
        associate_public_ip=None,
        launch_template={"LaunchTemplateId": template.id, "Version": str(version.number)},
        tags={
            "instance": {
                **version.instance_tags,
                **group.get_propagated_tags(),
                ASG_TAG: group.name,
            }
        },
    )
    return reservation.instances[0], {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "Version": str(version.number),
    }


def _choose_type(backend: Any, group: Any, zone: str) -> str | None:
    """The first of the group's types that the zone offers; None where the template decides.

    On-Demand instances by priority, the only kind here. Capacity never runs out, so only an offer
    that is missing lets a later type come to its turn.
    """
    policy = group.mixed_instances_policy or {}
    overrides = (policy.get("LaunchTemplate") or {}).get("Overrides") or []
    types = [str(item["InstanceType"]) for item in overrides if item.get("InstanceType")]
    if not types:
        return None
    offers = backend.describe_instance_type_offerings("availability-zone", {"location": [zone]})
    offered = {offer["InstanceType"] for offer in offers}
    for name in types:
        if name in offered:
            return name
    raise LookupError(f"{zone} offers none of the types {', '.join(types)}.")


def _launch_cause(group: Any, reason: str, capacity: int) -> str:
    now = activities.timestamp()
    if reason == "unhealthy":
        return (
            f"At {now} an instance was launched in response to an unhealthy instance needing to "
            "be replaced."
        )
    if reason == "rebalance":
        return (
            f"At {now} an instance was launched to balance instances across Availability Zones, "
            "resulting in more than desired number of instances in the group."
        )
    started = (
        f"At {now} an instance was started in response to a difference between desired and actual "
        f"capacity, increasing the capacity from {capacity} to {capacity + 1}."
    )
    return f"{group.capacity_cause}  {started}" if group.capacity_cause else started


def _is_up(instance: Any) -> bool:
    return instance.state_code == ec2.RUNNING and not InstanceRecord.of(instance).impairment


def _subnet(backend: Any, name: str) -> Any:
    return next((zone[name] for zone in backend.subnets.values() if name in zone), None)


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _signature(group: Any) -> tuple[Any, ...]:
    members = tuple(
        (state.instance.id, state.lifecycle_state, state.health_status, state.instance.state_code)
        for state in group.instance_states
    )
    return (group.status, members)
