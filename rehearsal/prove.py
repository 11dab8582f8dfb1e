"""`make prove`: every experiment of the library against both stacks, and one page.

The stacks come up as in a rehearsal, released but without its load; experiments share loads of their own
(`shared_loads`). On one stack they run one after the other: each would have to answer for the other. The
single instance, with a fraction of the users, has its turn beside the HA stack's deployments.
"""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from rich.console import Console

from loadspec.setting import NONE
from loadtest.analysis import preload
from loadtest.experiments.models import Topology
from loadtest.experiments.proof import assemble, terminal, write
from loadtest.experiments.proof.models import LeftOut
from loadtest.profiles import profile_named
from loadtest.reporting import report
from region import calibration
from rehearsal import display, experiments, fit, shared_loads, side_by_side, turns
from rehearsal.experiments import Runner
from rehearsal.head_start import SLOWEST, HeadStart
from rehearsal.pulumi_project import Project
from rehearsal.shared_loads import Part, SharedLoad
from rehearsal.testbed import Testbed
from toolchain import paths

STACKS: Final[tuple[Topology, ...]] = ("ha", "single")
NEEDED_SETTINGS: Final = {"databaseMultiAz": "true", "seedUsers": "100000"}
"""Without a standby no database fails over; and experiments that share a load take minutes, each second
of which needs new visitors. What the user sets takes precedence."""
ONE_AT_A_TIME: Final = (
    "  one load at a time here, so the single instance has its turn after the ha stack"
)
LIMIT_S: Final = 19.5 * 60
"""How long a proof takes, without the removal of its stacks. What is there for contrast is begun only if
it probably ends by then."""


@dataclass(frozen=True)
class Pace:
    """How fast a proof goes on this computer."""

    until: float = math.inf
    """By when it should have ended, by the monotonic clock."""
    slower: float = 1.0
    """How many times as long as planned everything takes."""
    two: bool = True
    """Whether the computer carries two loads at a time."""


@dataclass
class ProofRun:
    """One proof: the region and stacks that it runs on, and which experiments to run."""

    testbed: Testbed
    only: Sequence[str] = ()
    stacks: Sequence[Topology] = STACKS
    repeat: int = 1
    """How often each of them is run."""
    load: str = "quick"
    """The profile whose peak the experiments put on the stacks."""

    def run(self) -> int:
        """Run all experiments, write the page, and return the verdict's exit code.

        Raises:
            UserError: as `Testbed.prepared`; or there is no such experiment.
        """
        experiments.require(self.only)
        chosen = experiments.applicable(self.stacks, self.only) * self.repeat
        stacks = [stack for stack in self.stacks if any(one.stack == stack for one in chosen)]
        profile = profile_named(self.load)
        testbed = self.testbed_for(stacks)
        until = math.inf if self.only else time.monotonic() + LIMIT_S
        testbed.console.print(f"[bold]haproof proof[/]: {len(chosen)} experiments", highlight=False)
        loads = shared_loads.planned(chosen)
        rates = rates_of(profile.peak_rate, testbed.config)
        testbed.require()
        with testbed.prepared(profile) as project:
            two = fit.carries_two_loads(testbed.root, profile, testbed.config)
            factor = calibration.factor_in(testbed.root)
            testbed.console.print(plan_of(loads, factor, two=two), highlight=False)
            self.bring_up(testbed, project, stacks)
            pace = Pace(until, shared_loads.slower(factor), two=two)
            directories, left_out = run_all(testbed, project, loads, rates, pace)
            written = show(directories, testbed.results / write.DIRECTORY, left_out)
        return written.proof.exit_code

    def testbed_for(self, stacks: Sequence[str]) -> Testbed:
        """Return the testbed with these stacks, and with the settings that experiments need."""
        return replace(
            self.testbed,
            load=NONE,
            config={**NEEDED_SETTINGS, **self.testbed.config},
            stacks=tuple(stacks),
        )

    def bring_up(self, testbed: Testbed, project: Project, stacks: Sequence[str]) -> None:
        """Bring the stacks up side by side; coming up also releases."""
        preload.start()
        head_start = HeadStart(SLOWEST if SLOWEST in stacks else stacks[0])
        releases = head_start.release_begins
        with turns.Turns(stacks, releases) as queue, display.Board(testbed.console) as board:
            # For the announcement of the release: nothing is loaded here, so nothing takes a turn.
            announcing = replace(project, variables={**project.variables, **queue.variables})

            def up(stack: str) -> None:
                with (
                    board.stage(f"{stack}: pulumi up, release", stack) as progress,
                    head_start.coming_up(stack, progress),
                ):
                    announcing.up(stack, progress)
                testbed.mark_complete(stack)

            work = {stack: partial(up, stack) for stack in stacks}
            side_by_side.run(work, partial(testbed.interrupt, project))


def plan_of(loads: Sequence[SharedLoad], factor: float = 1.0, *, two: bool = True) -> str:
    """Return which loads there are, in which order, and about how long they take here.

    `factor` is that of the computer; `two`: whether it carries two loads at a time.
    """
    turns, slower = shared_loads.side_by_side(loads, two=two), shared_loads.slower(factor)
    # Beside what is promised nothing costs time of its own; all else is begun as long as there is some.
    sure = [turn for turn in turns if turn[0].part is Part.PROMISED or len(turns) == 1]
    lines = [
        f"  {'' if turn in sure else 'if there is time left: '}"
        f"{' beside '.join(one.title for one in turn)}: "
        f"{shared_loads.expected_s([turn]) * slower:.0f} s"
        for turn in turns
    ]
    seconds = (shared_loads.expected_s(sure) + shared_loads.UP_AND_DOWN_S) * slower
    lines.append(f"  with the stacks up and removed: {seconds / 60:.1f} min")
    if not two and len({one.stack for one in loads}) > 1:
        lines.append(ONE_AT_A_TIME)
    return "\n".join(["planned:", *lines])


def rates_of(peak: int, config: Mapping[str, str]) -> Mapping[Topology, int]:
    """Return the users per second of each stack: a single instance gets what one of the fleet gets.

    With all of them its steady state would be off before anything is done to it.
    """
    fleet = fit.fleet_of(config)
    instances = 1 if fleet is None else fleet[1]
    return {"ha": peak, "single": max(1, round(peak / instances))}


def run_all(
    testbed: Testbed,
    project: Project,
    loads: Sequence[SharedLoad],
    rates: Mapping[Topology, int],
    pace: Pace,
) -> tuple[list[Path], list[LeftOut]]:
    """Run experiments load by load; return the directories of their records, and what was left out.

    `rates` are in users per second. What is only there for contrast is left out if it would probably go
    on for too long.
    """
    found, left_out = list[Path](), list[LeftOut]()
    for turn in shared_loads.side_by_side(loads, two=pace.two):
        begun = list[SharedLoad]()
        for load in turn:
            kept: SharedLoad | None = load
            if load.part is not Part.PROMISED:
                kept, dropped = load.within((pace.until - time.monotonic()) / pace.slower)
                left_out += [
                    LeftOut(experiment=one.experiment.name, topology=one.stack) for one in dropped
                ]
            begun += [] if kept is None else [kept]
        found += run_turn(testbed, project, begun, rates)
    return found, left_out


def run_turn(
    testbed: Testbed, project: Project, loads: Sequence[SharedLoad], rates: Mapping[Topology, int]
) -> list[Path]:
    """Run loads on different stacks side by side; return the directories of their records."""
    with display.Board(testbed.console) as board:

        def run(load: SharedLoad) -> list[Path]:
            runner = Runner(project, testbed.results, rates[load.stack])
            about = load.stack if len(loads) > 1 else ""
            with board.stage(load.title, about) as progress:
                return runner.run(load.experiments, progress)

        work = {load.stack: partial(run, load) for load in loads}
        done = side_by_side.run(work, lambda: testbed.interrupt(project))
    return list(chain.from_iterable(done.values()))


def show(
    directories: Sequence[Path], target: Path, left_out: Sequence[LeftOut] = ()
) -> write.Written:
    """Write the proof of these experiments, and print its table."""
    written = write.write(assemble.proof(directories, commit(), left_out), target)
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
