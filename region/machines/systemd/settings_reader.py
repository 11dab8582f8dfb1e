"""Typed access to the settings of one unit, which tracks the settings that were used."""

from __future__ import annotations

import os
import re
import signal
from pathlib import PurePosixPath
from typing import Final

from region.machines.errors import UnitError
from region.machines.systemd import specifiers, syntax
from region.machines.systemd.specifiers import UnitName
from region.machines.systemd.unit import DEFAULT_TIMEOUT, UnitCommand

_PREFIX: Final = re.compile(r"[-+!:@|]*")


class SettingsReader:
    """The settings of one unit; errors name the file, the key and the value."""

    def __init__(
        self, path: PurePosixPath, name: UnitName, settings: syntax.Settings, hostname: str
    ) -> None:
        """Read `settings`, whose specifiers are those of `name`."""
        self.path = path
        self.name = name
        self._settings = settings
        self._hostname = hostname
        self._used: set[tuple[str, str]] = set()

    def unused(self) -> list[str]:
        """Return the keys that were not asked for, in order."""
        return [key for section, key in self._settings if (section, key) not in self._used]

    def error(self, key: str, value: str, problem: str) -> UnitError:
        """Return an error about one setting."""
        return UnitError(f"{self.path}: {key}={value} {problem}.")

    def expand(self, text: str) -> str:
        """Replace specifiers."""
        return specifiers.expand(text, self.name, self._hostname)

    def raw(self, section: str, key: str) -> list[str]:
        """Return the values of a key as written."""
        self._used.add((section, key))
        return self._settings.get((section, key), [])

    def last(self, key: str, section: str = "Service") -> str:
        """Return the last value of a key; "" if it is not set."""
        values = self.raw(section, key)
        return self.expand(values[-1]) if values else ""

    def words(self, key: str, section: str = "Service") -> tuple[str, ...]:
        """Return the words of all values of a key."""
        values = self.raw(section, key)
        return tuple(self.expand(word) for value in values for word in self.split(key, value))

    def split(self, key: str, value: str) -> list[str]:
        """Split a value into words; specifiers stay."""
        try:
            return syntax.split_words(value)
        except ValueError:
            raise self.error(key, value, "has unbalanced quotes") from None

    def boolean(self, key: str, *, default: bool = False) -> bool:
        """Return a boolean."""
        value = self.last(key)
        try:
            return syntax.parse_boolean(value) if value else default
        except ValueError as error:
            raise self.error(key, value, f"is invalid: {error}") from error

    def integer(self, section: str, key: str, default: int) -> int:
        """Return a number without sign."""
        value = self.last(key, section) or str(default)
        if not value.isdigit():
            raise self.error(key, value, "is not an integer")
        return int(value)

    def mode(self, key: str, default: int | None) -> int | None:
        """Return file permissions in octal."""
        value = self.last(key)
        if not value:
            return default
        if not re.fullmatch(r"[0-7]{1,5}", value):
            raise self.error(key, value, "is not an octal mode such as 0750")
        return int(value, 8)

    def seconds(self, section: str, key: str, default: float) -> float | None:
        """Return a time span in seconds, None for infinity."""
        value = self.last(key, section)
        try:
            return syntax.parse_seconds(value) if value else default
        except ValueError as error:
            raise self.error(key, value, f"is invalid: {error}") from error

    def timeout(self, key: str, kind: str) -> float | None:
        """Return a start or stop timeout: 0 means none, and a oneshot has none by default."""
        either = "TimeoutSec" if self.last("TimeoutSec") else ""
        chosen = key if self.last(key) else either
        if not chosen:
            return None if kind == "oneshot" else DEFAULT_TIMEOUT
        return self.seconds("Service", chosen, DEFAULT_TIMEOUT) or None

    def signal(self, key: str, default: signal.Signals) -> signal.Signals:
        """Return a signal."""
        value = self.last(key)
        try:
            return syntax.parse_signal(value) if value else default
        except ValueError:
            raise self.error(key, value, "is not a signal such as SIGTERM") from None

    def exit_statuses(self, key: str) -> frozenset[int]:
        """Return exit statuses, signals as negative numbers."""
        found: set[int] = set()
        for word in self.words(key):
            # Also by the names of <sysexits.h>, such as DATAERR.
            named = getattr(os, f"EX_{word}", None)
            if word.isdigit() or named is not None:
                found.add(named if named is not None else int(word))
            else:
                try:
                    found.add(-syntax.parse_signal(word))
                except ValueError:
                    raise self.error(key, word, "is neither a number nor a signal") from None
        return frozenset(found)

    def commands(self, key: str) -> tuple[UnitCommand, ...]:
        """Return the command lines of a key."""
        return tuple(
            self._command(key, value, words)
            for value in self.raw("Service", key)
            for words in self._command_words(key, value)
        )

    def _command_words(self, key: str, value: str) -> list[list[str]]:
        try:
            return syntax.split_commands(value)
        except ValueError:
            raise self.error(key, value, "has unbalanced quotes") from None

    def _command(self, key: str, value: str, words: list[str]) -> UnitCommand:
        prefix = _PREFIX.match(words[0])
        flags = prefix[0] if prefix else ""
        if "|" in flags:
            raise self.error(key, value, "has the prefix |, which the local region does not know")
        argv = [self.expand(word) for word in (words[0][len(flags) :], *words[1:])]
        if not argv[0]:
            raise self.error(key, value, "names no program")
        if "@" in flags:
            # What the program shall see as its own name cannot be set; it sees its path.
            del argv[1:2]
        return UnitCommand(
            tuple(argv),
            ignore_failure="-" in flags,
            privileged="+" in flags or "!" in flags,
            literal=":" in flags,
        )
