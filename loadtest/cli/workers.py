"""The commands `workers task-definition`, `policy` and `stop`, about workers on Fargate."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

import typer
from rich.console import Console

from commandline.exit_codes import ExitCode
from commandline.findings import Findings
from commandline.option_groups import with_groups
from loadtest.cli.fargate_options import FargateFile
from loadtest.cli.load_options import InOrder, LoadOptions
from loadtest.cli.load_request import asked_load
from loadtest.engine.fargate import documents, ledger, tasks
from loadtest.engine.fargate import plan as plans
from loadtest.engine.fargate import settings as fargate_settings
from loadtest.engine.fargate.settings import DEFAULT, FargateSettings
from loadtest.errors import LoadTestError
from loadtest.formatting import line_printer
from loadtest.runs import paths
from loadtest.stack.clients import Clients, endpoint

app = typer.Typer(
    no_args_is_help=True,
    help="""Inspect and stop the workers of a load test on AWS (ECS on Fargate).

    Examples:
    - `python -m loadtest workers policy`
    - `python -m loadtest workers task-definition --workers 4 --profile seed`
    - `python -m loadtest workers stop`
    """,
)
REGION = re.compile(fargate_settings.REGION)
Region = Annotated[
    str | None,
    typer.Option("--region", help="AWS region of the stack, if the settings do not name one."),
]


@app.command("task-definition", cls=InOrder)
@with_groups
def task_definition_command(
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Number of workers.")],
    *,
    context: typer.Context,
    load: LoadOptions,
    fargate: FargateFile = DEFAULT,
    region: Region = None,
) -> int:
    """Print the task definition for a load: size, image, roles, time limit.

    Example: `python -m loadtest workers task-definition --workers 4 --ramp 5:125:300s --hold 60s`
    """
    findings = Findings()
    settings = findings.of(fargate_settings.read, fargate)
    place = findings.of(_region, region, settings.otherwise(None))
    asked = asked_load(findings, load, context)
    findings.report()
    request = asked.value
    plan = plans.make(
        settings.value,
        stack_region=place.value,
        profile=request.profile(),
        scenario=request.scenario,
        workers=workers,
    )
    _print(plan.definition(f"{settings.value.prefix}/RUN"))
    return ExitCode.SUCCESS


@app.command("policy")
def policy_command(fargate: FargateFile = DEFAULT, *, region: Region = None) -> int:
    """Print the IAM policies of the task role, the execution role, and whoever runs the load test.

    Example: `python -m loadtest workers policy --region ap-northeast-2`
    """
    findings = Findings()
    settings = findings.of(fargate_settings.read, fargate)
    place = findings.of(_region, region, settings.otherwise(None))
    findings.report()
    _print(dict(documents.policies(settings.value, place.value)))
    return ExitCode.SUCCESS


@app.command("stop")
def stop_command() -> int:
    """Stop workers whose load test was killed, and remove what it left on AWS.

    Example: `python -m loadtest workers stop`
    """
    say = line_printer(Console())
    found, damaged = ledger.left(paths.base())
    failed = bool(damaged)
    for line in damaged:
        say(f"{line}; its tasks, if any, end by themselves, and are those of `aws ecs list-tasks`")
    for file, one in found:
        name = file.parent.name
        if one.endpoint != endpoint():
            say(f"{name}: it was on {one.endpoint or 'AWS'}, the environment points to "
                f"{endpoint() or 'AWS'}; nothing is done")  # fmt: skip
            failed = True
            continue
        taken = ledger.take(file)
        if taken is None:
            say(f"{name}: its load test goes on; end that by Ctrl-C")
            continue
        failures = tasks.stop_all(Clients(one.region), taken, "stopped by `loadtest workers stop`")
        failed = failed or bool(failures)
        for line in failures or ["nothing of it is left on AWS"]:
            say(f"{name}: {line}")
    if not found and not damaged:
        say(f"no run in {paths.base()} has left workers on AWS")
    return ExitCode.FAILURE if failed else ExitCode.SUCCESS


def _region(given: str | None, settings: FargateSettings | None) -> str:
    """Return where the workers run; `settings` that cannot be read may well name it.

    Raises:
        LoadTestError: Nothing names a region, or `--region` names none.
    """
    if given is not None and not REGION.fullmatch(given):
        raise LoadTestError(
            f"--region {given!r} is not an AWS Region; give one such as ap-northeast-2"
        )
    found = given if settings is None else settings.region or given
    if found is None and settings is not None:
        raise LoadTestError("no region: name it in the settings (`region`) or with `--region`")
    return found or ""


def _print(document: dict[str, Any]) -> None:
    # Not through rich: whoever pipes it wants no line broken.
    typer.echo(json.dumps(document, indent=2))
