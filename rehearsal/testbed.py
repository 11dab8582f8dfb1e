"""What a rehearsal, a proof and a damage measurement run on: a region and its stacks.

It exists from `Testbed.prepared` on to the end of that block, which removes whatever it made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from rich.console import Console

from commandline import files
from commandline.findings import Findings
from loadspec.setting import NONE
from loadtest.engine import hook_variables
from loadtest.generator_names import ARTILLERY
from loadtest.profiles import Profile
from loadtest.runs import paths as runs_paths
from loadtest.scenario.scenario import Choice
from region import background, image_options, preflight, reuse, rootless, session
from region.options import command
from region.start_options import StartOptions
from rehearsal import (
    display,
    fit,
    revision_check,
    setting_pairs,
    settings_check,
    side_by_side,
    under_way,
)
from rehearsal.processes import Processes
from rehearsal.pulumi_project import STACK_TYPE, STACKS, Project
from toolchain import paths

RESULTS_VARIABLE = "LOADTEST_RESULTS"
_LISTENER_PORT = 80
"""Where the HA stack's load balancer listens unless the setting `listenerPort` says otherwise."""


@dataclass
class Testbed:
    """A region and its stacks: how they are to be, and `prepared`.

    Attributes:
        root: The directory of the region's state.
        results: The directory that runs are saved in.
        load: The setting `loadProfile` of each stack: what loads it after `pulumi up`.
        keep: Whether region and stacks stay at the end.
        revision: The directory that each stack deploys.
        config: Further settings of the namespace `haproof` for each stack.
        region: How the region is started.
        stacks: Which stacks there are.
        console: Where progress is shown.
    """

    root: Path
    results: Path
    load: str = NONE
    keep: bool = False
    revision: Path = paths.REVISION
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    region: StartOptions = field(default_factory=StartOptions)
    stacks: tuple[str, ...] = STACKS
    console: Console = field(default_factory=lambda: Console(stderr=True, soft_wrap=True))
    _complete: set[str] = field(default_factory=set[str], init=False)
    """Stacks that came up whole."""
    _kept: dict[str, bool] = field(default_factory=dict[str, bool], init=False)
    """Stacks that stay at the end, and whether they are complete."""

    def settings(self) -> dict[str, str]:
        """Return the settings of the namespace `haproof` that each stack gets."""
        return {**self.config, "loadProfile": self.load, "appPath": str(self.revision)}

    def require(self) -> None:
        """Check at once whatever can be checked, before minutes of work.

        Raises:
            UserError: Something is missing or refused; the message names it and the remedy.
        """
        findings = Findings()
        findings.of(runs_paths.require_writable, self.results)
        findings.of(preflight.require, preflight.REHEARSAL)
        findings.of(self._require_revision)
        findings.of(settings_check.require, self.stacks, self.settings())
        findings.of(rootless.require_port, _listener_port(self.config))
        findings.report()

    def with_inputs(
        self, findings: Findings, config: Sequence[str], image: Sequence[str] | None
    ) -> Testbed:
        """Return the same with the settings and images that options name, as far as they can be read."""
        settings = findings.of(setting_pairs.read, config)
        images = findings.of(image_options.chosen, self.root, image)
        chosen = images.otherwise(image_options.ImageChoice())
        return replace(
            self, config=settings.otherwise({}), region=replace(self.region, images=chosen)
        )

    def look_at_inputs(self, findings: Findings) -> None:
        """Add to `findings` what is wrong with the user's own revision and settings."""
        if self.revision != paths.REVISION:
            findings.of(self._require_revision)
        if self.config:
            findings.of(settings_check.require, self.stacks, self.settings())

    def _require_revision(self) -> None:
        preflight.require_revision(self.revision)
        for notice in revision_check.require(self.revision):
            self.console.print(f"warning: {notice}", style="yellow", highlight=False, markup=False)

    @contextlib.contextmanager
    def prepared(
        self, profile: Profile, hook: Mapping[str, str] | None = None
    ) -> Generator[Project]:
        """Start the region; at the end, remove it and the stacks. Call `require` before.

        The caller brings the stacks up, and puts no more load on them than `profile` does. `hook` are
        the variables that tell the hook after `pulumi up` what to load them with.

        Raises:
            UnderWayError: another rehearsal is under way in the same directory.
            BackgroundError: the region did not start.
            SessionError: the region that is running has other options.
            UnfitError: this computer is too slow or too unsteady to run the stacks.
        """
        with under_way.exclusive(self.root), self._running_region() as found:
            sample = self.revision == paths.REVISION
            for line in fit.require(self.root, profile, self.config, sample=sample):
                self.console.print(line, highlight=False)
            chosen = hook or hook_variables.variables(Choice(), ARTILLERY)
            project = Project(found, self.root, {RESULTS_VARIABLE: str(self.results), **chosen})
            with self._stacks(project):
                yield project

    def mark_complete(self, stack: str) -> None:
        """Note that a stack came up whole."""
        self._complete.add(stack)

    def interrupt(self, project: Project) -> None:
        """End what runs on any stack: one failed, or somebody interrupted all of them."""
        self.console.print("  ending what still runs …", highlight=False)
        project.processes.interrupt()

    # --- the region -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _running_region(self) -> Generator[session.Session]:
        found = session.running(self.root)
        if found is not None:
            reuse.require_same(self.root, found, self._wanted())
            self.console.print(f"using the running local region (process {found.pid})")
            yield found
            return
        for line in image_options.announce(self.region.config(self.root)):
            self.console.print(line, highlight=False, markup=False)
        with display.stage(self.console, "start the local region"):
            found = background.launch(self.root, self.region.arguments())
        if found.forgotten:  # as after an update of this checkout
            text = f"warning: {found.forgotten}"
            self.console.print(text, style="yellow", highlight=False, markup=False)
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
        wanted = self.region
        return reuse.Wanted(
            wanted.images.values(),
            speed=None if wanted.speed == 1.0 else wanted.speed,
            cpu_factor=wanted.cpu_factor,
            cpu_credits=wanted.cpu_credits,
        )

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
            project.prepare(stack, self.settings())
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

    def _existing(self, project: Project) -> dict[str, bool]:
        """Return the stacks that have anything, and whether each came up whole."""
        # Other processes than before, as in `_remove`.
        project = replace(project, processes=Processes())
        return {
            stack: stack in self._complete
            for stack in self.stacks
            if any(resource["type"] != STACK_TYPE for resource in project.resources(stack))
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
            side_by_side.run(work, partial(self.interrupt, project))


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
