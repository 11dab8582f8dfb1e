"""`python -m docgen`: generate documentation from the code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from commandline.run import command_line, run_cli
from docgen import config_schema

app = command_line(
    "Generates the files in `docs/` that restate the code.\n\n"
    "- `python -m docgen config-schema`: check that the file is current\n"
    "- `python -m docgen config-schema --write`: after a change to `Pulumi.yaml` or the settings"
)


@app.callback()
def root() -> None:
    """Keep the name of the only command: without a callback typer would drop it."""


@app.command("config-schema")
def config_schema_command(
    write: Annotated[
        bool, typer.Option("--write/--check", help="Write the file, or only compare it.")
    ] = False,
) -> None:
    """Check or write docs/config.schema.json, with which editors validate a stack's settings.

    Example: `python -m docgen config-schema --write`
    """
    typer.echo(config_schema.write() if write else config_schema.ensure_current())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_cli(app, "python -m docgen", arguments)


if __name__ == "__main__":
    sys.exit(main())
