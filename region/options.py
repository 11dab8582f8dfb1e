"""Options that several of the region's commands have."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from commandline.options import directory
from toolchain import paths

DEFAULT_ROOT = paths.ROOT / ".rehearsal"


_MARKS = (
    "lock",
    "starting.json",
    "region.json",
    "rehearsal.lock",
    "capacity.json",
    "images.json",
    "log/serve.log",
)
"""Files of which a region's directory has one as soon as anything was written to it."""
_LOGS = "log"
_OF_THE_DISK = "lost+found"
"""What a file system of its own has, such as a container's volume."""


def region_root(value: str | Path) -> Path:
    """Return the directory that `--root` names: a region's, or one that is empty or does not exist yet.

    A region closes its directory to everybody else, ends what is recorded below it, and `stop --remove`
    removes all of it: no other directory may be taken for one.

    Raises:
        BadParameter: It is something else.
    """
    if Path(value) == Path():
        raise typer.BadParameter("name a directory for the region's state, not the current one")
    root = directory(value)
    if (
        root.absolute() == DEFAULT_ROOT
        or not root.is_dir()
        or any((root / one).is_file() for one in _MARKS)
    ):
        return root
    try:
        found = next((one for one in root.iterdir() if not _says_nothing(one)), None)
    except OSError as error:
        raise typer.BadParameter(f"'{root}': {error.strerror}; name another directory") from error
    if found is not None:
        raise typer.BadParameter(
            f"'{root}' has files that are not a region's, such as {found.name!r}; name a directory that is "
            "empty or does not exist yet"
        )
    return root


def _says_nothing(entry: Path) -> bool:
    """Whether an entry is nobody's data, such as what a start on a full disk leaves."""
    if entry.name == _OF_THE_DISK:
        return True
    return entry.name == _LOGS and entry.is_dir() and not any(entry.iterdir())


Root = Annotated[
    Path,
    typer.Option(help="State directory of the region.", parser=region_root, metavar="PATH"),
]


def command(words: str, root: Path) -> str:
    """Return a command line to copy, with --root wherever that is not the default."""
    option = "" if root.resolve() == DEFAULT_ROOT.resolve() else f" --root {shlex.quote(str(root))}"
    return f"python -m rehearsal {words}{option}"
