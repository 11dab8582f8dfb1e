"""The main job: bring up both stacks, load them, and reach one verdict.

They come up and go away side by side; `turns` puts them under load one after the other.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from commandline.errors import reported
from commandline.exit_codes import ExitCode
from commandline.findings import Findings
from loadtest.analysis import preload, run_loading
from loadtest.cli.load_request import load_for
from loadtest.engine import descriptors, hook_variables
from loadtest.generator_names import ARTILLERY
from loadtest.profiles import Profile
from loadtest.runs import paths as runs_paths
from loadtest.scenario.scenario import Choice
from rehearsal import display, failure, first_proof, load_choice, side_by_side, turns, verdict
from rehearsal.causes import LAST_LINES
from rehearsal.head_start import SLOWEST, HeadStart
from rehearsal.pulumi_project import STACKS, EngineError, Project
from rehearsal.testbed import Testbed
from toolchain import paths

_ENDINGS: Mapping[str, display.Ending] = {
    "broken": display.Ending("✗", "red", "promise broken"),
    "undecided": display.Ending("–", "yellow", "promise neither shown to be kept nor broken"),
    "invalid": display.Ending("–", "yellow", "the run is not valid"),
}
"""What a stack's last line says about its run; the verdict says why."""
_STOPPED = display.Ending("–", "yellow", "stopped")
CODES_WITH_A_RESULT = (ExitCode.SUCCESS, ExitCode.BROKEN_PROMISE, ExitCode.NO_VERDICT)
"""Exit codes of `python -m loadtest` after which there is a run to report."""


@dataclass(frozen=True)
class Rehearsal:
    """One rehearsal: what it runs on, what it loads both stacks with, and `run`.

    Attributes:
        testbed: The region and both stacks.
        scenario: What each user does.
        generator: The load generator's name.
        slo: The file with the promise; None for the default one.
        experiments: Whether parts of the HA stack are made to fail after the loads.
    """

    testbed: Testbed
    scenario: Choice = field(default_factory=Choice)
    generator: str = ARTILLERY
    slo: Path | None = None
    experiments: bool = False

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
            UnfitError: this computer is too slow or too unsteady to run the stacks.
        """
        testbed, console = self.testbed, self.testbed.console
        # Check whatever can be checked at once before minutes of work.
        findings = Findings()
        loaded = findings.of(load_for, self.scenario, self.generator)
        findings.of(testbed.require)
        findings.report()
        scenario = loaded.value
        profile = load_choice.profile_of(testbed.load, scenario)
        load_choice.require_visitors(profile, scenario, testbed.stacks, testbed.settings())
        if self.experiments:
            first_proof.require_visitors(scenario, profile.peak_rate)
        descriptors.require(profile, scenario)
        console.print(f"[bold]haproof rehearsal[/]: {profile.description}", highlight=False)
        for line in scenario.notes:
            console.print(line.strip(), style="yellow", highlight=False, markup=False)
        try:
            return self._run(profile)
        except EngineError as error:
            text = failure.with_lost_state(str(error), testbed.root)
            raise EngineError(failure.explained(text, kept=testbed.keep)) from error

    def _run(self, profile: Profile) -> int:
        testbed = self.testbed
        hook = hook_variables.variables(self.scenario, self.generator, self.slo)
        with testbed.prepared(profile, hook) as project:
            runs = self._load_both(project)
            target = testbed.results / f"report-{profile.name}"
            found = verdict.Verdict(testbed.root, project, runs, target)
            code = found.on_loads()
            if not self.experiments:
                return code
            with display.Board(testbed.console) as board:
                proof = first_proof.prove(
                    project, runs[first_proof.STACK], board, profile.peak_rate, self.scenario
                )
            return found.on_all(proof)

    def _load_both(self, project: Project) -> dict[str, Path]:
        """Bring both stacks up and load one after the other; return the runs' directories."""
        # For the report. The stacks take longer to come up than this does to load.
        preload.start()
        head_start = HeadStart(SLOWEST)
        releases = head_start.release_begins
        with turns.Turns(STACKS, releases) as queue, display.Board(self.testbed.console) as board:
            project = replace(project, variables={**project.variables, **queue.variables})

            def load(stack: str) -> Path:
                title = f"{stack}: pulumi up, release, load ({self.testbed.load})"
                try:
                    with board.stage(title, stack) as progress:
                        return self._load_shown(project, stack, progress, head_start)
                finally:
                    queue.done(stack)

            work = {stack: partial(load, stack) for stack in STACKS}
            return side_by_side.run(work, partial(self.testbed.interrupt, project))

    def _load_shown(
        self,
        project: Project,
        stack: str,
        progress: display.StageProgress,
        head_start: HeadStart,
    ) -> Path:
        """Bring a stack up and load it; its line on the board ends with how that came out."""
        try:
            run = self._load(project, stack, progress, head_start)
        except Exception:
            if project.processes.interrupted:
                progress.ending = _STOPPED
            raise
        self.testbed.mark_complete(stack)
        outcome = run_loading.load_summary(run).verdict.outcome
        progress.ending = _ENDINGS.get(outcome, display.DONE)
        return run

    def _load(
        self,
        project: Project,
        stack: str,
        progress: display.StageProgress,
        head_start: HeadStart,
    ) -> Path:
        """Bring a stack up, which also releases and loads it, and return the run's directory."""
        before = self._latest(stack)
        with head_start.coming_up(stack, progress):
            failed = self._failure(partial(project.up, stack, progress))
        run = self._newer(stack, before)
        if run is None and failed is None:
            # Nothing had changed, so the engine ran no hook: do what the hook would have done.
            failed = self._failure(lambda: self._post_up(project, stack, progress))
            run = self._newer(stack, before)
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

    def _newer(self, stack: str, before: Path | None) -> Path | None:
        """Return the latest run of `stack` if it is another one than `before`.

        Not by its time: a clock that is set back in between would make it an old one.
        """
        run = self._latest(stack)
        return None if run == before else run

    def _latest(self, stack: str) -> Path | None:
        """Return the latest run of `stack` that was completed; None without one."""
        try:
            run = runs_paths.latest(self.testbed.results, stack)
            run_loading.load_summary(run)
        except runs_paths.ResultsError:
            return None
        return run

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
