"""Puts one stack under load: prepares a run, follows it, and writes down what was measured."""

from __future__ import annotations

import contextlib
import json
import platform
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from loadtest import credentials, generator, progress, results
from loadtest import scenario as scenarios
from loadtest.errors import GeneratorError
from loadtest.generator import Generator, Toolchain
from loadtest.models import RunSummary
from loadtest.outputs import StackOutputs
from loadtest.profiles import Profile
from loadtest.recording import (
    Exchange,
    GeneratorEvent,
    Tail,
    WorkerError,
    parse_event,
    parse_exchange,
)
from loadtest.summary import Measurements, summarise
from loadtest.verdict import Slo

POLL_S = 0.25
STARTUP_S = 120.0
"""Artillery takes 6 to 8 s of CPU before its first request; more on a busy machine."""
DRAIN_S = 60.0


@dataclass(frozen=True)
class RunResult:
    """A run and where it is kept."""

    directory: Path
    summary: RunSummary


@dataclass(frozen=True)
class _Plan:
    """What is to be run, and where."""

    directory: Path
    outputs: StackOutputs
    scenario: scenarios.Scenario
    profile: Profile
    tools: Toolchain

    @property
    def patience_s(self) -> float:
        """After this many seconds, Artillery hangs."""
        return STARTUP_S + self.profile.duration_s + self.scenario.longest_user_s + DRAIN_S


@dataclass
class _Recorded:
    """What the runner has read and sampled so far."""

    exchanges: list[Exchange] = field(default_factory=list[Exchange])
    events: list[GeneratorEvent] = field(default_factory=list[GeneratorEvent])
    usage: generator.Usage = field(default_factory=lambda: generator.Usage(0, 0))
    peak_rss: int = 0
    peak_cores: float = 0
    _sampled_at: float = field(default_factory=time.monotonic)

    def sample(self, current: generator.Usage | None) -> None:
        """Takes one sample of the generator's usage, at most once a second."""
        elapsed = time.monotonic() - self._sampled_at
        if current is None or elapsed < 1:
            return
        self._sampled_at += elapsed
        self.peak_cores = max(
            self.peak_cores, (current.cpu_seconds - self.usage.cpu_seconds) / elapsed
        )
        self.peak_rss = max(self.peak_rss, current.rss_bytes)
        self.usage = current


def run_load(
    outputs: StackOutputs,
    profile: Profile,
    *,
    console: Console,
    base: Path | None = None,
    scenario: str = "login",
    slo: Slo | None = None,
    command: Sequence[str] | None = None,
) -> RunResult:
    """Runs the load and returns its summary, already written to a directory below `base`.

    Ctrl-C ends the generator; what was measured is written, marked as cut short, and returned. A
    generator that crashes or hangs raises GeneratorError; its files stay for inspection.
    `command` replaces the project's Artillery ([node, script]).
    """
    loaded = scenarios.load(scenario)
    credentials.check_supply(profile, outputs.seed_users)
    tools = generator.toolchain(command)
    directory = results.new_directory(base or results.base(), outputs.topology, profile.name)
    plan = _Plan(directory, outputs, loaded, profile, tools)
    _prepare(plan)
    started = datetime.now(UTC)
    recorded = _Recorded()
    try:
        cut_short = _follow(plan, recorded, console)
    finally:
        (directory / results.CREDENTIALS).unlink(missing_ok=True)
    summary = summarise(
        Measurements(
            id=directory.name,
            started_at=started,
            finished_at=datetime.now(UTC),
            cut_short=cut_short,
            outputs=outputs,
            profile=profile,
            scenario=loaded,
            exchanges=recorded.exchanges,
            events=recorded.events,
            artillery=_artillery_report(directory),
            tools=tools,
            python=platform.python_version(),
            cpu_seconds=recorded.usage.cpu_seconds,
            cpu_peak_cores=recorded.peak_cores,
            peak_rss_bytes=recorded.peak_rss,
        ),
        slo,
    )
    results.save_summary(directory, summary)
    for name in (results.REQUESTS, results.GENERATOR):
        if (directory / name).exists():
            results.compress(directory / name)
    return RunResult(directory, summary)


def _prepare(plan: _Plan) -> None:
    script = plan.scenario.artillery_script(plan.outputs.url, plan.profile)
    text = yaml.safe_dump(script, sort_keys=False, allow_unicode=True)
    results.write_text(plan.directory / results.SCRIPT, text)
    results.write_text(plan.directory / results.OUTPUTS, plan.outputs.to_json() + "\n")
    # A copy beside the script, so that the directory alone says what ran.
    shutil.copyfile(scenarios.RECORDER, plan.directory / scenarios.RECORDER.name)
    credentials.write(plan.directory / results.CREDENTIALS, plan.profile, plan.tools.workers)


def _follow(plan: _Plan, recorded: _Recorded, console: Console) -> bool:
    """Runs Artillery to its end while showing what it records; True if it was interrupted."""
    meter = progress.Meter(plan.profile)
    follower = _Follower(plan.directory, recorded, meter)
    deadline = time.monotonic() + plan.patience_s
    title = f"{plan.outputs.topology}: {plan.profile.name}, {plan.profile.description}"
    artillery = Generator(plan.tools, plan.directory)
    try:
        with progress.display(console, meter, title) as display:
            while (status := artillery.poll()) is None:
                follower.read()
                recorded.sample(artillery.usage())
                display.show()
                if time.monotonic() > deadline:
                    raise GeneratorError(_hung(plan, artillery))
                time.sleep(POLL_S)
            follower.read()
    except KeyboardInterrupt:
        artillery.stop()
        follower.read()
        return True
    finally:
        artillery.stop()
    if status or not recorded.exchanges:
        raise GeneratorError(_crashed(status, recorded, plan, artillery))
    return False


class _Follower:
    """Reads both of the recorder's files as they grow."""

    def __init__(self, directory: Path, recorded: _Recorded, meter: progress.Meter) -> None:
        self._recorded, self._meter = recorded, meter
        self._requests = Tail(directory / results.REQUESTS)
        self._generator = Tail(directory / results.GENERATOR)

    def read(self) -> None:
        """Takes in what is new."""
        try:
            exchanges = [parse_exchange(line) for line in self._requests.lines()]
            events = [parse_event(line) for line in self._generator.lines()]
        except ValueError as error:
            raise GeneratorError(f"the recorder wrote something unreadable: {error}") from error
        self._recorded.exchanges += exchanges
        self._recorded.events += events
        self._meter.add(exchanges, events)


def _hung(plan: _Plan, artillery: Generator) -> str:
    return (
        f"Artillery has not ended after {plan.patience_s:.0f} s and was stopped; "
        f"see {plan.directory / results.ARTILLERY_LOG}:\n{artillery.last_lines()}"
    )


def _crashed(status: int, recorded: _Recorded, plan: _Plan, artillery: Generator) -> str:
    what = f"ended with status {status}" if status else "ended without sending a single request"
    reported = [event.message for event in recorded.events if isinstance(event, WorkerError)]
    reason = f" ({reported[0]})" if reported else ""
    measured = f"; {len(recorded.exchanges):,} requests were recorded" if recorded.exchanges else ""
    return (
        f"Artillery {what}{reason}{measured}; see {plan.directory / results.ARTILLERY_LOG}:\n"
        f"{artillery.last_lines()}"
    )


def _artillery_report(directory: Path) -> dict[str, Any] | None:
    """Artillery's aggregate of the whole run; None if it was ended before it wrote one."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        text = (directory / results.ARTILLERY_REPORT).read_text(encoding="utf-8")
        return dict(json.loads(text)["aggregate"])
    return None
