"""The commands about promises: `gate` holds a run against them, `plan` tells how long it must be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from loadtest.analysis import archive, planning, slo, verdict
from loadtest.analysis.archive import Kept
from loadtest.analysis.planning import Plan
from loadtest.analysis.slo import Objective, Slo
from loadtest.cli import output
from loadtest.cli.history import Json
from loadtest.errors import LoadTestError
from loadtest.formatting import duration
from loadtest.models import Record, Verdict
from loadtest.profiles import PROFILES, profile_named
from loadtest.runs import paths
from loadtest.scenario import scenario

SLO_VARIABLE = "LOADTEST_SLO"

SloFile = Annotated[
    Path | None,
    typer.Option(
        "--slo",
        help=(
            f"YAML file of the promise; by default what {SLO_VARIABLE} names, else no failure and a "
            "p99 of at most 60 ms."
        ),
    ),
]


class ObjectiveRow(Record):
    """One promise, as `gate --json` tells it. `kept` is null where the run is too short to tell."""

    name: str
    promised: str
    measured: str
    kept: bool | None


class Gate(Record):
    """What `gate --json` prints."""

    schema_version: int = 1
    run: str
    topology: str
    objectives: list[ObjectiveRow]
    verdict: Verdict
    exit_code: int


def read_slo(path: Path | None) -> Slo | None:
    """The objectives of `--slo` or LOADTEST_SLO; None without. Read before a load, not after it."""
    named = path or os.environ.get(SLO_VARIABLE)
    return slo.read(Path(named)) if named else None


def judge(run: Kept, promise: Slo) -> Gate:
    """Holds a run against a promise. Raises LoadTestError where the promise is not about it."""
    summary = run.summary
    if summary.topology not in promise.applies_to:
        raise LoadTestError(
            f"the promise is about {', '.join(promise.applies_to)}, but {summary.id} is a run of "
            f"{summary.topology}; give `applies_to: [{summary.topology}]` in a file by --slo"
        )
    decided = verdict.judge(
        summary.topology,
        users=summary.users,
        requests=summary.requests,
        latency=summary.latency,
        validity=summary.validity,
        slo=promise,
        endpoints=summary.endpoints,
    )
    found = slo.evaluate(
        promise,
        users=summary.users,
        requests=summary.requests,
        latency=summary.latency,
        endpoints=summary.endpoints,
    )
    return Gate(
        run=summary.id,
        topology=summary.topology,
        objectives=[_row(objective) for objective in found],
        verdict=decided,
        exit_code=verdict.exit_code(decided),
    )


def _row(objective: Objective) -> ObjectiveRow:
    return ObjectiveRow(
        name=objective.name,
        promised=objective.promised,
        measured=objective.measured,
        kept=objective.kept,
    )


def show_gate(console: Console, gate: Gate) -> None:
    """The objectives as a table, then the verdict with its reasons."""
    words = {True: "kept", False: "broken", None: "cannot be told"}
    rows = [[row.name, row.promised, row.measured, words[row.kept]] for row in gate.objectives]
    columns = ("objective", "promised", "measured", "")
    output.show_table(console, f"{gate.topology}: {gate.run}", columns, rows)
    output.show_lines(console, f"verdict: {gate.verdict.outcome}", *gate.verdict.reasons)


def gate_command(
    run: Annotated[
        str, typer.Argument(help="A run's id or its beginning, `latest-single`, or a directory.")
    ] = "latest-ha",
    slo_file: SloFile = None,
    *,
    json: Json = False,
) -> int:
    """Hold a kept run against SLOs, without any load: for CI, or to try other promises.

    Exit codes as for `run`: 0 kept, 2 broken, 3 not valid or too short to tell, 4 anything else.

    Example: `python -m loadtest gate latest-ha --slo our-slo.yml`
    """
    promise = read_slo(slo_file) or slo.default()
    gate = judge(archive.load(paths.base(), run), promise)
    console = Console()
    if json:
        output.show_json(console, gate)
    else:
        show_gate(console, gate)
    return gate.exit_code


def plan_command(
    slo_percent: Annotated[
        float, typer.Option("--slo", help="Good requests of all, in per cent.")
    ] = 99.9,
    confidence: Annotated[float, typer.Option(help="Per cent.")] = 95.0,
    rate: Annotated[
        float | None, typer.Option(help="Requests per second; by default the profile's peak.")
    ] = None,
    profile: Annotated[str, typer.Option(help=f"One of {', '.join(PROFILES)}.")] = "seed",
    script: Annotated[
        str, typer.Option("--scenario", help="What a user does; tells requests per user.")
    ] = "login",
    *,
    json: Json = False,
) -> int:
    """Say how long a run must be to show an SLO.

    Example: `python -m loadtest plan --slo 99.9 --confidence 95 --rate 250`
    """
    per_user = scenario.load(script).requests_per_user
    wanted = rate if rate is not None else profile_named(profile).peak_rate * per_user
    made = planning.plan(slo_percent / 100, confidence / 100, wanted, per_user)
    console = Console()
    if json:
        output.show_json(console, made)
    else:
        _show_plan(console, made)
    return 0


def _show_plan(console: Console, plan: Plan) -> None:
    output.show_lines(console, plan.sentence[0].upper() + plan.sentence[1:] + ".")
    rate = f"at {plan.rate:g} requests/s"
    rows = [
        [
            f"{step.failures}",
            f"{step.requests:,}",
            duration(step.seconds),
            f"1 in {step.passes_at_one_in:,}",
        ]
        for step in plan.steps
    ]
    columns = ("failures allowed", "requests", rate, "true failures, to pass 9 times of 10")
    output.show_table(console, "Runs that show it", columns, rows)
    rows = [
        [
            fit.name,
            f"{fit.requests:,}",
            duration(fit.seconds),
            fit.shows,
            "yes" if fit.enough else "no",
        ]
        for fit in plan.profiles
    ]
    columns = ("profile", "requests", "lasts", "shows, without a failure", "enough")
    output.show_table(console, "The load profiles", columns, rows)
    output.show_lines(
        console,
        "This counts requests as independent. Failures come in bursts, and a run shows nothing of "
        "faults that did not happen in it.",
    )
