"""What alarms do: handlers by the beginning of an action's ARN.

    register("arn:aws:autoscaling:", run_policy)

A handler is called without the control plane's lock, in the thread that evaluates alarms: it must not
wait. What it raises is the failure of the action, with its message in the alarm's history.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from region.api.server import ControlPlane

REPEATED = "arn:aws:autoscaling:"
"""Actions of this kind are repeated once a minute as long as the alarm keeps its state."""


class AlarmActionError(Exception):
    """An action that could not be executed; the message says why."""


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """An alarm in the state that an action is for.

    Attributes:
        action: The ARN of the action.
        name: The alarm's name.
        arn: The alarm's ARN.
        old_state: `OK`, `ALARM` or `INSUFFICIENT_DATA`, before.
        new_state: The state now.
        reason: Why, in words.
        reason_data: Why, as JSON: `recentDatapoints`, `threshold` …
        at: When the state changed.
        value: The newest data point that was judged; None without one.
        threshold: What it was compared with; None if it is not one number.
        repeated: Whether the state is as before, and the action is repeated.
        settings: The alarm as it was put, by the names of PutMetricAlarm's parameters.
    """

    action: str
    name: str
    arn: str
    old_state: str
    new_state: str
    reason: str
    reason_data: str
    at: datetime
    value: float | None = None
    threshold: float | None = None
    repeated: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])


Handler = Callable[["ControlPlane", AlarmEvent], None]
_handlers: dict[str, Handler] = {}


def register(prefix: str, handler: Handler) -> None:
    """Let a handler execute the actions whose ARN begins with `prefix`; the longest one counts."""
    _handlers[prefix] = handler


def handler_of(action: str) -> Handler | None:
    """Return what executes an action, None if nothing does."""
    fitting = [prefix for prefix in _handlers if action.startswith(prefix)]
    return _handlers[max(fitting, key=len)] if fitting else None
