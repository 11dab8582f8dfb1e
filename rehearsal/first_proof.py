"""Experiments on the HA stack after the loads, so that even a first rehearsal is a proof.

They follow each other under one load and are short: what is watched is what users have of a fault and how
soon it is noticed. The replacement of what was lost is not awaited; `make prove` awaits it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from commandline.exit_codes import ExitCode
from loadtest.experiments import files
from loadtest.experiments.models import EXTENSION, ExperimentFile, Topology
from loadtest.experiments.proof import assemble
from loadtest.experiments.proof.models import Proof
from loadtest.runs import paths as runs_paths
from region import private
from rehearsal import display
from rehearsal.experiments import Applicable, Runner
from rehearsal.pulumi_project import Project

STACK: Topology = "ha"
EXPERIMENTS: Final = ("instance-dies", "zone-lost-refused")
"""What is shown after the loads, in this order: one instance, then a zone."""
LOOK_S: Final = 14.0
"""How long users are watched from a fault on: a health check fails within interval x threshold and its
time-out, 12 s with the stack's defaults."""
LONGEST_S: Final = 25.0
WARM_UP_S: Final = 2.0
FLEET_PROBES: Final = frozenset({"missing_instances"})
"""What the steady state is taken without: a fleet that is still being replaced serves its users."""


def prove(
    project: Project, results: Path, board: display.Board, rate: int, scenario: str | None = None
) -> Proof:
    """Run them one after the other, and return what they show; `rate` is in users per second."""
    runner = Runner(project, results, rate, scenario)
    directory = private.directory(project.root / "experiments")
    written = [write(files.find(name), directory) for name in EXPERIMENTS]
    wanted = [Applicable(files.read(path), STACK) for path in written]
    with board.stage(f"{STACK}: {', '.join(EXPERIMENTS)}", STACK) as progress:
        return assemble.proof(runner.run_files(wanted, written, progress))


def write(experiment: ExperimentFile, directory: Path) -> Path:
    """Write the short form of an experiment, under its own name, and return the file."""
    target = directory / f"{experiment.name}.yaml"
    text = yaml.safe_dump(shortened(experiment.raw), sort_keys=False, allow_unicode=True, width=100)
    runs_paths.write_text(target, text)
    return target


def shortened(raw: dict[str, Any]) -> dict[str, Any]:
    """Return an experiment that watches its users until the fault must have been noticed."""
    found = copy.deepcopy(raw)
    hypothesis = found["steady-state-hypothesis"]
    hypothesis["probes"] = [
        probe for probe in hypothesis["probes"] if probe["provider"]["func"] not in FLEET_PROBES
    ]
    hypothesis["title"] = "Users are answered"
    for activity in found["method"]:
        provider = activity["provider"]
        arguments = provider.setdefault("arguments", {})
        if provider["func"] == "steady_again":
            arguments |= {"at_least_s": LOOK_S, "at_most_s": LONGEST_S}
        elif "seconds" in arguments:
            arguments["seconds"] = min(float(arguments["seconds"]), LOOK_S)
    for block in found["extensions"]:
        if block["name"] == EXTENSION:
            _shorten(block)
    return found


def _shorten(block: dict[str, Any]) -> None:
    block |= {
        "recovery_s": LONGEST_S,
        "warm_up_s": WARM_UP_S,
        "awaits_replacement": False,
    }
    allowed = block.get("allowed")
    if allowed:
        allowed["window_s"] = min(allowed["window_s"], LOOK_S)


def exit_code(of_loads: int, proof: Proof | None) -> int:
    """Return the exit code of loads and proof together: the worse of the two verdicts."""
    codes: Sequence[int] = [of_loads] if proof is None else [of_loads, proof.exit_code]
    for worst in (ExitCode.BROKEN_PROMISE, ExitCode.NO_VERDICT):
        if worst in codes:
            return worst
    return of_loads
