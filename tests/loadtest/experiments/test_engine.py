"""The Chaos Toolkit's engine with functions of our own: what is kept of a run, and interruptions."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from commandline.steady_clock import SteadyClock
from loadtest.errors import ExperimentError
from loadtest.experiments import engine, engine_journal, follower, interruption, models, probes
from loadtest.experiments.actions import way_back
from loadtest.experiments.load_watch import LoadWatch
from loadtest.experiments.models import ExperimentFile, ProbeResult, SteadyState
from loadtest.experiments.session import Session, current, under_way
from loadtest.experiments.undo import WayBack
from loadtest.runs import events

HERE = __name__
VALUES: list[Any] = []


def value() -> Any:
    """Return the next of VALUES; the last one for ever."""
    return VALUES.pop(0) if len(VALUES) > 1 else VALUES[0]


def fault() -> None:
    """Act on the database, and put it back."""
    session = current()
    with session.act("fault", [session.stack.database().target]) as act:
        assert act is not None
        act.takes_effect()
        act.over()


def refuse() -> None:
    """Fail."""
    raise ExperimentError("not here")


def hang() -> None:
    """Wait until the experiment is stopped, as a long fault does."""
    current().wait(60)


def activity(kind: str, func: str, **more: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": HERE, "func": func}
    return {"type": kind, "name": func, "provider": provider, **more}


def put_back_at_the_end() -> dict[str, Any]:
    provider = {"type": "python", "module": way_back.__name__, "func": "put_back"}
    return {"type": "action", "name": "back", "provider": provider}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "FREQUENCY_S", 0.01)
    monkeypatch.setattr(follower, "SHOWS_S", 0.0)


def of(session: Session, *method: dict[str, Any]) -> Session:
    hypothesis = {"title": "t", "probes": [activity("probe", "value", tolerance=True)]}
    raw = {
        "title": "t",
        "description": "d",
        "steady-state-hypothesis": hypothesis,
        "method": list(method),
        "rollbacks": [put_back_at_the_end()],
    }
    session.experiment = session.experiment.model_copy(update={"raw": raw})
    return session


def run(session: Session) -> dict[str, Any]:
    with under_way(session):
        return engine.run(session, lambda _: None)


def test_the_steady_state_is_kept_before_during_and_after(session: Session) -> None:
    VALUES[:] = [True, True, False, True]
    wait = {"pauses": {"after": 0.2}}
    journal = run(of(session, activity("action", "fault", **wait)))
    before = engine_journal.steady_state(journal["steady_states"]["before"])
    assert before is not None
    assert before.met
    assert [one.met for one in session.states[:2]] == [True, False]
    assert [(one.name, one.succeeded, one.rollback) for one in engine_journal.actions(journal)] == [
        ("fault", True, False),
        ("back", True, True),
    ]
    json.dumps(journal, default=str)


def test_nothing_is_done_where_the_steady_state_is_off_already(session: Session) -> None:
    VALUES[:] = [False]
    run(of(session, activity("action", "fault")))
    assert session.began_ms is None
    assert session.targets == []


def test_a_fault_is_an_event_of_the_run_on_its_clock(session: Session, tmp_path: Path) -> None:
    VALUES[:] = [True]
    run(of(session, activity("action", "fault")))
    (event,) = events.read(tmp_path)
    assert (event.kind, event.name) == ("fault", "fault")
    assert event.at_ms == session.began_ms
    assert event.until_ms == session.ended_ms


def test_an_action_of_another_package_is_a_fault_too(session: Session) -> None:
    VALUES[:] = [True]
    foreign = {"type": "process", "path": "/bin/sleep", "arguments": "0.2"}
    action = {"type": "action", "name": "theirs", "provider": foreign}
    journal = run(of(session, action, activity("action", "refuse")))
    assert session.began_ms is None
    found = engine_journal.of_others(journal)
    assert found is not None
    began, ended = found
    assert 150 < ended - began < 5000
    assert began > journal_ms(journal, "before")
    assert engine_journal.of_others({}) is None


def journal_ms(journal: dict[str, Any], when: str) -> float:
    state = engine_journal.steady_state(journal["steady_states"][when])
    assert state is not None
    return state.at_ms


def raises() -> None:
    """Fail as code does that has a fault of its own."""
    raise LookupError("of theirs")


def test_what_other_people_s_code_raises_is_one_message(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    VALUES[:] = [True]
    monkeypatch.setattr(engine, "run_experiment", lambda *_, **__: raises())
    with pytest.raises(ExperimentError, match="could not go on: LookupError: of theirs"):
        run(of(session, activity("action", "fault")))


def test_an_action_that_refuses_is_told_in_its_own_words(session: Session) -> None:
    VALUES[:] = [True]
    journal = run(of(session, activity("action", "refuse")))
    (refused, _) = engine_journal.actions(journal)
    assert (refused.succeeded, refused.error) == (False, "not here")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_plays_the_rollbacks(session: Session, number: signal.Signals) -> None:
    VALUES[:] = [True]
    of(session, activity("action", "hang"))
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.3, signal.pthread_kill, [main, number]).start()
    began = time.monotonic()
    with interruption.interruptible(session):
        journal = run(session)
    assert time.monotonic() - began < 10
    assert session.stopping.is_set()
    assert journal["status"] == "interrupted"
    assert engine_journal.actions(journal)[-1].rollback


def test_the_engine_s_own_messages_go_into_a_file(session: Session, tmp_path: Path) -> None:
    VALUES[:] = [True]
    run(of(session))
    assert "Steady state" in (tmp_path / engine.LOG).read_text()


def test_a_signal_that_follows_at_once_does_not_end_the_way_back(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with interruption.interruptible(session):
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert session.stopping.is_set()
        # Whoever still wants it to end after a while is heard.
        monkeypatch.setattr(interruption, "TWICE_S", 0.0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_wait_for_the_steady_state_ends_with_its_target_time(
    session: Session, experiment: ExperimentFile
) -> None:
    session.began_ms = (time.time() - 100_000) * 1000
    session.ended_ms = session.began_ms
    assert experiment.hypothesis.recovery_s < 100_000
    with under_way(session):
        assert not probes.steady_again()


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    record = models.ExperimentRecord(
        experiment="x",
        title="t",
        because=["asg-multi-az"],
        stack="ha",
        topology="ha",
        run="r",
        started_ms=1,
        finished_ms=9,
        fault_began_ms=2,
        fault_ended_ms=3,
        targets=[models.Target(kind="instance", id="i-1", zone="a")],
        actions=[],
        before=None,
        during=[],
        after=models.SteadyState(at_ms=8, met=True, probes=[]),
        recovered_ms=4002,
        allowed=models.Allowed(),
        recovery_s=60,
        impact=None,
        host_valid=True,
        host_reasons=[],
        outcome="survived",
        reasons=[],
        reverted=[],
        engine=engine.NAME,
    )
    models.save(tmp_path, record)
    assert models.load(tmp_path) == record
    assert record.recovery_measured_s == 4.0
    assert models.load(tmp_path / "none") is None


class Calm:
    """A session whose steady state is what the test says, second by second of a clock of its own."""

    def __init__(self, session: Session, monkeypatch: pytest.MonkeyPatch, *steady: bool) -> None:
        self.seconds, self._steady = 0.0, steady
        session.clock = SteadyClock(lambda: self.seconds, lambda: self.seconds)
        monkeypatch.setattr(engine, "FREQUENCY_S", 1.0)
        monkeypatch.setattr(engine, "is_steady", lambda _: self._now())
        monkeypatch.setattr(Session, "wait", lambda _, seconds: self._wait(seconds))

    def _now(self) -> bool:
        self.seconds += 0.1
        return self._steady[min(int(self.seconds), len(self._steady) - 1)]

    def _wait(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.mark.parametrize(
    ("steady", "began_s", "ended_s"),
    [
        ([True], 0.0, 3.4),
        ([False, False, True], 2.2, 5.6),
        # A round that is off begins it anew.
        ([True, True, False, True], 3.3, 6.7),
        # It never holds: that the experiment itself tells, after as much of a load as it gets otherwise.
        ([False], 11.0, 14.1),
    ],
)
def test_an_experiment_begins_after_a_calm_in_which_each_round_held(
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    steady: list[bool],
    began_s: float,
    ended_s: float,
) -> None:
    calm = Calm(session, monkeypatch, *steady)
    began_ms = engine.await_calm(session, 3.0, 10.0)
    assert began_ms / 1000 == pytest.approx(began_s, abs=0.15)
    assert calm.seconds == pytest.approx(ended_s, abs=0.15)


def test_an_experiment_does_not_begin_while_the_generator_catches_up(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calm = Calm(session, monkeypatch, True)
    session.load = LoadWatch(tmp_path)
    monkeypatch.setattr(LoadWatch, "late_s", lambda _: 4.0 - calm.seconds)
    began_ms = engine.await_calm(session, 3.0, 10.0)
    assert began_ms / 1000 == pytest.approx(4.4, abs=0.15)
    assert calm.seconds == pytest.approx(7.8, abs=0.2)


def test_nothing_is_awaited_once_it_is_to_stop(session: Session) -> None:
    VALUES[:] = [False]
    session.stopping.set()
    before = time.monotonic()
    with under_way(of(session)):
        engine.await_calm(session, 3.0, 60.0)
    assert time.monotonic() - before < 2


def said_by(*, word: str = "none", seconds: float = 0) -> None:
    """Say what it was given."""
    current().notes["said"] = f"{word} {seconds}"


def found_by_a_probe() -> int:
    """Return a value of the configuration."""
    return 7


CONFIGURED = {
    "word": {"type": "env", "key": "HAPROOF_TEST_WORD", "default": "default"},
    "long": {
        "type": "probe",
        "name": "long",
        "provider": {"type": "python", "module": HERE, "func": "found_by_a_probe"},
    },
}


def test_values_of_the_environment_and_of_probes_are_those_of_the_engine(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    VALUES[:] = [True]
    monkeypatch.setenv("HAPROOF_TEST_WORD", "given")
    action = activity("action", "said_by")
    action["provider"]["arguments"] = {"word": "${word}", "seconds": "${long}"}
    of(session, action).experiment.raw["configuration"] = CONFIGURED
    run(session)
    assert session.notes.pop("said") == "given 7"
    # The same in a dry run, which calls it without the engine.
    with under_way(session):
        engine.call(session.experiment, action)
    assert session.notes["said"] == "given 7"


def test_the_steady_state_knows_values_that_a_probe_finds(session: Session) -> None:
    VALUES[:] = [7]
    of(session).experiment.raw["configuration"] = CONFIGURED
    hypothesis = session.experiment.raw["steady-state-hypothesis"]
    hypothesis["probes"][0]["tolerance"] = "${long}"
    with under_way(session):
        assert engine.is_steady(session)
        VALUES[:] = [8]
        assert not engine.is_steady(session)


@pytest.mark.parametrize("part", ["configuration", "secrets"])
def test_a_value_that_the_environment_lacks_is_named(
    session: Session, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.delenv("HAPROOF_TEST_WORD", raising=False)
    lacking = {"type": "env", "key": "HAPROOF_TEST_WORD"}
    of(session).experiment.raw[part] = {"word": lacking}
    with pytest.raises(ExperimentError, match=r"cannot be had: .*HAPROOF_TEST_WORD"):
        engine.values(session.experiment)


def test_an_action_that_is_called_without_the_engine_fails_in_its_own_words(
    session: Session,
) -> None:
    with under_way(of(session)), pytest.raises(ExperimentError, match=r"^not here$"):
        engine.call(session.experiment, activity("action", "refuse"))
    with under_way(session), pytest.raises(ExperimentError, match="raises: LookupError: of theirs"):
        engine.call(session.experiment, activity("action", "raises"))


@pytest.mark.parametrize("error", [BrokenPipeError(), SystemExit(1)])
def test_where_nobody_reads_what_is_printed_all_is_put_back(
    session: Session, error: BaseException
) -> None:
    VALUES[:] = [True]

    def closed(_: str) -> None:
        raise error

    assert session.journal is not None
    launch = {"group": "g", "processes": ["Launch"]}
    session.journal.note(WayBack("resume-processes", launch, "g launches"))
    with under_way(of(session, activity("action", "fault"))):
        engine.run(session, closed)
    assert session.journal.to_put_back == []
    assert session.stopping.is_set()


def test_a_full_disk_takes_no_messages_of_the_engine(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    VALUES[:] = [True]
    assert session.directory is not None
    (session.directory / engine.LOG).symlink_to("/dev/full")
    with pytest.raises(ExperimentError, match="No space left"), under_way(of(session)):
        engine.run(session, lambda _: None)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("value", "told"),
    [(1.0, "1"), (1 / 108, "0.00926"), ("ROLLED_BACK", "ROLLED_BACK"), (False, "False")],
)
def test_what_is_off_is_told_in_few_digits(value: str | float | bool, told: str):
    off = ProbeResult(name="instances missing", at_ms=0, duration_s=0, met=False, value=value)
    state = SteadyState(at_ms=0, met=False, probes=[off])
    assert engine_journal.describe(state) == f"instances missing: {told}"
