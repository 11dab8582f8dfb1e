"""The content of an experiment file, and of its result, `experiment.json`.

Times of day are epoch milliseconds of the computer that runs the load, durations are seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from loadtest.errors import ResultsError
from loadtest.experiments.faults import Kind
from loadtest.messages.message import Message
from loadtest.models import Record
from loadtest.runs import paths

SCHEMA_VERSION = 1
FILE = "experiment.json"
JOURNAL = "journal.json"
"""The engine's own journal of the experiment, in the Chaos Toolkit's format, beside it."""

MOST_S = 86_400.0
"""How long anything in an experiment may take: a day. Beyond that a typing error is likelier."""
Time = Annotated[float, Field(ge=0, le=MOST_S, allow_inf_nan=False)]
"""A duration in seconds."""

EXTENSION = "haproof"
"""The name of the block in a file's `extensions` that has what the Chaos Toolkit's format lacks."""


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Topology = Literal["single", "ha"]
Topologies = Annotated[tuple[Topology, ...], BeforeValidator(_listed)]
Outcome = Literal["survived", "not survived", "not shown"]


class Allowed(BaseModel):
    """What users may notice of it.

    Failed requests count into the window if they were under way at some time between the fault's
    beginning and `window_s` after it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_s: Time = 0.0
    """How long after the fault's beginning requests may fail; 0: never."""
    failed_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The largest share of the window's requests that may fail."""
    failed_outside: Annotated[int, Field(ge=0)] = 0
    """How many requests may fail before the window or after it."""

    @model_validator(mode="after")
    def _consistent(self) -> Allowed:
        if self.failed_share and not self.window_s:
            raise ValueError(
                "`failed_share` is of the requests in the first `window_s` seconds, which is 0: give it, "
                "or nothing may fail"
            )
        return self


class Hypothesis(BaseModel):
    """The block `haproof` of an experiment's `extensions`: why it must hold, and what that means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Literal["haproof"]
    because: Annotated[tuple[str, ...], BeforeValidator(_listed)]
    """The policies that make it hold, by id; empty where no policy is about it."""
    applies_to: Topologies = ("ha",)
    """The topologies that must survive it."""
    contrast: Topologies = ()
    """Topologies for which it says what is missing, as they are not expected to survive."""

    def is_contrast(self, topology: Topology) -> bool:
        """Return whether it is run on that topology for contrast only."""
        return topology not in self.applies_to

    allowed: Allowed = Allowed()
    recovery_s: Annotated[Time, Field(gt=0)]
    """Within how many seconds of the fault's beginning the steady state must be back for good."""
    waits_s: Time | None = None
    """How much of `recovery_s` AWS waits, all of it by default: a faster local region waits less. The rest
    is work, such as boots and deployments, which takes as long as the computer takes."""
    observe_s: Time = 0.0
    """How long the load goes on, at least, after the method has ended."""
    warm_up_s: Time = 10.0
    """How long the load goes on before the method begins."""
    dies: bool = False
    """Whether the fault takes instances away for good, so that others have to replace them."""
    awaits_replacement: bool = True
    """Whether the experiment goes on until others have replaced them."""

    @model_validator(mode="after")
    def _consistent(self) -> Hypothesis:
        if not self.applies_to and not self.contrast:
            raise ValueError(
                "`applies_to` and `contrast` are empty, so there is no stack to run it on"
            )
        if both := sorted({*self.applies_to} & {*self.contrast}):
            raise ValueError(
                f"{', '.join(both)} is in `applies_to` and in `contrast`: it must hold there, or is not "
                "expected to; remove it from one of them"
            )
        return self


class ExperimentFile(BaseModel):
    """An experiment as its file says it; keys of the Chaos Toolkit's that are not here stay in `raw`."""

    model_config = ConfigDict(frozen=True)

    name: str
    """The file's name without its suffix."""
    title: str
    description: str
    tags: tuple[str, ...] = ()
    hypothesis: Hypothesis
    raw: dict[str, Any]
    """The whole file, for the engine."""
    lines: dict[tuple[str | int, ...], int] = Field(default_factory=dict, exclude=True, repr=False)
    """The line of each value of the file, by the keys and indices that lead to it."""

    def at(self, location: Sequence[str | int]) -> str:
        """Return `, line N` of the innermost part of the file on that way; nothing if no line is known."""
        for length in range(len(location), 0, -1):
            if (line := self.lines.get(tuple(location[:length]))) is not None:
                return f", line {line}"
        return ""

    @property
    def because(self) -> tuple[str, ...]:
        """The policies that make it hold, by id."""
        return self.hypothesis.because


class ProbeResult(Record):
    """One look at one property of the steady state."""

    name: str
    at_ms: float
    duration_s: float
    met: bool
    value: str | float | bool | None = None
    error: str | None = None
    """Why there is no value."""


class SteadyState(Record):
    """All looks of one round; it stops at the first property that is not met."""

    at_ms: float
    met: bool
    probes: list[ProbeResult]


class Target(Record):
    """A resource of the stack that the experiment acted on, or would act on."""

    kind: Literal[
        "instance", "subnet", "database", "auto-scaling-group", "deployment-group", "secret"
    ]
    id: str
    zone: str | None = None
    detail: str = ""


class Action(Record):
    """One action of the method or of the way back."""

    name: str
    began_ms: float
    ended_ms: float
    succeeded: bool
    error: str | None = None
    rollback: bool = False


class Impact(Record):
    """What the users had of it. `None` where the load could not be read."""

    requests: int
    failed: int
    failed_users: int
    """Distinct users with a failed request."""
    requests_in_window: int
    failed_in_window: int
    failed_outside: int
    window_ended_ms: float
    first_failed_ms: float | None = None
    """When the first request that failed was sent."""
    last_failed_ms: float | None = None
    """When the last request that failed ended."""

    @property
    def failed_share_in_window(self) -> float:
        """Share of the window's requests that failed; 0 without any."""
        count = self.requests_in_window
        return self.failed_in_window / count if count else 0.0


class ExperimentRecord(Record):
    """What came of one experiment: `experiment.json`, beside the files of its load run."""

    schema_version: Literal[1] = SCHEMA_VERSION
    experiment: str
    title: str
    kind: Kind = Kind.OTHER
    """What it does to the stack: which prediction it gets."""
    because: list[str]
    stack: str
    topology: Topology
    contrast: bool = False
    """Whether the topology is not expected to survive it: it is there to show what is missing."""
    run: str
    """The directory of the load run, which is the record's own."""
    started_ms: float
    finished_ms: float
    fault_began_ms: float | None
    """None if it was not begun."""
    fault_ended_ms: float | None
    """When what it broke was whole again, or put back; for a deployment: when it had ended."""
    fault_until_ms: float | None = None
    """When it ends by itself, also where it was put back before; None in older records."""
    targets: list[Target]
    actions: list[Action]
    before: SteadyState | None
    during: list[SteadyState]
    after: SteadyState | None
    recovered_ms: float | None
    """From when on the steady state held for good; None if it never did, or was never lost."""
    allowed: Allowed
    recovery_s: float
    """The target: seconds from the fault's beginning to `recovered_ms`."""
    awaits_replacement: bool = True
    """Whether it went on until what was lost had been replaced; else its recovery was not measured."""
    impact: Impact | None
    host_valid: bool
    host_reasons: list[Message]
    """Why the computer cannot have shown anything."""
    outcome: Outcome
    reasons: list[Message]
    reverted: list[str]
    """What the way back found changed, and put back."""
    left: list[str] = Field(default_factory=list[str])
    """What could not be put back."""
    engine: str
    notes: dict[str, str] = Field(default_factory=dict[str, str])
    """What actions noted down by the way, such as ids of deployments."""

    @property
    def recovery_measured_s(self) -> float | None:
        """Seconds from the fault's beginning until the steady state was back for good; None if never.

        0 if the steady state was never lost.
        """
        if self.fault_began_ms is None or self.after is None or not self.after.met:
            return None
        if self.recovered_ms is None:
            return 0.0
        return (self.recovered_ms - self.fault_began_ms) / 1000

    @property
    def survived_by_itself(self) -> bool:
        """Whether a single instance survived: without the policies of `because`, which the HA stack has."""
        return self.topology == "single" and self.outcome == "survived"


def path_of(directory: Path) -> Path:
    """Return where a run's directory has its experiment."""
    return directory / FILE


def save(directory: Path, record: ExperimentRecord) -> Path:
    """Write `experiment.json` into a run's directory and return its path.

    Raises:
        ResultsError: It cannot be written.
    """
    path = path_of(directory)
    paths.write_text(path, record.model_dump_json(indent=2) + "\n")
    return path


def load(directory: Path) -> ExperimentRecord | None:
    """Read a run's experiment; None for a run without one.

    Raises:
        ResultsError: The file is broken or of another version.
    """
    path = path_of(directory)
    try:
        return ExperimentRecord.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ResultsError(f"cannot read {path}: {error.strerror}") from error
    except (ValidationError, UnicodeDecodeError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ResultsError(
            f"{path} is not the record of an experiment: {reason}; repeat the experiment"
        ) from error


def recorded(results: Path) -> list[Path]:
    """Return the directories below `results` that have an experiment, oldest first."""
    return sorted(path.parent for path in results.glob(f"*/{FILE}"))
