"""Experiments from beginning to end: load, fault, way back, outcome.

One has a load of its own; several follow each other under one load.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

from loadtest.analysis import stretch
from loadtest.errors import ExperimentError, LoadTestError
from loadtest.experiments import (
    disturbances,
    engine,
    fleet_size,
    interruption,
    kinds,
    load,
    one_at_a_time,
    recovery,
    robust_engine,
)
from loadtest.experiments.execution import Execution, PrintLine, Result
from loadtest.experiments.load import BackgroundLoad
from loadtest.experiments.models import ExperimentFile
from loadtest.experiments.resources import StackResources
from loadtest.experiments.session import Planned, Session, under_way
from loadtest.experiments.stop_alarms import StopAlarms
from loadtest.experiments.undo import DIRECTORY, FaultJournal, Header, mark_of
from loadtest.models import RunSummary
from loadtest.runs import paths
from loadtest.scenario.scenario import Choice
from loadtest.stack.clients import Clients, answering, endpoint, is_local
from loadtest.stack.outputs import StackOutputs

CALM_S: Final = 3.0
"""How long the steady state is watched before each experiment under a load that goes on."""
SETTLING_S: Final = 90.0
"""How long the steady state is awaited before that; what takes longer, the experiment says."""
SETTLED_S: Final = 15.0
"""How long it usually takes to come back, with the calm after it and the way back at the end."""


@dataclass(frozen=True)
class Settings:
    """How experiments are run."""

    command: Sequence[str]
    """Starts Artillery: [node, script]."""
    base: Path
    """The directory of all results."""
    rate: int = load.USUAL_RATE
    """Users per second."""
    scenario: Choice = field(default_factory=Choice)
    fis_role: str | None = None
    stop_alarms: tuple[str, ...] = ()
    """Names of CloudWatch alarms that end an experiment."""
    instances: int | None = None
    """To how many instances a group that has grown goes back before each experiment; None: it stays."""


def plan(
    experiment: ExperimentFile,
    outputs: StackOutputs,
    fis_role: str | None = None,
    stop_alarms: Sequence[str] = (),
) -> list[Planned]:
    """Resolve the targets of an experiment and return what it would do; changes nothing.

    Raises:
        ExperimentError: It cannot be run on this stack.
    """
    _require(experiment, outputs)
    stack = StackResources(outputs, Clients(outputs.region))
    if stop_alarms:
        with answering():
            StopAlarms.of(stack.clients["cloudwatch"], stop_alarms)
    session = Session(experiment, stack, "dry-run", fis_role=fis_role)
    with answering(), under_way(session):
        for activity in [*kinds.steps(experiment.raw), *kinds.way_back(experiment.raw)]:
            if activity.get("type") != "action":
                continue
            module = str((activity.get("provider") or {}).get("module", ""))
            if module.startswith(f"{__package__}.actions"):
                engine.call(experiment, activity)
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
    _require(experiment, outputs)
    with _alone(outputs, settings, print_line):
        return _run(experiment, outputs, settings, print_line)


def _run(
    experiment: ExperimentFile, outputs: StackOutputs, settings: Settings, print_line: PrintLine
) -> Result:
    session = _session(experiment, outputs, settings, _stop_alarms(outputs, settings))
    assert session.directory is not None  # noqa: S101
    made = _load(outputs, settings, session.directory, [experiment])
    disturbed = disturbances.recorded(settings.base, session.stack.name)
    execution = Execution(session, outputs, made.watch, print_line, disturbed)

    def prepare() -> None:
        print_line(made.announcement)
        made.start()
        session.wait(load.RAMP_S + experiment.hypothesis.warm_up_s)

    try:
        execution.carry_out(prepare)
        if not execution.interrupted:
            try:
                made.drain()
            except KeyboardInterrupt:
                # All is put back; what came of it is saved, without the users who were waiting.
                execution.interrupted = True
    except BaseException:
        made.stop()
        raise
    with interruption.held():
        made.stop()
        if made.summary is not None:
            execution.save_observations(made.summary.load_began_at.timestamp())
        return execution.conclude(made.summary, made.problem_before(execution.watched_until_ms))


def run_all(
    experiments: Sequence[ExperimentFile],
    outputs: StackOutputs,
    settings: Settings,
    print_line: PrintLine,
) -> list[Result]:
    """Run experiments one after the other under one load, each from the steady state on.

    Each gets the stretch of the load that belongs to it as a run of its own, so it is counted and judged
    like one under a load of its own. Where a load has too few visitors left for the next one, another load
    begins. Ctrl-C ends the one under way and leaves out the others. In the main thread only.

    Raises:
        LoadTestError: None was begun, and nothing was done to the stack.
    """
    for one in experiments:
        _require(one, outputs)
    with _alone(outputs, settings, print_line):
        return _run_all(experiments, outputs, settings, print_line)


def _run_all(
    experiments: Sequence[ExperimentFile],
    outputs: StackOutputs,
    settings: Settings,
    print_line: PrintLine,
) -> list[Result]:
    found, left, alarms = list[Result](), list(experiments), _stop_alarms(outputs, settings)
    while left:
        directory = paths.new_directory(settings.base, outputs.topology, "experiments")
        made = _load(outputs, settings, directory, left)
        series = _Series(outputs, settings, made, directory, print_line, alarms=alarms)
        ended: KeyboardInterrupt | LoadTestError | None = None
        try:
            while left and series.has_visitors_for(left[0]) and series.goes_on:
                series.carry_out(left.pop(0))
            if series.goes_on:
                made.drain()
        except (KeyboardInterrupt, LoadTestError) as error:
            # Between two experiments, or after the last one: what came of those before is saved.
            ended = error
        except BaseException:
            made.stop()
            raise
        with interruption.held():
            made.stop()
            found += series.conclude()
        if ended is not None:
            for one in found:
                print_line(f"{one.record.experiment}: {one.record.outcome}; see {one.directory}")
            raise ended
        if not series.goes_on:
            break
    return found


class _Series:
    """Experiments under one load, as far as they were begun."""

    def __init__(
        self,
        outputs: StackOutputs,
        settings: Settings,
        made: BackgroundLoad,
        directory: Path,
        print_line: PrintLine,
        *,
        alarms: StopAlarms,
    ) -> None:
        self._outputs, self._settings, self._load = outputs, settings, made
        self._directory, self._alarms, self._print = directory, alarms, print_line
        self._done: list[tuple[Execution, float]] = []
        self.goes_on = True
        """Whether there may be another one: nobody interrupted this one, and its load did not fail."""

    def has_visitors_for(self, experiment: ExperimentFile) -> bool:
        """Return whether the load lasts for the next one, until its target time and a little longer.

        The first one gets what there is: no load has more.
        """
        hypothesis = experiment.hypothesis
        needed_s = SETTLED_S + hypothesis.recovery_s + hypothesis.observe_s
        return not self._done or self._load.left_s() >= needed_s

    def carry_out(self, experiment: ExperimentFile) -> None:
        """Carry out the next one."""
        session = _session(experiment, self._outputs, self._settings, self._alarms)
        disturbed = disturbances.recorded(self._settings.base, session.stack.name)
        # Those of this load have no record yet.
        disturbed += chain.from_iterable(done.disturbances for done, _ in self._done)
        execution = Execution(session, self._outputs, self._load.watch, self._print, disturbed)
        began_ms = session.clock.ms()

        def prepare() -> None:
            nonlocal began_ms
            if not self._done:
                self._print(self._load.announcement)
                self._load.start()
                session.wait(load.RAMP_S)
            self._print(f"{experiment.name}: awaiting the steady state")
            with (
                under_way(session),
                robust_engine.ended_in_time(session, "its steady state", 3 * SETTLING_S),
            ):
                self._restore_size(session)
                began_ms = engine.await_calm(session, CALM_S, SETTLING_S)

        execution.carry_out(prepare)
        self._done.append((execution, began_ms))
        execution.save_observations(began_ms / 1000)
        self.goes_on = not (execution.interrupted or execution.error or self._load.problem)

    def _restore_size(self, session: Session) -> None:
        wanted = self._settings.instances
        size = None if wanted is None else fleet_size.restore(session, wanted, SETTLING_S)
        if size is not None:
            grown = size.before - size.now
            self._print(f"the group had grown by {grown}: back to {size.now} instances")

    def conclude(self) -> list[Result]:
        """Cut the load into a run for each, and judge them; their load has been stopped."""
        found = list[Result]()
        for execution, began_ms in self._done:
            problem, own = self._load.problem, None
            try:
                own = self._cut(execution, began_ms)
            except LoadTestError as error:
                problem = problem or str(error)
            found.append(execution.conclude(own, problem))
        return found

    def _cut(self, execution: Execution, began_ms: float) -> RunSummary:
        ended_ms = execution.finished_ms
        return stretch.cut(
            self._directory,
            execution.directory,
            load.hold(self._settings.rate, (ended_ms - began_ms) / 1000),
            began_ms=began_ms,
            ended_ms=ended_ms,
        )


def _require(experiment: ExperimentFile, outputs: StackOutputs) -> None:
    require_topology(experiment, outputs)
    engine.check(experiment)
    engine.check_values(experiment)


@contextmanager
def _alone(outputs: StackOutputs, settings: Settings, print_line: PrintLine) -> Generator[None]:
    """Be the only command that runs experiments on the stack, with nothing left of earlier ones.

    Raises:
        ExperimentError: Another one does, something could not be put back, or a call was not answered.
    """
    with answering():
        stack = StackResources(outputs, Clients(outputs.region))
        place = endpoint() or f"{account(outputs)} {outputs.region}"
        with one_at_a_time.only_one(settings.base, place, stack.name):
            recovery.before_another(settings.base, stack.name, print_line)
            yield


def account(outputs: StackOutputs) -> str:
    """Return the number of the AWS account that calls go to; empty in a local region.

    Raises:
        ExperimentError: There are no credentials, or nobody answers.
    """
    return "" if is_local(endpoint()) else recovery.account_of(Clients(outputs.region))


def _stop_alarms(outputs: StackOutputs, settings: Settings) -> StopAlarms:
    names = settings.stop_alarms
    return StopAlarms.of(Clients(outputs.region)["cloudwatch"], names) if names else StopAlarms()


def _session(
    experiment: ExperimentFile,
    outputs: StackOutputs,
    settings: Settings,
    alarms: StopAlarms,
) -> Session:
    """Begin an experiment's directory and its journal."""
    stack = StackResources(outputs, Clients(outputs.region))
    stack.identity  # noqa: B018 - rejects a stack without tags before anything is started
    directory = paths.new_directory(settings.base, outputs.topology, experiment.name)
    header = _header(directory, experiment, stack)
    journal = FaultJournal.create(settings.base / DIRECTORY, header)
    return Session(
        experiment,
        stack,
        header.id,
        journal,
        directory,
        fis_role=settings.fis_role,
        stop_alarms=alarms,
    )


def _load(
    outputs: StackOutputs,
    settings: Settings,
    directory: Path,
    experiments: Sequence[ExperimentFile],
) -> BackgroundLoad:
    """Return a load that lasts as long as these experiments may take, not started yet."""
    each = [one.hypothesis for one in experiments]
    profile = load.profile(settings.rate, load.whole_s(each), outputs.seed_users)
    made = (outputs, profile, directory, settings.command, settings.scenario)
    return BackgroundLoad(*made, wanted_s=max(map(load.longest_s, each)))


def _header(directory: Path, experiment: ExperimentFile, stack: StackResources) -> Header:
    return Header(
        id=mark_of(directory.name),
        pid=os.getpid(),
        region=stack.outputs.region,
        endpoint=endpoint(),
        experiment=experiment.name,
        stack=stack.name,
        account=account(stack.outputs),
    )
