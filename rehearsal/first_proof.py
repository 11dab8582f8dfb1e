"""Experiments on the HA stack after the loads, so that even a first rehearsal is a proof.

They follow each other under one load and are short. The last one does not await the replacement of what it
takes away: what is watched is what users have of it, and how soon it is noticed. `make prove` awaits it.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from commandline.exit_codes import ExitCode
from loadtest.errors import LoadTestError
from loadtest.experiments import files, load
from loadtest.experiments.models import EXTENSION, ExperimentFile, Topology
from loadtest.experiments.proof import assemble
from loadtest.experiments.proof.models import Proof
from loadtest.runs import paths as runs_paths
from loadtest.scenario.scenario import Choice, Scenario
from region import private
from rehearsal import display
from rehearsal.experiments import Applicable, Runner
from rehearsal.pulumi_project import Project

STACK: Topology = "ha"
EXPERIMENTS: Final = ("instance-dies", "zone-lost-refused")
"""What is shown after the loads. A zone is lost last, and only once the instance has been replaced: without
both, the fleet would have less capacity than the policies ask for."""
LOOK_S: Final = 14.0
"""How long users are watched from a fault on: a health check fails within interval x threshold and its
timeout, 12 s with the stack's defaults."""
REPLACED_S: Final = 60.0
"""How long a replacement is awaited at the most."""
WARM_UP_S: Final = 2.0
FLEET_PROBES: Final = frozenset({"missing_instances"})
"""What the steady state is taken without: a fleet that is still being replaced serves its users."""


def prove(
    project: Project, run: Path, board: display.Board, rate: int, choice: Choice | None = None
) -> Proof:
    """Run them one after the other, and return what they show.

    Args:
        project: The project on its region.
        run: The directory of the HA stack's load run: it has the stack's outputs.
        board: Where it is shown that they run.
        rate: Users per second.
        choice: What each user does, unless it is the usual one.
    """
    outputs = {STACK: run / runs_paths.OUTPUTS}
    runner = Runner(project, run.parent, rate, choice, outputs)
    directory = private.directory(project.root / "experiments")
    written = [
        write(files.find(name), directory, awaits_replacement=name != EXPERIMENTS[-1])
        for name in EXPERIMENTS
    ]
    wanted = [Applicable(files.read(path), STACK) for path in written]
    with board.stage(f"{STACK}: {', '.join(EXPERIMENTS)}", STACK) as progress:
        return assemble.proof(runner.run_files(wanted, written, progress))


def require_visitors(scenario: Scenario, rate: int) -> None:
    """Reject a script of which each user takes a row, and whose rows the load of these would use up.

    Raises:
        LoadTestError: It has too few of them.
    """
    with tempfile.TemporaryDirectory() as scratch:
        written = [
            write(files.find(one), Path(scratch), awaits_replacement=one != EXPERIMENTS[-1])
            for one in EXPERIMENTS
        ]
        wanted = [files.read(path).hypothesis for path in written]
    try:
        scenario.check_rows(load.profile(rate, load.whole_s(wanted), 0), 1)
    except LoadTestError as error:
        raise LoadTestError(
            f"--experiments: {error}; without it, the loads alone are run"
        ) from error


def write(experiment: ExperimentFile, directory: Path, *, awaits_replacement: bool) -> Path:
    """Write the short form of an experiment, under its own name, and return the file."""
    target = directory / f"{experiment.name}.yaml"
    raw = shortened(experiment.raw, awaits_replacement=awaits_replacement)
    text = yaml.safe_dump(raw, sort_keys=False, allow_unicode=True, width=100)
    runs_paths.write_text(target, text)
    return target


def shortened(raw: dict[str, Any], *, awaits_replacement: bool) -> dict[str, Any]:
    """Return an experiment that watches its users until the fault must have been noticed, or repaired."""
    found = copy.deepcopy(raw)
    for activity in found["method"]:
        provider = activity["provider"]
        arguments = provider.setdefault("arguments", {})
        if provider["func"] == "steady_again":
            arguments |= {"at_least_s": LOOK_S, "at_most_s": REPLACED_S}
        elif "seconds" in arguments:
            arguments["seconds"] = min(float(arguments["seconds"]), LOOK_S)
    for block in found["extensions"]:
        if block["name"] == EXTENSION:
            block |= {
                "recovery_s": REPLACED_S,
                "warm_up_s": WARM_UP_S,
                "awaits_replacement": awaits_replacement,
            }
            block["allowed"]["window_s"] = LOOK_S
    if not awaits_replacement:
        _among_users_only(found["steady-state-hypothesis"])
    return found


def _among_users_only(hypothesis: dict[str, Any]) -> None:
    hypothesis["title"] = "Users are answered"
    hypothesis["probes"] = [
        probe for probe in hypothesis["probes"] if probe["provider"]["func"] not in FLEET_PROBES
    ]


def exit_code(of_loads: int, proof: Proof | None) -> int:
    """Return the exit code of loads and proof together: the worse of the two verdicts."""
    codes: Sequence[int] = [of_loads] if proof is None else [of_loads, proof.exit_code]
    for worst in (ExitCode.BROKEN_PROMISE, ExitCode.NO_VERDICT):
        if worst in codes:
            return worst
    return of_loads
