"""The command `plan`: a load, and how long a run must be to show an availability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console

from commandline.findings import Findings
from commandline.option_groups import with_groups
from loadtest.analysis import planning
from loadtest.analysis.planning import Plan, PlannedLoad
from loadtest.cli import output
from loadtest.cli.load_options import LoadOptions
from loadtest.cli.load_request import asked_load
from loadtest.cli.options import Json
from loadtest.formatting import NOTHING, duration
from loadtest.profiles import PROFILES


@dataclass(frozen=True, kw_only=True)
class PlanOptions(LoadOptions):
    """The options of a load that is only planned."""

    profile: Annotated[
        str | None,
        typer.Option(
            help=f"One of {', '.join(PROFILES)}; by default, the script's own phases, else seed."
        ),
    ] = None


@with_groups
def plan_command(
    availability: Annotated[
        float, typer.Option(help="Percentage of good requests that the run has to prove.")
    ] = 99.9,
    confidence: Annotated[float, typer.Option(help="Confidence level, in percent.")] = 95.0,
    rate: Annotated[
        float | None, typer.Option(help="Requests per second; by default, the profile's peak rate.")
    ] = None,
    *,
    context: typer.Context,
    load: PlanOptions,
    json: Json = False,
) -> int:
    """Show a load, and how long a run must last to prove an availability.

    Examples:
    - `python -m loadtest plan --availability 99.9 --confidence 95 --rate 250`
    - `python -m loadtest plan --ramp 5:125:300s --hold 60s`
    - `python -m loadtest plan --scenario ours.yml --environment staging`
    """
    findings = Findings()
    asked = asked_load(findings, load, context)
    findings.of(planning.require_possible, availability / 100, confidence / 100, rate)
    findings.report()
    request = asked.value
    found, profile = request.scenario, request.profile(default="seed")
    # The stack says how many visitors it has seeded; of files of the user's own it is known here.
    found.check_supply(profile, 1, profile.planned_users)
    per_user = found.requests_per_user
    wanted = rate if rate is not None else profile.peak_rate * per_user
    made = planning.plan(availability / 100, confidence / 100, wanted, per_user, profile)
    output.show_lines(Console(stderr=True), *(note.strip() for note in found.notes))
    console = Console()
    if json:
        output.show_json(console, made)
    else:
        _show_plan(console, made)
    return 0


def _show_plan(console: Console, plan: Plan) -> None:
    # What was asked for comes first; how long a run must be is a second matter.
    _show_load(console, plan.load)
    _show_lengths(console, plan)


def _show_lengths(console: Console, plan: Plan) -> None:
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
    columns = ("failures allowed", "requests", rate, "true failures, to pass 9 times in 10")
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
    output.show_table(console, f"“{plan.load.name}” compared with the load profiles", columns, rows)
    output.show_lines(
        console,
        "This treats requests as independent. Failures come in bursts, and a run shows nothing about "
        "faults that did not happen in it.",
    )


def _show_load(console: Console, load: PlannedLoad) -> None:
    rows = [
        [
            one.name,
            f"{one.start_s:g} s",
            f"{one.duration_s:g} s",
            str(one.description),
            f"{one.users:,}",
            NOTHING if one.most_at_once is None else f"{one.most_at_once:,}",
        ]
        for one in load.phases
    ]
    columns = ("phase", "from", "lasts", "arrivals", "users", "at most at a time")
    output.show_table(console, f"The load “{load.name}” ({load.model} model)", columns, rows)
    output.show_lines(console, *map(str, load.messages))
