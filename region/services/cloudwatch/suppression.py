"""Which actions are due: those of transitions that nothing holds back, and repeated ones.

Actions are held back by an alarm's switch, by mute rules, and by the suppressor of a composite alarm, which
has a wait period to go into ALARM and an extension period after it has left that state. Callers hold the
control plane's lock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from region.services.cloudwatch import alarms, mute_patches, rule_expressions
from region.services.cloudwatch.alarm_actions import REPEATED
from region.services.cloudwatch.evaluation import ALARM, INSUFFICIENT_DATA, OK
from region.services.cloudwatch.periods import REPEATED_ACTION, SUPPRESSION_SECOND
from region.services.cloudwatch.records import AlarmRecord, CloudWatchRecord, Transition

WAIT, BY_ALARM, EXTENSION, MUTED = "WaitPeriod", "Alarm", "ExtensionPeriod", "Mute"
_UNDONE = "Undone"
PARAMETER_OF = {
    OK: "OKActions",
    ALARM: "AlarmActions",
    INSUFFICIENT_DATA: "InsufficientDataActions",
}


@dataclass(frozen=True, slots=True)
class Due:
    """An action to execute.

    Attributes:
        action: Its ARN.
        transition: What it is about.
        repeated: Whether it was executed before for the same state.
    """

    action: str
    transition: Transition
    repeated: bool = False


def due(backend: CloudWatchBackend, now: float, speed: float) -> list[Due]:
    """Return the actions to execute now, and take them off the list."""
    record = CloudWatchRecord.of(backend)
    transitions, record.transitions = record.transitions, []
    muted = mute_patches.muted(backend) if record.mute_rules else frozenset[str]()
    found: list[Due] = []
    for transition in transitions:
        alarm = backend.alarms.get(transition.alarm)
        if alarm is not None and alarm.actions_enabled:
            _hold(backend, alarm, transition, now, muted)
            if AlarmRecord.of(alarm).held is None:
                found += _actions(alarm, transition, now)
    for alarm in alarms.all_alarms(backend):
        held = AlarmRecord.of(alarm).held
        if held is not None:
            released = _release(backend, alarm, now, speed, muted)
            if released and alarm.actions_enabled and alarm.state_value == held.new:
                found += _actions(alarm, held, now)
        elif alarm.actions_enabled and alarm.name not in muted:
            found += _repeated(alarm, now, speed)
    return found


def _actions(alarm: Alarm, transition: Transition, now: float) -> list[Due]:
    record = AlarmRecord.of(alarm)
    record.acted_at = now
    named = record.settings.get(PARAMETER_OF[transition.new]) or []
    return [Due(str(action), transition) for action in named]


def _repeated(alarm: Alarm, now: float, speed: float) -> list[Due]:
    record = AlarmRecord.of(alarm)
    named = record.settings.get(PARAMETER_OF[alarm.state_value]) or []
    again = [str(action) for action in named if str(action).startswith(REPEATED)]
    if not again or now < record.acted_at + REPEATED_ACTION.seconds / speed:
        return []
    record.acted_at = now
    present = Transition(
        alarm.name,
        alarm.state_value,
        alarm.state_value,
        alarm.state_reason,
        alarm.state_reason_data,
        record.transitioned_at,
    )
    return [Due(action, present, repeated=True) for action in again]


def _suppressor(backend: CloudWatchBackend, alarm: Alarm) -> Alarm | None:
    named = AlarmRecord.of(alarm).settings.get("ActionsSuppressor")
    return backend.alarms.get(rule_expressions.alarm_name(str(named))) if named else None


def _hold(
    backend: CloudWatchBackend,
    alarm: Alarm,
    transition: Transition,
    now: float,
    muted: frozenset[str],
) -> None:
    """Hold a transition back if something asks for it; one that undoes a held one ends both."""
    record = AlarmRecord.of(alarm)
    held = record.held
    if held is not None:
        if transition.new == held.old:
            record.held, record.held_by, record.held_since = transition, _UNDONE, now
        else:
            record.held = replace(transition, old=held.old)
        return
    if alarm.name in muted:
        record.held, record.held_by, record.held_since = transition, MUTED, now
        return
    suppressor = _suppressor(backend, alarm)
    if suppressor is not None:
        by = BY_ALARM if suppressor.state_value == ALARM else WAIT
        record.held, record.held_by, record.held_since = transition, by, now


def _release(
    backend: CloudWatchBackend, alarm: Alarm, now: float, speed: float, muted: frozenset[str]
) -> bool:
    """Return whether what is held is done now; it is held no longer then."""
    record = AlarmRecord.of(alarm)
    if record.held_by == _UNDONE:
        record.held, record.held_by = None, ""
        return False
    if record.held_by == MUTED:
        released = alarm.name not in muted
    else:
        released = _suppression_ends(backend, alarm, now, speed)
    if released:
        record.held, record.held_by = None, ""
    return released


def _suppression_ends(backend: CloudWatchBackend, alarm: Alarm, now: float, speed: float) -> bool:
    record = AlarmRecord.of(alarm)
    suppressor = _suppressor(backend, alarm)
    if suppressor is None:
        return True
    if suppressor.state_value == ALARM:
        record.held_by = BY_ALARM
        return False
    if record.held_by == BY_ALARM:
        record.held_by, record.held_since = EXTENSION, now
    name = f"ActionsSuppressor{record.held_by}"
    wait = float(record.settings.get(name) or 0) * SUPPRESSION_SECOND.seconds / speed
    return now >= record.held_since + wait
