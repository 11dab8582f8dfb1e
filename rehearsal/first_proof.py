"""Three experiments on the HA stack after the loads, so that even a first rehearsal is a proof."""

from __future__ import annotations

from pathlib import Path

from commandline.exit_codes import ExitCode
from loadtest.experiments.models import Topology
from loadtest.experiments.proof import assemble
from loadtest.experiments.proof.models import Proof
from rehearsal import display, experiments
from rehearsal.experiments import FIRST_PROOF, Runner
from rehearsal.pulumi_project import Project

STACK: Topology = "ha"


def prove(project: Project, results: Path, board: display.Board) -> Proof:
    """Run the three, one after the other, and return what they show."""
    runner = Runner(project, results)
    found: list[Path] = []
    for one in experiments.applicable([STACK], FIRST_PROOF):
        with board.stage(f"{STACK}: {one.experiment.name}", STACK) as progress:
            found.append(runner.run(one, progress))
    return assemble.proof(found)


def exit_code(of_loads: int, proof: Proof | None) -> int:
    """Return the exit code of loads and proof together.

    An experiment that was not survived breaks the promise as well. One that shows nothing changes
    nothing: the loads have their own verdict.
    """
    lost = proof is not None and proof.outcome == "not survived"
    return ExitCode.BROKEN_PROMISE if lost and of_loads == ExitCode.SUCCESS else of_loads
