"""Executes the actions of alarms. Nothing here holds the control plane's lock while it waits."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from moto.cloudwatch.models import Alarm

from region.api.server import ControlPlane
from region.services.cloudwatch import alarms, ec2_actions, notifications
from region.services.cloudwatch.alarm_actions import (
    AlarmActionError,
    AlarmEvent,
    Handler,
    handler_of,
)
from region.services.cloudwatch.alarms import ACTION
from region.services.cloudwatch.records import AlarmRecord
from region.services.cloudwatch.suppression import Due

log = logging.getLogger(__name__)

_OWN: dict[str, Handler] = {
    "arn:aws:sns:": notifications.publish,
    "arn:aws:automate:": ec2_actions.act,
    "arn:aws:swf:": ec2_actions.act,
}


class Actor:
    """Executes actions and notes each in its alarm's history."""

    def __init__(self, plane: ControlPlane) -> None:
        """Act on `plane`."""
        self._plane = plane

    def execute(self, due: Due) -> None:
        """Execute an action; what fails is in the alarm's history."""
        with self._plane.lock:
            alarm = self._plane.backend("cloudwatch").alarms.get(due.transition.alarm)
            if alarm is None:
                return
            event = _event(alarm, due)
        handler = next(
            (own for prefix, own in _OWN.items() if due.action.startswith(prefix)), None
        ) or handler_of(due.action)
        error = ""
        try:
            if handler is None:
                raise AlarmActionError(f"Nothing executes {due.action} in the local region.")
            handler(self._plane, event)
        except AlarmActionError as problem:
            error = str(problem)
        except Exception as problem:
            log.exception("alarm %s: action %s failed", event.name, due.action)
            error = f"{type(problem).__name__}: {problem}"
        if not due.repeated or error:
            self._note(alarm, due, error)

    def _note(self, alarm: Alarm, due: Due, error: str) -> None:
        data: dict[str, Any] = {
            "actionState": "Failed" if error else "Succeeded",
            "notificationResource": due.action,
            "stateUpdateTimestamp": int(due.transition.at.timestamp() * 1000),
        }
        if error:
            data["error"] = error
        summary = (
            f"Failed to execute action {due.action}. Received error: {error}"
            if error
            else f"Successfully executed action {due.action}"
        )
        with self._plane.lock:
            alarms.note(self._plane.backend("cloudwatch"), alarm, ACTION, summary, data)


def _event(alarm: Alarm, due: Due) -> AlarmEvent:
    change = due.transition
    settings = AlarmRecord.of(alarm).settings
    data = alarms.parsed(change.reason_data)
    threshold = settings.get("Threshold", data.get("threshold"))
    at: datetime = change.at
    return AlarmEvent(
        action=due.action,
        name=alarm.name,
        arn=alarm.alarm_arn,
        old_state=change.old,
        new_state=change.new,
        reason=change.reason,
        reason_data=change.reason_data,
        at=at,
        value=alarms.newest_value(change.reason_data),
        threshold=None if threshold is None else float(threshold),
        repeated=due.repeated,
        settings=settings,
    )
