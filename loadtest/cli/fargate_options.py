"""The options of workers on Fargate: where they run, what they may cost, and whether to start them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commandline.findings import Findings
from commandline.options import file
from loadtest.engine.fargate import aws
from loadtest.engine.fargate import plan as plans
from loadtest.engine.fargate import settings as fargate_settings
from loadtest.engine.fargate.generator import FargateWorkers
from loadtest.engine.fargate.plan import FargatePlan
from loadtest.engine.generators.base import Generator
from loadtest.engine.workers.generator import Split
from loadtest.errors import LoadTestError
from loadtest.formatting import line_printer
from loadtest.generator_names import ARTILLERY
from loadtest.profiles import Profile
from loadtest.scenario.scenario import Scenario
from loadtest.stack.outputs import StackOutputs

MAX_COST = 1.0


class Place(StrEnum):
    """Where workers run."""

    HERE = "here"
    FARGATE = "fargate"


WorkersOn = Annotated[
    Place, typer.Option("--workers-on", help="Where the workers run: on this computer, or on AWS.")
]
FargateFile = Annotated[
    Path,
    typer.Option(
        "--fargate",
        parser=file,
        metavar="PATH",
        help="Settings of workers on Fargate: image, bucket, roles.",
    ),
]
MaxCost = Annotated[
    float,
    typer.Option(
        "--max-cost", min=0, metavar="USD", help="Maximum cost of the workers on Fargate."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Start workers on Fargate without asking.")]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Show the Fargate workers and their cost without starting anything."
    ),
]


@dataclass(frozen=True)
class Placement:
    """Where workers are to run, what they may cost at most in USD, and whether to start them."""

    place: Place
    file: Path
    max_cost: float
    yes: bool
    dry_run: bool


@dataclass(frozen=True)
class PlannedRuns:
    """The runs that the workers are for: `runs` in all, on `targets` in turn."""

    targets: Sequence[StackOutputs]
    profile: Profile
    scenario: Scenario
    runs: int


def look_at_placement(
    findings: Findings, placement: Placement, split: Split | None, generator: str
) -> None:
    """Add to `findings` what is wrong with the options of workers, before a stack is asked for."""
    if placement.place is Place.HERE:
        findings.of(_require_nothing_of_aws, placement)
        return
    findings.of(_require_tasks, split)
    findings.of(_require_artillery, generator)
    findings.of(fargate_settings.read, placement.file)


def place_workers(
    placement: Placement, split: Split | None, planned: PlannedRuns, console: Console
) -> Split | None:
    """Return the workers where they are to run; on Fargate once price and quota allow it.

    Call `look_at_placement` before.

    Raises:
        LoadTestError: They cannot be had; the message says why.
        typer.Exit: Nothing is to be started, and what would be has been told.
        typer.Abort: They were not agreed to.
    """
    if placement.place is Place.FARGATE:
        return _on_fargate(placement, _require_tasks(split), planned, console)
    return split


def _require_nothing_of_aws(placement: Placement) -> None:
    for name, given in (("--yes", placement.yes), ("--dry-run", placement.dry_run)):
        if given:
            raise LoadTestError(f"{name} belongs to workers on AWS: add `--workers-on fargate`")


def _require_tasks(split: Split | None) -> Split:
    if split is None or split.prefix:
        raise LoadTestError(
            "`--workers-on fargate` needs `--workers N`, how many tasks to start, and no `--worker-prefix`"
        )
    return split


def _require_artillery(generator: str) -> None:
    if generator != ARTILLERY:
        raise LoadTestError(
            f"{generator} cannot wait until all workers are ready; leave out `--workers-on fargate`, or "
            f"choose `--generator {ARTILLERY}`"
        )


def _on_fargate(
    placement: Placement, split: Split, planned: PlannedRuns, console: Console
) -> Split:
    outputs = planned.targets[0]
    settings = fargate_settings.read(placement.file)
    clients = plans.connect(settings, outputs.region, outputs.url)
    plan = plans.make(
        settings,
        stack_region=outputs.region,
        profile=planned.profile,
        scenario=planned.scenario,
        workers=split.workers,
        runs=planned.runs,
        clients=clients,
    )
    say = line_printer(console)
    for line in plan.lines():
        say(line)
    plan.require(placement.max_cost)
    aws.require_places(clients, settings)
    if placement.dry_run:
        raise typer.Exit
    _agree(plan, yes=placement.yes)

    def elsewhere(sender: Generator, _workers: int) -> Generator:
        return FargateWorkers(sender, plan, clients, say)

    return Split(split.workers, elsewhere=elsewhere)


def _agree(plan: FargatePlan, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise LoadTestError(
            f"the workers may cost up to {plan.highest.total:.2f} USD: confirm with `--yes`"
        )
    typer.confirm("Start them?", abort=True, err=True)
