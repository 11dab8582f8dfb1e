"""One experiment under a running load: fault, way back, and the record of its outcome."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtest.analysis import run_loading, validity
from loadtest.errors import LoadTestError
from loadtest.experiments import (
    disturbances,
    engine,
    engine_journal,
    guard,
    interruption,
    judgement,
    kinds,
    models,
)
from loadtest.experiments.disturbances import Disturbance
from loadtest.experiments.judgement import Evidence
from loadtest.experiments.load_watch import LoadWatch
from loadtest.experiments.models import ExperimentRecord, Impact, SteadyState
from loadtest.experiments.observe import Observer, speed
from loadtest.experiments.session import Session, under_way
from loadtest.models import RunSummary
from loadtest.runs import paths, table
from loadtest.runs.journal import locate
from loadtest.stack.clients import answering
from loadtest.stack.outputs import StackOutputs

PrintLine = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """A record, and the directory that it is saved in."""

    directory: Path
    record: ExperimentRecord
    interrupted: bool


class Execution:
    """One experiment: `carry_out` in the main thread, then `conclude` once its load can be read."""

    def __init__(
        self,
        session: Session,
        outputs: StackOutputs,
        watch: LoadWatch,
        print_line: PrintLine,
        disturbed: Sequence[Disturbance] = (),
    ) -> None:
        """Prepare an experiment under the load that `watch` follows; starts nothing.

        `disturbed` is when earlier experiments delayed launches.
        """
        assert session.directory is not None  # noqa: S101
        self.session, self._outputs, self._print = session, outputs, print_line
        self.directory = session.directory
        session.load, session.clock = watch, watch.clock
        self._observer = Observer(
            outputs, session.clients, speed(os.environ), disturbed, clock=session.clock
        )
        self._journal: dict[str, Any] = {}
        self._started_ms = self._finished_ms = session.clock.ms()
        self.interrupted = False
        self.error: str | None = None
        """Why it could not be carried out."""

    def carry_out(self, prepare: Callable[[], None]) -> None:
        """Do it and put everything back, however it ends; Ctrl-C ends it.

        `prepare` is called once that is sure, and sees to the load.
        """
        session = self.session
        assert session.journal is not None  # noqa: S101
        try:
            guard.start(session.journal.path)
            with answering(), interruption.interruptible(session), self._observer:
                prepare()
                self._observer.read_settings(kinds.of_file(session.experiment.raw))
                session.timing = self._observer.timing
                self._experiment()
        except KeyboardInterrupt:
            self.interrupted = not session.cut_short
            self.error = session.cut_short or None
        except LoadTestError as error:
            self.error = str(error)
        finally:
            try:
                session.put_all_back()
            finally:
                session.journal.close()
                self._finished_ms = session.clock.ms()

    def _experiment(self) -> None:
        session, hypothesis = self.session, self.session.experiment.hypothesis
        session.fleet = frozenset(session.stack.kept())
        with under_way(session):
            self._journal = engine.run(session, self._print)
        text = json.dumps(self._journal, indent=2, default=str, ensure_ascii=False)
        paths.write_text(self.directory / models.JOURNAL, text + "\n")
        # Not by the engine's status: an interruption that is raised in a callback does not get to it.
        self.interrupted = session.interrupted
        self.error = session.cut_short or session.broken_off or None
        if not (self.interrupted or self.error):
            session.wait(hypothesis.observe_s)

    @property
    def finished_ms(self) -> float:
        """When everything had been put back, in epoch milliseconds."""
        return self._finished_ms

    @property
    def watched_until_ms(self) -> float:
        """Until when it needed users, in epoch milliseconds: the way back needs none."""
        after = engine_journal.steady_state((self._journal.get("steady_states") or {}).get("after"))
        return math.inf if after is None else after.at_ms

    @property
    def disturbances(self) -> list[Disturbance]:
        """When it delayed launches."""
        began, ended = self._acted()
        until = min(ended or math.inf, self._finished_ms)
        return disturbances.of(kinds.of_file(self.session.experiment.raw), began, until)

    def _acted(self) -> tuple[float | None, float | None]:
        """Return when its fault began and when it ends by itself (epoch ms)."""
        session = self.session
        if session.began_ms is None:
            return engine_journal.of_others(self._journal) or (None, session.ended_ms)
        return session.began_ms, session.ended_ms

    def conclude(self, load: RunSummary | None, load_error: str | None) -> Result:
        """Judge it by the load in its directory and by what went wrong with that; save the record."""
        record = self._record(load, load_error)
        models.save(self.directory, record)
        return Result(self.directory, record, self.interrupted)

    def save_observations(self, load_began_s: float) -> None:
        """Write down what was observed of the stack, on the axis of the load (epoch s)."""
        self._observer.save(self.directory, load_began_s)

    def _record(self, load: RunSummary | None, load_error: str | None) -> ExperimentRecord:
        session, experiment = self.session, self.session.experiment
        states = self._journal.get("steady_states") or {}
        before, after = map(engine_journal.steady_state, map(states.get, ("before", "after")))
        finished_ms = self._finished_ms
        began, ended = self._acted()
        during = session.states
        back = judgement.recovered([*during, *_one(after)], began) if began else None
        host = judgement.host_reasons(load.validity) if load else []
        evidence = Evidence(
            hypothesis=experiment.hypothesis,
            target_s=session.target_s,
            before=before,
            after=after,
            began_ms=began,
            recovered_ms=back,
            actions=engine_journal.actions(self._journal),
            impact=self._impact(began),
            host_reasons=host,
            late=self._late(load, began) if judgement.came_late(host) else None,
            found=session.found,
            interrupted=self.interrupted,
            error=self.error,
            load_error=load_error,
        )
        outcome, reasons = judgement.judge(evidence)
        return ExperimentRecord(
            experiment=experiment.name,
            title=experiment.title,
            kind=kinds.of_file(experiment.raw),
            because=list(experiment.because),
            stack=session.stack.name,
            topology=self._outputs.topology,
            contrast=experiment.hypothesis.is_contrast(self._outputs.topology),
            run=self.directory.name,
            started_ms=self._started_ms,
            finished_ms=finished_ms,
            fault_began_ms=began,
            fault_ended_ms=None if ended is None else min(ended, finished_ms),
            fault_until_ms=ended,
            targets=session.targets,
            actions=list(evidence.actions),
            before=before,
            during=during,
            after=after,
            recovered_ms=back,
            allowed=experiment.hypothesis.allowed,
            recovery_s=session.target_s,
            awaits_replacement=experiment.hypothesis.awaits_replacement,
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

    def _impact(self, began_ms: float | None) -> Impact | None:
        path = locate(self.directory, paths.REQUESTS)
        if path is None or began_ms is None:
            return None
        slow_ms = run_loading.load_settings(self.directory).slow_ms
        rows, _ = table.read(path, slow_ms)
        return judgement.impact(rows, began_ms, self.session.experiment.hypothesis.allowed)

    def _late(self, load: RunSummary | None, began_ms: float | None) -> judgement.Late | None:
        """Return who came later than the run's checks allow; None if nobody did, or it is not known."""
        if load is None or began_ms is None:
            return None
        requests = run_loading.load_requests(self.directory)
        allowed = self.session.experiment.hypothesis.allowed
        duration_s = sum(phase.duration_s for phase in load.profile.phases)
        return judgement.late(requests, began_ms, allowed, validity.most_late_ms(duration_s))


def _one(state: SteadyState | None) -> list[SteadyState]:
    return [] if state is None else [state]
