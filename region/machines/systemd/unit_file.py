"""Parser of systemd service units (systemd.syntax(7), systemd.unit(5), systemd.service(5)).

Settings that decide whether and how a service runs are applied; a `Type=` that the region does not
support is rejected; anything else is kept in `Unit.ignored`, to be reported in the console.
"""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final, Literal

from region.machines.errors import UnitError

Restart = Literal["no", "always", "on-success", "on-failure", "on-abnormal", "on-abort"]
_RESTARTS: Final = ("no", "always", "on-success", "on-failure", "on-abnormal", "on-abort")
_TYPES: Final = ("simple", "exec", "oneshot")
_DEFAULT_TIMEOUT: Final = 90.0
_UNITS: Final = {
    "us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hr": 3600.0,
    "hour": 3600.0, "hours": 3600.0, "d": 86400.0, "day": 86400.0, "days": 86400.0,
}  # fmt: skip
_SPAN: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)")
# Keys without effect here, or whose effect is documented: not worth reporting.
_SILENT: Final = frozenset(
    {"Description", "Documentation", "After", "Before", "Wants", "Requires", "StandardOutput",
     "StandardError", "SyslogIdentifier"}
)  # fmt: skip
_SPECIFIER: Final = re.compile(r"%(.)")


@dataclass(frozen=True)
class UnitCommand:
    """One command line of a unit; its failure is ignored if it is prefixed by `-`."""

    argv: tuple[str, ...]
    ignore_failure: bool = False


@dataclass(frozen=True)
class EnvironmentFile:
    """A file of KEY=VALUE lines; an `optional` one (leading `-`) may be absent."""

    path: str
    optional: bool = False


@dataclass(frozen=True)
class Unit:
    """A service unit. Times are in seconds; None means no limit."""

    name: str
    path: PurePosixPath
    kind: str = "simple"
    description: str = ""
    exec_start_pre: tuple[UnitCommand, ...] = ()
    exec_start: tuple[UnitCommand, ...] = ()
    exec_start_post: tuple[UnitCommand, ...] = ()
    exec_stop: tuple[UnitCommand, ...] = ()
    working_directory: str = "/"
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    environment_files: tuple[EnvironmentFile, ...] = ()
    restart: Restart = "no"
    restart_sec: float = 0.1
    timeout_start: float | None = _DEFAULT_TIMEOUT
    timeout_stop: float | None = _DEFAULT_TIMEOUT
    kill_mode: str = "control-group"
    kill_signal: signal.Signals = signal.SIGTERM
    remain_after_exit: bool = False
    success_exit_status: frozenset[int] = frozenset({0})
    start_limit_burst: int = 5
    start_limit_interval: float | None = 10.0
    installable: bool = False
    ignored: tuple[str, ...] = ()


def parse_unit(text: str, path: PurePosixPath) -> Unit:
    """Parse the text of the unit file at `path`.

    Raises:
        UnitError: If it is invalid or not supported; the message names key and file.
    """
    if path.suffix != ".service":
        raise UnitError(
            f"Unit {str(path)!r} is not a service; the region runs *.service units only."
        )
    return _Reader(path, _settings(text, path)).unit()


def parse_seconds(value: str) -> float | None:
    """Parse a time span (systemd.time(7)) to seconds; None for infinity.

    Raises:
        ValueError: If it is not a time span.
    """
    text = value.strip()
    if text == "infinity":
        return None
    total, position = 0.0, 0
    while match := _SPAN.match(text, position):
        if match[2] and match[2] not in _UNITS:
            break
        total += float(match[1]) * _UNITS.get(match[2], 1.0)
        position = match.end()
    if not text or position != len(text):
        raise ValueError(f"{value!r} is not a time span such as 5s or 1min 30s")
    return total


def parse_environment_file(text: str) -> dict[str, str]:
    """Parse an EnvironmentFile=: quotes are removed, comments and bad lines skipped."""
    found: dict[str, str] = {}
    for line in _joined(text):
        name, separator, value = line.strip().partition("=")
        if separator and name and not name.startswith(("#", ";")):
            found[name.strip()] = _unquote(value.strip())
    return found


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def _joined(text: str) -> list[str]:
    """Split into lines, with backslash continuations joined by a blank."""
    return re.sub(r"\\\r?\n", " ", text).splitlines()


def _settings(text: str, path: PurePosixPath) -> dict[tuple[str, str], list[str]]:
    """Collect values by (section, key) in order; an empty value clears those before it."""
    settings: dict[tuple[str, str], list[str]] = {}
    section = ""
    for number, raw in enumerate(_joined(text), start=1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        key, separator, value = line.partition("=")
        if not separator or not section:
            raise UnitError(f"{path}:{number}: {line!r} is neither [Section] nor Key=value.")
        values = settings.setdefault((section, key.strip()), [])
        if value.strip():
            values.append(value.strip())
        else:
            values.clear()
    return settings


class _Reader:
    """Turns the settings of one file into a `Unit` and tracks which of them it used."""

    def __init__(self, path: PurePosixPath, settings: Mapping[tuple[str, str], list[str]]) -> None:
        self._path = path
        self._settings = settings
        self._used: set[tuple[str, str]] = set()

    def unit(self) -> Unit:
        kind = self._kind()
        starts = self._commands("ExecStart")
        if not starts:
            raise UnitError(
                f"{self._path}: ExecStart= is missing; name the program that the service runs."
            )
        if len(starts) > 1 and kind != "oneshot":
            raise UnitError(
                f"{self._path}: {len(starts)} ExecStart= lines are allowed with Type=oneshot only."
            )
        return Unit(
            name=self._path.name,
            path=self._path,
            kind=kind,
            description=self._last("Unit", "Description") or self._path.name,
            exec_start_pre=self._commands("ExecStartPre"),
            exec_start=starts,
            exec_start_post=self._commands("ExecStartPost"),
            exec_stop=self._commands("ExecStop"),
            working_directory=self._working_directory(),
            environment=self._environment(),
            environment_files=self._environment_files(),
            restart=self._restart(kind),
            restart_sec=self._seconds("Service", "RestartSec", 0.1) or 0.0,
            timeout_start=self._timeout("TimeoutStartSec", kind),
            timeout_stop=self._timeout("TimeoutStopSec", "simple"),
            kill_mode=self._kill_mode(),
            kill_signal=self._kill_signal(),
            remain_after_exit=self._last("Service", "RemainAfterExit")
            in ("yes", "true", "1", "on"),
            success_exit_status=self._success_exit_status(),
            start_limit_burst=self._integer("Unit", "StartLimitBurst", 5),
            start_limit_interval=self._seconds("Unit", "StartLimitIntervalSec", 10.0),
            installable=bool(self._values("Install", "WantedBy")),
            ignored=self._ignored(),
        )

    def _values(self, section: str, key: str) -> list[str]:
        self._used.add((section, key))
        return self._settings.get((section, key), [])

    def _last(self, section: str, key: str) -> str:
        values = self._values(section, key)
        return values[-1] if values else ""

    def _kind(self) -> str:
        kind = self._last("Service", "Type") or "simple"
        if kind not in _TYPES:
            raise UnitError(
                f"{self._path}: Type={kind} is not supported by the local region; "
                f"use one of {', '.join(_TYPES)}."
            )
        return kind

    def _restart(self, kind: str) -> Restart:
        value = self._last("Service", "Restart") or "no"
        if kind == "oneshot" and value in ("always", "on-success"):
            raise UnitError(f"{self._path}: Restart={value} is not allowed with Type=oneshot.")
        for known in _RESTARTS:
            if value == known:
                return known
        raise UnitError(f"{self._path}: Restart={value} is not one of {', '.join(_RESTARTS)}.")

    def _commands(self, key: str) -> tuple[UnitCommand, ...]:
        return tuple(self._command(key, value) for value in self._values("Service", key))

    def _command(self, key: str, value: str) -> UnitCommand:
        # "+" and "!" lift restrictions that the region does not impose; ":" would keep "$" as is.
        prefix = re.match(r"[-+!]*", value)
        flags = prefix[0] if prefix else ""
        if value[len(flags) :].startswith(("@", ":")):
            raise UnitError(f"{self._path}: the prefix of {key}={value} is not supported.")
        words = self._split(key, value[len(flags) :])
        if not words:
            raise UnitError(f"{self._path}: {key}={value} names no program.")
        return UnitCommand(tuple(map(self._specifiers, words)), "-" in flags)

    def _split(self, key: str, value: str) -> list[str]:
        try:
            return shlex.split(value)
        except ValueError as error:
            raise UnitError(f"{self._path}: {key}={value} has unbalanced quotes.") from error

    def _specifiers(self, word: str) -> str:
        name = self._path.name
        known = {"%": "%", "n": name, "N": self._path.stem, "p": self._path.stem, "i": ""}

        def replace(match: re.Match[str]) -> str:
            if match[1] not in known:
                raise UnitError(
                    f"{self._path}: the specifier %{match[1]} is not supported; write %% for a "
                    "percent sign."
                )
            return known[match[1]]

        return _SPECIFIER.sub(replace, word)

    def _working_directory(self) -> str:
        value = self._last("Service", "WorkingDirectory").removeprefix("-") or "/"
        if not value.startswith("/"):
            raise UnitError(f"{self._path}: WorkingDirectory={value} is not an absolute path.")
        return self._specifiers(value)

    def _environment(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for value in self._values("Service", "Environment"):
            for word in self._split("Environment", value):
                name, separator, content = word.partition("=")
                if not separator:
                    raise UnitError(f"{self._path}: Environment={word} is not NAME=value.")
                found[name] = self._specifiers(content)
        return found

    def _environment_files(self) -> tuple[EnvironmentFile, ...]:
        values = self._values("Service", "EnvironmentFile")
        files = tuple(EnvironmentFile(value.lstrip("-"), value.startswith("-")) for value in values)
        for file in files:
            if not file.path.startswith("/"):
                raise UnitError(f"{self._path}: EnvironmentFile={file.path} is not absolute.")
        return files

    def _seconds(self, section: str, key: str, default: float) -> float | None:
        value = self._last(section, key)
        try:
            return parse_seconds(value) if value else default
        except ValueError as error:
            raise UnitError(f"{self._path}: {key}={value} is invalid: {error}.") from error

    def _timeout(self, key: str, kind: str) -> float | None:
        """Read a start or stop timeout: 0 means none, and a oneshot has none by default."""
        either = "TimeoutSec" if self._last("Service", "TimeoutSec") else ""
        chosen = key if self._last("Service", key) else either
        if not chosen:
            return None if kind == "oneshot" else _DEFAULT_TIMEOUT
        return self._seconds("Service", chosen, _DEFAULT_TIMEOUT) or None

    def _kill_mode(self) -> str:
        value = self._last("Service", "KillMode") or "control-group"
        if value not in ("control-group", "mixed"):
            raise UnitError(
                f"{self._path}: KillMode={value} would leave processes behind; "
                "use control-group or mixed."
            )
        return value

    def _kill_signal(self) -> signal.Signals:
        value = self._last("Service", "KillSignal") or "SIGTERM"
        try:
            return signal.Signals[value]
        except KeyError:
            raise UnitError(
                f"{self._path}: KillSignal={value} is not a signal name such as SIGTERM."
            ) from None

    def _integer(self, section: str, key: str, default: int) -> int:
        value = self._last(section, key) or str(default)
        if not value.isdigit():
            raise UnitError(f"{self._path}: {key}={value} is not an integer.")
        return int(value)

    def _success_exit_status(self) -> frozenset[int]:
        words = " ".join(self._values("Service", "SuccessExitStatus")).split()
        return frozenset({0, *(int(word) for word in words if word.isdigit())})

    def _ignored(self) -> tuple[str, ...]:
        unused = (pair for pair in self._settings if pair not in self._used)
        return tuple(key for _, key in unused if key not in _SILENT)
