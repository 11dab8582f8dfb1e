"""The commands of `python -m rehearsal`: the experiment's own, and those of the region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commandline.exit_codes import ExitCode
from commandline.findings import Findings
from commandline.option_groups import with_groups
from commandline.options import directory, file, named
from commandline.run import UsageError, command_line, run_cli
from loadtest.cli.judged_load import GeneratorName, SloFile
from loadtest.cli.load_options import InOrder, LoadOptions
from region import cli as region_cli
from region import environment as region_environment
from region import image_options
from region.machines import instance_types
from region.options import DEFAULT_ROOT, Root, region_root
from region.start_options import CpuCredits, CpuFactor, Speed, StartOptions
from rehearsal import under_way
from rehearsal.capacity import describe as describe_plan
from rehearsal.capacity import plan as planned
from rehearsal.run_options import Experiments, Revision
from toolchain import paths

HELP = """
A local AWS region made of real parts (moto's APIs, HAProxy, PostgreSQL, and containers limited to an
instance type's CPU and memory), and the experiment that runs both stacks on it.

Exit codes: **0** success or promise kept, **2** promise broken, **3** no verdict (a run is invalid or
inconclusive), **4** any other failure, **130** interrupted.

- `python -m rehearsal run`: both stacks, load, verdict, report
- `python -m rehearsal run --profile seed`: the published experiment
- `python -m rehearsal run --ramp 5:250:60s --hold 30s`: a load of your own
- `python -m rehearsal run --revision DIR`: your own application instead of the sample service
- `python -m rehearsal prove`: run every failure experiment and put the outcomes on one page
- `python -m rehearsal preview`: check both stacks with the policy pack without building anything
- `python -m rehearsal calibrate`: measure how fast this computer's cores are
- `python -m rehearsal capacity`: what one instance can serve, and the fleet size that follows
- `python -m rehearsal start`
- `eval "$(python -m rehearsal env)"; pulumi up -s ha`
- `python -m rehearsal instances`
- `python -m rehearsal shell INSTANCE`
- `python -m rehearsal logs INSTANCE UNIT --follow`
- `python -m rehearsal stop`
"""

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        "-c",
        metavar="KEY=VALUE",
        help="A stack setting, such as instanceType=t4g.small; may be repeated.",
    ),
]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the stacks and the region running.")]
Results = Annotated[
    Path, typer.Option(help="Directory for the results.", parser=directory, metavar="PATH")
]
DEFAULT_RESULTS = paths.ROOT / "results"


@dataclass(frozen=True, kw_only=True)
class RehearsalLoad(LoadOptions):
    """The options of a load on both stacks."""

    profile: Annotated[
        str | None,
        typer.Option(
            help="Load profile: quick, seed (the published one) or smoke; by default, the script's own "
            "phases, else quick."
        ),
    ] = None


app = command_line(HELP)
app.add_typer(region_cli.app)
instead = typer.Typer()
"""What replaces commands of the region: the last one of a name counts."""


@app.command(cls=InOrder)
@with_groups
def run(
    *,
    context: typer.Context,
    root: Root = DEFAULT_ROOT,
    load: RehearsalLoad,
    keep: Keep = False,
    results: Results = DEFAULT_RESULTS,
    speed: Speed = 1.0,
    revision: Revision = paths.REVISION,
    config: Settings = None,
    generator: GeneratorName = None,
    slo: SloFile = None,
    experiments: Experiments = False,
    image: image_options.Option = None,
    cpu_factor: CpuFactor = None,
    cpu_credits: CpuCredits = None,
) -> int:
    """Bring both stacks up, load them, and compare the two in a report.

    Exit codes: 0 the HA stack kept its promise and survived the experiments, if there were any; 2 it
    broke its promise or did not survive an experiment; 3 a run is invalid or inconclusive, or this
    computer is too slow or too unsteady to run the stacks (then nothing is built); 4 a stack could not
    be built, released or loaded.

    Examples:
    - `python -m rehearsal run --profile seed --keep`
    - `python -m rehearsal run --ramp 5:250:60s --hold 30s`
    - `python -m rehearsal run --revision build/revision --scenario load.yml -c instanceType=t4g.small`
    """
    # Imported here: the statistics libraries take a second that no other command has to pay.
    from loadtest.cli.load_request import choice_of  # noqa: PLC0415
    from rehearsal.run_request import RunRequest  # noqa: PLC0415

    findings = Findings()
    words = findings.of(load.phases, context).otherwise([])
    own_phases = load.profile is None and not words
    request = RunRequest(
        root=root.resolve(),
        results=results.resolve(),
        keep=keep,
        revision=revision.absolute(),
        experiments=experiments,
        profile=load.profile,
        words=words,
        choice=replace(choice_of(load), own_phases=own_phases),
        generator=generator,
        slo=slo,
        config=config or [],
        image=image,
        region=StartOptions(speed=speed, cpu_factor=cpu_factor, cpu_credits=cpu_credits),
    )
    return request.checked(findings).run()


@app.command()
def prove(
    *,
    root: Root = DEFAULT_ROOT,
    keep: Keep = False,
    results: Results = DEFAULT_RESULTS,
    speed: Speed = 4.0,
    profile: Annotated[
        str, typer.Option(help="Load at the peak rate of this profile: quick, seed or smoke.")
    ] = "quick",
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="EXPERIMENT", help="Only this experiment; may be repeated."),
    ] = None,
    stack: Annotated[
        list[str] | None, typer.Option(help="Only on this stack, `ha` or `single`.")
    ] = None,
    repeat: Annotated[
        int,
        typer.Option(
            min=1,
            help="Run each experiment this many times and report how often the stack survived.",
        ),
    ] = 1,
    config: Settings = None,
    image: image_options.Option = None,
    cpu_factor: CpuFactor = None,
) -> int:
    """Run every failure experiment on both stacks under load, and write one page and one table.

    AWS's waiting periods run four times as fast by default; `--speed 1` uses AWS's own. Experiments that
    are only there for contrast are skipped if running all of them would take more than 20 minutes.

    Exit codes: 0 the HA stack survived every experiment; 2 it did not survive one; 3 one was
    inconclusive; 4 a stack could not be built or released.

    Examples:
    - `python -m rehearsal prove --only instance-dies --only deployment-good --stack ha`
    - `python -m rehearsal prove --only deployment-good --stack ha --repeat 10`
    """
    from loadtest.profiles import profile_named  # noqa: PLC0415
    from rehearsal import experiments  # noqa: PLC0415
    from rehearsal.prove import STACKS, ProofRun  # noqa: PLC0415
    from rehearsal.testbed import Testbed  # noqa: PLC0415

    findings = Findings()
    testbed = Testbed(
        root=root.resolve(),
        results=results.resolve(),
        keep=keep,
        region=StartOptions(speed=speed, cpu_factor=cpu_factor),
    ).with_inputs(findings, config or [], image)
    findings.of(experiments.require, only or [])
    findings.of(profile_named, profile)
    findings.of(_require_stacks, stack or [], STACKS)
    if findings:
        testbed.look_at_inputs(findings)
    findings.report()
    wanted = stack or STACKS
    run = ProofRun(testbed, only or [], [one for one in STACKS if one in wanted], repeat, profile)
    return run.run()


@app.command()
def damage(
    rules: Annotated[
        list[str] | None,
        typer.Argument(help="Policy ids; by default, every policy that can be broken here."),
    ] = None,
    *,
    root: Root = DEFAULT_ROOT,
    results: Results = DEFAULT_RESULTS,
    speed: Speed = 4.0,
    rate: Annotated[int, typer.Option(min=1, max=1000, help="Users per second of the load.")] = 20,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be broken in which experiment.")
    ] = False,
    config: Settings = None,
) -> int:
    """Break policies on a running HA stack, one at a time, and measure what that does to users.

    The experiment that a policy guards against runs on the intact stack and on the broken one. A stack
    that `run --keep` left running is reused. The figures go into docs/damage.json; `python -m docgen
    --write policies` adds them to the catalogue.

    Exit codes: 0 all were measured, 3 an experiment was inconclusive, 4 any other failure.

    Examples:
    - `python -m rehearsal damage asg-elb-health-check`
    - `python -m rehearsal damage --dry-run`
    """
    from rehearsal import damage_figures  # noqa: PLC0415
    from rehearsal.damage import DamageMeasurement, chosen, plan_of  # noqa: PLC0415
    from rehearsal.prove import ProofRun  # noqa: PLC0415
    from rehearsal.testbed import Testbed  # noqa: PLC0415

    findings = Findings()
    testbed = Testbed(
        root=root.resolve(), results=results.resolve(), region=StartOptions(speed=speed)
    ).with_inputs(findings, config or [], None)
    breaks = findings.of(chosen, rules or [])
    if findings:
        testbed.look_at_inputs(findings)
    findings.report()
    if dry_run:
        console = Console(soft_wrap=True)
        for line in plan_of(breaks.value, damage_figures.load()):
            console.print(line, highlight=False, markup=False)
        return ExitCode.SUCCESS
    return DamageMeasurement(ProofRun(testbed), breaks.value, rate).run()


def _require_stacks(given: Sequence[str], known: Sequence[str]) -> None:
    if wrong := sorted(set(given) - set(known)):
        raise UsageError(f"--stack {', '.join(map(repr, wrong))}: choose ha or single")


@instead.command()
def stop(
    root: Root = DEFAULT_ROOT,
    remove: Annotated[
        bool, typer.Option("--remove", help="Also remove its state directory.")
    ] = False,
) -> None:
    """Stop the region and everything it started, and clean up after one that was killed.

    A running rehearsal is interrupted first, as by Ctrl-C, and removes its stacks.

    Example: `python -m rehearsal stop`
    """
    if (pid := under_way.running(root.resolve())) is not None:
        text = f"ending the rehearsal that is under way (process {pid}) …"
        region_cli.console.print(text, highlight=False)
        under_way.stop(root.resolve(), pid)
    region_cli.stop(root, remove)


app.add_typer(instead)


@app.command()
def preview(
    root: Annotated[
        Path,
        typer.Option(
            help="State directory of the preview's own region.", parser=region_root, metavar="PATH"
        ),
    ] = DEFAULT_ROOT / "preview",
    summary: Annotated[
        Path | None,
        typer.Option(
            parser=file,
            metavar="PATH",
            help="File for the report; by default standard output, a terminal as plain text.",
        ),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json",
            parser=file,
            metavar="PATH",
            help="Also write the report as JSON to this file.",
        ),
    ] = None,
    program: Annotated[
        Path | None,
        typer.Option(
            help="Directory of another Pulumi program in Python.",
            parser=directory,
            metavar="PATH",
        ),
    ] = None,
    stack: Annotated[
        list[str] | None,
        typer.Option(help="With --program: one of its stacks; by default, all of them."),
    ] = None,
) -> int:
    """Preview both stacks with the policy pack and write the policy report (Markdown).

    For each stack, the report answers: can it serve, does it survive a failure, can it deploy and roll
    back, would AWS accept it, is it closed to outsiders. Then it lists each violation with its remedy.

    Exit codes: 0 no mandatory violation; 2 at least one (the stack is not what it claims to be, which
    counts as a broken promise); 4 a preview failed.

    Examples:
    - `python -m rehearsal preview --summary report.md`
    - `python -m rehearsal preview --program ../our-infrastructure --stack prod`
    """
    from rehearsal.preview import Previews, looked_at  # noqa: PLC0415

    reports = [file for file in (summary, json_file) if file]
    other = looked_at(program.resolve() if program else None, stack or [], reports)
    return Previews(root=root.resolve(), summary=summary, json_file=json_file, program=other).run()


@app.command()
def capacity(
    *,
    root: Root = DEFAULT_ROOT,
    run_directory: Annotated[
        Path | None,
        typer.Option(
            "--run",
            parser=file,
            metavar="PATH",
            help="A run on this region; by default, the latest of ha.",
        ),
    ] = None,
    results: Annotated[
        Path, typer.Option(help="Directory of the results.", parser=directory, metavar="PATH")
    ] = DEFAULT_RESULTS,
    request_ms: Annotated[
        float | None, typer.Option(help="Reference CPU per request in ms; by default, the run's.")
    ] = None,
    instance_type: Annotated[
        str | None,
        typer.Option(
            "--type",
            parser=named("type"),
            metavar="TYPE",
            help="Instance type; by default, the run's.",
        ),
    ] = None,
    rate: Annotated[float, typer.Option(help="Requests per second to serve.")] = 250.0,
    zones: Annotated[int, typer.Option(help="Availability zones.")] = 3,
) -> None:
    """Print what one instance can serve, and the fleet size and scaling target that follow.

    Examples: `python -m rehearsal capacity`, `python -m rehearsal capacity --request-ms 0.9`
    """
    from rehearsal.measured_capacity import cost_and_type  # noqa: PLC0415

    if request_ms is None:
        request_ms, used = cost_and_type(root.resolve(), run_directory, results.resolve())
        instance_type = instance_type or used
    kind = instance_types.instance_type(instance_type or "t4g.nano")
    found = planned(request_ms, kind, rate, zones)
    print(describe_plan(found, request_ms, kind, rate, zones))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    region_environment.isolate()
    return run_cli(app, "python -m rehearsal", arguments)
