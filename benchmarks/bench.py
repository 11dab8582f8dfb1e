"""`make bench`: how long statistics and the engine's commands take. Prints; asserts nothing.

Times on small machines are noisy: each is the minimum of several runs, and comparisons are the median
ratio and difference of pairs of runs made in turn.

Examples:
    python -m benchmarks.bench              # everything, as root
    python -m benchmarks.bench --previews   # only what the policy pack adds to a preview
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import (
    confidence,
    host,
    idle,
    machines,
    policy_pack,
    polling,
    postprocessing,
    recorder,
    service,
)
from benchmarks.command import Parser, run
from benchmarks.timing import seconds
from region import background
from rehearsal.pulumi_project import Project
from toolchain import paths

REPEATS = 5
POLLS = 3600
"""Calls without a pause; `python -m benchmarks.polling` spreads more of them over an hour."""


def measure_previews(project: Project, table: Table) -> None:
    """Add the rows about previews, with and without the policy pack."""
    project.prepare("ha", {"releaseOnUp": "false", "appPath": str(paths.REVISION)})
    pairs = [
        (
            seconds(lambda: project.preview("ha")),
            seconds(lambda: project.preview("ha", pack=False)),
        )
        for _ in range(REPEATS)
    ]
    with_pack, without = (min(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    added = statistics.median(a - b for a, b in pairs)
    table.add_row("preview of ha with the policy pack", f"{with_pack:.1f} s", "<= 15 s")
    table.add_row("the same without the pack", f"{without:.1f} s", "")
    table.add_row("added by the pack, and the ratio", f"{added:.1f} s, {ratio:.2f}x", "<= 2 s")


def measure_updates(project: Project, table: Table) -> None:
    """Add the rows about updates."""
    table.add_row(
        "up of ha, hook excluded", f"{seconds(lambda: project.up('ha')):.1f} s", "<= 60 s"
    )
    table.add_row("up of ha without a change", f"{seconds(lambda: project.up('ha')):.1f} s", "")
    table.add_row("destroy of ha", f"{seconds(lambda: project.destroy('ha')):.1f} s", "")


def measure_load_test(table: Table) -> None:
    """Add the rows of the load test: what it costs to record every request, and to count them."""
    with_it, without, ratios = recorder.measure()
    median = sorted(ratios)[len(ratios) // 2]
    table.add_row(
        "generator's CPU for 1,000 requests of the hold",
        f"{with_it / recorder.REQUESTS * 1000:.2f} s",
        f"was {recorder.STEADY_CPU_S:.1f} s",
    )
    table.add_row("generator's CPU with the record", f"{with_it:.1f} s, {median:.2f}x", "<= 1.10x")
    table.add_row("the same without", f"{without:.1f} s", "")
    sample, processes = host.measure()
    watched = f"{sample / 10:.2f} % of a core, {processes} processes"
    table.add_row("watching the computer", watched, "<= 1 %")
    counted = postprocessing.measure()
    figures = f"{counted['seconds']:.1f} s, {counted['bytes'] / 2**20:.0f} MiB"
    table.add_row(f"summary of {counted['requests']:,.0f} requests", figures, "<= 5 s, 300 MiB")


def main() -> None:
    """Start a region of its own, measure, and stop it."""
    parser = Parser(__doc__)
    parser.add_argument("--previews", action="store_true", help="measure previews only")
    only_previews = parser.parse_args().previews
    console = Console()
    table = Table("what", "time", "goal")
    with console.status("measuring the statistics of 54,000 requests"):
        confidence.measure(table)
    with console.status("measuring the policy pack"):
        for row in policy_pack.rows():
            table.add_row(*row)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "region")
        with console.status("measuring on a local region"):
            start = time.perf_counter()
            session = background.launch(root, [])
            table.add_row("start of the region", f"{time.perf_counter() - start:.1f} s", "")
            try:
                project = Project(session, root)
                measure_previews(project, table)
                if not only_previews:
                    measure_updates(project, table)
            finally:
                stop = seconds(lambda: background.stop(session))
        table.add_row("stop of the region", f"{stop:.1f} s", "")
    if not only_previews:
        with console.status("measuring a region at rest"):
            for row in idle.measure():
                table.add_row(*row)
        with console.status("polling a region"):
            for row in polling.measure(POLLS):
                table.add_row(*row)
        with console.status("measuring the sample service"):
            for row in service.rows():
                table.add_row(*row)
        with console.status("measuring machines"):
            for row in machines.measure():
                table.add_row(*row)
    with console.status("measuring the load generator"):
        measure_load_test(table)
    console.print(table)


if __name__ == "__main__":
    run(main)
