"""Values of options that several command lines have."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import typer


def directory(value: str | Path) -> Path:
    """Return the directory that an option names; it need not exist yet.

    As an option's parser, not its callback: a shell variable that is not set leaves an empty value,
    and as a path that would be the directory in which one is.

    Raises:
        BadParameter: It is empty, or something else than a directory.
    """
    path = Path(_given(str(value), "directory"))
    try:
        is_directory = stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - Path.exists hides why
    except FileNotFoundError:
        return path
    except OSError as error:
        raise typer.BadParameter(f"'{path}': {error.strerror}; name a directory") from error
    if not is_directory:
        raise typer.BadParameter(f"'{path}' is not a directory; name a directory")
    return path


def stack(value: str) -> str:
    """Return the name of a stack that an option names; as `directory`, a parser.

    Raises:
        BadParameter: It is empty.
    """
    return _given(value, "stack")


def named(kind: str) -> Callable[[str], str]:
    """Return a parser of the name of a `kind` of thing, which refuses an empty one.

    Raises:
        BadParameter: By the parser: it is empty.
    """

    def read(value: str) -> str:
        return _given(value, kind)

    return read


def file_or_stdin(value: str) -> str:
    """Return the file that an option names, or `-`; as `directory`, a parser.

    Raises:
        BadParameter: It is empty.
    """
    return value if value == "-" else str(file(value))


def file(value: str | Path) -> Path:
    """Return the file that an option names, whether or not it exists; as `directory`, a parser.

    Raises:
        BadParameter: It is empty.
    """
    return Path(_given(str(value), "file"))


def _given(value: str, kind: str) -> str:
    if not value:
        raise typer.BadParameter(f"'' names no {kind}; is a shell variable not set?")
    return value
