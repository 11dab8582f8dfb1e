"""`make bench`: how long figures and the engine's commands take. Prints; asserts nothing.

Times on small machines are noisy: each is the least of several runs, and what compares two ways is a
ratio of runs made in turn.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rehearsal import background
from rehearsal.project import Project
from tests import bench_statistics
from tools import paths

REPEATS = 3


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(project: Project, table: Table) -> None:
    """Adds the rows."""
    project.prepare("ha", {"releaseOnUp": "false", "appPath": str(paths.REVISION)})
    pairs = [
        (
            seconds(lambda: project.preview("ha")),
            seconds(lambda: project.preview("ha", pack=False)),
        )
        for _ in range(REPEATS)
    ]
    with_pack, without = (min(column) for column in zip(*pairs, strict=True))
    table.add_row("preview of ha with the policy pack", f"{with_pack:.1f} s", "<= 15 s")
    ratio = sorted(a / b for a, b in pairs)[REPEATS // 2]
    table.add_row("the same without, and the ratio", f"{without:.1f} s, {ratio:.2f}x", "")
    table.add_row(
        "up of ha, hook excluded", f"{seconds(lambda: project.up('ha')):.1f} s", "<= 60 s"
    )
    table.add_row("up of ha without a change", f"{seconds(lambda: project.up('ha')):.1f} s", "")
    table.add_row("destroy of ha", f"{seconds(lambda: project.destroy('ha')):.1f} s", "")


def main() -> None:
    """Starts a region of its own, measures, and removes it."""
    console = Console()
    table = Table("what", "time", "goal")
    with console.status("measuring the statistics of 54,000 requests"):
        bench_statistics.measure(table)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "region")
        with console.status("measuring on a local region"):
            start = time.perf_counter()
            session = background.launch(root, [])
            table.add_row("start of the region", f"{time.perf_counter() - start:.1f} s", "")
            try:
                measure(Project(session, root), table)
            finally:
                stop = seconds(lambda: background.stop(session))
        table.add_row("stop of the region", f"{stop:.1f} s", "")
    console.print(table)


if __name__ == "__main__":
    main()
