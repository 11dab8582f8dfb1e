"""What a group does by itself besides keeping its capacity: schedules, refreshes, metrics, cooldowns."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from moto.autoscaling.models import FakeAutoScalingGroup

from region.api.server import ControlPlane
from region.services.autoscaling import group_metrics, lifetime, warm_pool_upkeep
from region.services.autoscaling.records import BackendRecord, GroupRecord
from region.services.autoscaling.refresh import progress
from region.services.autoscaling.scaling import alarm_handler, cooldown
from region.services.autoscaling.scheduled import actions
from region.services.cloudwatch import alarm_actions

Task = Callable[[ControlPlane, FakeAutoScalingGroup, float], None]
"""One thing to do for a group at a time, in epoch seconds; it holds the control plane's lock."""


class AutomationController:
    """Runs the tasks of every group, in each round."""

    name = "autoscaling-automation"

    def __init__(self, plane: ControlPlane, tasks: Sequence[Task] = ()) -> None:
        """Work on the groups of `plane`, and run their policies when alarms go off."""
        self._plane = plane
        self._tasks = tasks or TASKS
        with plane.lock:
            BackendRecord.of(plane.backend("autoscaling")).speed = plane.config.speed
        alarm_actions.register(alarm_handler.PREFIX, alarm_handler.run_policy)

    def reconcile(self) -> None:
        """Run one round; the error of one task keeps no other from its turn."""
        now = time.time()
        errors: list[Exception] = []
        with self._plane.lock:
            for group in list(self._plane.backend("autoscaling").autoscaling_groups.values()):
                if GroupRecord.of(group).status is None:
                    errors += self._run(group, now)
        for error in errors:
            raise error  # The loop logs it and backs off.

    def close(self) -> None:
        """Do nothing: this controller starts nothing of its own."""

    def _run(self, group: FakeAutoScalingGroup, now: float) -> list[Exception]:
        errors: list[Exception] = []
        for task in self._tasks:
            try:
                task(self._plane, group, now)
            except Exception as error:
                errors.append(error)
        return errors


def _observe(plane: ControlPlane, group: FakeAutoScalingGroup, now: float) -> None:
    cooldown.observe(group, plane.config.seconds, now)


def _reconsider(plane: ControlPlane, group: FakeAutoScalingGroup, now: float) -> None:
    del now
    alarm_handler.reconsider(plane, group.name)


TASKS: tuple[Task, ...] = (
    _observe,
    _reconsider,
    actions.run_due,
    progress.advance,
    lifetime.replace_old,
    warm_pool_upkeep.keep_up,
    group_metrics.publish_due,
)
