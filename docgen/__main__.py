"""`python -m docgen`: check or write the documents that are generated from the code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from commandline.errors import UserError
from commandline.run import command_line, run_cli
from docgen.documents import DOCUMENTS

app = command_line("")


@app.command(no_args_is_help=False)
def documents(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(DOCUMENTS)}; all if none is given.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write/--check", help="Write the files, or only compare them.")
    ] = False,
) -> None:
    """Check or write the files in `docs/` that are generated from the code.

    - `python -m docgen`: check that all of them are current
    - `python -m docgen --write`: after any change to settings, policies, reports or the region
    - `python -m docgen --write policies`: only the catalogue of policies
    """
    for name in names or DOCUMENTS:
        if name not in DOCUMENTS:
            raise UserError(f"there is no document {name!r}; choose from {', '.join(DOCUMENTS)}")
        document = DOCUMENTS[name]
        if write:
            document.write()
        else:
            document.ensure_current()
        typer.echo(f"{'wrote' if write else 'current:'} {document.path}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_cli(app, "python -m docgen", arguments)


if __name__ == "__main__":
    sys.exit(main())
