"""Files from untrusted sources: read within bounds, written and removed without surprise.

For programs that run confined to a machine, and for the region where it removes what a machine has
left. Standard library only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

LARGEST_TEXT = 16 * 1024**2
# What user and group ids may be: 32 bits, of which the highest value means "none".
HIGHEST_ID = 2**32 - 2
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def read_text(path: Path | str, largest: int = LARGEST_TEXT) -> str:
    """Read a regular file of at most `largest` bytes; what is not UTF-8 is kept as surrogates.

    Raises:
        OSError: If it cannot be read, is not a regular file, or is larger.
    """
    # Not to wait for whoever writes into a named pipe.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is not a regular file", str(path))
        data = file.read(largest + 1)
    if len(data) > largest:
        raise OSError(0, f"it has more than {largest} bytes", str(path))
    return data.decode(errors="surrogateescape")


def open_to_write(path: Path | str, *, append: bool = False) -> IO[bytes]:
    """Open a file to rewrite it, or to append to it; it is created if it is missing.

    Raises:
        OSError: If it cannot be opened, or is a pipe or a socket, on which one could wait for ever.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags | (os.O_APPEND if append else 0), 0o666)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            raise OSError(0, "it is a pipe or a socket", str(path))
        if stat.S_ISREG(mode) and not append:
            os.ftruncate(descriptor, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "ab" if append else "wb")


def ids(path: Path | str) -> dict[str, int]:
    """Return ids by name from a file such as /etc/passwd; none if it is missing.

    Lines with what cannot be an id are skipped, as the C library does.
    """
    try:
        lines = read_text(path).splitlines()
    except FileNotFoundError:
        return {}
    found: dict[str, int] = {}
    for line in lines:
        fields = line.split(":")
        number = as_id(fields[2]) if len(fields) > 2 else None
        if number is not None:
            found.setdefault(fields[0], number)
    return found


def as_id(text: str) -> int | None:
    """Return the user or group id that `text` is; None if it is none."""
    # ASCII digits only, and not thousands of them, which int() refuses.
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(HIGHEST_ID))):
        return None
    number = int(text)
    return number if number <= HIGHEST_ID else None


def remove_tree(path: Path | str, *, ignore_errors: bool = False) -> None:
    """Remove a directory with all in it, however deep and long its paths are.

    No link is followed and no mount point entered. Unlike `shutil.rmtree` before Python 3.13 it
    neither recurses nor holds a file descriptor per level.

    Raises:
        OSError: If something could not be removed, unless `ignore_errors` is true; a directory that
            is not there is an error too.
    """
    failure: OSError | None = None
    try:
        parent = os.open(Path(path).parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for directory, name, is_directory in walk_upward(parent, Path(path).name):
                try:
                    (os.rmdir if is_directory else os.unlink)(name, dir_fd=directory)
                except OSError as error:
                    failure = failure or error
        finally:
            os.close(parent)
    except OSError as error:
        failure = failure or error
    if failure is not None and not ignore_errors:
        raise failure


def walk_upward(parent: int, top: str) -> Iterator[tuple[int, str, bool]]:
    """Yield everything below directory `top` of `parent`, and `top` last: contents come first.

    Yields the descriptor of the directory that it is in, which is valid until the next step, its
    name, and whether it is a directory. What is on another file system is left out.
    """
    device = os.stat(top, dir_fd=parent, follow_symlinks=False).st_dev
    current = os.open(top, _OPEN_DIRECTORY, dir_fd=parent)
    # For each level from `top` down: its name, which directory it is, its directories still to do.
    levels = [(top, _identity(current), _directories(current, device))]
    try:
        while levels:
            name, _, pending = levels[-1]
            if pending:
                with suppress(FileNotFoundError, NotADirectoryError):
                    lower = os.open(pending[-1], _OPEN_DIRECTORY, dir_fd=current)
                    os.close(current)
                    current = lower
                    levels.append((pending[-1], _identity(lower), _directories(lower, device)))
                pending.pop()
                continue
            for other in _others(current):
                yield current, other, False
            levels.pop()
            above = _opened_above(current, levels[-1][1]) if levels else os.dup(parent)
            os.close(current)
            current = above
            yield current, name, True
    finally:
        os.close(current)


def _identity(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _directories(descriptor: int, device: int) -> list[str]:
    with os.scandir(descriptor) as entries:
        return [
            entry.name
            for entry in entries
            if entry.is_dir(follow_symlinks=False)
            and entry.stat(follow_symlinks=False).st_dev == device
        ]


def _others(descriptor: int) -> list[str]:
    with os.scandir(descriptor) as entries:
        return [entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)]


def _opened_above(descriptor: int, expected: tuple[int, int]) -> int:
    above = os.open("..", _OPEN_DIRECTORY, dir_fd=descriptor)
    if _identity(above) != expected:
        os.close(above)
        raise OSError(0, "a directory was moved while its tree was walked")
    return above
