"""The running experiment, as its actions and probes see it.

The engine calls plain functions by module and name, with the arguments from the file. What belongs to
the run (the stack, the journal, the clock) they get here. One experiment at a time runs in a process.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from commandline.steady_clock import SteadyClock
from loadtest.errors import ExperimentError
from loadtest.experiments import faults, kinds, prediction, ways_back
from loadtest.experiments.load_watch import LoadWatch
from loadtest.experiments.models import ExperimentFile, SteadyState, Target
from loadtest.experiments.observations import StackTiming
from loadtest.experiments.resources import StackResources
from loadtest.experiments.stop_alarms import StopAlarms
from loadtest.experiments.undo import FaultJournal, WayBack
from loadtest.messages.message import Message
from loadtest.runs import events
from loadtest.stack.clients import Clients


@dataclass(frozen=True)
class Planned:
    """What an action would do."""

    what: str
    targets: tuple[Target, ...]
    reverted: tuple[str, ...]
    costs: str


@dataclass
class Session:
    """One experiment on one stack. Without a journal it is a dry run: actions only tell."""

    experiment: ExperimentFile
    stack: StackResources
    mark: str
    """The experiment's id; everything made for it is tagged with it."""
    journal: FaultJournal | None = None
    directory: Path | None = None
    """Of the load run."""
    load: LoadWatch | None = None
    clock: SteadyClock = field(default_factory=SteadyClock)
    """The clock of all times of the experiment: that of its load, once it has one."""
    fis_role: str | None = None
    """The role that AWS FIS takes on, for the actions that only FIS has."""
    stop_alarms: StopAlarms = field(default_factory=StopAlarms)
    """What ends it, if something does."""
    planned: list[Planned] = field(default_factory=list[Planned])
    targets: list[Target] = field(default_factory=list[Target])
    states: list[SteadyState] = field(default_factory=list[SteadyState])
    """The steady state, round by round, since the method began."""
    notes: dict[str, str] = field(default_factory=dict[str, str])
    reverted: list[str] = field(default_factory=list[str])
    left: list[str] = field(default_factory=list[str])
    found: list[Message] = field(default_factory=list[Message])
    """What actions found that no stack may do, such as a bad revision that got through."""
    fleet: frozenset[str] = frozenset()
    """The instances in service before the method."""
    timing: StackTiming | None = None
    """The stack's settings, with times of day in epoch seconds."""
    began_ms: float | None = None
    ended_ms: float | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    interrupted: bool = False
    """Whether somebody wants it to end: by a signal, or as nobody reads what it prints any more."""
    cut_short: str = ""
    """Why it was ended although nobody asked for that: something in it takes too long."""
    broken_off: str = ""
    """Why the engine ended it before its end, if neither of the two did."""
    end_commands: Callable[[], None] | None = None
    """Ends the commands that the experiment runs, with all that they have started."""
    interrupted_at: float = -math.inf
    """When a signal last was to end it, by the monotonic clock."""

    @property
    def clients(self) -> Clients:
        """The AWS clients."""
        return self.stack.clients

    @property
    def dry(self) -> bool:
        """Whether actions only tell what they would do."""
        return self.journal is None

    @property
    def target_s(self) -> float:
        """Within how many seconds of the fault's beginning the steady state has to be back.

        The file's target, and what is left of the grace period of those that it hits: until then the
        group may not replace them.
        """
        target_s = self.experiment.hypothesis.recovery_s
        if self.timing is None or self.began_ms is None:
            return target_s
        hit = tuple(one.id for one in self.targets if one.kind == "instance")
        kind = kinds.of_file(self.experiment.raw)
        fault = faults.Fault(kind, self.began_ms / 1000, instances=hit)
        return round(target_s + prediction.grace_s(fault, self.timing), 1)

    @contextlib.contextmanager
    def act(
        self,
        what: str,
        targets: Sequence[Target],
        way_back: WayBack | None = None,
        *,
        costs: str = "nothing beyond the load",
        kind: str = "fault",
        condition: bool = False,
    ) -> Generator[Act | None]:
        """Do something to the stack's own resources; yields None in a dry run.

        The targets are checked a second time and the way back is on the disk before the caller acts.
        What lasts, the caller says on the `Act`. When the block ends, the event is written. A `condition`
        hurts nobody by itself: the fault begins with another action, and ends with that one.

        Raises:
            ExperimentError: There is nothing to act on, or something that is not the stack's; or the
                experiment is being ended.
        """
        if not targets:
            raise ExperimentError(f"{what}: there is nothing to act on")
        if self.stopping.is_set() and threading.current_thread() is not threading.main_thread():
            # In the background of a method that is being ended: its way back may have run already.
            raise ExperimentError(f"{what}: not done, as the experiment is being ended")
        self.targets += [one for one in targets if one not in self.targets]
        if self.journal is None:
            reverted = () if way_back is None else (way_back.what,)
            self.planned.append(Planned(what, tuple(targets), reverted, costs))
            yield None
            return
        self.stack.confirm(targets)
        number = None if way_back is None else self.journal.note(way_back)
        act = Act(self, number, condition=condition)
        try:
            yield act
        finally:
            if not condition:
                self.began_ms = self.began_ms or act.began_ms
                self.ended_ms = max(self.ended_ms or 0.0, act.ended_ms or act.began_ms)
            if self.directory is not None:
                event = events.Event(kind, what, act.began_ms, act.ended_ms, act.detail)
                events.append(self.directory, event)

    def put_back(self, number: int | None) -> None:
        """Put one change back, as noted in the journal.

        Raises:
            ExperimentError: It did not succeed; it stays in the journal.
        """
        if self.journal is None or number is None:
            return
        for known, way_back in self.journal.to_put_back:
            if known == number:
                if ways_back.put_back(self.clients, way_back):
                    self.reverted.append(way_back.what)
                self.journal.done(number)

    def put_all_back(self) -> None:
        """Put everything back that still is to be; what fails stays in the journal, and in `left`."""
        if self.journal is not None:
            done, self.left = ways_back.put_all_back(self.clients, self.journal)
            self.reverted += done

    def wait(self, seconds: float) -> None:
        """Wait, unless the experiment is being stopped."""
        self.stopping.wait(seconds)


class Act:
    """A change that is being made."""

    def __init__(self, session: Session, number: int | None, *, condition: bool = False) -> None:
        """Begin it now; `number` is its way back in the journal."""
        self._session, self._number, self._condition = session, number, condition
        self.began_ms = session.clock.ms()
        self.ended_ms: float | None = None
        self.detail = ""

    def takes_effect(self, at_ms: float | None = None) -> None:
        """Say that it takes effect now, or at that time (epoch ms): what came before was preparation."""
        self.began_ms = self._session.clock.ms() if at_ms is None else at_ms
        if self._session.began_ms is None and not self._condition:
            self._session.began_ms = self.began_ms

    def put_back(self) -> None:
        """Put it back now, rather than at the end of the experiment."""
        self._session.put_back(self._number)
        self.over()

    def over(self, at_ms: float | None = None) -> None:
        """Say that it is over at this moment, or at that time (epoch ms)."""
        self.ended_ms = self._session.clock.ms() if at_ms is None else at_ms


_current: list[Session] = []


@contextlib.contextmanager
def under_way(session: Session) -> Generator[Session]:
    """Make this the experiment that actions and probes belong to."""
    _current.append(session)
    try:
        yield session
    finally:
        _current.remove(session)


def current() -> Session:
    """Return the experiment under way.

    Raises:
        ExperimentError: None is: a function was called by another program than the load test.
    """
    if not _current:
        raise ExperimentError(
            "no experiment is under way: the actions and probes of loadtest.experiments belong to "
            "`python -m loadtest experiment run`"
        )
    return _current[-1]
