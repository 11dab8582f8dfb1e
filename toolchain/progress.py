"""Shows the progress of a long step: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from toolchain.errors import ToolError

PLAIN_INTERVAL_S = 15.0
"""Without a terminal, a sign of life this often."""

console = Console(stderr=True, soft_wrap=True)

Report = Callable[[int], None]
"""Reports how many of the step's units are done."""


@contextlib.contextmanager
def step(title: str, total: int | None = None) -> Generator[Report]:
    """Show `title` with the elapsed time, and a bar if the `total` number of units is known."""
    if console.is_terminal:
        columns = [SpinnerColumn(), TextColumn("{task.description}")]
        columns += [BarColumn(), TaskProgressColumn()] if total else []
        with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
            task = progress.add_task(title, total=total)
            started = time.monotonic()
            yield lambda done: progress.update(task, completed=done)
        console.print(f"[green]✓[/] {title} [dim]({time.monotonic() - started:.0f} s)[/]")
        return
    with _plain(title, total) as report:
        yield report


@contextlib.contextmanager
def _plain(title: str, total: int | None) -> Generator[Report]:
    started = time.monotonic()
    done = 0
    finished = threading.Event()

    def report(count: int) -> None:
        nonlocal done
        done = count

    def beat() -> None:
        while not finished.wait(PLAIN_INTERVAL_S):
            share = f" {done}/{total}" if total else ""
            console.print(f"  … {title}{share} ({time.monotonic() - started:.0f} s)")

    console.print(f"  {title} …")
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield report
    finally:
        finished.set()
        thread.join()
    console.print(f"✓ {title} ({time.monotonic() - started:.0f} s)")


def run(
    command: Sequence[str],
    *,
    title: str,
    log: Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    total: int | None = None,
    counts: str | None = None,
) -> None:
    """Run a command and show its progress; its output goes to `log`.

    `counts` is a pattern: each output line that matches it is one unit of `total`.

    Raises:
        ToolError: the command failed; the message holds its last lines and the path of the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    seen = 0
    with step(title, total) as report, log.open("w", encoding="utf-8") as sink:
        process = subprocess.Popen(
            list(command),
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            assert process.stdout is not None  # noqa: S101
            for line in process.stdout:
                sink.write(line)
                if counts and re.search(counts, line):
                    seen += 1
                    report(min(seen, total or seen))
            code = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if code:
            sink.flush()
            tail = "\n".join(log.read_text(encoding="utf-8").splitlines()[-8:])
            raise ToolError(f"{title} failed (exit {code}):\n{tail}\nwhole output: {log}")
