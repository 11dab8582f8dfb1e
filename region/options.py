"""Options that several of the region's commands have."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from toolchain import paths

DEFAULT_ROOT = paths.ROOT / ".rehearsal"


def _named(root: Path) -> Path:
    """Refuse an empty name: the region would put its state among the files of wherever one is."""
    if root == Path():
        raise typer.BadParameter("name a directory for the region's state, not the current one")
    return root


Root = Annotated[Path, typer.Option(help="Directory of the region's state.", callback=_named)]


def command(words: str, root: Path) -> str:
    """Return a command line to copy, with --root wherever that is not the default."""
    option = "" if root.resolve() == DEFAULT_ROOT.resolve() else f" --root {shlex.quote(str(root))}"
    return f"python -m rehearsal {words}{option}"
