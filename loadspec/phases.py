"""Phases in words, as options (`--ramp 5:125:300s --hold 60s`) or text (`ramp 5:125:300s, hold 60s`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from loadspec.durations import whole_seconds

Kind = Literal["ramp", "hold", "pause"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST_S = 86_400
"""The longest load that is run."""
MOST_VISITORS = 10_000_000
"""The most visitors that a load may start."""
MOST_PER_SECOND = 100_000
"""The most visitors that may arrive in a second: far beyond what any generator of ours starts."""

Word = tuple[Kind, str]
"""A phase as it is written: its kind, and what follows it, such as `ramp` and `5:125:300s`."""


class LoadSpecError(ValueError):
    """A load that cannot be read or run; the message names the phase at fault and the remedy."""


@dataclass(frozen=True)
class Part:
    """One phase; rates in visitors a second."""

    kind: Kind
    duration_s: int
    rate: float
    """At its beginning; 0 in a pause."""
    ramp_to: float | None = None
    """At its end, in a ramp."""

    @property
    def last_rate(self) -> float:
        """The rate at its end."""
        return self.rate if self.ramp_to is None else self.ramp_to


def words_of(text: str) -> list[Word]:
    """Split a text into phases; commas between them may be left out.

    Raises:
        LoadSpecError: A word stands where a kind of phase should, or nothing follows one.
    """
    found = re.split(r"[\s,]+", text.strip(" \t\r\n,"))
    words = list[Word]()
    for kind, value in zip(found[::2], [*found[1::2], ""], strict=False):
        if kind not in KINDS:
            raise LoadSpecError(
                f"{kind!r} is not a phase: write ramp LOW:HIGH:TIME, hold [RATE:]TIME or pause TIME"
            )
        words.append((kind, value))
    return words


def text_of(words: Sequence[Word]) -> str:
    """Return phases as a text that `words_of` reads."""
    return ", ".join(f"{kind} {value}" for kind, value in words)


def read(words: Sequence[Word], dashes: str = "") -> tuple[Part, ...]:
    """Read phases that follow each other; `dashes` precede a kind where the user writes an option.

    Raises:
        LoadSpecError: One cannot be read, or together they are not a load that can be run.
    """
    parts = list[Part]()
    for word in words:
        parts.append(_Reader(word, dashes).part(parts))
    if all(part.kind == "pause" for part in parts):
        raise LoadSpecError(
            f"nobody arrives: add a phase with arrivals, such as `{dashes}hold 50:60s`"
        )
    if (seconds := sum(part.duration_s for part in parts)) > LONGEST_S:
        raise LoadSpecError(f"the load lasts {seconds:,} s; at most {LONGEST_S:,} s are run")
    visitors = sum(max(part.rate, part.last_rate) * part.duration_s for part in parts)
    if visitors > MOST_VISITORS:
        raise LoadSpecError(
            f"the load starts up to {visitors:,.0f} visitors; at most {MOST_VISITORS:,} are run"
        )
    return tuple(parts)


class _Reader:
    """Reads one phase."""

    def __init__(self, word: Word, dashes: str) -> None:
        self._kind: Kind = word[0]
        self._text = word[1]
        self._dashes = dashes

    def part(self, before: Sequence[Part]) -> Part:
        values = self._text.split(":")
        match self._kind:
            case "pause":
                return Part("pause", self._seconds(values[0] if len(values) == 1 else ""), 0)
            case "ramp":
                return self._ramp(values)
            case "hold":
                return self._hold(values, before)

    def _ramp(self, values: list[str]) -> Part:
        if len(values) != 3:
            example = f"`{self._dashes}ramp 5:125:300s`"
            raise self._wrong(f"from 5 to 125 arrivals a second over 300 s is {example}")
        low, high = (self._rate(value) for value in values[:2])
        seconds = self._seconds(values[2])
        if seconds < 2:
            raise self._wrong("a ramp lasts at least 2 s")
        if max(low, high) < 1:
            raise self._wrong("a ramp reaches at least 1 arrival a second")
        return Part("ramp", seconds, low, high)

    def _hold(self, values: list[str], before: Sequence[Part]) -> Part:
        if len(values) > 2:
            raise self._wrong(f"50 arrivals a second for 60 s are `{self._dashes}hold 50:60s`")
        seconds = self._seconds(values[-1])
        rate = self._rate(values[0]) if len(values) == 2 else self._held(before)
        if rate < 1 or rate % 1:
            text = "it needs a whole number of at least 1 arrival a second"
            if rate > 1:
                text += (
                    f"; with a fraction it is `{self._dashes}ramp {rate:g}:{rate:g}:{values[-1]}`"
                )
            raise self._wrong(text)
        return Part("hold", seconds, rate)

    def _held(self, before: Sequence[Part]) -> float:
        for part in reversed(before):
            if part.kind != "pause":
                return part.last_rate
        raise self._wrong(
            f"no phase before it says how many arrive; write `{self._dashes}hold 50:{self._text}`"
        )

    def _rate(self, value: str) -> float:
        try:
            rate = float(value)
        except ValueError:
            rate = -1.0
        if not 0 <= rate <= MOST_PER_SECOND:
            raise self._wrong(
                f"{value!r} is not a number of arrivals a second up to {MOST_PER_SECOND:,}, such as `125`"
            )
        return int(rate) if rate % 1 == 0 else rate

    def _seconds(self, value: str) -> int:
        found = whole_seconds(value)
        if not found:
            raise self._wrong(
                f"{value!r} is not a duration in whole seconds, such as `60s` or `5m`"
            )
        return found

    def _wrong(self, why: str) -> LoadSpecError:
        return LoadSpecError(f"{self._dashes}{self._kind} {self._text}: {why}")
