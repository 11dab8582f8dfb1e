"""`make prove`: every experiment of the library against both stacks, and one page.

The stacks come up as in a rehearsal, released but without its load; each experiment brings a load of
its own. They run one after the other: two loads at once would disturb each other on one computer.
"""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from loadtest.analysis import preload
from loadtest.experiments.models import Topology
from loadtest.experiments.proof import assemble, terminal, write
from loadtest.profiles import profile_named
from loadtest.reporting import report
from rehearsal import display, experiments, side_by_side, turns
from rehearsal.experiments import Applicable, Runner
from rehearsal.head_start import SLOWEST, HeadStart
from rehearsal.pulumi_project import Project
from rehearsal.run import Rehearsal
from toolchain import paths

STACKS: Final[tuple[Topology, ...]] = ("ha", "single")
NEEDED_SETTINGS: Final = {"databaseMultiAz": "true", "seedUsers": "54000"}
"""Without a standby no database fails over; and a deployment with its rollback takes minutes, each
second of which needs new visitors. What the user sets takes precedence."""
NO_LOAD: Final = "none"
CONTRAST_UNTIL_S: Final = 17 * 60.0
"""Seconds after which nothing is begun that is only there for contrast."""


@dataclass
class Proving:
    """One proof: a rehearsal for its region and stacks, and which experiments to run."""

    rehearsal: Rehearsal
    only: Sequence[str] = ()
    stacks: Sequence[Topology] = STACKS
    load: str = "quick"
    """The profile whose peak the experiments put on the stacks."""

    def run(self) -> int:
        """Run all experiments, write the page, and return the verdict's exit code.

        Raises:
            UserError: as `Rehearsal.run`; or there is no such experiment.
        """
        experiments.require(self.only)
        chosen = experiments.applicable(self.stacks, self.only)
        stacks = [stack for stack in self.stacks if any(one.stack == stack for one in chosen)]
        profile = profile_named(self.load)
        made = self.prepared_rehearsal(stacks)
        until = math.inf if self.only else time.monotonic() + CONTRAST_UNTIL_S
        made.console.print(f"[bold]haproof proof[/]: {len(chosen)} experiments", highlight=False)
        with made.prepared(profile) as project:
            self.bring_up(made, project, stacks)
            directories = run_all(made, project, chosen, profile.peak_rate, until)
            written = show(directories, made.results / write.DIRECTORY)
        return written.proof.exit_code

    def prepared_rehearsal(self, stacks: Sequence[str]) -> Rehearsal:
        """Return the rehearsal with the settings that experiments need."""
        return replace(
            self.rehearsal,
            profile=NO_LOAD,
            config={**NEEDED_SETTINGS, **self.rehearsal.config},
            stacks=tuple(stacks),
        )

    def bring_up(self, made: Rehearsal, project: Project, stacks: Sequence[str]) -> None:
        """Bring the stacks up side by side; coming up also releases."""
        preload.start()
        head_start = HeadStart(SLOWEST if SLOWEST in stacks else stacks[0])
        releases = head_start.release_begins
        with turns.Turns(stacks, releases) as queue, display.Board(made.console) as board:
            # For the announcement of the release: nothing is loaded here, so nothing takes a turn.
            announcing = replace(project, variables={**project.variables, **queue.variables})

            def up(stack: str) -> None:
                with (
                    board.stage(f"{stack}: pulumi up, release", stack) as progress,
                    head_start.coming_up(stack, progress),
                ):
                    announcing.up(stack, progress)
                made.built(stack)

            work = {stack: partial(up, stack) for stack in stacks}
            side_by_side.run(work, partial(made.end, project))


def run_all(
    made: Rehearsal,
    project: Project,
    chosen: Sequence[Applicable],
    rate: int,
    until: float = math.inf,
) -> list[Path]:
    """Run experiments one after the other; return the directories of their records.

    `rate` is in users per second. After `until` (of the monotonic clock) none is begun that is only
    there for contrast.
    """
    runner = Runner(project, made.results, rate)
    found: list[Path] = []
    for number, one in enumerate(chosen):
        if (one.contrast or one.stack != SLOWEST) and time.monotonic() > until:
            left = ", ".join(other.experiment.name for other in chosen[number:])
            made.console.print(f"left out on {one.stack}, as time is up: {left}", highlight=False)
            break
        title = f"{one.stack}: {one.experiment.name}"
        with display.stage(made.console, title) as progress:
            found.append(runner.run(one, progress))
    return found


def show(directories: Sequence[Path], target: Path) -> write.Written:
    """Write the proof of these experiments, and print its table."""
    written = write.write(assemble.proof(directories, commit()), target)
    out = Console()
    report.show(out, terminal.render(written.proof))
    out.print(f"proof: {written.html}", soft_wrap=True, highlight=False)
    return written


def commit() -> str | None:
    """Return the checkout's commit; None outside of a repository."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=paths.ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None
