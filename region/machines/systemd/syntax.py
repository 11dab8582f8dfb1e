"""The syntax of unit files: lines, words, time spans (systemd.syntax(7), systemd.time(7))."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from region.machines.errors import UnitError

Settings = dict[tuple[str, str], list[str]]

_TIME_UNITS: Final = {
    "us": 1e-6, "usec": 1e-6, "ms": 1e-3, "msec": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0,
    "seconds": 1.0, "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0,
    "hr": 3600.0, "hour": 3600.0, "hours": 3600.0, "d": 86400.0, "day": 86400.0, "days": 86400.0,
    "w": 604800.0, "week": 604800.0, "weeks": 604800.0,
}  # fmt: skip
_SPAN: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)")
_ESCAPES: Final = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " ",
    "\\": "\\", '"': '"', "'": "'",
}  # fmt: skip
_CODE: Final = re.compile(
    r"x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<l>[0-9a-fA-F]{8})|(?P<o>[0-7]{3})"
)
_TRUE: Final = ("1", "yes", "y", "true", "t", "on")
_FALSE: Final = ("0", "no", "n", "false", "f", "off")


def settings(files: Sequence[tuple[PurePosixPath, str]]) -> Settings:
    """Collect the values of a unit file and its drop-ins, in order, by (section, key).

    An empty value clears those before it.

    Raises:
        UnitError: If a line is neither a section nor an assignment.
    """
    found: Settings = {}
    for path, text in files:
        section = ""
        for number, line in _logical_lines(text):
            if line.startswith("[") and line.endswith("]"):
                section = line[1:-1]
                continue
            key, separator, value = line.partition("=")
            if not separator or not section:
                raise UnitError(f"{path}:{number}: {line!r} is neither [Section] nor Key=value.")
            values = found.setdefault((section, key.strip()), [])
            if value.strip():
                values.append(value.strip())
            else:
                values.clear()
    return found


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Join lines that end with a backslash by a blank; comments are skipped, also in between."""
    pending = ""
    begin = 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith(("#", ";")) or not (line or pending):
            continue
        begin = begin or number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        yield begin, (pending + line).strip()
        pending, begin = "", 0
    if pending.strip():
        yield begin, pending.strip()


def split_words(value: str) -> list[str]:
    """Split into words; quotes are removed and C-style escapes resolved, as systemd does.

    Raises:
        ValueError: If quotes are unbalanced.
    """
    return [text for text, _ in _words(value)]


def split_commands(value: str) -> list[list[str]]:
    r"""Split a command line as `split_words` does, and at each word that is a bare `;`.

    Raises:
        ValueError: If quotes are unbalanced.
    """
    commands: list[list[str]] = [[]]
    for text, bare in _words(value):
        if bare and text == ";":
            commands.append([])
        else:
            commands[-1].append(";" if bare and text == "\\;" else text)
    return [command for command in commands if command]


def _words(value: str) -> Iterator[tuple[str, bool]]:
    """Yield each word and whether it was written without quotes."""
    word, quote, bare, position = "", "", True, 0
    while position < len(value):
        character = value[position]
        position += 1
        if character == "\\":
            text, position = _escape(value, position)
            word += text
        elif quote:
            word, quote = (word, "") if character == quote else (word + character, quote)
        elif character in "'\"":
            quote, bare = character, False
        elif not character.isspace():
            word += character
        elif word or not bare:
            yield word, bare
            word, bare = "", True
    if quote:
        raise ValueError(f"{value!r} has unbalanced quotes")
    if word or not bare:
        yield word, bare


def _escape(value: str, position: int) -> tuple[str, int]:
    """Resolve what follows a backslash; an unknown sequence stays as it is written."""
    code = _CODE.match(value, position)
    if code:
        digits = code["x"] or code["u"] or code["l"] or code["o"]
        return chr(int(digits, 8 if code["o"] else 16) % 0x110000), code.end()
    following = value[position : position + 1]
    return _ESCAPES.get(following, "\\" + following), position + 1


def parse_seconds(value: str) -> float | None:
    """Parse a time span to seconds; None for infinity.

    Raises:
        ValueError: If it is not a time span.
    """
    text = value.strip()
    if text == "infinity":
        return None
    total, position = 0.0, 0
    while match := _SPAN.match(text, position):
        if match[2] and match[2] not in _TIME_UNITS:
            break
        total += float(match[1]) * _TIME_UNITS.get(match[2], 1.0)
        position = match.end()
    if not text or position != len(text):
        raise ValueError(f"{value!r} is not a time span such as 5s or 1min 30s")
    return total


def parse_boolean(value: str) -> bool:
    """Parse a boolean.

    Raises:
        ValueError: If it is none.
    """
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ValueError(f"{value!r} is neither yes nor no")


def parse_signal(value: str) -> signal.Signals:
    """Parse a signal by name, with or without SIG, or by number.

    Raises:
        ValueError: If there is no such signal.
    """
    try:
        if value.isdigit():
            return signal.Signals(int(value))
        return signal.Signals[f"SIG{value.upper().removeprefix('SIG')}"]
    except (KeyError, ValueError):
        raise ValueError(f"{value!r} is not a signal such as SIGTERM") from None


def parse_environment_file(text: str) -> dict[str, str]:
    """Parse an EnvironmentFile=: quotes are removed, comments and bad lines skipped."""
    found: dict[str, str] = {}
    for line in re.sub(r"\\\r?\n", "", text).splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and name and not name.startswith(("#", ";")):
            found[name.strip()] = _unquote(value.strip())
    return found


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
