"""Runs an experiment with the Chaos Toolkit's engine, `chaoslib`, and reads what it recorded.

The steady state is checked before, once a second all the time, and after; the rollbacks are always
played. All of the engine's own messages go into a file beside the run.
"""

from __future__ import annotations

import contextlib
import copy
import logging
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from botocore.exceptions import BotoCoreError, ClientError
from chaoslib import __version__, substitute
from chaoslib.activity import ensure_activity_is_valid
from chaoslib.caching import cache_activities, clear_cache
from chaoslib.configuration import load_configuration, load_dynamic_configuration
from chaoslib.exceptions import ActivityFailed, ChaosException, InvalidExperiment
from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
from chaoslib.hypothesis import (
    ensure_hypothesis_tolerance_is_valid,
    run_steady_state_hypothesis,
)
from chaoslib.provider.python import run_python_activity
from chaoslib.run import (
    EventHandlerRegistry,
    get_background_pools,
    run_rollback,
)
from chaoslib.secret import load_secrets
from chaoslib.types import Journal, Schedule, Strategy
from typing_extensions import override

from loadtest.errors import ExperimentError, ExperimentFormError, LoadTestError
from loadtest.experiments import (
    engine_journal,
    file_form,
    foreign,
    kinds,
    own_functions,
    robust_engine,
)
from loadtest.experiments.follower import Follower, PrintLine
from loadtest.experiments.form_errors import at
from loadtest.experiments.load import SPARE_S
from loadtest.experiments.models import ExperimentFile
from loadtest.experiments.session import Session
from loadtest.stack.clients import answering

NAME = f"chaostoolkit-lib {__version__}"
SETTINGS = {"runtime": {"rollbacks": {"strategy": "always"}}}
FREQUENCY_S = 1.0
LATE_S: Final = 0.5
"""Users who are that late are still being caught up with. A run allows twice as much."""
BROKEN_OFF: Final = frozenset({"interrupted", "aborted"})
"""Statuses of a journal whose experiment did not get to its end."""
HINTS: Final = {
    "supported activity type": ": write action or probe",
    "must have a type": ": action or probe for an activity, python, process or http for a provider",
    "unknown provider type": ": write python, process or http",
    "must have a name": ": write `name: …`",
    "could not find Python module": ": install the package that has it into this Python environment",
    "tolerance type": ": write regex, jsonpath, range or probe",
    "requires a provider": ": write what it calls, such as `provider: {type: python, …}`",
}
"""What to do about something that the engine finds wrong, by words of its message."""
LOG = "chaostoolkit.log"
LOGGER = "chaostoolkit"


def check(experiment: ExperimentFile) -> None:
    """Check that the engine can run it: that its form is right and every function exists.

    Raises:
        ExperimentError: It cannot; the message says why.
    """
    try:
        with _silence():
            _check_activities(experiment)
            ensure_experiment_is_valid(copy.deepcopy(experiment.raw))
        file_form.check_calls(experiment.raw)
        file_form.check_places(experiment.raw)
        _check_length(experiment)
    except (ChaosException, ExperimentError) as error:
        raise _wrong(experiment, error) from error
    except (Exception, SystemExit) as error:
        # The engine's own checks, and other people's modules as they are imported.
        what = f"{type(error).__name__}: {error}"
        raise ExperimentError(f"experiment {experiment.name} cannot be run: {what}") from error


def _check_activities(experiment: ExperimentFile) -> None:
    """Check each activity as the engine does, which does not say where it is.

    Raises:
        ExperimentFormError: One is none.
    """
    if not experiment.title.strip():
        raise ExperimentFormError("`title` is empty: say what fails", ("title",))
    placed = list(kinds.placed(experiment.raw))
    names = {str(one["name"]) for _, one in placed if one.get("name")}
    for place, activity in placed:
        if "ref" in activity:
            if activity["ref"] not in names:
                hint = own_functions.meant(str(activity["ref"]), names)
                raise ExperimentFormError(f"no activity is called {activity['ref']!r}{hint}", place)
            continue
        with at(place):
            own_functions.check_function(activity)
        try:
            ensure_activity_is_valid(copy.deepcopy(dict(activity)))
            if place[0] == kinds.STEADY_STATE:
                _check_has_tolerance(activity, place)
                ensure_hypothesis_tolerance_is_valid(copy.deepcopy(activity["tolerance"]))
        except ChaosException as error:
            hint = next((hint for words, hint in HINTS.items() if words in str(error)), "")
            raise ExperimentFormError(f"{error}{hint}", place) from error


def _check_has_tolerance(activity: Mapping[str, Any], place: Sequence[str | int]) -> None:
    if activity.get("tolerance") is None:
        raise ExperimentFormError(
            f"{activity['name']!r} is of the steady state and has no `tolerance`: write what it has to "
            "return",
            place,
        )


def _longest_s(experiment: ExperimentFile) -> float:
    """Return how long the method may take, in seconds: as long as its load."""
    return foreign.longest_s(experiment.raw, experiment.hypothesis.recovery_s + SPARE_S)


def _check_length(experiment: ExperimentFile) -> None:
    least_s, longest_s = foreign.least_s(experiment.raw), _longest_s(experiment)
    if least_s > longest_s:
        raise ExperimentFormError(
            f"its method takes {least_s:g} s at least, by its pauses and faults, and its load goes on for "
            f"{longest_s:g} s: shorten them, or raise `recovery_s`",
            ("method",),
        )


def _wrong(experiment: ExperimentFile, error: Exception) -> ExperimentError:
    """Return an error with the experiment and, where that is known, with the line of its file."""
    line = experiment.at(error.location) if isinstance(error, ExperimentFormError) else ""
    return ExperimentError(f"experiment {experiment.name}{line}: {error}")


def run(session: Session, print_line: PrintLine) -> dict[str, Any]:
    """Run the experiment in this thread, which must be the main one, and return the engine's journal.

    Ctrl-C ends it with the journal's status `interrupted`, after the rollbacks. So does a method that takes
    longer than its load lasts, which is noted as `cut_short`; what else ended it, as `broken_off`.

    Raises:
        ExperimentError: The engine could not go on.
    """
    log = None if session.directory is None else session.directory / LOG
    follower = Follower(session, print_line)
    longest_s = _longest_s(session.experiment)
    raw: Any = foreign.limited(session.experiment.raw, longest_s)
    try:
        with (
            _logged(log) as reason,
            robust_engine.contained(session.clock),
            robust_engine.ended_in_time(
                session, "its method", longest_s, lambda: follower.rolls_back
            ),
        ):
            try:
                journal = run_experiment(
                    raw,
                    settings=SETTINGS,
                    strategy=Strategy.CONTINUOUS,
                    schedule=Schedule(continuous_hypothesis_frequency=FREQUENCY_S),
                    event_handlers=[follower],
                )
                if not follower.rolls_back:
                    # An action may tell the engine to leave them out.
                    _rolled_back(session, raw, follower)
            except KeyboardInterrupt:
                # While it waited for other threads, where it expects none.
                journal = _rolled_back(session, raw, follower)
            except (Exception, SystemExit):
                if follower.journal is not None:
                    _rolled_back(session, raw, follower)
                raise
    except (Exception, SystemExit) as error:
        # Secrets, controls and extensions are other people's code.
        what = f"{type(error).__name__}: {error}"
        raise ExperimentError(f"the engine could not go on: {what}; see {LOG}") from error
    if journal["status"] in BROKEN_OFF and not (session.interrupted or session.cut_short):
        session.broken_off = (
            reason.text or f"{engine_journal.last_step(journal)} ended the program (exit)"
        )
    return dict(journal)


def _rolled_back(session: Session, raw: Any, follower: Follower) -> Journal:
    """Play the rollbacks of an experiment that the engine left without; return its journal.

    Raises:
        KeyboardInterrupt: It had not begun.
    """
    journal = follower.journal
    if journal is None:
        raise KeyboardInterrupt
    journal["status"] = "interrupted"
    if not follower.rolls_back:
        configuration, secrets = values(session.experiment)
        registry, not_dry = EventHandlerRegistry(), cast("Any", None)
        registry.register(follower)
        cache_activities(raw)
        # Annotated as one pool; they are two.
        pools: Any = get_background_pools(raw)
        try:
            run_rollback(
                "always", pools[1], raw, journal, configuration, secrets, registry, not_dry
            )
        finally:
            clear_cache()
    return journal


def await_calm(session: Session, calm_s: float, longest_s: float) -> float:
    """Wait until the steady state has held in each round for a while; return when that began (epoch ms).

    Users whom the previous experiment kept waiting may time out long after it is over, and the generator
    catches up with those who are late meanwhile: until then they come faster than planned.
    After `longest_s` it waits no longer, but for that while once more: the experiment's own steady state
    tells what is off.
    """
    clock = session.clock
    deadline_ms = clock.ms() + longest_s * 1000
    began_ms: float | None = None
    while not session.stopping.is_set():
        asked_ms = clock.ms()
        if not (is_steady(session) and _on_time(session)):
            began_ms = None
        elif began_ms is None:
            began_ms = asked_ms
        if began_ms is not None and clock.ms() - began_ms >= calm_s * 1000:
            return began_ms
        if began_ms is None and clock.ms() > deadline_ms:
            session.wait(calm_s)
            return asked_ms
        session.wait(FREQUENCY_S)
    return clock.ms()


def _on_time(session: Session) -> bool:
    """Return whether users arrive when they are due; true where nobody knows."""
    return session.load is None or session.load.late_s() <= LATE_S


def is_steady(session: Session) -> bool:
    """Return whether the steady state holds now.

    Raises:
        ExperimentError: As `values`.
    """
    raw: Any = foreign.limited(session.experiment.raw, foreign.PROBE_S)
    configuration, secrets = values(session.experiment)
    not_dry: Any = None
    # A probe may be the name of one that is elsewhere in the file, which the engine looks up there.
    cache_activities(raw)
    try:
        with _silence(), robust_engine.contained(session.clock):
            found = run_steady_state_hypothesis(
                raw, configuration, secrets, not_dry, EventHandlerRegistry()
            )
    except SystemExit as error:
        raise ExperimentError(
            f"experiment {session.experiment.name}: a probe of its steady state ended the program "
            f"(exit {error.code})"
        ) from error
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
            found = load_dynamic_configuration(configuration, secrets)
            if lacking := sorted(configuration.keys() - found.keys()):
                # The engine only logs that, and leaves `${…}` as it is.
                raise InvalidExperiment(f"the probe of {', '.join(lacking)} found nothing")
            return found, secrets
    except (Exception, SystemExit) as error:
        # Vaults and probes are other people's code.
        what = (
            str(error) if isinstance(error, ChaosException) else f"{type(error).__name__}: {error}"
        )
        raise ExperimentError(
            f"experiment {experiment.name}: its configuration or its secrets cannot be had: {what}"
        ) from error


def check_values(experiment: ExperimentFile) -> None:
    """Check that configuration and secrets can be had, and that our actions can take what they get of them.

    Raises:
        ExperimentError: As `values`; or one gets a value of another type, or one that is nowhere.
    """
    configuration, secrets = values(experiment)
    try:
        file_form.check_calls(
            experiment.raw, lambda given: substitute(given, configuration, secrets)
        )
    except ExperimentError as error:
        raise _wrong(experiment, error) from error


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


class _LogFile(logging.FileHandler):
    """What a full disk does not take is lost, without a traceback on the terminal for each message."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing."""


class _Reason(logging.Handler):
    """Keeps why the engine broke off: the last message of the highest level."""

    text = ""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep the words of the exception, if there is one."""
        if record.levelno >= logging.CRITICAL:
            raised = record.exc_info[1] if record.exc_info else None
            said = record.getMessage()
            self.text = f"{type(raised).__name__}: {raised}" if raised else said


@contextlib.contextmanager
def _logged(path: Path | None) -> Generator[_Reason]:
    """Write the engine's messages into a file instead of onto the terminal; keep why it broke off."""
    logger = logging.getLogger(LOGGER)
    before = (logger.propagate, logger.level)
    handler: logging.Handler = (
        logging.NullHandler() if path is None else _LogFile(path, encoding="utf-8")
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    reason = _Reason()
    logger.addHandler(handler)
    logger.addHandler(reason)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    try:
        yield reason
    finally:
        logger.removeHandler(reason)
        logger.removeHandler(handler)
        handler.close()
        logger.propagate, logger.level = before


def _silence() -> contextlib.AbstractContextManager[object]:
    return _logged(None)
