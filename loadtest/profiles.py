"""The load profiles (how many visitors arrive when), and how Artillery computes arrivals.

Artillery (2.0.34, `core/phases`) turns a ramp of `duration` seconds into one rate per second,

    rate(i) = arrivalRate + (rampTo - arrivalRate) / (duration - 1) * i,    i = 0 .. duration - 1

divides it by the number of worker threads, and rounds so that the workers together start
round(rate(i)) visitors, ties upwards, one every floor(1000 / count) milliseconds of each second. A
steady phase starts one visitor every floor(1 000 000 / arrivalRate) microseconds and stops after
floor(duration / that interval); it waits by a busy loop (`nanotimer`), a ramp by timers. So a hold
is written as a ramp from its rate to the same rate wherever that starts the same visitors at the
same times: it costs the generator less than half of the CPU time (ADR 33).

The published experiment, 5 to 125 a second over 300 s and then 60 s at 125: the ramp's rates
average (5 + 125) / 2 = 65, their roundings cancel in pairs, so 300 * 65 + 60 * 125 = 27 000.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from loadtest.array_types import Times
from loadtest.errors import LoadTestError
from loadtest.messages.message import Message, msg
from loadtest.models import PhaseRecord, ProfileRecord

MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Phase:
    """A stretch of time with one arrival rate or ramp; rates in visitors per second."""

    name: str
    duration_s: int
    arrival_rate: int
    ramp_to: int | None = None

    def __post_init__(self) -> None:
        """Reject what Artillery would accept but run differently."""
        least = 1 if self.ramp_to is None else 2
        if self.duration_s < least or self.arrival_rate < 1 or (self.ramp_to or 1) < 1:
            raise LoadTestError(
                f"phase {self.name!r} needs a duration of at least {least} s "
                "and rates of at least 1 per second"
            )

    def to_artillery(self) -> dict[str, str | int]:
        """Return the phase as an entry of Artillery's `config.phases`."""
        phase: dict[str, str | int] = {
            "name": self.name,
            "duration": self.duration_s,
            "arrivalRate": self.arrival_rate,
        }
        if self.ramp_to is not None:
            phase["rampTo"] = self.ramp_to
        elif self._even_as_ramp:
            phase["rampTo"] = self.arrival_rate
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
        if self.ramp_to is not None:
            return [sum(self._ramp(worker, workers)) for worker in range(1, workers + 1)]
        return [self._steady_count(rate) for rate in _distribute(self.arrival_rate, workers)]

    def schedule(self) -> Times:
        """Return the planned arrivals, in seconds after the phase began, with one worker thread."""
        if self.ramp_to is None:
            interval = _interval_us(self.arrival_rate) / MICROSECONDS
            return np.arange(1, self._steady_count(self.arrival_rate) + 1) * interval
        seconds = [
            second + np.arange(1, count + 1) * (math.floor(1000 / count) / 1000)
            for second, count in enumerate(self._ramp(1, 1))
            if count
        ]
        return np.concatenate(seconds)

    def _ramp(self, worker: int, workers: int) -> list[int]:
        low, high = self.arrival_rate / workers, (self.ramp_to or 0) / workers
        step = (high - low) / (self.duration_s - 1)
        return [_share(step * i + low, worker, workers) for i in range(self.duration_s)]

    def _steady_count(self, rate: int) -> int:
        return self.duration_s * MICROSECONDS // _interval_us(rate) if rate else 0


def _interval_us(rate: int) -> int:
    # As in Artillery: milliseconds first, then floored microseconds.
    return math.floor(1000 / rate * 1000)


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
        """The highest rate of arrivals, per second."""
        return max(max(phase.arrival_rate, phase.ramp_to or 0) for phase in self.phases)

    def arrivals_by_worker(self, workers: int) -> list[int]:
        """Count the visitors that each worker thread starts in the whole run."""
        by_phase = [phase.arrivals(workers) for phase in self.phases]
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
        """The profile in words, for a report."""
        return msg("load.phases", phases=tuple(_described(phase) for phase in self.phases))


def _described(phase: Phase) -> Message:
    low, seconds = phase.arrival_rate, phase.duration_s
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


def seconds(record: ProfileRecord) -> float:
    """Return how long visitors arrived in a recorded run."""
    return sum(phase.duration_s for phase in record.phases)


def from_record(record: ProfileRecord) -> Profile | None:
    """Rebuild the profile of a recorded run; None for versions that did not record rates."""
    phases = [
        Phase(phase.name, round(phase.duration_s), phase.arrival_rate, phase.ramp_to)
        for phase in record.phases
        if phase.arrival_rate is not None
    ]
    if not len(phases) == len(record.phases) > 0:
        return None
    return Profile(record.name, tuple(phases), record.shows_percentiles)
