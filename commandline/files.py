"""Files that a user names: read whole, within bounds, and without blocking."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

LARGEST: Final = 64 * 1024**2
"""Bytes; more than any script, payload or settings file has, and less than a computer's memory."""
MOST_DIGITS: Final = 40
"""Digits of a whole number in JSON; a count of nanoseconds since 1970 has 19."""
_FROM_THE_SHELL: Final = ("/dev/fd/", "/proc/self/fd/")
"""Where a shell puts what a command prints, `<(pulumi stack output --json)`: that is waited for."""


def read_text(path: Path, encoding: str = "utf-8", newline: str | None = None) -> str:
    """Read a file; `newline` as for `open`.

    Raises:
        OSError: It cannot be read, is not a file (a named pipe, `/dev/zero`), or is larger than LARGEST.
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
        ValueError: It is not JSON, is nested too deeply, or has a number that is too large to compute with.
    """
    try:
        return json.loads(
            text, parse_constant=parse_constant, parse_float=_finite, parse_int=_countable
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _finite(text: str) -> float:
    if math.isinf(found := float(text)):
        raise ValueError(f"{text[:20]} is larger than any number that is computed with")
    return found


def _countable(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number in it has {len(text):,} digits")
    return int(text)


def shortened(value: object, most: int = 60) -> str:
    """Return a value as a message shows it: a file that is none of ours may hold secrets."""
    shown = repr(value)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
