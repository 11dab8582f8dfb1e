"""Files that a user names: read whole, within bounds, and without waiting for anybody."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

LARGEST: Final = 64 * 1024**2
"""Bytes; more than any script, payload or settings file has, and less than a computer's memory."""
_FROM_THE_SHELL: Final = ("/dev/fd/", "/proc/self/fd/")
"""Where a shell puts what a command prints, `<(pulumi stack output --json)`: that is waited for."""


def read_text(path: Path, encoding: str = "utf-8", newline: str | None = None) -> str:
    """Read a file; `newline` as for `open`.

    Raises:
        OSError: It cannot be read, is no file (a named pipe, `/dev/zero`), or is larger than LARGEST.
        UnicodeDecodeError: It has another encoding.
    """
    # Not to wait for whoever might write into a named pipe one day.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _require_file(descriptor, path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(LARGEST + 1)
    finally:
        os.close(descriptor)
    if len(data) > LARGEST:
        text = f"it has more than {LARGEST // 1024**2} MiB"
        raise OSError(errno.EFBIG, text, str(path))
    with io.TextIOWrapper(io.BytesIO(data), encoding, newline=newline) as text_of:
        return text_of.read()


def _require_file(descriptor: int, path: Path) -> None:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if stat.S_ISFIFO(mode) and str(path).startswith(_FROM_THE_SHELL):
        os.set_blocking(descriptor, True)
        return
    kind = "a named pipe" if stat.S_ISFIFO(mode) else "a device"
    raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))


def parse_json(text: str, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """Parse JSON as `json.loads` does; what is nested too deeply is a ValueError as well.

    Raises:
        ValueError: It is not JSON, is nested too deeply, or has a number of thousands of digits.
    """
    try:
        return json.loads(text, parse_constant=parse_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        # Python's words name a function of its own; `parse_constant` raises with better ones.
        if "digits" not in str(error):
            raise
        raise ValueError("a number in it has thousands of digits") from error


def shortened(value: object, most: int = 60) -> str:
    """Return a value as a message shows it: a file that is none of ours may hold secrets."""
    shown = repr(value)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
