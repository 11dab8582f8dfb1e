"""Alarms whose action is a scaling policy."""

from __future__ import annotations

import time

from moto.cloudwatch.models import Alarm

from region.api.server import ControlPlane
from region.services.autoscaling import groups
from region.services.autoscaling.records import GroupRecord
from region.services.autoscaling.scaling import execution, policies
from region.services.autoscaling.scaling.execution import Trigger
from region.services.autoscaling.scaling.records import PolicyRecord
from region.services.cloudwatch import verdicts
from region.services.cloudwatch.alarm_actions import AlarmActionError, AlarmEvent
from region.services.cloudwatch.alarms import newest_value
from region.services.cloudwatch.records import AlarmRecord, CloudWatchRecord

PREFIX = "arn:aws:autoscaling:"
SUSPENDED = "AlarmNotification"


def run_policy(plane: ControlPlane, event: AlarmEvent) -> None:
    """Run the policy that is an alarm's action.

    Raises:
        AlarmActionError: There is none, or it does not run.
    """
    with plane.lock:
        backend = plane.backend("autoscaling")
        policy = policies.find(backend, event.action)
        group = backend.autoscaling_groups.get(policy.auto_scaling_group_name) if policy else None
        if policy is None or group is None:
            raise AlarmActionError(f"Scaling policy {event.action} does not exist.")
        if not PolicyRecord.of(policy).enabled:
            raise AlarmActionError(f"Scaling policy {policy.name} is disabled.")
        if SUSPENDED in groups.suspended_processes(group):
            GroupRecord.of(group).scaling.missed_alarms[policy.arn] = event.name
            raise AlarmActionError(f"{SUSPENDED} is suspended in {group.name}.")
        alarm = policies.alarms_of(backend).alarms.get(event.name)
        # What an action that is repeated brings is of the time when the state changed.
        value = _newest(plane, alarm) if event.repeated and alarm else event.value
        trigger = Trigger(
            _why(event.name, event.new_state, policy.name), event.name, value, event.threshold
        )
        if execution.run(backend, group, policy, trigger):
            plane.notify()


def reconsider(plane: ControlPlane, group_name: str) -> None:
    """Run the policies of a resumed group whose alarms went off meanwhile and still are in ALARM.

    The caller holds the control plane's lock.
    """
    backend = plane.backend("autoscaling")
    group = backend.autoscaling_groups[group_name]
    missed = GroupRecord.of(group).scaling.missed_alarms
    if not missed or SUSPENDED in groups.suspended_processes(group):
        return
    alarms = policies.alarms_of(backend).alarms
    for arn, name in list(missed.items()):
        policy, alarm = policies.find(backend, arn), alarms.get(name)
        if policy is not None and alarm is not None and alarm.state_value == execution.ALARM:
            threshold = AlarmRecord.of(alarm).settings.get("Threshold")
            trigger = Trigger(
                _why(name, alarm.state_value, policy.name),
                name,
                _newest(plane, alarm),
                None if threshold is None else float(threshold),
            )
            execution.run(backend, group, policy, trigger)
    missed.clear()


def _newest(plane: ControlPlane, alarm: Alarm) -> float | None:
    """Return the value of an alarm's metric by now."""
    store = CloudWatchRecord.of(plane.backend("cloudwatch")).store
    settings = AlarmRecord.of(alarm).settings
    found = verdicts.find(settings, store, time.time(), plane.config.speed)
    return newest_value(found.reason_data)


def _why(alarm: str, state: str, policy: str) -> str:
    return f"a monitor alarm {alarm} in state {state} triggered policy {policy}"
