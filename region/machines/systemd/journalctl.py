"""The `journalctl` command of a machine: arguments in, output and exit status out.

The region keeps what each service prints in a file of its own, without the time of each line. So
lines are shown with the name of their source and without a time, sources one after the other (the
one written to last at the end), and a selection by time is refused.

`--show-cursor` and `--after-cursor=` work as in journalctl(1). The script in the image follows
(`-f`) by them: it asks for `--show-cursor`, takes the last line `-- cursor: C` off the output, and
asks again with `--after-cursor=C`. A cursor is opaque: it has a position in bytes for each source.
"""

from __future__ import annotations

import fnmatch
import getopt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from region.machines.systemd import log_file
from region.machines.systemd.outcome import Outcome

_CONSOLE: Final = "console"
_SHORT: Final = "u:n:erxbaqlmfo:S:U:kp:t:g:N"
_LONG: Final = [
    "unit=", "lines=", "pager-end", "reverse", "catalog", "boot", "all", "quiet", "full",
    "no-full", "merge", "follow", "output=", "since=", "until=", "dmesg", "priority=",
    "identifier=", "grep=", "no-pager", "no-hostname", "no-tail", "utc", "system", "show-cursor",
    "after-cursor=", "case-sensitive=", "output-fields=", "vacuum-size=", "vacuum-time=", "rotate",
    "flush", "sync", "user", "directory=", "machine=",
]  # fmt: skip
_OUTPUTS: Final = (
    "cat", "short", "short-full", "short-iso", "short-iso-precise", "short-precise",
    "short-monotonic", "short-unix", "with-unit",
)  # fmt: skip
_WITHOUT_EFFECT: Final = frozenset(
    {"-x", "-b", "-a", "-q", "-l", "-m", "--catalog", "--boot", "--all", "--quiet", "--full",
     "--no-full", "--merge", "--no-pager", "--no-hostname", "--no-tail", "--utc", "--system",
     "--rotate", "--flush", "--sync", "--vacuum-size", "--vacuum-time", "--case-sensitive"}
)  # fmt: skip
_FLAGS: Final = {
    "-r": "reverse", "--reverse": "reverse", "-k": "kernel", "--dmesg": "kernel",
    "--show-cursor": "show_cursor",
}  # fmt: skip
_REFUSED: Final = {
    **dict.fromkeys(
        ("-S", "--since", "-U", "--until"),
        "the local region keeps no time for each line; use -n to see the latest",
    ),
    **dict.fromkeys(
        ("-p", "--priority"),
        "the local region keeps no priority for each line; use --grep to select",
    ),
}


class _RefusedError(Exception):
    """An argument that cannot be honored; its message is what the command prints."""


@dataclass(frozen=True)
class Logs:
    """Where a machine's logs are on the host: `<directory>/<unit>.log` and the console's."""

    directory: Path
    console: Path

    def sources(self) -> dict[str, Path]:
        """Return the files by the names of what wrote them, the latest one last."""
        found = {path.name.removesuffix(".log"): path for path in self.directory.glob("*.log")}
        found[_CONSOLE] = self.console
        return dict(sorted(found.items(), key=lambda item: (_written(item[1]), item[0])))


@dataclass
class _Query:
    units: list[str] = field(default_factory=list[str])
    count: int | None = None
    reverse: bool = False
    plain: bool = False
    show_cursor: bool = False
    after: dict[str, int] | None = None
    pattern: re.Pattern[str] | None = None
    kernel: bool = False


def journalctl(arguments: Sequence[str], logs: Logs) -> Outcome:
    """Run `journalctl <arguments>` on a machine's logs."""
    try:
        query = _parse(arguments)
    except _RefusedError as error:
        return Outcome(1, stderr=f"journalctl: {error}\n")
    return Outcome(stdout=_show(query, logs))


def _parse(arguments: Sequence[str]) -> _Query:
    try:
        options, matches = getopt.gnu_getopt(_with_counts(arguments), _SHORT, _LONG)
    except getopt.GetoptError as error:
        raise _RefusedError(f"{error}.") from error
    query = _Query()
    for name, value in options:
        _apply(query, name, value)
    for match in matches:
        field_name, _, value = match.partition("=")
        if field_name != "_SYSTEMD_UNIT":
            raise _RefusedError(f"the local region does not support the match {match!r}; use -u.")
        query.units.append(value)
    return query


def _with_counts(arguments: Sequence[str]) -> list[str]:
    """Give -n its number where it has none: 10, as journalctl does."""
    words: list[str] = []
    for position, word in enumerate(arguments):
        words.append(word)
        following = arguments[position + 1] if position + 1 < len(arguments) else ""
        if word in {"-n", "--lines"} and not re.fullmatch(r"\d+|all", following):
            words[-1] = "--lines=10"
    return words


def _apply(query: _Query, name: str, value: str) -> None:
    if name in _REFUSED:
        raise _RefusedError(f"{name} is not supported: {_REFUSED[name]}.")
    if name in {"-f", "--follow"}:
        query.show_cursor = True
        query.count = query.count or 10
    elif name in {"-e", "--pager-end"}:
        query.count = query.count or 1000
    elif name in _FLAGS:
        setattr(query, _FLAGS[name], True)
    elif name not in _WITHOUT_EFFECT:
        _apply_value(query, name, value)


def _apply_value(query: _Query, name: str, value: str) -> None:
    if name in {"-u", "--unit", "-t", "--identifier"}:
        query.units.append(value)
    elif name in {"-n", "--lines"}:
        query.count = _count(value)
    elif name in {"-o", "--output"} and value in _OUTPUTS:
        query.plain = value == "cat"
    elif name in {"-g", "--grep"}:
        query.pattern = _pattern(value)
    elif name == "--after-cursor":
        query.after = _positions(value)
    else:
        raise _RefusedError(f"the local region does not support {f'{name} {value}'.strip()!r}.")


def _count(value: str) -> int | None:
    if value == "all":
        return None
    if not value.isdecimal():
        raise _RefusedError(f"Failed to parse lines {value!r}; give a number.")
    return int(value)


def _pattern(value: str) -> re.Pattern[str]:
    try:
        # As journalctl does: case matters only if the pattern has upper case.
        return re.compile(value, re.NOFLAG if value != value.lower() else re.IGNORECASE)
    except re.error as error:
        raise _RefusedError(f"Bad pattern {value!r}: {error}.") from error


def _positions(cursor: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in filter(None, cursor.split(",")):
        name, _, position = part.rpartition("=")
        if not (name and position.isdecimal()):
            raise _RefusedError(f"Failed to seek to cursor {cursor!r}: Invalid argument.")
        found[name] = int(position)
    return found


def _show(query: _Query, logs: Logs) -> str:
    sources = {} if query.kernel else logs.sources()
    chosen = [name for name in sources if _is_wanted(name, query.units)]
    follows = query.show_cursor or query.after is not None
    shown: list[str] = []
    positions: list[str] = []
    for name in chosen:
        path = sources[name]
        begin = (query.after or {}).get(name, 0)
        # A log that is shorter than it was is another one.
        begin = begin if begin <= log_file.size(path) else 0
        end = log_file.end_of_last_line(path, begin) if follows else None
        prefix = "" if query.plain else f"{name}: "
        shown += [
            f"{prefix}{line}"
            for line in log_file.lines(path, begin, end)
            if query.pattern is None or query.pattern.search(line)
        ]
        positions.append(f"{name}={log_file.size(path) if end is None else end}")
    if query.count is not None:
        shown = shown[-query.count :] if query.count else []
    if query.reverse:
        shown.reverse()
    if not shown and query.after is None:
        shown.append("-- No entries --")
    if query.show_cursor:
        shown.append(f"-- cursor: {','.join(positions)}")
    return "".join(f"{line}\n" for line in shown)


def _is_wanted(name: str, units: list[str]) -> bool:
    if not units:
        return True
    return any(fnmatch.fnmatchcase(name, unit.removesuffix(".service")) for unit in units)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
