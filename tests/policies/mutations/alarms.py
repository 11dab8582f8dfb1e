"""What breaks the rule about alarms."""

from __future__ import annotations

from tests.policies.mutations.registry import ADVISORY, BREAKS, breaks, decides

decides("alarm-has-action", "alarm", "alarmActions", absent=BREAKS, unknown=BREAKS)


@breaks("alarm-has-action", ADVISORY)
def alarm_without_action(stack):
    stack.set("alarm", "alarmActions", ...)
