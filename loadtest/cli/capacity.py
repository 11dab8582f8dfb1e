"""The commands `capacity` and `size`: how much a stack handles, and how large it has to be."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commandline.exit_codes import ExitCode
from loadtest.analysis import capacity, load_windows, saved_runs, sizing
from loadtest.analysis.capacity import Capacity
from loadtest.analysis.load_windows import LoadWindows
from loadtest.analysis.saturation import resource_name
from loadtest.analysis.sizing import Check, Size
from loadtest.analysis.usl import FURTHEST, CapacityError, Estimate
from loadtest.cli import output
from loadtest.cli.options import RUN_HELP, Json
from loadtest.formatting import NOTHING, percent
from loadtest.runs import paths

RAMP_S = 60

Runs = Annotated[
    list[str] | None, typer.Argument(metavar="[RUN]...", help=f"{RUN_HELP} Default: `latest-ha`.")
]


def _read(names: list[str] | None) -> list[LoadWindows]:
    base = paths.base()
    given = saved_runs.given_once(saved_runs.load(base, name) for name in names or ["latest-ha"])
    return [_windows(run.directory) for run in given]


def _read_one(name: str) -> LoadWindows:
    return _windows(saved_runs.find(paths.base(), name))


def _windows(directory: Path) -> LoadWindows:
    # The statistics of a long run take seconds.
    output.show_lines(Console(stderr=True), f"reading {directory.name} …")
    return load_windows.read(directory)


def capacity_command(runs: Runs = None, *, json: Json = False) -> int:
    """Show what load a stack can handle and which of its resources runs out first.

    From the ramp of one run, or from runs of at least six fleet sizes: the Universal Scalability
    Law with its intervals, the knee, and every resource that the runs recorded. Nothing is
    extrapolated beyond twice the measured range.

    Examples:
    - `python -m loadtest capacity latest-single`
    - `python -m loadtest capacity RUN_OF_2 RUN_OF_3 RUN_OF_4 RUN_OF_6 RUN_OF_8 RUN_OF_9`
    """
    found = capacity.find(_read(runs))
    console = Console()
    if json:
        output.show_json(console, found)
    else:
        _show_capacity(console, found)
    return ExitCode.SUCCESS


def _show_capacity(console: Console, found: Capacity) -> None:
    by_size = found.axis == "instances"
    rows = [
        [
            f"{one.size:.0f}" if by_size else f"{one.size:.2f}",
            f"{one.rate:,.1f}",
            f"{one.throughput:,.1f}",
            NOTHING if one.p99_ms is None else f"{one.p99_ms:,.1f}",
            NOTHING if one.cpu_share is None else f"{one.cpu_share:.0%}",
        ]
        for one in found.levels
    ]
    first = "instances" if by_size else "in flight"
    title = f"Throughput of {', '.join(found.runs)}"
    output.show_table(console, title, (first, "requests/s", "good/s", "p99 ms", "CPU"), rows)
    if found.law is not None:
        parameters = (
            ("lambda: one alone, per second", found.law.rate),
            ("sigma: waits its turn", found.law.sigma),
            ("kappa: keeps in step", found.law.kappa),
            (f"lost of a straight line at {found.law.largest:.3g}", found.law.loss),
        )
        rows = [
            [name, f"{one.value:.4g}", f"{one.low:.4g} to {one.high:.4g}"]
            for name, one in parameters
        ]
        columns = ("parameter", "value", "95 % interval")
        output.show_table(console, "Universal Scalability Law", columns, rows)
    rows = [
        [
            str(resource_name(one.resource)),
            percent(min(one.share_at_peak, 1.0)),
            "yes" if one.used_up else "no",
            f"> {FURTHEST * found.saturation.peak_rate:,.0f}"
            if one.full_at is None
            else f"{one.full_at:,.0f}",
        ]
        for one in found.saturation.uses
    ]
    columns = ("resource", "used at the peak", "used up", "full at requests/s")
    output.show_table(console, "What is used, the first to run out first", columns, rows)
    output.show_lines(console, *map(str, found.messages))


def size_command(
    runs: Runs = None,
    *,
    rate: Annotated[
        float | None, typer.Option(help="Requests per second that the stack must handle.")
    ] = None,
    slo: Annotated[
        str, typer.Option(help="The percentile to keep, such as `p99=25ms`.")
    ] = "p99=25ms",
    check: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="A run at the predicted size, which confirms or refutes the prediction.",
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Show how many instances a request rate takes, what they cost, and what limits them.

    Computed from runs with a ramp: each figure with its interval, and the commands of a run that confirms
    it. With `--check RUN`, the percentile at that run's size and highest rate is predicted from the
    other runs; it is confirmed if it is within 25 % of the measured one (exit code 2 if not).

    Examples:
    - `python -m loadtest size --rate 400 --slo p99=25ms latest-ha`
    - `python -m loadtest size --check latest-ha 20261126T180437Z`
    """
    console = Console()
    target = sizing.parse_target(slo)
    if check is not None:
        if not runs:
            raise CapacityError(
                "name the runs that the size came from: `size --check NEW_RUN EARLIER_RUN`"
            )
        if rate is not None:
            raise CapacityError(
                "`--check` compares at the highest rate of its run: leave `--rate` out, or ask for a size "
                "without `--check`"
            )
        against = _read_one(check)
        return _show_check(
            console, sizing.check(_read(runs), against, target.percentile), json=json
        )
    if rate is None:
        raise CapacityError("name the rate that the stack must handle: `--rate 400` (requests/s)")
    sizing.require_rate(rate)
    read = _read(runs)
    found = sizing.size(read, rate, target)
    if json:
        output.show_json(console, found)
    else:
        _show_size(console, found, read[-1])
    return ExitCode.SUCCESS


def _show_check(console: Console, found: Check, *, json: bool) -> int:
    if json:
        output.show_json(console, found)
    else:
        output.show_lines(console, str(found.message))
    return ExitCode.SUCCESS if found.confirmed else ExitCode.BROKEN_PROMISE


def _show_size(console: Console, found: Size, run: LoadWindows) -> None:
    rows = [
        ["instances", f"{found.instances.value}", _between(found.instances)],
        [
            "requestsPerTarget (a minute)",
            f"{found.requests_per_target.value:,}",
            _between(found.requests_per_target),
        ],
        [
            f"{found.percentile}, ms",
            f"{found.predicted_ms.value:.1f}",
            _between(found.predicted_ms),
        ],
    ]
    if found.monthly is not None:
        name = f"{found.currency or ''} a month".strip()
        rows.append([name, f"{found.monthly.value:,.2f}", _between(found.monthly)])
    title = f"{found.rate:g} requests/s, {found.percentile} of at most {found.limit_ms:g} ms"
    output.show_table(console, title, ("", "value", "95 % interval"), rows)
    output.show_lines(console, *map(str, found.messages), "Confirm it:", *_commands(found, run))


def _between(one: Estimate | sizing.Count) -> str:
    if isinstance(one, sizing.Count):
        return f"{one.low:,} to {one.high:,}"
    return f"{one.low:,.1f} to {one.high:,.1f}"


def _commands(found: Size, run: LoadWindows) -> list[str]:
    """Return the commands that build the size, load it and hold the prediction against it."""
    count, users = found.instances.value, max(1, math.ceil(found.users_per_second))
    stack = "ha" if found.needs_a_fleet else run.outputs.topology
    settings = {
        "desiredCapacity": count,
        "minSize": count,
        "maxSize": max(count + 1, math.ceil(count * 1.5)),
        "requestsPerTarget": found.requests_per_target.value,
    }
    hold_s = sizing.hold_s(found.rate)
    visitors = users * (RAMP_S // 2 + hold_s + 1)
    if visitors > run.outputs.seed_users:
        settings["seedUsers"] = visitors
    low = max(1, users // 10)
    return [
        *(
            f"  pulumi config set -s {stack} haproof:{key} {value}"
            for key, value in settings.items()
        ),
        f"  pulumi up -s {stack}",
        f"  python -m loadtest run --stack {stack} --ramp {low}:{users}:{RAMP_S}s --hold {hold_s}s",
        f"  python -m loadtest size --check latest-{stack} {' '.join(found.runs)}",
    ]
