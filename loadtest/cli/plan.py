"""The command `plan`: how long a run must be to show an availability."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from loadtest.analysis import planning
from loadtest.analysis.planning import Plan
from loadtest.cli import output
from loadtest.cli.options import Json
from loadtest.formatting import duration
from loadtest.profiles import PROFILES, profile_named
from loadtest.scenario import scenario


def plan_command(
    availability: Annotated[
        float, typer.Option(help="Good requests, in percent of all, that the run has to show.")
    ] = 99.9,
    confidence: Annotated[float, typer.Option(help="In percent.")] = 95.0,
    rate: Annotated[
        float | None, typer.Option(help="Requests per second; by default the profile's peak rate.")
    ] = None,
    profile: Annotated[str, typer.Option(help=f"One of {', '.join(PROFILES)}.")] = "seed",
    script: Annotated[
        str, typer.Option("--scenario", help="What a user does: sets the requests per user.")
    ] = "login",
    *,
    json: Json = False,
) -> int:
    """Show how long a run must be to prove an availability.

    Example: `python -m loadtest plan --availability 99.9 --confidence 95 --rate 250`
    """
    per_user = scenario.load(script).requests_per_user
    wanted = rate if rate is not None else profile_named(profile).peak_rate * per_user
    made = planning.plan(availability / 100, confidence / 100, wanted, per_user)
    console = Console()
    if json:
        output.show_json(console, made)
    else:
        _show_plan(console, made)
    return 0


def _show_plan(console: Console, plan: Plan) -> None:
    output.show_lines(console, str(plan.message))
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
