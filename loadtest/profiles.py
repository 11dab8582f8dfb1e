"""The load profiles (how many visitors arrive when), and how Artillery computes arrivals.

Artillery (2.0.34, `core/phases`) turns a ramp of `duration` seconds into one rate per second,

    rate(i) = arrivalRate + (rampTo - arrivalRate) / (duration - 1) * i,    i = 0 .. duration - 1

divides it by the number of worker threads, and rounds so that the workers together start
round(rate(i)) visitors, ties upwards, one every floor(1000 / count) milliseconds of each second. A
steady phase starts one visitor every floor(1 000 000 / arrivalRate) microseconds and stops after
floor(duration / that interval); it waits by a busy loop (`nanotimer`), a ramp by timers. So a hold
is written as a ramp from its rate to the same rate wherever that starts the same visitors at the
same times: it costs the generator less than half of the CPU time (ADR 33).

A phase with `arrivalCount` starts that many visitors, evenly, all of them in the first worker thread;
one in which nobody arrives is a pause. With `maxVusers`, a visitor who would be one too many at a time
is skipped: then the load waits for the target, which is the closed model.

The published experiment, 5 to 125 a second over 300 s and then 60 s at 125: the ramp's rates
average (5 + 125) / 2 = 65, their roundings cancel in pairs, so 300 * 65 + 60 * 125 = 27 000.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loadspec import phases as spec
from loadspec import setting
from loadtest.array_types import Times
from loadtest.errors import LoadTestError
from loadtest.load_record import PhaseRecord, ProfileRecord
from loadtest.messages.message import Message, msg

MICROSECONDS = 1_000_000
MOST_PER_THREAD = 1000
"""Visitors a second beyond which one thread of Artillery does not start a ramp evenly."""
OWN = "own"
"""The name of a profile whose phases the user wrote."""


@dataclass(frozen=True)
class Phase:
    """A stretch of time with one arrival rate, ramp or number of arrivals; rates in visitors per second."""

    name: str
    duration_s: int
    arrival_rate: float
    """At its beginning; whole but for ramps. The mean one where `arrivals_in_all` counts."""
    ramp_to: float | None = None
    arrivals_in_all: int | None = None
    """How many visitors arrive, evenly; 0 is a pause. None: the rate says it."""
    most_at_once: int | None = None
    """Visitors beyond so many at a time are skipped (Artillery's `maxVusers`). None: nobody is."""

    def __post_init__(self) -> None:
        """Reject what Artillery would accept but run differently."""
        if self.duration_s < self._least_s or not self._arrives:
            raise LoadTestError(
                f"phase {self.name!r} needs a duration of at least {self._least_s} s "
                "and rates of at least 1 per second"
            )
        if self.peak_rate > spec.MOST_PER_SECOND:
            text = f"{self.peak_rate:,.0f} visitors a second; {spec.MOST_PER_SECOND:,} are the most"
            raise LoadTestError(f"phase {self.name!r}: {text}")
        if self.ramp_to is None and self.arrivals_in_all is None and self.arrival_rate % 1:
            raise LoadTestError(
                f"phase {self.name!r}: {self.arrival_rate:g} visitors a second is not a whole number, "
                "which Artillery takes in ramps only; ramp from that rate to the same rate"
            )
        if self.most_at_once is not None and self.most_at_once < 1:
            raise LoadTestError(
                f"phase {self.name!r}: with {self.most_at_once} visitors at a time nobody ever "
                "arrives; allow at least 1"
            )

    @property
    def _least_s(self) -> int:
        return 1 if self.ramp_to is None else 2

    @property
    def _arrives(self) -> bool:
        if self.arrivals_in_all is not None:
            return self.arrivals_in_all >= 0
        if self.ramp_to is None:
            return self.arrival_rate >= 1
        return (
            min(self.arrival_rate, self.ramp_to) >= 0 and max(self.arrival_rate, self.ramp_to) >= 1
        )

    @property
    def pauses(self) -> bool:
        """Whether nobody arrives in it."""
        return self.arrivals_in_all == 0

    @property
    def peak_rate(self) -> float:
        """The highest rate of arrivals, per second."""
        return max(self.arrival_rate, self.ramp_to or 0)

    def to_artillery(self) -> dict[str, str | float]:
        """Return the phase as an entry of Artillery's `config.phases`."""
        phase: dict[str, str | float] = {"name": self.name}
        if self.pauses:
            return {**phase, "pause": self.duration_s}
        phase["duration"] = self.duration_s
        if self.arrivals_in_all is not None:
            phase["arrivalCount"] = self.arrivals_in_all
        else:
            phase["arrivalRate"] = self.arrival_rate
            if self.ramp_to is not None:
                phase["rampTo"] = self.ramp_to
            elif self._even_as_ramp:
                phase["rampTo"] = self.arrival_rate
        if self.most_at_once is not None:
            phase["maxVusers"] = self.most_at_once
        return phase

    @property
    def _even_as_ramp(self) -> bool:
        """Whether a ramp from the rate to the rate starts visitors as evenly as a steady phase.

        It rounds the interval down to whole milliseconds, which would leave a gap at the end of each
        second. A ramp of one second has no intervals at all: Artillery starts its visitors at once.
        """
        return self.duration_s > 1 and 1000 % self.arrival_rate == 0

    def arrivals(self, workers: int = 1) -> list[int]:
        """Count the visitors that each of Artillery's worker threads starts in this phase."""
        if self.arrivals_in_all is not None:
            return [self._count, *[0] * (workers - 1)]
        if self.ramp_to is not None:
            return [sum(self._ramp(worker, workers)) for worker in range(1, workers + 1)]
        return [self._steady_count(rate) for rate in _distribute(int(self.arrival_rate), workers)]

    def busy_workers(self, workers: int) -> int:
        """Return how many of Artillery's worker threads have something to do in this phase."""
        if self.arrivals_in_all is not None:
            return min(self.arrivals_in_all, 1)
        if self.ramp_to is not None or self._even_as_ramp:
            return workers
        return min(int(self.arrival_rate), workers)

    def schedule(self) -> Times:
        """Return the planned arrivals, in seconds after the phase began, with one worker thread."""
        if self.arrivals_in_all is not None:
            return np.arange(1, self._count + 1) * (self._spacing_us / MICROSECONDS)
        if self.ramp_to is None:
            rate = int(self.arrival_rate)
            return np.arange(1, self._steady_count(rate) + 1) * (_interval_us(rate) / MICROSECONDS)
        seconds = [
            second + np.arange(1, count + 1) * _tick_s(count)
            for second, count in enumerate(self._ramp(1, 1))
            if count
        ]
        return np.concatenate([np.empty(0), *seconds])

    def _ramp(self, worker: int, workers: int) -> list[int]:
        low, high = self.arrival_rate / workers, (self.ramp_to or 0) / workers
        step = (high - low) / (self.duration_s - 1)
        return [_share(step * i + low, worker, workers) for i in range(self.duration_s)]

    @property
    def _spacing_us(self) -> int:
        return math.floor(self.duration_s * 1000 / max(self.arrivals_in_all or 0, 1) * 1000)

    @property
    def _count(self) -> int:
        return 0 if self.pauses else self.duration_s * MICROSECONDS // self._spacing_us

    def _steady_count(self, rate: int) -> int:
        return self.duration_s * MICROSECONDS // _interval_us(rate) if rate else 0


def _interval_us(rate: int) -> int:
    # As in Artillery: milliseconds first, then floored microseconds.
    return math.floor(1000 / rate * 1000)


def _tick_s(count: int) -> float:
    # Artillery's ticks are whole milliseconds. A thread that has more visitors a second starts them all at
    # once; several threads, or another generator, start them evenly, which is what is planned.
    ticks = 1000 if count <= MOST_PER_THREAD else MICROSECONDS
    return math.floor(ticks / count) / ticks


def _share(rate: float, worker: int, workers: int) -> int:
    whole = math.floor(rate)
    # JavaScript's Math.round: ties go up, where Python's round() takes the even neighbor.
    extra = math.floor(math.fmod(rate, 1) * workers + 0.5) >= worker
    return whole + 1 if extra else whole


def _distribute(total: int, parts: int) -> list[int]:
    return [total // parts + (1 if part < total % parts else 0) for part in range(parts)]


@dataclass(frozen=True)
class Profile:
    """Phases one after the other."""

    name: str
    phases: tuple[Phase, ...]
    shows_percentiles: bool = True
    """False for a check of the wiring, too short to judge a percentile: counts alone decide."""

    @property
    def duration_s(self) -> int:
        """Seconds during which visitors arrive; answers may take longer."""
        return sum(phase.duration_s for phase in self.phases)

    @property
    def planned_users(self) -> int:
        """Total number of visitors, with one worker thread.

        More threads start the same number, except in a second whose rate is exactly between two
        whole numbers; the published profile has none.
        """
        return sum(self.arrivals_by_worker(1))

    @property
    def peak_rate(self) -> int:
        """The highest rate of arrivals, per second, rounded up."""
        return math.ceil(max(phase.peak_rate for phase in self.phases))

    @property
    def most_at_once(self) -> int | None:
        """The smallest limit of visitors at a time of any phase; None in the open model."""
        limits = [phase.most_at_once for phase in self.phases if phase.most_at_once is not None]
        return min(limits, default=None)

    def arrivals_by_worker(self, workers: int) -> list[int]:
        """Count the visitors that each worker thread starts in the whole run.

        Artillery starts no thread that would have nothing to do in any phase.
        """
        busy = max(1, *(phase.busy_workers(workers) for phase in self.phases))
        by_phase = [phase.arrivals(busy) for phase in self.phases]
        return [sum(counts) for counts in zip(*by_phase, strict=True)]

    def record(self) -> ProfileRecord:
        """Return the profile as a run records it."""
        phases, start = list[PhaseRecord](), 0
        for phase in self.phases:
            phases.append(
                PhaseRecord(
                    name=phase.name,
                    start_s=start,
                    duration_s=phase.duration_s,
                    arrival_rate=phase.arrival_rate,
                    ramp_to=phase.ramp_to,
                    arrivals_in_all=phase.arrivals_in_all,
                    most_at_once=phase.most_at_once,
                )
            )
            start += phase.duration_s
        return ProfileRecord(
            name=self.name,
            description=self.description,
            planned_users=self.planned_users,
            peak_rate=self.peak_rate,
            phases=phases,
            shows_percentiles=self.shows_percentiles,
        )

    def schedule(self) -> Times:
        """Return the planned arrivals in seconds after the first phase began."""
        offset, times = 0, list[Times]()
        for phase in self.phases:
            times.append(phase.schedule() + offset)
            offset += phase.duration_s
        return np.concatenate(times)

    @property
    def description(self) -> Message:
        """The profile in words, for a report. One of the closed model is called that."""
        phases = msg("load.phases", phases=tuple(described(phase) for phase in self.phases))
        if self.most_at_once is None:
            return phases
        return msg("load.closed", phases=phases, n=self.most_at_once)


def let_in(planned_s: Times, arrived_s: Times) -> Times:
    """Return when those who arrived were planned, where others were skipped: the last moment before.

    Both in order, in seconds after the load began.
    """
    early_s = 0.005  # a timer may fire so much before its time
    places = np.searchsorted(planned_s, arrived_s + early_s, side="right") - 1
    return planned_s[np.maximum(places, 0)]


def counted(name: str, visitors: int, duration_s: int, most_at_once: int | None = None) -> Phase:
    """Return a phase in which that many visitors arrive, evenly."""
    return Phase(name, duration_s, visitors / duration_s, None, visitors, most_at_once)


def pause(name: str, duration_s: int) -> Phase:
    """Return a phase in which nobody arrives."""
    return Phase(name, duration_s, 0, arrivals_in_all=0)


def described(phase: Phase) -> Message:
    """Return a phase in words."""
    low, seconds = phase.arrival_rate, phase.duration_s
    if phase.pauses:
        return msg("load.pause", seconds=seconds)
    if phase.arrivals_in_all is not None:
        return msg("load.count", n=phase.arrivals_in_all, seconds=seconds)
    if phase.ramp_to is None:
        return msg("load.hold", seconds=seconds, rate=low)
    return msg("load.ramp", low=low, high=phase.ramp_to, seconds=seconds)


def _ramp_and_hold(
    name: str, low: int, high: int, *, ramp_s: int, hold_s: int, shows_percentiles: bool = True
) -> Profile:
    phases = (Phase("ramp", ramp_s, low, high), Phase("hold", hold_s, high))
    return Profile(name, phases, shows_percentiles)


PROFILES = {
    profile.name: profile
    for profile in (
        _ramp_and_hold("seed", 5, 125, ramp_s=300, hold_s=60),
        _ramp_and_hold("quick", 5, 125, ramp_s=20, hold_s=10),
        _ramp_and_hold("smoke", 5, 40, ramp_s=5, hold_s=3, shows_percentiles=False),
    )
}
"""`seed` is the published experiment, `quick` reaches its peak, `smoke` checks that all is wired up."""


def profile_named(name: str) -> Profile:
    """Return the profile of that name.

    Raises:
        LoadTestError: There is none; the message lists them.
    """
    if name not in PROFILES:
        raise LoadTestError(f"unknown load profile {name!r}; choose one of {', '.join(PROFILES)}")
    return PROFILES[name]


def written(words: Sequence[spec.Word], dashes: str = "") -> Profile:
    """Return the profile that phases in words make; `dashes` as in `loadspec.phases.read`.

    Raises:
        LoadTestError: They cannot be read or run; the message says what to write.
    """
    try:
        parts = spec.read(words, dashes)
    except spec.LoadSpecError as error:
        raise LoadTestError(str(error)) from error
    return Profile(OWN, tuple(_phase(part) for part in parts))


def _phase(part: spec.Part) -> Phase:
    if part.kind == "pause":
        return pause(part.kind, part.duration_s)
    return Phase(part.kind, part.duration_s, part.rate, part.ramp_to)


def of_setting(text: str) -> Profile:
    """Return the load of a stack's `loadProfile` that is neither `none` nor the script's own.

    Raises:
        LoadTestError: There is no such load; the message says what to write.
    """
    try:
        text = setting.checked(text)
    except spec.LoadSpecError as error:
        raise LoadTestError(f"the load profile {text!r} {error}") from error
    return PROFILES[text] if text in PROFILES else written(spec.words_of(text))


def seconds(record: ProfileRecord) -> float:
    """Return how long visitors arrived in a recorded run."""
    return sum(phase.duration_s for phase in record.phases)


def from_record(record: ProfileRecord) -> Profile | None:
    """Rebuild the profile of a recorded run; None for versions that did not record rates."""
    phases = [
        Phase(
            phase.name,
            round(phase.duration_s),
            phase.arrival_rate,
            phase.ramp_to,
            phase.arrivals_in_all,
            phase.most_at_once,
        )
        for phase in record.phases
        if phase.arrival_rate is not None
    ]
    if not len(phases) == len(record.phases) > 0:
        return None
    return Profile(record.name, tuple(phases), record.shows_percentiles)
