"""Follows the Chaos Toolkit's engine while it runs, and reports its progress."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from chaoslib.run import RunEventHandler
from chaoslib.types import Journal
from typing_extensions import override

from loadtest.experiments import engine_journal, interruption, kinds, probes
from loadtest.experiments.models import SteadyState
from loadtest.experiments.session import Session

SHOWS_S = 15.0
"""So long a fault gets to show, where the method itself does not wait for the steady state."""

PrintLine = Callable[[str], None]


class Follower(RunEventHandler):
    """Hands the engine's findings to the session, and reports them."""

    def __init__(self, session: Session, print_line: PrintLine) -> None:
        self._session, self._print = session, print_line
        self._met: bool | None = None
        self._read = True
        """Whether anybody reads what is printed."""
        self.journal: Journal | None = None
        """The engine's own, once it has begun."""
        self.rolls_back = False
        """Whether the way back has begun."""

    @override
    def start_rollbacks(self, experiment: dict[str, Any]) -> None:
        """Note that the way back has begun."""
        self.rolls_back = True

    @override
    def method_completed(self, experiment: dict[str, Any], state: Any = None) -> None:
        """Watch until the steady state is back, unless the method did that itself.

        A file of somebody else's checks it as soon as its last action has ended.
        """
        session, raw = self._session, self._session.experiment.raw
        waits = any(one.get("func") == "steady_again" for one in kinds.providers(raw, "probe"))
        if waits or self.journal is None or not state:
            return
        if not all(one.succeeded for one in engine_journal.actions(self.journal)):
            return
        others = engine_journal.of_others(self.journal)
        began = session.began_ms or (others and others[0])
        if began is not None:
            target_s = session.target_s
            at_least_s = min(SHOWS_S, target_s)
            probes.settled(session, began, at_least_s, began + target_s * 1000)

    @override
    def started(self, experiment: dict[str, Any], journal: dict[str, Any]) -> None:
        """Take SIGTERM back: the engine's own exception for it would count as a failed action."""
        self.journal = journal
        signal.signal(signal.SIGTERM, interruption.handler(self._session))

    @override
    def hypothesis_before_completed(
        self, experiment: dict[str, Any], state: dict[str, Any], journal: dict[str, Any]
    ) -> None:
        """Tell how the steady state is before anything is done."""
        self._tell(engine_journal.steady_state(state))

    @override
    def continuous_hypothesis_iteration(self, iteration_index: int, state: Any) -> None:
        """Keep a round of the steady state."""
        found = engine_journal.steady_state(state)
        if found is not None:
            self._session.states.append(found)
            self._tell(found)

    @override
    def hypothesis_after_completed(
        self, experiment: dict[str, Any], state: dict[str, Any], journal: dict[str, Any]
    ) -> None:
        """Tell how the steady state is afterwards."""
        self._tell(engine_journal.steady_state(state))

    @override
    def start_activity(self, activity: dict[str, Any]) -> None:
        """Tell of an action, and of a probe of the method: the steady state has `tolerance`."""
        if "tolerance" not in activity:
            self._say(f"{activity['type']}: {activity['name']}")

    @override
    def activity_completed(self, activity: dict[str, Any], run: dict[str, Any]) -> None:
        """Tell why an action failed."""
        if "tolerance" not in activity and (why := engine_journal.failure(run)):
            self._say(f"failed: {activity['name']}: {why}")

    @override
    def signal_exit(self) -> None:
        """Let what runs in other threads end."""
        self._session.stopping.set()

    @override
    def interrupted(self, experiment: dict[str, Any], journal: dict[str, Any]) -> None:
        """Let what runs in other threads end."""
        self._session.stopping.set()

    def _say(self, line: str) -> None:
        """Print a line; where nobody reads any more (`| head -1`), stop, and put back in silence."""
        if self._read:
            try:
                self._print(line)
            except (BrokenPipeError, SystemExit):
                # rich makes the latter of the former; in the engine's threads it would only end these.
                self._read = False
                self._session.interrupted = True
                self._session.stopping.set()

    def _tell(self, state: SteadyState | None) -> None:
        if state is None or state.met == self._met:
            return
        self._met = state.met
        self._say(
            "steady state: " + ("holds" if state.met else f"off, {engine_journal.describe(state)}")
        )
