"""The records of a run: the content of `run.json`, versioned."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from loadtest.generator_names import ARTILLERY
from loadtest.generator_record import GeneratorRecord
from loadtest.host_record import HostRecord
from loadtest.load_record import ProfileRecord
from loadtest.messages.message import Message, msg
from loadtest.outcomes import Outcome

SCHEMA_VERSION = 2


class Record(BaseModel):
    """Base of everything that is written: unknown keys are rejected, values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Share = Annotated[float, Field(ge=0, le=1)]


class ScenarioRecord(Record):
    """What each virtual user did."""

    name: str
    description: Message
    digest: str
    requests_per_user: int
    """Of the longest flow, if flows differ."""
    journeys: list[list[str]] | None = None
    """Each flow's endpoints in order; None if they do not follow from the script alone."""
    timeout_s: float
    new_connection_per_user: bool = True


class Users(Record):
    """Virtual users. `failed` met a timeout, a broken connection or an unexpected status."""

    created: int
    completed: int
    failed: int
    skipped: int

    @property
    def failed_share(self) -> float:
        """Share of the created users that failed."""
        return self.failed / self.created if self.created else 0.0


class Requests(Record):
    """Requests by outcome."""

    total: int
    outcomes: dict[Outcome, int]
    errors: dict[str, int]
    statuses: dict[str, int]
    unsent: int = 0
    """Requests that failed inside the generator before being sent: they say nothing about the target."""

    def count(self, outcome: Outcome) -> int:
        """Return the number of requests with that outcome; 0 if it never occurred."""
        return self.outcomes.get(outcome, 0)

    @property
    def timeouts(self) -> int:
        """Requests without an answer in time, whichever code Artillery uses for it."""
        return self.count(Outcome.TIMEOUT)

    @property
    def timeout_share(self) -> float:
        """Share of all requests that timed out."""
        return self.timeouts / self.total if self.total else 0.0

    @property
    def good_share(self) -> float:
        """Share of all requests answered as expected and in time."""
        return self.count(Outcome.GOOD) / self.total if self.total else 0.0

    @property
    def valid(self) -> int:
        """Requests that say something about the target: all but those that were never sent.

        They include an unexpected 4xx: a scenario that expects one declares it.
        """
        return self.total - self.unsent

    @property
    def availability(self) -> float | None:
        """Share of valid requests that were good; None without valid ones.

        Good is answered as expected, its first byte no later than the run's `slow_ms`. Slow, 5xx,
        4xx, timeout, refused, reset and other are valid and not good.
        """
        return self.count(Outcome.GOOD) / self.valid if self.valid else None


class Percentile(Record):
    """A value in ms; with `at_least` only a lower bound, as no answer ever came."""

    value_ms: float
    at_least: bool = False

    @property
    def message(self) -> Message:
        """The value as a report shows it: `25.8 ms`, `≥ 10,000 ms`."""
        shown = "value.latency-at-least" if self.at_least else "value.latency"
        return msg(shown, ms=self.value_ms)

    def __str__(self) -> str:
        """Return the value as the command line prints it."""
        return str(self.message)


class PercentileInterval(Record):
    """Where a percentile lies with 95 % confidence, as far as one run shows it."""

    low: Percentile
    high: Percentile | None
    """None where the run sets no upper limit: too few requests, or too many of them unanswered."""


class Latency(Record):
    """Time to first byte, connection set-up included.

    `answered` are percentiles of the requests that got an answer, `coverage` is their share of all;
    `censored` are percentiles of all requests, with every unanswered one at the timeout or above.
    None where there is nothing to take a percentile of. `intervals` are those of the censored ones;
    one that is absent is not known, as the run is too short. None in runs saved before they existed.
    """

    coverage: Share
    answered: dict[str, Percentile] | None
    censored: dict[str, Percentile] | None
    intervals: dict[str, PercentileInterval] | None = None


class EndpointRecord(Record):
    """One endpoint's requests."""

    name: str
    requests: Requests
    latency: Latency


class InstanceRecord(Record):
    """The answers of one instance, by their headers."""

    instance: str
    zone: str | None
    versions: list[str]
    answers: int
    good: int
    """Answered as expected and in time."""
    slow: int = 0
    """Answered as expected, but late."""


class PerSecondCounts(Record):
    """Per second after the first phase began: arrivals by start, answers by end."""

    arrivals: list[int]
    good: list[int]
    failed: list[int]
    slow: list[int] = []
    """Answered as expected, but late: in neither of the two before. Empty in older runs."""


class Outage(Record):
    """A stretch in which no probe was answered well; seconds after the first phase began.

    From the start of the first probe that failed to the start of the next one that did not.
    """

    start_s: float
    duration_s: float


class ProbeSettings(Record):
    """How the target is probed during the load."""

    path: str
    interval_s: float = 0.2
    timeout_s: float = 2.0


class ProbeRecord(ProbeSettings):
    """The availability probe: one light request after the other, apart from the load.

    Counted are the probes between the first phase's beginning and the last answer. A probe is good
    if it was answered with a status from 200 to 399 within its timeout.
    """

    sent: int
    outcomes: dict[Outcome, int]
    outages: list[Outage]

    @property
    def availability(self) -> float | None:
        """Share of the probes that were good; None without any."""
        return self.outcomes.get(Outcome.GOOD, 0) / self.sent if self.sent else None

    @property
    def longest_outage_s(self) -> float:
        """The longest outage in seconds; 0 without one."""
        return max((outage.duration_s for outage in self.outages), default=0.0)


class EventRecord(Record):
    """Something that happened to the target while the load ran; seconds after the first phase began.

    Whoever causes it (a fault, a deployment) writes it into the run's `events.ndjson`.
    """

    kind: str
    name: str
    at_s: float
    until_s: float | None = None
    detail: str = ""


class ArtilleryRecord(Record):
    """Artillery's own figures of the run; its p99 covers only answers, without connection setup."""

    requests: int
    responses: int
    p99_ms: float | None
    users_completed: int = 0
    users_failed: int = 0
    codes: dict[str, int] = {}
    errors: dict[str, int] = {}


class Check(Record):
    """One condition of a valid run."""

    name: Message
    passed: bool
    detail: Message

    @property
    def failure(self) -> Message:
        """What to say where it did not pass."""
        return msg("check.failed", check=self.name, detail=self.detail)


class Validity(Record):
    """Whether the run's numbers can be trusted."""

    checks: list[Check]

    @property
    def valid(self) -> bool:
        """True only if every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def reasons(self) -> list[Message]:
        """Why the run is not valid; empty if it is."""
        return [check.failure for check in self.checks if not check.passed]


class Objective(Record):
    """One objective, compared with a run. `kept` is None if the run is inconclusive."""

    name: Message
    promised: Message
    measured: Message
    kept: bool | None
    judged: bool = True
    """Whether it counts: not where its load profile is too short to show it."""
    reason: Message
    """What to say where it was not kept."""
    remedy: Message | None = None
    """What would decide it, where the run does not and the reason does not say so itself."""


VerdictOutcome = Literal["kept", "broken", "undecided", "invalid", "measured"]


class Verdict(Record):
    """What the run shows: `measured` where there is no promise to keep (the single instance).

    `undecided` is a run whose figures are right but too few to tell; `invalid` one whose figures
    cannot be trusted. Runs saved before `undecided` existed have `invalid` for both;
    `run_loading.load_summary` tells them apart.
    """

    outcome: VerdictOutcome
    reasons: list[Message]
    promise: Message | None
    """What was promised of the stack; None where nothing was."""
    objectives: list[Objective]
    """The promise in its parts; empty where it was not evaluated, as the run is not valid."""


class RunSettings(Record):
    """What was decided before the load began; written first, so that every run has it."""

    schema_version: Literal[2] = SCHEMA_VERSION
    id: str
    topology: Literal["single", "ha"]
    target: str
    started_at: AwareDatetime
    profile: ProfileRecord
    scenario: ScenarioRecord
    slow_ms: float | None
    probe: ProbeSettings
    generator: str = ARTILLERY
    generator_version: str | None = None
    """None in runs from when Artillery was the only one."""
    artillery: str | None = None
    """Artillery's version, and that of its Node; None of another generator."""
    node: str | None = None
    python: str
    workers: int
    host_cpus: int
    host_watched: bool = False
    """Whether this computer was to be watched; False in older runs."""
    target_watched: bool = False
    """Whether the target is on it, too, and what that uses is recorded."""
    computer: str = ""
    """Which kind of computer the load comes from; empty in older runs."""


class RunSummary(Record):
    """The summary of one run."""

    schema_version: Literal[2] = SCHEMA_VERSION
    id: str
    topology: Literal["single", "ha"]
    started_at: AwareDatetime
    load_began_at: AwareDatetime
    """When the first phase began; before that, the generator only started up."""
    finished_at: AwareDatetime
    cut_short: bool
    cut_reason: Message | None = None
    """What ended the run early."""
    slow_ms: float | None = None
    """Expected answers whose first byte took longer count as slow; None: no answer does."""
    target: str
    profile: ProfileRecord
    scenario: ScenarioRecord
    users: Users
    requests: Requests
    latency: Latency
    endpoints: list[EndpointRecord]
    instances: list[InstanceRecord]
    series: PerSecondCounts
    generator: GeneratorRecord
    artillery: ArtilleryRecord | None
    probe: ProbeRecord | None = None
    host: HostRecord | None = None
    events: list[EventRecord] = []
    validity: Validity
    verdict: Verdict

    @property
    def interrupted(self) -> bool:
        """Whether the person who started the run ended it."""
        return self.cut_reason is not None and self.cut_reason.id == "cut.interrupted"
