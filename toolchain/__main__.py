"""`python -m toolchain`: install the toolchain, or show what is installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from commandline.exit_codes import ExitCode
from commandline.run import command_line, run_cli
from toolchain import (
    abandoned,
    actionlint,
    artillery,
    engine,
    locate,
    optional,
    paths,
    revision,
    system,
)
from toolchain.errors import ToolError
from toolchain.progress import console

app = command_line(
    "The toolchain of haproof: Pulumi, Artillery, HAProxy, runc, PostgreSQL and the sample revision.\n\n"
    "- `python -m toolchain setup`\n"
    "- `python -m toolchain tool k6`\n"
    "- `python -m toolchain doctor`"
)

PARTS: tuple[Callable[[], str], ...] = (
    system.ensure,
    engine.ensure,
    artillery.ensure,
    revision.ensure,
)


def _provide(*parts: Callable[[], str]) -> None:
    for ensure in parts:
        console.print(f"[dim]{ensure()}[/]", highlight=False)


@app.command()
def setup() -> None:
    """Install everything that a rehearsal needs and that is missing.

    Example: `python -m toolchain setup`
    """
    _provide(*PARTS)


@app.command("revision")
def build_revision() -> None:
    """Build the sample service's CodeDeploy revision into .tools/revision.

    Example: `python -m toolchain revision`
    """
    _provide(revision.ensure)


@app.command("actionlint")
def lint_workflows() -> None:
    """Check .github/workflows with actionlint, which is built first if it is missing.

    Example: `python -m toolchain actionlint`
    """
    _provide(actionlint.ensure, actionlint.check)


@app.command("tool")
def install_tool(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(optional.TOOLS)}.")],
) -> None:
    """Install a tool that `make setup` leaves out, into .tools/NAME.

    Examples:
    - `python -m toolchain tool k6`
    - `python -m toolchain tool locust`
    """
    _provide(lambda: optional.ensure(name))


@app.command()
def browser() -> None:
    """Install Chromium for the browser tests. If that fails, they are skipped.

    Example: `python -m toolchain browser`
    """
    try:
        _provide(system.ensure_browser)
    except ToolError as error:
        console.print(f"[yellow]no browser, its tests will be skipped:[/] {error}", highlight=False)


@app.command()
def doctor() -> None:
    """Show which tools would be used, which are missing, and what regions left behind. Changes nothing.

    Example: `python -m toolchain doctor`
    """
    out = Console(soft_wrap=True, highlight=False)
    missing = False
    finders: tuple[tuple[str, Callable[[], object]], ...] = (
        ("pulumi", locate.pulumi),
        ("haproxy", locate.haproxy),
        ("runc", locate.runc),
        ("nft", locate.nft),
        ("ip", locate.ip),
        ("node", locate.node),
        ("artillery", lambda: locate.artillery_command()[-1]),
        ("postgresql", locate.postgres_bin),
    )
    for name, find in finders:
        try:
            out.print(f"[green]✓[/] {name:11} {find()}")
        except ToolError as error:
            missing = True
            out.print(f"[red]✗[/] {name:11} {error}")
    try:
        out.print(f"[green]✓[/] {'chromium':11} {locate.chromium()}")
    except ToolError as error:
        # Only some tests need it, and they are skipped without it: not counted as missing.
        out.print(f"[dim]–[/] {'chromium':11} {error}")
    _show_volumes(out)
    _show_abandoned(out)
    raise typer.Exit(ExitCode.FAILURE if missing else ExitCode.SUCCESS)


def _show_volumes(out: Console) -> None:
    """Show whether instances can have disks of their own: without them a region goes on."""
    name = "volumes"
    without = "instances share this computer's disk, and the experiment disk-full shows nothing"
    try:
        maker = locate.mkfs_ext4()
    except ToolError as error:
        out.print(f"[dim]–[/] {name:11} {error}; until then {without}")
        return
    if not locate.LOOP_CONTROL.exists() or os.geteuid() != 0:
        reason = (
            "only root may attach loop devices"
            if locate.LOOP_CONTROL.exists()
            else f"there is no {locate.LOOP_CONTROL}"
        )
        out.print(f"[dim]–[/] {name:11} {reason}: {without}")
        return
    free = shutil.disk_usage(paths.ROOT).free / 2**30
    out.print(f"[green]✓[/] {name:11} {maker} on loop devices; {free:.0f} GiB free for them here")


def _show_abandoned(out: Console) -> None:
    """Show the networks of regions whose directories are gone; they disturb nobody."""
    with contextlib.suppress(ToolError):  # shown above
        for line in abandoned.networks():
            out.print(f"[dim]–[/] {'network':11} {escape(line)}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_cli(app, "python -m toolchain", arguments)


if __name__ == "__main__":
    sys.exit(main())
