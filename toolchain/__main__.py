"""`python -m toolchain`: set the toolchain up, or tell what is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from toolchain import actionlint, artillery, engine, locate, revision, system
from toolchain.errors import ToolError
from toolchain.progress import console

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The toolchain of haproof.\n\nExamples:\n\n  python -m toolchain setup"
    "\n\n  python -m toolchain doctor",
)

PARTS: tuple[Callable[[], str], ...] = (
    system.ensure,
    engine.ensure,
    artillery.ensure,
    revision.ensure,
)


def _provide(parts: tuple[Callable[[], str], ...]) -> None:
    for ensure in parts:
        try:
            console.print(f"[dim]{ensure()}[/]", highlight=False)
        except ToolError as error:
            console.print(f"[red]error:[/] {error}", highlight=False)
            raise typer.Exit(1) from error
        except OSError as error:
            console.print(f"[red]error:[/] {error.strerror}: {error.filename}; is the disk full?")
            raise typer.Exit(1) from error


@app.command()
def setup() -> None:
    """Gets everything that a rehearsal needs; what is there already is left alone."""
    _provide(PARTS)


@app.command("revision")
def build_revision() -> None:
    """Builds the sample service's CodeDeploy revision into .tools/revision."""
    _provide((revision.ensure,))


@app.command()
def schema(
    write: Annotated[
        bool, typer.Option("--write/--check", help="Write the file, or only compare it.")
    ] = False,
) -> None:
    """The JSON schema that editors check a stack's settings with: docs/config.schema.json."""
    # Imported here: it needs the Pulumi SDK, which takes half a second that no other command has.
    from toolchain import schema as config_schema  # noqa: PLC0415

    _provide((config_schema.write if write else config_schema.ensure_current,))


@app.command("actionlint")
def lint_workflows() -> None:
    """Checks .github/workflows with actionlint, which it builds first where it is missing."""
    _provide((actionlint.ensure, actionlint.check))


@app.command()
def browser() -> None:
    """Gets Chromium for the browser tests; without it they are skipped, so that is no failure."""
    try:
        console.print(f"[dim]{system.ensure_browser()}[/]", highlight=False)
    except ToolError as error:
        console.print(f"[yellow]no browser, its tests will be skipped:[/] {error}", highlight=False)


@app.command()
def doctor() -> None:
    """Tells for each tool which one would be used, and what is missing. Installs nothing."""
    out = Console()
    missing = 0
    finders: tuple[tuple[str, Callable[[], object]], ...] = (
        ("pulumi", locate.pulumi),
        ("haproxy", locate.haproxy),
        ("node", locate.node),
        ("artillery", lambda: locate.artillery_command()[-1]),
        ("postgresql", locate.postgres_bin),
    )
    for name, find in finders:
        try:
            out.print(f"[green]✓[/] {name:11} {find()}", highlight=False, soft_wrap=True)
        except ToolError as error:
            missing += 1
            out.print(f"[red]✗[/] {name:11} {error}", highlight=False, soft_wrap=True)
    try:
        out.print(
            f"[green]✓[/] {'chromium':11} {locate.chromium()}", highlight=False, soft_wrap=True
        )
    except ToolError as error:
        # Only some tests need it, and they are skipped without it: nothing that is missing.
        out.print(f"[dim]–[/] {'chromium':11} {error}", highlight=False, soft_wrap=True)
    raise typer.Exit(1 if missing else 0)


if __name__ == "__main__":
    app()
