"""Sends the events of scheduled rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from moto.events.models import Rule

from region.api.server import ControlPlane
from region.services.events import delivery, schedules
from region.services.events.emission import event_of
from region.services.events.periods import RATE_MINUTE
from region.time_formats import stamps


class SchedulesController:
    """Knows when each scheduled rule is due.

    What is due while the region does not run, or while a rule is disabled, is not made up for.
    """

    name = "schedules"

    def __init__(self, plane: ControlPlane) -> None:
        """Send to the targets of the rules of `plane`."""
        self._plane = plane
        self._due: dict[str, tuple[Rule, datetime | None]] = {}

    def reconcile(self) -> None:
        """One round."""
        now = datetime.now(UTC)
        with self._plane.lock:
            backend = self._plane.backend("events")
            rules = [
                rule
                for rule in backend.event_buses["default"].rules.values()
                if rule.scheduled_expression
            ]
            known = self._due
            self._due = {rule.name: self._run(rule, known.get(rule.name), now) for rule in rules}

    def close(self) -> None:
        """Nothing runs beside the rounds."""

    def _run(
        self, rule: Rule, known: tuple[Rule, datetime | None] | None, now: datetime
    ) -> tuple[Rule, datetime | None]:
        """Send what is due, and return when the rule is due next; a rule that was put again begins anew."""
        if known is None or known[0] is not rule:
            return rule, self._after(rule, now)
        due = known[1]
        if due is None or due > now:
            return known
        delivery.send_scheduled(rule, self._event(rule, due))
        self._plane.notify()
        while due is not None and due <= now:
            due = self._after(rule, due)
        return rule, due

    def _after(self, rule: Rule, moment: datetime) -> datetime | None:
        found = schedules.parse(str(rule.scheduled_expression))
        if isinstance(found, schedules.Calendar):
            return found.following(moment)
        minute = self._plane.config.seconds(RATE_MINUTE)
        return moment + timedelta(seconds=found.minutes * minute)

    def _event(self, rule: Rule, due: datetime) -> dict[str, Any]:
        backend = self._plane.backend("events")
        event = event_of(backend, "aws.events", "Scheduled Event", {}, [rule.arn])
        return event | {"time": stamps.in_seconds(due)}
