"""One experiment from beginning to end: load, fault, way back, outcome."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtest.analysis import run_loading
from loadtest.errors import ExperimentError, LoadTestError
from loadtest.experiments import engine, guard, judgement, kinds, load, models, recovery
from loadtest.experiments.clients import Clients, endpoint
from loadtest.experiments.judgement import Evidence
from loadtest.experiments.load import BackgroundLoad
from loadtest.experiments.models import ExperimentFile, ExperimentRecord, Impact, SteadyState
from loadtest.experiments.observe import Observer, speed
from loadtest.experiments.resources import StackResources
from loadtest.experiments.session import Planned, Session, under_way
from loadtest.experiments.undo import DIRECTORY, FaultJournal, Header
from loadtest.runs import paths, table
from loadtest.runs.journal import locate
from loadtest.stack.outputs import StackOutputs

PrintLine = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """How experiments are run."""

    command: Sequence[str]
    """Starts Artillery: [node, script]."""
    base: Path
    """The directory of all results."""
    rate: int = load.USUAL_RATE
    """Users per second."""
    scenario: str = "login"
    fis_role: str | None = None


@dataclass(frozen=True)
class Result:
    """A record, and the directory that it is saved in."""

    directory: Path
    record: ExperimentRecord
    interrupted: bool


def plan(
    experiment: ExperimentFile, outputs: StackOutputs, fis_role: str | None = None
) -> list[Planned]:
    """Resolve the targets of an experiment and return what it would do; changes nothing.

    Raises:
        ExperimentError: It cannot be run on this stack.
    """
    require_topology(experiment, outputs)
    engine.check(experiment)
    stack = StackResources(outputs, Clients(outputs.region))
    session = Session(experiment, stack, "dry-run", fis_role=fis_role)
    with under_way(session):
        for activity in experiment.raw.get("method") or []:
            provider = activity.get("provider") or {}
            if activity.get("type") != "action":
                continue
            if str(provider.get("module", "")).startswith(f"{__package__}.actions"):
                engine.call(provider)
            else:
                what = (
                    f"{activity['name']}: an action of another package, which tells nothing before"
                )
                session.planned.append(Planned(what, (), (), "unknown"))
    return session.planned


def require_topology(experiment: ExperimentFile, outputs: StackOutputs) -> None:
    """Reject an experiment that is not about the stack's topology.

    Raises:
        ExperimentError: It is not.
    """
    about = {*experiment.hypothesis.applies_to, *experiment.hypothesis.contrast}
    if outputs.topology not in about:
        raise ExperimentError(
            f"experiment {experiment.name} is about {', '.join(sorted(about))}, the stack is "
            f"{outputs.topology}"
        )


def run(
    experiment: ExperimentFile, outputs: StackOutputs, settings: Settings, print_line: PrintLine
) -> Result:
    """Run an experiment under load and save what came of it. In the main thread only.

    What earlier experiments left is put back first. Ctrl-C ends it; it is put back and saved.

    Raises:
        LoadTestError: It was not begun, and nothing was done to the stack.
    """
    require_topology(experiment, outputs)
    engine.check(experiment)
    for left in recovery.recover(settings.base):
        if left.running:
            raise ExperimentError(f"experiment {left.id} is still under way: wait, or end it")
        for line in left.put_back:
            print_line(f"left by {left.experiment or left.id}, put back: {line}")
        if left.left:
            raise ExperimentError(
                "left by an earlier experiment, and not put back: " + left.left[0]
            )
    stack = StackResources(outputs, Clients(outputs.region))
    stack.identity  # noqa: B018 - rejects a stack without tags before anything is started
    directory = paths.new_directory(settings.base, outputs.topology, experiment.name)
    journal = FaultJournal.create(
        settings.base / DIRECTORY, _header(directory, experiment, outputs)
    )
    session = Session(
        experiment, stack, journal.header.id, journal, directory, fis_role=settings.fis_role
    )
    return _Run(session, outputs, settings, print_line).run()


def _header(directory: Path, experiment: ExperimentFile, outputs: StackOutputs) -> Header:
    return Header(
        id=directory.name[:60],
        pid=os.getpid(),
        region=outputs.region,
        endpoint=endpoint(),
        experiment=experiment.name,
    )


class _Run:
    """One experiment under way."""

    def __init__(
        self, session: Session, outputs: StackOutputs, settings: Settings, print_line: PrintLine
    ) -> None:
        assert session.directory is not None  # noqa: S101
        self._session, self._outputs, self._print = session, outputs, print_line
        self._directory = session.directory
        hypothesis = session.experiment.hypothesis
        seconds = hypothesis.warm_up_s + hypothesis.recovery_s + hypothesis.observe_s + load.SPARE_S
        self._load = BackgroundLoad(
            outputs,
            load.profile(settings.rate, seconds, outputs.seed_users),
            self._directory,
            settings.command,
            settings.scenario,
        )
        session.load = self._load.watch
        self._observer = Observer(outputs, session.clients, speed(os.environ))
        self._journal: dict[str, Any] = {}
        self._interrupted = False
        self._started_ms = time.time() * 1000

    def run(self) -> Result:
        """Run it and return its record, which is saved."""
        session = self._session
        assert session.journal is not None  # noqa: S101
        guard.start(session.journal.path)
        try:
            with engine.interruptible(session), self._observer:
                self._experiment()
        except KeyboardInterrupt:
            self._interrupted = True
        except LoadTestError as error:
            self._load.error = self._load.error or str(error)
        finally:
            try:
                session.put_all_back()
            finally:
                self._load.stop()
                session.journal.close()
        record = self._record()
        models.save(self._directory, record)
        if self._load.summary is not None:
            self._observer.save(self._directory, self._load.summary.load_began_at.timestamp())
        return Result(self._directory, record, self._interrupted)

    def _experiment(self) -> None:
        session, hypothesis = self._session, self._session.experiment.hypothesis
        self._print("load: starting")
        self._load.start()
        session.wait(load.RAMP_S + hypothesis.warm_up_s)
        with under_way(session):
            self._journal = engine.run(session, self._print)
        text = json.dumps(self._journal, indent=2, default=str, ensure_ascii=False)
        paths.write_text(self._directory / models.JOURNAL, text + "\n")
        self._interrupted = self._journal.get("status") == "interrupted"
        if not self._interrupted:
            session.wait(hypothesis.observe_s)

    def _record(self) -> ExperimentRecord:
        session, experiment = self._session, self._session.experiment
        states = self._journal.get("steady_states") or {}
        before, after = (engine.steady_state(states.get(one)) for one in ("before", "after"))
        finished_ms = time.time() * 1000
        began, ended = session.began_ms, session.ended_ms
        during = session.states
        back = judgement.recovered([*during, *_one(after)], began) if began else None
        summary = self._load.summary
        host = judgement.host_reasons(summary.validity) if summary else []
        evidence = Evidence(
            hypothesis=experiment.hypothesis,
            before=before,
            after=after,
            began_ms=began,
            recovered_ms=back,
            actions=engine.actions(self._journal),
            impact=self._impact(began),
            host_reasons=host,
            found=session.found,
            interrupted=self._interrupted,
            load_error=self._load_error(),
        )
        outcome, reasons = judgement.judge(evidence)
        return ExperimentRecord(
            experiment=experiment.name,
            title=experiment.title,
            kind=kinds.of_file(experiment.raw),
            because=list(experiment.because),
            stack=session.stack.name,
            topology=self._outputs.topology,
            run=self._directory.name,
            started_ms=self._started_ms,
            finished_ms=finished_ms,
            fault_began_ms=began,
            fault_ended_ms=None if ended is None else min(ended, finished_ms),
            targets=session.targets,
            actions=list(evidence.actions),
            before=before,
            during=during,
            after=after,
            recovered_ms=back,
            allowed=experiment.hypothesis.allowed,
            recovery_s=experiment.hypothesis.recovery_s,
            impact=evidence.impact,
            host_valid=not host,
            host_reasons=host,
            outcome=outcome,
            reasons=reasons,
            reverted=session.reverted,
            left=session.left,
            engine=engine.NAME,
            notes=session.notes,
        )

    def _load_error(self) -> str | None:
        if self._load.error:
            return self._load.error
        if self._load.ended_early:
            return "it ended before the experiment did: the stack has no more visitors (seedUsers)"
        return None

    def _impact(self, began_ms: float | None) -> Impact | None:
        path = locate(self._directory, paths.REQUESTS)
        if path is None or began_ms is None:
            return None
        slow_ms = run_loading.load_settings(self._directory).slow_ms
        rows, _ = table.read(path, slow_ms)
        return judgement.impact(rows, began_ms, self._session.experiment.hypothesis.allowed)


def _one(state: SteadyState | None) -> list[SteadyState]:
    return [] if state is None else [state]
