"""Runs experiments: targets, actions in their order, stop conditions, and undoing what lasts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from copy import deepcopy
from functools import cached_property

from botocore.exceptions import ClientError
from moto.fis.models import Experiment

from region.api.server import ControlPlane
from region.provider.clients import Clients
from region.services import roles
from region.services.cloudwatch.rule_expressions import alarm_name
from region.services.fis import targets
from region.services.fis.actions import ActionFailedError, Context, Task
from region.services.fis.behaviours import BEHAVIOURS
from region.services.fis.records import (
    CANCELLED,
    COMPLETED,
    ENDED,
    FAILED,
    FINAL,
    INITIATING,
    PENDING,
    RUNNING,
    SKIPPED,
    STOPPED,
    STOPPING,
    ActionProgress,
    ExperimentRecord,
)

log = logging.getLogger(__name__)

PRINCIPAL = "fis.amazonaws.com"
NO_TARGETS = "Target resolution returned empty set"


class ExperimentsController:
    """Advances every experiment that has not ended."""

    name = "experiments"

    def __init__(self, plane: ControlPlane, set_link: Callable[[str, bool], None]) -> None:
        """Act on `plane`; `set_link` cuts an instance's cable, or reconnects it."""
        self._plane, self._set_link = plane, set_link

    @cached_property
    def _context(self) -> Context:
        plane = self._plane
        # FIS calls the services as anybody does; clients are made with the first experiment.
        clients = Clients(plane.endpoint, plane.config.region, plane.credentials.user)
        return Context(plane, clients, self._set_link)

    def reconcile(self) -> None:
        """Take every experiment a step further."""
        with self._plane.lock:
            waiting = [
                experiment
                for experiment in self._plane.backend("fis").experiments.values()
                if ExperimentRecord.of(experiment).status not in FINAL
            ]
        for experiment in waiting:
            try:
                self._advance(experiment)
            except Exception:
                log.exception("experiment %s failed", experiment.id)
                self._finish(experiment, FAILED, "The experiment failed in the local region.")

    def close(self) -> None:
        """Do nothing: an experiment goes on when the region runs again."""

    def _advance(self, experiment: Experiment) -> None:
        record = ExperimentRecord.of(experiment)
        if record.status == PENDING:
            self._set(experiment, INITIATING, "Experiment is initiating.")
            return
        if record.status == INITIATING:
            self._initiate(experiment)
            return
        if record.status == RUNNING and self._is_stopped(experiment):
            self._set(experiment, STOPPING, "Experiment is stopping because of a stop condition.")
        if record.status == STOPPING:
            self._stop(experiment)
        elif record.status == RUNNING:
            self._run(experiment)

    def _initiate(self, experiment: Experiment) -> None:
        record = ExperimentRecord.of(experiment)
        with self._plane.lock:
            allowed = roles.may_assume(self._plane.config.account, experiment.role_arn, PRINCIPAL)
            record.targets = {
                name: targets.resolve(self._plane, target)
                for name, target in experiment.targets.items()
            }
            missing = self._missing_alarm(experiment)
        if not allowed:
            self._cancel(experiment, f"Unable to assume role {experiment.role_arn}.")
            return
        if missing:
            self._cancel(experiment, f"The alarm {missing} of a stop condition does not exist.")
            return
        empty = [name for name, arns in record.targets.items() if not arns]
        options = experiment.experiment_options
        if empty and options.get("emptyTargetResolutionMode") != "skip":
            self._cancel(experiment, f"{NO_TARGETS}: {', '.join(empty)}")
            return
        for name, action in experiment.actions.items():
            chosen = set((action.get("targets") or {}).values())
            if options.get("actionsMode") == "skip-all" or chosen & set(empty):
                progress = record.actions[name]
                progress.status, progress.reason = SKIPPED, "Action was skipped."
        experiment.start_time = time.time()
        self._set(experiment, RUNNING, "Experiment is running.")

    def _cancel(self, experiment: Experiment, reason: str) -> None:
        """End an experiment before its first action."""
        for progress in ExperimentRecord.of(experiment).actions.values():
            progress.status, progress.reason = CANCELLED, "Action was cancelled."
        self._finish(experiment, FAILED, reason)

    def _is_stopped(self, experiment: Experiment) -> bool:
        """Return whether an alarm says so, or is gone: nothing would stop the experiment then."""
        with self._plane.lock:
            alarms = self._plane.backend("cloudwatch").alarms
            return any(
                name not in alarms or alarms[name].state_value == "ALARM"
                for name in _stop_alarms(experiment)
            )

    def _missing_alarm(self, experiment: Experiment) -> str:
        """Return the name of a stop condition's alarm that does not exist; empty if all do."""
        alarms = self._plane.backend("cloudwatch").alarms
        return next((name for name in _stop_alarms(experiment) if name not in alarms), "")

    def _run(self, experiment: Experiment) -> None:
        record = ExperimentRecord.of(experiment)
        for name, action in experiment.actions.items():
            progress = record.actions[name]
            before = [record.actions[other].status for other in action.get("startAfter") or []]
            if progress.status == PENDING and all(one in {COMPLETED, SKIPPED} for one in before):
                progress.started_at, progress.started_ticks = time.time(), time.monotonic()
                progress.status, progress.reason = RUNNING, "Action is running."
                self._guarded(experiment, name, begin=True)
            elif progress.status == RUNNING:
                self._guarded(experiment, name, begin=False)
        statuses = {progress.status for progress in record.actions.values()}
        if FAILED in statuses:
            record.failed = True
            self._set(experiment, STOPPING, "Experiment is stopping because an action failed.")
        elif statuses <= ENDED:
            self._finish(experiment, COMPLETED, "Experiment completed.")

    def _guarded(self, experiment: Experiment, name: str, *, begin: bool) -> None:
        """Begin an action, or see whether it has ended."""
        progress = ExperimentRecord.of(experiment).actions[name]
        behaviour, task = BEHAVIOURS[self._kind(experiment, name)], self._task(experiment, name)
        before = deepcopy(progress)
        try:
            if begin:
                behaviour.begin(self._context, task)
            elif behaviour.ended(self._context, task):
                behaviour.undo(self._context, task)
                _end(progress, COMPLETED, "Action was completed.")
        except (ActionFailedError, ClientError) as error:
            _end(progress, FAILED, str(error)[:512])
        # Every announcement is another round for all controllers: one that says nothing has them spin.
        if begin or progress != before:
            self._plane.notify()

    def _stop(self, experiment: Experiment) -> None:
        record = ExperimentRecord.of(experiment)
        for name, progress in record.actions.items():
            if progress.status == RUNNING or (progress.status == FAILED and progress.started_at):
                self._undo(experiment, name)
            if progress.status == RUNNING:
                _end(progress, STOPPED, "Action was stopped.")
            elif progress.status == PENDING:
                progress.status, progress.reason = CANCELLED, "Action was cancelled."
        if record.failed:
            reasons = [one.reason for one in record.actions.values() if one.status == FAILED]
            self._finish(experiment, FAILED, f"Experiment failed: {'; '.join(reasons)}"[:512])
        else:
            self._finish(experiment, STOPPED, "Experiment was stopped.")

    def _undo(self, experiment: Experiment, name: str) -> None:
        task = self._task(experiment, name)
        try:
            BEHAVIOURS[self._kind(experiment, name)].undo(self._context, task)
        except (ActionFailedError, ClientError) as error:
            log.warning("experiment %s: %s could not be undone: %s", experiment.id, name, error)

    def _kind(self, experiment: Experiment, name: str) -> str:
        return str(experiment.actions[name]["actionId"])

    def _task(self, experiment: Experiment, name: str) -> Task:
        record = ExperimentRecord.of(experiment)
        action = experiment.actions[name]
        chosen = (action.get("targets") or {}).values()
        return Task(
            experiment=experiment.id,
            name=name,
            parameters=action.get("parameters") or {},
            arns=[arn for target in chosen for arn in record.targets.get(target, [])],
            progress=record.actions[name],
        )

    def _set(self, experiment: Experiment, status: str, reason: str) -> None:
        record = ExperimentRecord.of(experiment)
        record.status, record.reason = status, reason
        self._plane.notify()

    def _finish(self, experiment: Experiment, status: str, reason: str) -> None:
        experiment.end_time = time.time()
        self._set(experiment, status, reason)


def _stop_alarms(experiment: Experiment) -> list[str]:
    """Return the names of the alarms that stop an experiment."""
    return [
        alarm_name(str(condition["value"]))
        for condition in experiment.stop_conditions
        if condition.get("value")
    ]


def _end(progress: ActionProgress, status: str, reason: str) -> None:
    progress.status, progress.reason, progress.ended_at = status, reason, time.time()
