"""Loads one stack: prepares a run, follows it, and saves what was measured."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rich.console import Console

from commandline.steady_clock import SteadyClock
from loadtest.analysis import run_loading
from loadtest.analysis import slo as objectives
from loadtest.analysis.run_loading import Ending
from loadtest.analysis.slo import Slo
from loadtest.analysis.summary import summarise
from loadtest.engine import descriptors, hook_variables, progress, target_usage
from loadtest.engine.generators import registry
from loadtest.engine.generators.base import Generator, Load, Running
from loadtest.engine.host import HostRecorder
from loadtest.engine.prober import Prober
from loadtest.engine.stall_recorder import StallRecorder
from loadtest.engine.target_usage import TargetUsage
from loadtest.engine.workers.generator import Split, split
from loadtest.errors import GeneratorError, LoadTestError
from loadtest.messages.message import Message, msg
from loadtest.messages.names import by_generator, free_text
from loadtest.models import ProbeSettings, RunSettings, RunSummary
from loadtest.profiles import Profile
from loadtest.runs import computer, paths
from loadtest.runs.journal import Tail
from loadtest.runs.probes import parse_probe
from loadtest.runs.recording import Usage, WorkerError, parse_event, parse_exchange
from loadtest.scenario import credentials
from loadtest.scenario import scenario as scenarios
from loadtest.stack.outputs import StackOutputs

POLL_S = 0.25
SAMPLE_S = 1.0
STARTUP_S = 120.0
"""Artillery, the slowest, needs 6 to 8 s of CPU before its first request; more on a busy machine."""
DRAIN_S = 60.0


@dataclass(frozen=True)
class LoadTest:
    """What to put a stack under: which load, who generates it, and what it has to hold to.

    Attributes:
        command: Starts the `generator`; Artillery's is [node, script].
        workers: How several generators share the load; None for one.
        slo: The default objectives if None.
    """

    profile: Profile
    command: Sequence[str]
    generator: str = registry.DEFAULT
    workers: Split | None = None
    scenario: str | scenarios.Choice = "login"
    slo: Slo | None = None

    @property
    def choice(self) -> scenarios.Choice:
        """Which scenario, and what of it."""
        given = self.scenario
        return scenarios.Choice(given) if isinstance(given, str) else given


@dataclass(frozen=True)
class RunResult:
    """A run and the directory it is saved in."""

    directory: Path
    summary: RunSummary


@dataclass(frozen=True)
class _Plan:
    """What to run, and where."""

    load: Load
    generator: Generator
    outputs: StackOutputs
    slow_ms: float
    target: TargetUsage | None
    clock: SteadyClock = field(default_factory=SteadyClock)
    """By it the run begins and ends, whatever the computer's clock is set to in between."""

    @property
    def directory(self) -> Path:
        """The run's directory."""
        return self.load.directory

    @property
    def timeout_s(self) -> float:
        """Seconds after which the generator is considered hung."""
        load = self.load
        return STARTUP_S + load.profile.duration_s + load.scenario.longest_s + DRAIN_S

    def settings(self, started_at: datetime) -> RunSettings:
        """Return what is recorded before the run starts."""
        load, installed = self.load, self.load.installation
        return RunSettings(
            id=load.directory.name,
            topology=self.outputs.topology,
            target=self.outputs.url,
            started_at=started_at,
            profile=load.profile.record(),
            scenario=load.scenario.record(),
            slow_ms=self.slow_ms,
            probe=ProbeSettings(path=self.outputs.health_path),
            generator=self.generator.name,
            generator_version=installed.version,
            artillery=installed.version if self.generator.name == registry.DEFAULT else None,
            node=installed.node,
            python=platform.python_version(),
            workers=installed.workers,
            host_cpus=installed.cpus,
            host_watched=installed.elsewhere is None,
            target_watched=self.target is not None,
            computer=installed.elsewhere or computer.describe(),
        )


@dataclass(frozen=True)
class _Outcome:
    """How the run ended: `why` in one line, `failure` as an error message."""

    why: Message | None = None
    failure: str | None = None


def run_load(
    outputs: StackOutputs,
    test: LoadTest,
    *,
    console: Console,
    base: Path | None = None,
    directory: Path | None = None,
    stopped: Callable[[], bool] = lambda: False,
    after_load: Callable[[Path], None] | None = None,
) -> RunResult:
    """Run the load and return its summary, already saved in a directory below `base`.

    A caller that needs the directory while the load runs creates it (`paths.new_directory`) and passes
    it. Once `stopped` returns True the load ends, because what it accompanied has ended. `after_load`
    gets the directory at the end, to add what happened at the target (`runs/events.py`).

    Ctrl-C stops the generator; what was measured is saved, marked as cut short, and returned.

    Raises:
        LoadTestError: There is no such scenario or generator, or the one cannot run the other.
        GeneratorError: This computer allows too few open files; or the generator crashed, hung or could
            not write; what was measured until then is saved as well, as far as there is room.
    """
    profile, choice = test.profile, test.choice
    loaded = scenarios.load(choice.name, choice)
    for line in () if os.environ.get(hook_variables.NOTES_TOLD) else loaded.notes:
        console.print(line.strip(), style="yellow", highlight=False, markup=False, soft_wrap=True)
    chosen = split(registry.named(test.generator), test.workers)
    registry.require_runnable(loaded, test.generator)
    installation = chosen.inspect(test.command)
    loaded.check_supply(profile, installation.workers, outputs.seed_users)
    if installation.elsewhere is None:
        descriptors.require(profile, loaded)
    directory = directory or paths.new_directory(
        base or paths.base(), outputs.topology, profile.name
    )
    load = Load(directory, outputs.url, loaded, profile, installation, choice.pass_env)
    slow_ms = (test.slo or objectives.default()).slow_ms
    plan = _Plan(load, chosen, outputs, slow_ms, target_usage.find())
    try:
        settings = _prepare(plan)
        outcome = _follow(plan, settings, console, stopped)
    finally:
        for name in (paths.CREDENTIALS, paths.ROWS, paths.VISITORS):
            for file in directory.rglob(name):
                file.unlink(missing_ok=True)
    _copy_target_usage(plan)
    if after_load is not None:
        after_load(directory)
    return _result(plan, outcome, test.slo)


def _copy_target_usage(plan: _Plan) -> None:
    if plan.target is not None:
        # A full disk: what is missing is for the checks of validity to say.
        with contextlib.suppress(OSError):
            plan.target.copy(plan.directory)


def _result(plan: _Plan, outcome: _Outcome, slo: Slo | None) -> RunResult:
    """Save the summary and return it.

    Raises:
        GeneratorError: The generator failed; what was measured until then is saved nevertheless.
    """
    directory = plan.directory
    try:
        summary = _save(directory, Ending(plan.clock.utc(), outcome.why), slo)
    except LoadTestError as error:
        if outcome.failure is None:
            raise
        raise GeneratorError(f"{outcome.failure}\n  Then: {error}") from error
    if outcome.failure is not None:
        measured = f"\n  The {summary.requests.total:,} requests before that are kept: {directory}"
        raise GeneratorError(outcome.failure + (measured if summary.requests.total else ""))
    return RunResult(directory, summary)


def _save(directory: Path, ending: Ending, slo: Slo | None) -> RunSummary:
    summary = summarise(run_loading.measure(directory, ending), slo)
    paths.save_summary(directory, summary)
    for name in (paths.GENERATOR, paths.HOST, paths.STALLS):
        if (directory / name).exists():
            # Only to save space: it is readable as it is.
            with contextlib.suppress(paths.ResultsError):
                paths.compress(directory / name)
    return summary


def _prepare(plan: _Plan) -> RunSettings:
    load, settings = plan.load, plan.settings(plan.clock.utc())
    paths.write_text(load.directory / paths.SETTINGS, settings.model_dump_json(indent=2) + "\n")
    paths.write_text(load.directory / paths.OUTPUTS, plan.outputs.to_json() + "\n")
    if load.scenario.seeded:
        with paths.writing_to(load.directory):
            credentials.write(
                load.directory / paths.CREDENTIALS, load.profile, load.installation.workers
            )
    plan.generator.prepare(load)
    return settings


def _follow(
    plan: _Plan, settings: RunSettings, console: Console, stopped: Callable[[], bool]
) -> _Outcome:
    """Run the generator to its end while showing what it records and probing the target."""
    profile, name = plan.load.profile, plan.generator.name
    meter = progress.Meter(profile, plan.slow_ms, plan.generator.title)
    follower = _Follower(plan.directory, meter)
    title = f"{plan.outputs.topology}: {profile.name}, {profile.description}"
    prober = Prober(plan.outputs.url, settings.probe, plan.directory / f"{paths.PROBES}.gz")
    process = plan.generator.start(plan.load)
    # The generator's own clock began just now, too.
    clock = SteadyClock()
    watch = HostRecorder(plan.directory / paths.HOST, process.pids, clock)
    why, ended = None, False
    try:
        with (
            prober,
            watch,
            StallRecorder(plan.directory / paths.STALLS),
            progress.display(console, meter, title, clock) as display,
        ):
            deadline = time.monotonic() + plan.timeout_s
            while process.poll() is None and why is None and not (ended := stopped()):
                follower.read()
                follower.sample(process)
                display.show()
                failure = prober.failure or watch.failure or follower.failure
                why = _failed(process.complaint or failure)
                if time.monotonic() > deadline:
                    why = by_generator("cut.timed-out", name, seconds=plan.timeout_s)
                time.sleep(POLL_S)
            process.stop()
            follower.read()
    except KeyboardInterrupt:
        return _Outcome(why=msg("cut.interrupted"))
    finally:
        process.stop()
    if ended and why is None:
        return _Outcome(why=msg("cut.stopped"))
    why = why or _failed(process.complaint or follower.failure)
    why = (
        why
        or _script_failed(plan, process, follower)
        or _ended_badly(name, process, meter, follower)
    )
    return _Outcome() if why is None else _Outcome(why, _failure(why, plan, process))


def _failed(error: str | None) -> Message | None:
    return msg("cut.generator-failed", error=free_text(error)) if error else None


def _script_failed(plan: _Plan, process: Running, follower: _Follower) -> Message | None:
    """Return what the script itself did wrong: it would be taken for counts that do not add up."""
    found = plan.generator.script_error(process, plan.directory, follower.errors)
    return msg("cut.script-failed", error=free_text(found)) if found else None


def _ended_badly(
    generator: str, process: Running, meter: progress.Meter, follower: _Follower
) -> Message | None:
    status = process.poll()
    if not status and meter.answers:
        return None
    error = free_text(follower.worker_error) if follower.worker_error else None
    if not status and error:
        return by_generator("cut.no-requests-because", generator, error=error)
    if not status:
        return by_generator("cut.no-requests", generator)
    if error:
        return by_generator("cut.generator-exited-because", generator, status=status, error=error)
    return by_generator("cut.generator-exited", generator, status=status)


def _failure(why: Message, plan: _Plan, process: Running) -> str:
    return f"{why}; see {plan.directory / plan.generator.log}:\n{process.last_lines()}"


class _Follower:
    """Follows the recorded files for the display, and records the generator's resource usage."""

    def __init__(self, directory: Path, meter: progress.Meter) -> None:
        self._meter = meter
        self._requests = Tail(directory / f"{paths.REQUESTS}.gz")
        self._generator = Tail(directory / paths.GENERATOR)
        self._probes = Tail(directory / f"{paths.PROBES}.gz")
        self._usage = directory / paths.GENERATOR
        self._sampled_at = 0.0
        self.errors: set[str] = set()
        """The errors with which requests ended."""
        self.failure: str | None = None
        """Why the recorded files cannot be read or written."""
        self.worker_error: str | None = None
        """The first error that one of the generator's threads reported."""

    def read(self) -> None:
        """Read what is new."""
        try:
            exchanges = [parse_exchange(line) for line in self._requests.lines()]
            events = [parse_event(line) for line in self._generator.lines()]
            probes = [parse_probe(line) for line in self._probes.lines()]
        except ValueError as error:
            self.failure = f"the recorder wrote something unreadable: {error}"
            return
        self.errors |= {one.error for one in exchanges if one.error is not None}
        errors = (event.message for event in events if isinstance(event, WorkerError))
        self.worker_error = self.worker_error or next(errors, None)
        self._meter.add(exchanges, events, probes)

    def sample(self, process: Running) -> None:
        """Record the generator's CPU time and memory, at most once a second."""
        if time.monotonic() < self._sampled_at + SAMPLE_S:
            return
        self._sampled_at = time.monotonic()
        if (usage := process.usage()) is not None:
            self._write(usage)

    def _write(self, usage: Usage) -> None:
        line = {
            "event": "usage",
            "at": round(usage.at_ms, 3),
            "cpu_s": round(usage.cpu_seconds, 3),
            "rss": usage.rss_bytes,
        }
        try:
            # One write in append mode, like the recorder's threads: lines stay whole.
            with self._usage.open("ab", buffering=0) as file:
                file.write(f"{json.dumps(line)}\n".encode())
        except OSError as error:
            self.failure = f"cannot write {self._usage}: {error.strerror}"
