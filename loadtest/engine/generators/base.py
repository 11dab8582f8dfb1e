"""The interface that every load generator implements.

One scenario, one profile, one way of counting; only who sends the requests differs. A generator gets a
`Load` and leaves in the run's directory, while it runs:

- `requests.ndjson.gz`: one line per HTTP exchange, hops of redirects included, as
  `loadtest/runs/recording.py` (`Exchange`) describes it. Lines are appended in whole gzip members
  (`loadtest/runs/journal.py`). `error` is one of the codes of `loadtest/outcomes.py`
  (`ETIMEDOUT`, `ECONNREFUSED`, `ECONNRESET`, …), so that one table classifies for all; `expected` is
  whether the answer was what the scenario expects; `sent` is False for what failed before anything
  was sent.
- `generator.ndjson`: a `phase` line as each phase begins, and per second and worker a `beat` (how late
  its clock was, how busy it is); the runner adds the `usage` of CPU and memory.
- its own totals at the end. Artillery writes its report; any other generator writes
  `totals.json`: `{"counters": {...}}` with Artillery's names `vusers.created`, `vusers.completed`,
  `vusers.failed`, `vusers.skipped` (arrivals that were due and did not start), `http.requests`,
  `http.codes.<status>`, `errors.<code>`. They come from the generator's own counters, not from the
  recorded lines: the checks of validity hold one against the other.

What must be the same for every generator:

- **Arrivals.** `Load.profile.schedule()` holds every planned arrival, in seconds after the first phase
  began. One user starts at each of them, however many still wait for answers.
- **Connections.** A user opens a connection of its own and keeps it for its own requests only, unless the
  script has a `pool`, which only Artillery runs; cookies are a user's own too.
- **Time limit.** `Load.scenario.timeout_s` per request.
- **Failure.** The first request that does not get the expected answer ends its user.
- **The script.** `Load.scenario` is what the schema accepted. What a generator cannot do the same way it
  refuses, all of it at once and with the line (`Generator.refused`), before anything runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from loadtest.profiles import Profile
from loadtest.runs.recording import Usage
from loadtest.scenario.scenario import Scenario
from loadtest.yaml_positions import Problem


@dataclass(frozen=True)
class Installation:
    """An installed generator and what it runs on."""

    command: tuple[str, ...]
    """What starts it, without its arguments."""
    version: str
    cpus: int
    """CPUs that it can use."""
    workers: int
    """Threads or processes that start users, each by a clock of its own and with a beat of its own."""
    node: str | None = None
    """Version of the Node that Artillery runs on."""
    elsewhere: str | None = None
    """Which kind of computers it runs on, if not on this one: what goes on here does not matter then."""


@dataclass(frozen=True)
class Turn:
    """Which of several workers a generator is, and how all of them begin together."""

    worker: int
    """From 1."""
    ready: Path
    """File that the generator writes once it could begin: its clock before and after it wrote `dated`,
    epoch ms."""
    begin: Path
    """File that then tells it when to begin: by its clock, epoch ms."""
    dealt: Mapping[Path, Path] = field(default_factory=dict[Path, Path])
    """A file of payload -> the file with this worker's rows of it."""

    @property
    def dated(self) -> Path:
        """Empty file of the generator, whose date is by the clock of this computer."""
        return self.ready.with_name(f"{self.ready.name}.clock")

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables by which a generator learns it."""
        return {
            "HAPROOF_WORKER": str(self.worker),
            "HAPROOF_READY_FILE": str(self.ready.resolve()),
            "HAPROOF_START_FILE": str(self.begin.resolve()),
        }


@dataclass(frozen=True)
class Load:
    """What is to be generated."""

    directory: Path
    """The run's directory, where the generator leaves all of its files."""
    target: str
    """URL of the stack."""
    scenario: Scenario
    profile: Profile
    installation: Installation
    pass_env: frozenset[str] = frozenset()
    """Environment variables that the script may read."""
    turn: Turn | None = None
    """Which of several workers this is; None if there is but one."""

    @property
    def base_url(self) -> str:
        """What stands before the path of each request: the stack's URL, with what a script adds."""
        return f"{self.target.rstrip('/')}{self.scenario.target_path}"


class Running(Protocol):
    """A generator at work: a process of its own, or several."""

    @property
    def pids(self) -> Sequence[int]:
        """Ids of the first process of each."""
        ...

    @property
    def complaint(self) -> str | None:
        """Why it cannot continue; None while it can."""
        ...

    @property
    def script_errors(self) -> Mapping[str, int]:
        """How the script itself failed users, and how many, as far as it prints that."""
        ...

    def poll(self) -> int | None:
        """Return its exit status; None while it runs."""
        ...

    def usage(self) -> Usage | None:
        """Measure what it has used of CPU time and memory; None once it has ended."""
        ...

    def stop(self) -> None:
        """Stop it with all of its children, and wait for it. Idempotent."""
        ...

    def last_lines(self) -> str:
        """Format the end of what it printed, for an error message."""
        ...


class Generator(Protocol):
    """One kind of load generator."""

    @property
    def name(self) -> str:
        """What `--generator` calls it, such as `k6`."""
        ...

    @property
    def title(self) -> str:
        """Its name as its makers write it, such as `Artillery`."""
        ...

    @property
    def log(self) -> str:
        """Name of the file with what it prints."""
        ...

    def inspect(self, command: Sequence[str]) -> Installation:
        """Look at what `command` starts.

        Raises:
            GeneratorError: It does not run; the message says what to do.
        """
        ...

    def refused(self, scenario: Scenario) -> list[Problem]:
        """Return everything in the script that this generator would run differently, with remedies."""
        ...

    def prepare(self, load: Load) -> None:
        """Write what the generator reads into the run's directory. Seeded credentials are there already.

        Raises:
            GeneratorError: The script's functions cannot be compiled.
            ResultsError: The directory cannot be written to.
        """
        ...

    def start(self, load: Load) -> Running:
        """Start it.

        Raises:
            GeneratorError: It cannot be started.
        """
        ...

    def script_error(
        self, process: Running, directory: Path, recorded: Iterable[str]
    ) -> str | None:
        """Return how the script itself failed users, after the run; None if it did not.

        `recorded` are the errors of the requests in the run: the stack's and the network's.
        """
        ...
