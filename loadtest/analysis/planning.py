"""How long a run must be to show that a service level objective is met."""

from __future__ import annotations

import math
from typing import Literal

import scipy

from loadtest.analysis.inference import failure_bound
from loadtest.errors import LoadTestError
from loadtest.formatting import duration, floor_percent
from loadtest.messages.message import Message, msg
from loadtest.models import Record
from loadtest.profiles import PROFILES, Profile, described

TOLERATED = (0, 1, 2, 5, 10)
"""Numbers of failures to plan for."""
PASSES = 0.9
LEAST_RATE = 0.001
MOST_RATE = 1_000_000.0
"""Requests per second: below it, a run lasts for months."""


class Step(Record):
    """A run that shows the objective if at most `failures` of its requests fail."""

    failures: int
    requests: int
    seconds: float
    """At the plan's rate."""
    passes_at_one_in: int
    """The true failure rate, as n of "1 in n", at which the run passes with 90 % probability."""


class ProfileFit(Record):
    """What a load profile shows if none of its requests fails."""

    name: str
    requests: int
    seconds: float
    shows: str
    enough: bool


class PlannedPhase(Record):
    """A phase of the load and how many users arrive in it; times in seconds."""

    name: str
    description: Message
    start_s: float
    duration_s: float
    users: int
    most_at_once: int | None


class PlannedLoad(Record):
    """Who arrives when."""

    name: str
    model: Literal["open", "closed"]
    most_at_once: int | None
    """Concurrent users beyond which the closed model skips arrivals."""
    description: Message
    users: int
    requests: int
    """At most: a user may stop early."""
    seconds: float
    peak_rate: int
    """Users per second."""
    phases: list[PlannedPhase]

    @property
    def messages(self) -> list[Message]:
        """The load in words, and which model it is."""
        told = msg(
            "plan.load",
            load=self.description,
            users=self.users,
            requests=self.requests,
            seconds=self.seconds,
            rate=self.peak_rate,
        )
        if self.most_at_once is None:
            return [told, msg("plan.open")]
        return [told, msg("plan.closed", n=self.most_at_once)]


class Plan(Record):
    """How long a run must be."""

    slo_percent: float
    confidence_percent: float
    rate: float
    """Requests per second."""
    steps: list[Step]
    profiles: list[ProfileFit]
    load: PlannedLoad

    @property
    def message(self) -> Message:
        """The plan's core in words."""
        step = self.steps[0]
        return msg(
            "plan.summary",
            slo=self.slo_percent,
            confidence=self.confidence_percent,
            requests=step.requests,
            duration=duration(step.seconds),
            rate=self.rate,
        )


def plan(
    slo: float,
    confidence: float,
    rate: float,
    requests_per_user: int,
    load: Profile = PROFILES["seed"],
) -> Plan:
    """Plan for shares (0 to 1, exclusive) and a rate in requests per second; `load` is shown beside.

    Raises:
        LoadTestError: No run could satisfy these values.
    """
    require_possible(slo, confidence, rate)
    steps = list[Step]()
    for failures in TOLERATED:
        needed = requests_needed(slo, confidence, failures)
        steps.append(
            Step(
                failures=failures,
                requests=needed,
                seconds=needed / rate,
                passes_at_one_in=_passes_at(failures, needed),
            )
        )
    return Plan(
        slo_percent=round(slo * 100, 12),
        confidence_percent=round(confidence * 100, 12),
        rate=rate,
        steps=steps,
        profiles=[
            _fit(one, slo, confidence, requests_per_user)
            for one in {load.name: load, **PROFILES}.values()
        ],
        load=planned_load(load, requests_per_user),
    )


def planned_load(profile: Profile, requests_per_user: int) -> PlannedLoad:
    """Return who arrives when in a profile."""
    phases = [
        PlannedPhase(
            name=phase.name,
            description=described(phase),
            start_s=record.start_s,
            duration_s=phase.duration_s,
            users=sum(phase.arrivals()),
            most_at_once=phase.most_at_once,
        )
        for phase, record in zip(profile.phases, profile.record().phases, strict=True)
    ]
    return PlannedLoad(
        name=profile.name,
        model="open" if profile.most_at_once is None else "closed",
        most_at_once=profile.most_at_once,
        description=profile.description,
        users=profile.planned_users,
        requests=profile.planned_users * requests_per_user,
        seconds=profile.duration_s,
        peak_rate=profile.peak_rate,
        phases=phases,
    )


LARGEST_SHARE = 0.01
"""A percentage up to 1 was most likely meant as a share."""


def require_possible(slo: float, confidence: float, rate: float | None) -> None:
    """Require shares that a run can show, and a rate that one can have; None: that of its load.

    Raises:
        LoadTestError: One of them is impossible; the message names it.
    """
    for name, value in (("availability", slo), ("confidence", confidence)):
        article = "an" if name == "availability" else "a"
        if 0 < value <= LARGEST_SHARE:
            raise LoadTestError(
                f"{article} {name} of {value * 100:g} % shows nothing; it is a percentage: write "
                f"{value * 10_000:g} for {value * 10_000:g} %"
            )
        if not 0 < value < 1:
            raise LoadTestError(
                f"a run cannot show {article} {name} of {value * 100:g} %; "
                "give a percentage between 0 and 100, both exclusive"
            )
    if rate is not None and not LEAST_RATE <= rate <= MOST_RATE:  # Nor is a number that is none.
        raise LoadTestError(
            f"no run has a rate of {rate:g} requests/s; give one from {LEAST_RATE:g} to {MOST_RATE:,.0f}"
        )


def requests_needed(slo: float, confidence: float, failures: int = 0) -> int:
    """Return the smallest number of requests that shows `slo` if `failures` of them failed.

    It is the smallest n for which that few failures would have a probability of at most
    1 - `confidence`, if the true share of good requests were `slo` (Clopper and Pearson, inverted).
    """

    def shows(n: int) -> bool:
        return float(scipy.stats.binom.cdf(failures, n, 1 - slo)) <= 1 - confidence

    high = failures + 1
    while not shows(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if shows(middle) else (middle, high)
    return high


def _passes_at(failures: int, n: int) -> int:
    """Return N such that the run passes with probability PASSES if one request in N truly fails."""
    return math.ceil(1 / float(scipy.stats.beta.ppf(1 - PASSES, failures + 1, n - failures)))


def _fit(profile: Profile, slo: float, confidence: float, requests_per_user: int) -> ProfileFit:
    requests = profile.planned_users * requests_per_user
    bound = failure_bound(0, requests, confidence)
    return ProfileFit(
        name=profile.name,
        requests=requests,
        seconds=profile.duration_s,
        shows=floor_percent(1 - bound),
        enough=requests >= requests_needed(slo, confidence),
    )
