"""Runs an experiment with the Chaos Toolkit's engine, `chaoslib`, and reads what it recorded.

The steady state is checked before, once a second all the time, and after; the rollbacks are always
played. All of the engine's own messages go into a file beside the run.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import signal
import time
from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from chaoslib import __version__
from chaoslib.caching import cache_activities, clear_cache
from chaoslib.configuration import load_configuration, load_dynamic_configuration
from chaoslib.exceptions import ActivityFailed, ChaosException
from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
from chaoslib.hypothesis import run_steady_state_hypothesis
from chaoslib.provider.python import run_python_activity
from chaoslib.run import EventHandlerRegistry, RunEventHandler
from chaoslib.secret import load_secrets
from chaoslib.types import Schedule, Strategy
from typing_extensions import override

from loadtest.errors import ExperimentError, LoadTestError
from loadtest.experiments import file_form
from loadtest.experiments.models import Action, ExperimentFile, ProbeResult, SteadyState
from loadtest.experiments.session import Session
from loadtest.stack.clients import answering

NAME = f"chaostoolkit-lib {__version__}"
SETTINGS = {"runtime": {"rollbacks": {"strategy": "always"}}}
FREQUENCY_S = 1.0
SETTLED_ROUNDS = 2
"""So often in a row the steady state holds before an experiment under a load that goes on."""
TWICE_S = 1.0
"""Whoever presses Ctrl-C again that soon means the same; and a shell and a supervisor may both send one."""
LOG = "chaostoolkit.log"
LOGGER = "chaostoolkit"
SHOWN = 500

PrintLine = Callable[[str], None]


def check(experiment: ExperimentFile) -> None:
    """Check that the engine can run it: that its form is right and every function exists.

    Raises:
        ExperimentError: It cannot; the message says why.
    """
    try:
        with _silence():
            ensure_experiment_is_valid(copy.deepcopy(experiment.raw))
        file_form.check_calls(experiment.raw)
    except (ChaosException, ExperimentError) as error:
        raise ExperimentError(f"experiment {experiment.name}: {error}") from error
    except Exception as error:
        # The engine's own checks, and other people's modules as they are imported.
        what = f"{type(error).__name__}: {error}"
        raise ExperimentError(f"experiment {experiment.name} cannot be run: {what}") from error


def run(session: Session, print_line: PrintLine) -> dict[str, Any]:
    """Run the experiment in this thread, which must be the main one, and return the engine's journal.

    Ctrl-C ends it with the journal's status `interrupted`, after the rollbacks.

    Raises:
        ExperimentError: The engine could not go on.
    """
    log = None if session.directory is None else session.directory / LOG
    try:
        with _logged(log):
            journal = run_experiment(
                copy.deepcopy(session.experiment.raw),
                settings=SETTINGS,
                strategy=Strategy.CONTINUOUS,
                schedule=Schedule(continuous_hypothesis_frequency=FREQUENCY_S),
                event_handlers=[_Follower(session, print_line)],
            )
    except Exception as error:
        # Secrets, controls and extensions are other people's code.
        what = f"{type(error).__name__}: {error}"
        raise ExperimentError(f"the engine could not go on: {what}; see {LOG}") from error
    return dict(journal)


def await_steady_state(session: Session, longest_s: float) -> bool:
    """Return whether the steady state held in some rounds in a row, after waiting for it."""
    deadline = time.monotonic() + longest_s
    held = 0
    while not session.stopping.is_set():
        held = held + 1 if is_steady(session) else 0
        if held >= SETTLED_ROUNDS or time.monotonic() > deadline:
            break
        session.wait(FREQUENCY_S)
    return held >= SETTLED_ROUNDS


def is_steady(session: Session) -> bool:
    """Return whether the steady state holds now.

    Raises:
        ExperimentError: As `values`.
    """
    raw: Any = copy.deepcopy(session.experiment.raw)
    configuration, secrets = values(session.experiment)
    not_dry: Any = None
    # A probe may be the name of one that is elsewhere in the file, which the engine looks up there.
    cache_activities(raw)
    try:
        with _silence():
            found = run_steady_state_hypothesis(
                raw, configuration, secrets, not_dry, EventHandlerRegistry()
            )
    finally:
        clear_cache()
    return bool(found and found["steady_state_met"])


def values(experiment: ExperimentFile) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return configuration and secrets as the engine has them, from the environment and from probes.

    Raises:
        ExperimentError: The environment lacks one, or other people's code that finds it failed.
    """
    raw: Any = copy.deepcopy(experiment.raw)
    try:
        with _silence():
            configuration = load_configuration(raw.get("configuration", {}))
            secrets = load_secrets(raw.get("secrets", {}), configuration)
            return load_dynamic_configuration(configuration, secrets), secrets
    except Exception as error:
        # Vaults and probes are other people's code.
        what = (
            str(error) if isinstance(error, ChaosException) else f"{type(error).__name__}: {error}"
        )
        raise ExperimentError(
            f"experiment {experiment.name}: its configuration or its secrets cannot be had: {what}"
        ) from error


def call(experiment: ExperimentFile, activity: Mapping[str, Any]) -> None:
    """Call an action of ours as the engine does, with the file's values; for dry runs.

    Raises:
        ExperimentError: It refused, or a call of the AWS API failed.
    """
    configuration, secrets = values(experiment)
    try:
        run_python_activity(copy.deepcopy(dict(activity)), configuration, secrets)
    except ActivityFailed as error:
        cause = error.__context__
        with answering():
            if isinstance(cause, LoadTestError | BotoCoreError | ClientError):
                raise cause from error
        raise ExperimentError(f"{activity['name']}: {error}") from error


@contextlib.contextmanager
def interruptible(session: Session) -> Generator[None]:
    """Let Ctrl-C and SIGTERM end the experiment, actions that run in other threads included."""
    handler = _interrupt(session)
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def _interrupt(session: Session) -> Callable[[int, FrameType | None], None]:
    """Return a handler of signals that ends an experiment; one that follows at once ends no way back."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        again, session.interrupted_at = session.interrupted_at + TWICE_S > now, now
        session.stopping.set()
        if not again:
            raise KeyboardInterrupt

    return interrupt


class _Follower(RunEventHandler):
    """Hands the session what the engine finds, and tells of it."""

    def __init__(self, session: Session, print_line: PrintLine) -> None:
        self._session, self._print = session, print_line
        self._met: bool | None = None
        self._read = True
        """Whether anybody reads what is printed."""

    @override
    def started(self, experiment: dict[str, Any], journal: dict[str, Any]) -> None:
        """Take SIGTERM back: the engine's own exception for it would count as a failed action."""
        signal.signal(signal.SIGTERM, _interrupt(self._session))

    @override
    def hypothesis_before_completed(
        self, experiment: dict[str, Any], state: dict[str, Any], journal: dict[str, Any]
    ) -> None:
        """Tell how the steady state is before anything is done."""
        self._tell(steady_state(state))

    @override
    def continuous_hypothesis_iteration(self, iteration_index: int, state: Any) -> None:
        """Keep a round of the steady state."""
        found = steady_state(state)
        if found is not None:
            self._session.states.append(found)
            self._tell(found)

    @override
    def hypothesis_after_completed(
        self, experiment: dict[str, Any], state: dict[str, Any], journal: dict[str, Any]
    ) -> None:
        """Tell how the steady state is afterwards."""
        self._tell(steady_state(state))

    @override
    def start_activity(self, activity: dict[str, Any]) -> None:
        """Tell of an action, and of a probe of the method: the steady state has `tolerance`."""
        if "tolerance" not in activity:
            self._say(f"{activity['type']}: {activity['name']}")

    @override
    def activity_completed(self, activity: dict[str, Any], run: dict[str, Any]) -> None:
        """Tell why an action failed."""
        if run.get("status") == "failed" and "tolerance" not in activity:
            self._say(f"failed: {activity['name']}: {_error(run)}")

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
                self._session.stopping.set()

    def _tell(self, state: SteadyState | None) -> None:
        if state is None or state.met == self._met:
            return
        self._met = state.met
        self._say("steady state: " + ("holds" if state.met else f"off, {describe(state)}"))


def describe(state: SteadyState) -> str:
    """Say which property of the steady state is not met."""
    missed = next((one for one in state.probes if not one.met), None)
    if missed is None:
        return "nothing is off"
    value = missed.value
    shown = f"{value:.3g}" if isinstance(value, float) else value
    return f"{missed.name}: {missed.error or shown}"


def steady_state(state: dict[str, Any] | None) -> SteadyState | None:
    """Convert a round of the engine's; None if there was none."""
    if not state or not state.get("probes"):
        return None
    probes = [_probe(run) for run in state["probes"]]
    return SteadyState(at_ms=probes[0].at_ms, met=bool(state["steady_state_met"]), probes=probes)


def _probe(run: dict[str, Any]) -> ProbeResult:
    value = run.get("output")
    if not isinstance(value, str | int | float | bool | None):
        value = str(value)[:SHOWN]
    return ProbeResult(
        name=str(run["activity"]["name"]),
        at_ms=_epoch_ms(run["start"]),
        duration_s=float(run.get("duration") or 0),
        met=bool(run.get("tolerance_met")),
        value=value,
        error=_error(run) if run.get("status") == "failed" else None,
    )


def actions(journal: dict[str, Any]) -> list[Action]:
    """Return the actions of the method and of the rollbacks, in their order."""
    found = [(run, False) for run in journal.get("run") or []]
    found += [(run, True) for run in journal.get("rollbacks") or []]
    return [
        Action(
            name=str(run["activity"]["name"]),
            began_ms=_epoch_ms(run["start"]),
            ended_ms=_epoch_ms(run.get("end") or run["start"]),
            succeeded=run.get("status") == "succeeded",
            error=_error(run) if run.get("status") == "failed" else None,
            rollback=rollback,
        )
        for run, rollback in found
        if run["activity"].get("type") == "action"
    ]


def of_others(journal: dict[str, Any]) -> tuple[float, float] | None:
    """Return from when to when the method's actions of other packages acted (epoch ms); None without any.

    They know nothing of the session; what is the load test's own says itself when its fault begins.
    """
    found = [
        run
        for run in journal.get("run") or []
        if run["activity"].get("type") == "action"
        and run.get("status") == "succeeded"
        and not file_form.is_own(run["activity"].get("provider") or {})
    ]
    if not found:
        return None
    began = min(_epoch_ms(run["start"]) for run in found)
    return began, max(_epoch_ms(run.get("end") or run["start"]) for run in found)


def _epoch_ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def _error(run: dict[str, Any]) -> str:
    text = "; ".join("".join(run.get("exception") or []).strip().splitlines()) or "no reason given"
    for prefix in ("chaoslib.exceptions.ActivityFailed: ", "loadtest.errors.ExperimentError: "):
        text = text.rpartition(prefix)[2]
    return text[:SHOWN]


class _LogFile(logging.FileHandler):
    """What a full disk does not take is lost, without a traceback on the terminal for each message."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing."""


@contextlib.contextmanager
def _logged(path: Path | None) -> Generator[None]:
    """Write the engine's messages into a file instead of onto the terminal."""
    logger = logging.getLogger(LOGGER)
    before = (logger.propagate, logger.level)
    handler: logging.Handler = (
        logging.NullHandler() if path is None else _LogFile(path, encoding="utf-8")
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
        logger.propagate, logger.level = before


def _silence() -> contextlib.AbstractContextManager[None]:
    return _logged(None)
