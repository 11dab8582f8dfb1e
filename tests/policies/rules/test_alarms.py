"""Alarms."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import test_a_change_breaks_exactly_its_rule

__all__ = ["test_a_change_breaks_exactly_its_rule"]


# A change and the one rule that it breaks.
BREAKS = [
    ("alarm-has-action", lambda d: d.set("alarm", "alarmActions", ...)),
    ("alarm-has-action", lambda d: d.set("alarm", "alarmActions", [])),
    ("alarm-has-action", lambda d: d.set("alarm", "alarmActions", UNKNOWN)),
    ("alarm-has-action", lambda d: d.set("alarm", "actionsEnabled", False)),
    ("alarm-has-action", lambda d: d.set("alarm", "actionsEnabled", UNKNOWN)),
]  # fmt: skip
