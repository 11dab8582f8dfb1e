"""`python -m benchmarks.idle`: what a region costs at rest, empty and with both stacks. Needs root.

Memory is the resident set of the region's process, and the proportional set of what it started
(load balancers, databases, gateway) without the instances, which have memory of their own. The
instances run what their user data starts: no release. Prints; asserts nothing.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.command import Parser, number, run
from region import background
from rehearsal.pulumi_project import STACKS, Project
from toolchain import paths

SETTLE_S = 15.0
SHARE_S = 30.0

Row = tuple[str, str, str]
"""What was measured, the value, the goal with the value before it was set."""


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _helpers_bytes(process: psutil.Process) -> int:
    """Return the proportional set size of what `process` started, without the instances."""
    own = Path(f"/proc/{process.pid}/ns/pid").readlink()
    total = 0
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess, FileNotFoundError):
            if Path(f"/proc/{child.pid}/ns/pid").readlink() == own:
                total += child.memory_full_info().pss
    return total


def at_rest(pid: int, settle: float = SETTLE_S) -> tuple[float, float, float]:
    """Return the region's memory and that of its helpers, both in MB, and its share of a core."""
    process = psutil.Process(pid)
    time.sleep(settle)
    before = _cpu_seconds(process)
    time.sleep(SHARE_S)
    share = (_cpu_seconds(process) - before) / SHARE_S
    return process.memory_info().rss / 2**20, _helpers_bytes(process) / 2**20, share


def measure(settle: float = SETTLE_S) -> Generator[Row]:
    """Start a region of its own, measure it empty and with both stacks, and stop it."""
    with tempfile.TemporaryDirectory(prefix="haproof-bench-") as scratch:
        root = Path(scratch, "region")
        begun = time.monotonic()
        session = background.launch(root, [])
        ready = time.monotonic() - begun
        try:
            yield "region ready", f"{ready:.1f} s", "< 4 s"
            memory, _, share = at_rest(session.pid, settle)
            yield "region at rest, empty", f"{memory:.0f} MB", "325 MB before"
            yield "its CPU", f"{share:.2%} of a core", "<= 1 %"
            project = Project(session, root)
            for stack in STACKS:
                project.prepare(stack, {"releaseOnUp": "false", "appPath": str(paths.REVISION)})
                project.up(stack)
            memory, helpers, share = at_rest(session.pid, settle)
            yield "region at rest, both stacks up", f"{memory:.0f} MB", "<= 400 MB; 510 MB before"
            yield "what it started, instances excluded", f"{helpers:.0f} MB", ""
            yield "its CPU", f"{share:.2%} of a core", "<= 5 %"
        finally:
            background.stop(session)


def main() -> None:
    """Measure and print."""
    parser = Parser(__doc__)
    parser.add_argument(
        "--settle", type=number(), default=SETTLE_S, help="seconds of rest before a measurement"
    )
    for what, value, goal in measure(parser.parse_args().settle):
        print(f"{what:36} {value:>16}   {goal}", flush=True)


if __name__ == "__main__":
    run(main)
