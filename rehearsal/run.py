"""The main job: both stacks up, under the same load, and one verdict.

They come up and go away side by side; `turns` puts them under load one after the other.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console

from commandline import files
from commandline.errors import reported
from commandline.exit_codes import ExitCode
from loadtest.analysis import preload, run_loading
from loadtest.cli.options import chosen_for_hook, load_for
from loadtest.generator_record import ARTILLERY
from loadtest.profiles import Profile
from loadtest.runs import paths as runs_paths
from loadtest.scenario.scenario import Choice
from region import background, calibration, image_options, preflight, reuse, rootless, session
from region.cli import credit_arguments, factor_arguments
from region.config import RegionConfig
from region.options import command
from rehearsal import (
    display,
    first_proof,
    fit,
    load_choice,
    settings_check,
    side_by_side,
    turns,
    under_way,
    verdict,
)
from rehearsal.causes import LAST_LINES
from rehearsal.head_start import SLOWEST, HeadStart
from rehearsal.processes import Processes
from rehearsal.pulumi_project import STACK_TYPE, STACKS, EngineError, Project
from toolchain import paths

RESULTS_VARIABLE = "LOADTEST_RESULTS"
_LISTENER_PORT = 80
"""Where the HA stack's load balancer listens unless the setting `listenerPort` says otherwise."""
_ENDINGS: Mapping[str, display.Ending] = {
    "broken": display.Ending("✗", "red", "promise broken"),
    "undecided": display.Ending("–", "yellow", "promise neither shown to be kept nor broken"),
    "invalid": display.Ending("–", "yellow", "the run is not valid"),
}
"""What a stack's last line says of its run; the verdict says why."""
_STOPPED = display.Ending("–", "yellow", "stopped")
CODES_WITH_A_RESULT = (ExitCode.SUCCESS, ExitCode.BROKEN_PROMISE, ExitCode.NO_VERDICT)
"""Exit codes of `python -m loadtest` after which there is a run to report."""


@dataclass
class Rehearsal:
    """One rehearsal: its settings, and `run`."""

    root: Path
    load: str
    """The setting `loadProfile` of both stacks."""
    results: Path
    keep: bool = False
    speed: float = 1.0
    revision: Path = paths.REVISION
    """The directory that both stacks deploy."""
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    """Settings of the namespace `haproof` that both stacks get."""
    images: image_options.ImageChoice = field(default_factory=image_options.ImageChoice)
    scenario: Choice = field(default_factory=Choice)
    """What each user does."""
    generator: str = ARTILLERY
    experiments: bool = False
    """Whether parts of the HA stack are made to fail after the loads."""
    stacks: tuple[str, ...] = STACKS
    """Which of them there are; `run` needs both."""
    cpu_factor: float | None = None
    """What the user set instead of the region's measurement."""
    cpu_credits: float | None = None
    """Those that instances begin with; None: what EC2 gives, and none after a deployment."""
    console: Console = field(default_factory=lambda: Console(stderr=True, soft_wrap=True))
    _built: set[str] = field(default_factory=set[str], init=False)
    """Stacks that came up and were loaded."""
    _kept: dict[str, bool] = field(default_factory=dict[str, bool], init=False)
    """Stacks that stay at the end, and whether they are complete."""

    def run(self) -> int:
        """Run it and return the verdict's exit code.

        Raises:
            LoadTestError: there is no such load profile or scenario, or the scenario cannot be run.
            SettingsError: the program does not accept the settings.
            UnderWayError: another rehearsal is under way in the same directory.
            ToolError: a program that it needs is missing.
            RootlessError: only root may listen on the load balancer's port.
            BackgroundError: the region did not start.
            EngineError: a stack could not be built, released or loaded.
            UnfitError: this computer is too slow or too unsteady to play the stacks.
        """
        # Check whatever can be checked at once before minutes of work.
        scenario = load_for(self.scenario, self.generator)
        profile = load_choice.profile_of(self.load, scenario)
        self._require()
        load_choice.require_visitors(profile, scenario, self.stacks, self._settings())
        self.console.print(f"[bold]haproof rehearsal[/]: {profile.description}", highlight=False)
        for line in scenario.notes:
            self.console.print(line.strip(), style="yellow", highlight=False, markup=False)
        with self._prepared(profile) as project:
            runs = self._load_both(project)
            target = self.results / f"report-{profile.name}"
            found = verdict.Verdict(self.root, project, runs, target)
            code = found.on_loads()
            if not self.experiments:
                return code
            with display.Board(self.console) as board:
                proof = first_proof.prove(
                    project, runs[first_proof.STACK], board, profile.peak_rate, self.scenario.name
                )
            return found.on_all(proof)

    @contextlib.contextmanager
    def prepared(self, profile: Profile) -> Generator[Project]:
        """Check what can be checked, start the region, and remove all of it at the end.

        The caller brings the stacks up, and puts no more load on them than `profile` does.
        """
        self._require()
        with self._prepared(profile) as project:
            yield project

    def _require(self) -> None:
        runs_paths.require_writable(self.results)
        preflight.require(preflight.REHEARSAL)
        preflight.require_revision(self.revision)
        settings_check.require(self.stacks, self._settings())
        rootless.require_port(_listener_port(self.config))

    @contextlib.contextmanager
    def _prepared(self, profile: Profile) -> Generator[Project]:
        with under_way.exclusive(self.root), self._region() as found:
            self._require_cpu(profile)
            chosen = chosen_for_hook(self.scenario, self.generator)
            project = Project(found, self.root, {RESULTS_VARIABLE: str(self.results), **chosen})
            with self._stacks(project):
                yield project

    # --- the region -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _region(self) -> Generator[session.Session]:
        found = session.running(self.root)
        if found is not None:
            reuse.require_same(self.root, found, self._wanted())
            self.console.print(f"using the running local region (process {found.pid})")
            yield found
            return
        by_ami = tuple(self.images.by_ami.items())
        config = RegionConfig(root=self.root, image=self.images.image, ami_images=by_ami)
        for line in image_options.announce(config):
            self.console.print(line, highlight=False, markup=False)
        with display.stage(self.console, "start the local region"):
            arguments = ["--speed", str(self.speed), *self.images.arguments()]
            arguments += factor_arguments(self.cpu_factor) + credit_arguments(self.cpu_credits)
            found = background.launch(self.root, arguments)
        try:
            yield found
        finally:
            if self.keep:
                end = command("stop", self.root)
                self.console.print(f"{_kept_running(self._kept)}; stop all of it: {end}")
            else:
                with display.stage(self.console, "stop the local region"):
                    background.stop(found)

    def _wanted(self) -> reuse.Wanted:
        return reuse.Wanted(
            self.images.values(),
            speed=None if self.speed == 1.0 else self.speed,
            cpu_factor=self.cpu_factor,
            cpu_credits=self.cpu_credits,
        )

    def _require_cpu(self, profile: Profile) -> None:
        """Say how fast this computer is, and end here if that is certainly too slow."""
        found = calibration.read(self.root)
        asked = fit.asked(self.config)
        if found is None or asked is None:
            return
        kind, instances = asked
        sample = self.revision == paths.REVISION
        need = fit.needs(profile, kind, instances, found.factor, sample=sample)
        try:
            warning = fit.check(found, need)
        except fit.UnfitError:
            # Whatever used the CPU when the region started may have ended since.
            now = calibration.measure()
            found = replace(
                found,
                spread=now.spread,
                capacity_cores=now.capacity_cores,
                others_cores=now.others_cores,
                stolen_cores=now.stolen_cores,
            )
            warning = fit.check(found, need)
        self.console.print(f"CPU: {calibration.describe(found)}", highlight=False)
        if warning:
            self.console.print(f"[yellow]{warning}[/]", highlight=False)

    # --- the stacks -------------------------------------------------------------------------------

    @property
    def _marker(self) -> Path:
        """The file with the names of stacks that a rehearsal created and has not removed yet."""
        return self.root / "rehearsed.json"

    @contextlib.contextmanager
    def _stacks(self, project: Project) -> Generator[None]:
        """Remove the stacks at the end, except those that existed before."""
        left = self._left_over()
        stacks = [*self.stacks, *(stack for stack in left if stack not in self.stacks)]
        for stack in stacks:
            project.prepare(stack, self._settings())
            if stack in left:
                project.cancel(stack)
        existing = [s for s in stacks if s not in left and project.resources(s)]
        own = [stack for stack in stacks if stack not in existing]
        runs_paths.write_json(self._marker, own)
        try:
            yield
        finally:
            if self.keep:
                self._kept = self._existing(project)
            else:
                self._remove(project, own)
                self._marker.unlink(missing_ok=True)

    def _left_over(self) -> list[str]:
        try:
            return list(files.parse_json(files.read_text(self._marker)))
        except (OSError, ValueError):
            return []

    def _settings(self) -> dict[str, str]:
        return {**self.config, "loadProfile": self.load, "appPath": str(self.revision)}

    def _existing(self, project: Project) -> dict[str, bool]:
        """Return the stacks that have anything, and whether each came up whole."""
        # Other processes than before, as in `_remove`.
        project = replace(project, processes=Processes())
        return {
            stack: stack in self._built
            for stack in self.stacks
            if any(one["type"] != STACK_TYPE for one in project.resources(stack))
        }

    def _remove(self, project: Project, stacks: list[str]) -> None:
        # Others than before: what an interruption ended may have to be removed now.
        project = replace(project, processes=Processes())
        with display.Board(self.console) as board:

            def remove(stack: str) -> None:
                if project.resources(stack):
                    with board.stage(f"remove the stack {stack}", stack) as progress:
                        project.destroy(stack, progress)

            work = {stack: partial(remove, stack) for stack in stacks}
            side_by_side.run(work, partial(self.end, project))

    def built(self, stack: str) -> None:
        """Note that a stack came up whole."""
        self._built.add(stack)

    def end(self, project: Project) -> None:
        """End what runs on either stack: one failed, or somebody interrupted both."""
        self.console.print("  ending what still runs …", highlight=False)
        project.processes.interrupt()

    # --- the load ---------------------------------------------------------------------------------

    def _load_both(self, project: Project) -> dict[str, Path]:
        """Bring both stacks up and load one after the other; return the runs' directories."""
        # For the report. The stacks take longer to come up than this does to load.
        preload.start()
        head_start = HeadStart(SLOWEST)
        releases = head_start.release_begins
        with turns.Turns(STACKS, releases) as queue, display.Board(self.console) as board:
            project = replace(project, variables={**project.variables, **queue.variables})

            def load(stack: str) -> Path:
                title = f"{stack}: pulumi up, release, load ({self.load})"
                try:
                    with board.stage(title, stack) as progress:
                        try:
                            run = self._load(project, stack, progress, head_start)
                        except Exception:
                            if project.processes.interrupted:
                                progress.ending = _STOPPED
                            raise
                        self.built(stack)
                        outcome = run_loading.load_summary(run).verdict.outcome
                        progress.ending = _ENDINGS.get(outcome, display.DONE)
                        return run
                finally:
                    queue.done(stack)

            work = {stack: partial(load, stack) for stack in STACKS}
            return side_by_side.run(work, partial(self.end, project))

    def _load(
        self,
        project: Project,
        stack: str,
        progress: display.StageProgress,
        head_start: HeadStart,
    ) -> Path:
        """Bring a stack up, which also releases and loads it, and return the run's directory."""
        began = datetime.now(UTC)
        with head_start.coming_up(stack, progress):
            failed = self._failure(partial(project.up, stack, progress))
        run = self._newest(stack, began)
        if run is None and failed is None:
            # Nothing had changed, so the engine ran no hook: do what the hook would have done.
            failed = self._failure(lambda: self._post_up(project, stack, progress))
            run = self._newest(stack, began)
        if run is None:
            raise failed or EngineError(f"the load test of {stack} left no result")
        if failed is not None and run_loading.load_summary(run).verdict.outcome == "kept":
            raise failed
        return run

    @staticmethod
    def _failure(work: Callable[[], None]) -> EngineError | None:
        """Return the error instead of raising it: a broken promise also fails `pulumi up`."""
        try:
            work()
        except EngineError as error:
            return error
        return None

    def _newest(self, stack: str, since: datetime) -> Path | None:
        """Return the run of `stack` that began after `since`, if it was completed."""
        try:
            run = runs_paths.latest(self.results, stack)
            fresh = run_loading.load_summary(run).started_at >= since
        except runs_paths.ResultsError:
            return None
        return run if fresh else None

    def _post_up(self, project: Project, stack: str, progress: display.StageProgress) -> None:
        outputs = json.dumps(project.outputs(stack))
        printed: list[str] = []
        with project.processes.started(
            [sys.executable, "-m", "loadtest", "post-up"],
            cwd=paths.ROOT,
            env=project.environment(),
            stdin=subprocess.PIPE,
        ) as process:
            assert process.stdin is not None  # noqa: S101
            assert process.stdout is not None  # noqa: S101
            process.stdin.write(outputs)
            process.stdin.close()
            for line in process.stdout:
                printed.append(line.rstrip())
                if not reported(printed):
                    progress.line(line.rstrip())
            code = process.wait()
        error = reported(printed)
        if code not in CODES_WITH_A_RESULT:
            why = "\n".join(error or printed[-LAST_LINES:])
            raise EngineError(f"the release or the load test of {stack} failed: {why}")
        for line in printed[len(printed) - len(error) :]:
            progress.line(line)


def _kept_running(kept: Mapping[str, bool]) -> str:
    """Return what stays at the end, in words."""
    whole = [stack for stack, complete in kept.items() if complete]
    parts = [
        f"what there is of the stack {stack}" for stack, complete in kept.items() if not complete
    ]
    if len(whole) == len(STACKS):
        return "the region and both stacks keep running"
    stacks = " and ".join([*(f"the stack {stack}" for stack in whole), *parts])
    return f"the region keeps running, {f'with {stacks}' if stacks else 'without any stack'}"


def _listener_port(config: Mapping[str, str]) -> int:
    """Return the port, or one that may always be used for what the program's validation refuses."""
    port = config.get("listenerPort", str(_LISTENER_PORT))
    return int(port) if port.isdecimal() else 65_535
