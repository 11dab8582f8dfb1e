"""Evaluates alarms, every minute of AWS's clock, and lets them act.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import logging
import math
import time

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from region.api.server import ControlPlane
from region.services.cloudwatch import (
    alarm_events,
    alarms,
    rule_expressions,
    suppression,
    verdicts,
    windows,
)
from region.services.cloudwatch.acting import Actor
from region.services.cloudwatch.evaluation import ALARM, INSUFFICIENT_DATA, OK
from region.services.cloudwatch.periods import WARM_UP_MINUTE
from region.services.cloudwatch.records import (
    COMPOSITE_ALARM,
    METRIC_ALARM,
    AlarmRecord,
    CloudWatchRecord,
)
from region.services.events import emission

log = logging.getLogger(__name__)

IN_WARM_UP = "IN_WARM_UP"
MOST_ROUNDS = 10
"""How deep composite alarms are nested at most; in a cycle, evaluation stops."""
_FIRST_S = 1.0
_ARRIVAL_S = 0.4
"""Seconds of the computer's clock that data get to arrive in."""


class AlarmsController:
    """Keeps the state of every alarm true."""

    name = "alarms"

    def __init__(self, plane: ControlPlane) -> None:
        """Evaluate the alarms of `plane`."""
        self._plane = plane
        self._speed = plane.config.speed
        self._actor = Actor(plane)

    def reconcile(self) -> None:
        """Evaluate the alarms that are due, and execute the actions that follow."""
        now = time.time()
        with self._plane.lock:
            backend = self._plane.backend("cloudwatch")
            if not backend.alarms:
                CloudWatchRecord.of(backend).transitions.clear()
                return
            for alarm in alarms.all_alarms(backend):
                if AlarmRecord.of(alarm).kind == METRIC_ALARM:
                    self._evaluate_if_due(backend, alarm, now)
            _evaluate_composites(backend)
            events = [
                alarm_events.event_of(backend.alarms[change.alarm], change)
                for change in CloudWatchRecord.of(backend).transitions
                if change.alarm in backend.alarms
            ]
            due = suppression.due(backend, now, self._speed)
        if events:
            # Others, such as deployments, act on an alarm's state.
            self._plane.notify()
        for detail, arn in events:
            emission.emit(self._plane, "aws.cloudwatch", alarm_events.CHANGED, detail, [arn])
        for action in due:
            self._actor.execute(action)

    def close(self) -> None:
        """Do nothing: nothing runs between rounds."""

    def _evaluate_if_due(self, backend: CloudWatchBackend, alarm: Alarm, now: float) -> None:
        record = AlarmRecord.of(alarm)
        interval = windows.interval_of(windows.period_of(record.settings), self._speed)
        if record.set_at:
            # "returns to its actual state quickly, often within seconds": a full interval, so that
            # whoever follows alarms sees the state.
            record.next_at = max(record.set_at + max(interval, _FIRST_S), record.next_at)
            record.set_at = 0.0
        if not record.next_at:
            record.next_at = now + min(_FIRST_S, interval / 2)
        # A clock that was put back must not stop alarms.
        if now < record.next_at <= now + 2 * interval + _FIRST_S:
            return
        arrival = min(_ARRIVAL_S, interval / 4)
        record.next_at = (math.floor((now - arrival) / interval) + 1) * interval + arrival
        try:
            self._evaluate(backend, alarm, now)
        except Exception:
            log.exception("alarm %s could not be evaluated", alarm.name)

    def _evaluate(self, backend: CloudWatchBackend, alarm: Alarm, now: float) -> None:
        record = AlarmRecord.of(alarm)
        found = verdicts.find(record.settings, CloudWatchRecord.of(backend).store, now, self._speed)
        record.evaluation_state = found.failure
        if record.warm_since:
            if self._warms_up(record, now, full=found.full):
                record.evaluation_state = IN_WARM_UP
                return
            record.warm_since = 0.0
        if found.state is not None and found.state != alarm.state_value:
            alarms.change_state(backend, alarm, found.state, found.reason, found.reason_data)

    def _warms_up(self, record: AlarmRecord, now: float, *, full: bool) -> bool:
        settings = record.settings["WarmUpConfiguration"]
        minutes = float(settings["WarmUpPeriodDurationInMinutes"])
        end = record.warm_since + self._plane.config.seconds(minutes * WARM_UP_MINUTE.seconds)
        wait = bool(settings.get("OnlyStartEvaluatingAfterWarmUpPeriodEnds"))
        return now < end and (wait or not full)


def _evaluate_composites(backend: CloudWatchBackend) -> None:
    """Evaluate composite alarms with a child that changed, until nothing changes any more."""
    composites = [
        alarm
        for alarm in alarms.all_alarms(backend)
        if AlarmRecord.of(alarm).kind == COMPOSITE_ALARM
    ]
    for _ in range(MOST_ROUNDS):
        if not [alarm for alarm in composites if _evaluate_composite(backend, alarm)]:
            return


def _evaluate_composite(backend: CloudWatchBackend, alarm: Alarm) -> bool:
    record = AlarmRecord.of(alarm)
    rule = rule_expressions.parse(str(record.settings["AlarmRule"]))

    def state_of(name: str) -> str:
        child = backend.alarms.get(name)
        return INSUFFICIENT_DATA if child is None else child.state_value

    seen = tuple((name, state_of(name)) for name in sorted(rule_expressions.children(rule)))
    if record.seen == seen:
        return False
    record.seen, record.set_at = seen, 0.0
    state = ALARM if rule_expressions.holds(rule, state_of) else OK
    if state == alarm.state_value:
        return False
    by = ", ".join(f"{name} is {now}" for name, now in seen)
    reason = f"{alarm.alarm_arn} transitioned to {state}: {by or record.settings['AlarmRule']}"
    alarms.change_state(backend, alarm, state, reason, "")
    return True
