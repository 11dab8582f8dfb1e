"""Actions of other people that fail without saying so, never end, end the program, or raise anything."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from chaoslib.exceptions import InterruptExecution

from loadtest.errors import ExperimentError
from loadtest.experiments import (
    engine,
    engine_journal,
    file_form,
    follower,
    foreign,
    interruption,
    robust_engine,
)
from loadtest.experiments.actions import deployments
from loadtest.experiments.session import Session, under_way
from loadtest.experiments.stop_alarms import StopAlarms
from tests.loadtest.experiments import json_server
from tests.loadtest.experiments.conftest import FakeCloud

HERE = __name__
VALUES: list[Any] = []
ROLLED_BACK: list[str] = []
FOR_EVER_S = 300
OURS = f"{FOR_EVER_S}.{os.getpid()}"
"""As long, and no other test's."""


def answer(path: str) -> tuple[int, bytes]:
    """GET /503 answers 503; GET /broken promises JSON and sends half of it."""
    status = int(path[1:]) if path[1:].isdecimal() else 200
    return status, b'{"half": ' if path == "/broken" else b"{}"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with json_server.serving(answer) as address:
        yield address


def value() -> Any:
    """Return the next of VALUES; the last one for ever. Raise it, if it is an exception."""
    found = VALUES.pop(0) if len(VALUES) > 1 else VALUES[0]
    if isinstance(found, BaseException):
        raise found
    return found


def ends_the_program(code: int = 3) -> None:
    """Do what a script does that was not written as a function."""
    sys.exit(code)


def never_ends() -> None:
    """Sleep for longer than anybody waits."""
    time.sleep(FOR_EVER_S)


def roll_back() -> None:
    """Note that the way back was played."""
    ROLLED_BACK.append("played")


def before_activity_control(context: dict[str, Any], **_: Any) -> None:
    """Break off before the action, as a control may."""
    if context.get("type") == "action" and context["name"] != "back":
        raise InterruptExecution("not today")


def python(func: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "python", "module": HERE, "func": func, "arguments": arguments}


def action(provider: dict[str, Any], name: str = "theirs", **more: Any) -> dict[str, Any]:
    return {"type": "action", "name": name, "provider": provider, **more}


def process(path: str, arguments: str = "") -> dict[str, Any]:
    return {"type": "process", "path": path, "arguments": arguments}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(engine, "FREQUENCY_S", 0.01)
    monkeypatch.setattr(follower, "SHOWS_S", 0.0)
    monkeypatch.setattr(robust_engine, "POLL_S", 0.01)
    VALUES[:] = [True]
    ROLLED_BACK.clear()
    yield
    while robust_engine.left_behind:
        robust_engine.left_behind.pop().join()


def of(session: Session, *method: dict[str, Any], **parts: Any) -> Session:
    probe = {"type": "probe", "name": "p", "tolerance": True, "provider": python("value")}
    raw = {
        "title": "t",
        "description": "d",
        "steady-state-hypothesis": {"title": "t", "probes": [probe]},
        "method": list(method),
        "rollbacks": [action(python("roll_back"), "back")],
        **parts,
    }
    session.experiment = session.experiment.model_copy(update={"raw": raw})
    return session


def run(session: Session) -> dict[str, Any]:
    with under_way(session), interruption.interruptible(session):
        return engine.run(session, lambda _: None)


def first(journal: dict[str, Any]) -> Any:
    return engine_journal.actions(journal)[0]


@pytest.mark.parametrize(
    ("path", "arguments", "error"),
    [
        ("/bin/sh", "-c 'echo no such cluster >&2; exit 7'", "ended with 7: no such cluster"),
        ("/bin/false", "", "the command ended with 1"),
        ("/bin/true", "", None),
    ],
)
def test_a_command_that_ends_with_an_error_had_no_effect(
    session: Session, path: str, arguments: str, error: str | None
) -> None:
    journal = run(of(session, action(process(path, arguments))))
    found = first(journal)
    assert found.succeeded == (error is None)
    assert (error or "") in (found.error or "")
    assert (engine_journal.of_others(journal) is None) == (error is not None)


@pytest.mark.parametrize(("status", "succeeded"), [(200, True), (404, False), (503, False)])
def test_a_request_that_is_refused_had_no_effect(
    session: Session, url: str, status: int, *, succeeded: bool
) -> None:
    found = first(run(of(session, action({"type": "http", "url": f"{url}/{status}"}))))
    assert found.succeeded == succeeded
    assert succeeded or found.error == f"the request was answered with {status}"


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("provider", [process("/bin/sleep", OURS), python("never_ends")])
def test_what_never_ends_is_ended_and_everything_is_put_back(
    session: Session, monkeypatch: pytest.MonkeyPatch, provider: dict[str, Any], *, background: bool
) -> None:
    monkeypatch.setattr(foreign, "longest_s", lambda *_: 0.5)
    monkeypatch.setattr(robust_engine, "UNHEARD_S", 1.2)
    monkeypatch.setattr(f"{HERE}.FOR_EVER_S", 4 if background else FOR_EVER_S)
    began = time.monotonic()
    journal = run(of(session, action(provider, background=background)))
    assert time.monotonic() - began < 30
    assert "had not ended after 0 s, and its load goes on for no longer" in session.cut_short
    assert not session.interrupted
    assert ROLLED_BACK == ["played"]
    assert not first(journal).succeeded
    words = [one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])]
    assert ["/bin/sleep", OURS] not in words
    slept = background and provider["type"] == "python"
    assert bool(robust_engine.left_behind) == slept


def test_a_probe_that_never_ends_does_not_keep_the_way_back(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "longest_s", lambda *_: 0.5)
    monkeypatch.setattr(robust_engine, "UNHEARD_S", 1.2)
    monkeypatch.setattr(f"{HERE}.FOR_EVER_S", 6)
    calls: list[int] = []

    def slow() -> bool:
        calls.append(1)
        if len(calls) > 1:
            never_ends()
        return True

    monkeypatch.setattr(f"{HERE}.value", slow)
    run(of(session, action(process("/bin/sleep", "0.2"))))
    assert "had not ended" in session.cut_short
    assert ROLLED_BACK == ["played"]


@pytest.mark.parametrize("code", [0, 3, 30])
def test_an_action_that_ends_the_program_ends_the_experiment_only(
    session: Session, code: int
) -> None:
    run(of(session, action(python("ends_the_program", code=code))))
    assert session.broken_off == "theirs ended the program (exit)"
    assert not session.interrupted
    # 30 is how the engine is told to leave the rollbacks out.
    assert ROLLED_BACK == ["played"]


def test_a_control_that_breaks_off_is_no_interruption_by_anybody(session: Session) -> None:
    control = {"name": "c", "provider": {"type": "python", "module": HERE}}
    run(of(session, action(process("/bin/true")), controls=[control]))
    assert session.broken_off == "not today"
    assert not session.interrupted
    assert ROLLED_BACK == ["played"]


@pytest.mark.parametrize(
    ("tolerance", "values"),
    [
        ([0, 10], [5, None, 5]),
        ({"type": "range", "range": [0, 10]}, [5, None, 5]),
        ({"type": "regex", "pattern": "ok"}, ["ok", {"status": "ok"}, "ok"]),
        ({"type": "regex", "pattern": "ok", "target": "body"},
         [{"body": "ok"}, {"body": {}}, {"body": "ok"}]),
        (True, [True, KeyError("of theirs"), True]),
    ],
)  # fmt: skip
def test_a_value_that_a_tolerance_cannot_judge_is_off_and_nothing_else(
    session: Session, tolerance: Any, values: list[Any]
) -> None:
    of(session, action(process("/bin/sleep", "0.3")))
    session.experiment.raw["steady-state-hypothesis"]["probes"][0]["tolerance"] = tolerance
    VALUES[:] = values
    journal = run(session)
    assert journal["status"] == "completed"
    assert session.broken_off == ""
    assert not session.states[0].met
    after = engine_journal.steady_state(journal["steady_states"]["after"])
    assert after is not None
    assert after.met


def test_an_answer_that_breaks_off_is_off_and_nothing_else(session: Session, url: str) -> None:
    probe = {"type": "probe", "name": "p", "tolerance": 200, "provider": {"type": "http"}}
    probe["provider"] = {"type": "http", "url": f"{url}/broken"}
    of(session)
    session.experiment.raw["steady-state-hypothesis"]["probes"] = [probe]
    before = engine_journal.steady_state(run(session)["steady_states"]["before"])
    assert before is not None
    assert not before.met
    assert "JSON" in str(before.probes[0].error)


def test_a_pause_that_is_no_number_is_told(session: Session) -> None:
    pauses = {"before": "${long}"}
    run(of(session, action(process("/bin/true"), pauses=pauses), configuration={"long": "many"}))
    assert "TypeError" in session.broken_off
    assert ROLLED_BACK == ["played"]


@pytest.mark.parametrize("part", ["action", "configuration", "probe"])
def test_who_ends_the_program_before_it_has_begun_is_told(session: Session, part: str) -> None:
    ends = {"type": "probe", "name": "p", "provider": python("ends_the_program")}
    if part == "configuration":
        of(session, configuration={"x": ends})
        with pytest.raises(ExperimentError, match="cannot be had: SystemExit: 3"):
            engine.values(session.experiment)
    elif part == "probe":
        of(session)
        session.experiment.raw["steady-state-hypothesis"]["probes"] = [{**ends, "tolerance": True}]
        with under_way(session), pytest.raises(ExperimentError, match="ended the program"):
            engine.is_steady(session)
    else:
        module = "tests.loadtest.experiments.ends_at_once"
        provider = {"type": "python", "module": module, "func": "f"}
        of(session, action(provider))
        with pytest.raises(ExperimentError, match="SystemExit: of a script"):
            engine.check(session.experiment)


def test_a_value_of_the_configuration_that_its_probe_does_not_find_is_named(
    session: Session,
) -> None:
    VALUES[:] = [LookupError("nowhere")]
    found = {"type": "probe", "name": "p", "provider": python("value")}
    of(session, configuration={"address": found, "other": "x"})
    with pytest.raises(ExperimentError, match="the probe of address found nothing"):
        engine.values(session.experiment)


TERMINATE = {
    "type": "python",
    "module": "loadtest.experiments.actions.instances",
    "func": "terminate",
}


@pytest.mark.parametrize(
    "parts",
    [
        {"method": [{"type": "probe", "name": "x", "provider": TERMINATE}]},
        {"rollbacks": [{"type": "probe", "name": "x", "provider": TERMINATE}]},
        {"configuration": {"k": {"type": "probe", "name": "x", "provider": TERMINATE}}},
        {"steady-state-hypothesis": {"title": "t", "probes": [
            {"type": "action", "name": "x", "tolerance": True, "provider": TERMINATE}]}},
        {"steady-state-hypothesis": {"title": "t", "probes": [
            {"type": "probe", "name": "y", "provider": {"type": "http", "url": "http://x"},
             "tolerance": {"type": "probe", "name": "x", "provider": TERMINATE}}]}},
    ],
)  # fmt: skip
def test_an_action_of_ours_is_a_step_that_a_dry_run_tells_of(
    session: Session, parts: dict[str, Any]
) -> None:
    of(session, **parts)
    said = "'x' (calls instances.terminate, which does some|is an action, and part of the steady)"
    with pytest.raises(ExperimentError, match=said):
        file_form.check_places(session.experiment.raw)


@pytest.mark.parametrize(
    ("configuration", "count", "said"),
    [
        ({"n": 2}, "${n}", None),
        ({"n": {"type": "env", "key": "HAPROOF_N", "env_var_type": "int"}}, "${n}", None),
        ({"n": {"type": "env", "key": "HAPROOF_N"}}, "${n}", "not '2' .*env_var_type"),
        ({"n": 2}, "${m}", r"\$\{m\}.*neither `configuration` nor `secrets`"),
        ({"n": -2}, "${n}", "is -2"),
    ],
)
def test_values_of_the_configuration_are_held_against_what_our_actions_take(
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    configuration: dict[str, Any],
    count: str,
    said: str | None,
) -> None:
    monkeypatch.setenv("HAPROOF_N", "2")
    provider = {**TERMINATE, "arguments": {"count": count}}
    of(session, action(provider), configuration=configuration)
    engine.check(session.experiment)
    if said is None:
        engine.check_values(session.experiment)
        return
    with pytest.raises(ExperimentError, match=said):
        engine.check_values(session.experiment)


def test_a_control_whose_provider_says_no_type_is_refused(session: Session) -> None:
    of(session, controls=[{"name": "c", "provider": {"module": "json"}}])
    with pytest.raises(ExperimentError, match="control 'c': its provider needs a `type`"):
        engine.check(session.experiment)


def test_time_outs_of_their_own_stay(session: Session) -> None:
    own = {**process("/bin/true"), "timeout": 3}
    raw = of(session, action(own), action(process("/bin/true")), {"ref": "p"}).experiment.raw
    found = foreign.limited(raw, 60.0)
    assert [one.get("provider", {}).get("timeout") for one in found["method"]] == [3, 120.0, None]
    assert json.dumps(raw) == json.dumps(session.experiment.raw)


def test_own_actions_have_the_time_that_they_wait(session: Session) -> None:
    deploy = {
        "type": "python",
        "module": "loadtest.experiments.actions.deployments",
        "func": "deploy",
    }
    assert foreign.longest_s(of(session, action(process("/bin/true"))).experiment.raw, 60) == 60
    longest_s = foreign.longest_s(of(session, action(deploy)).experiment.raw, 60)
    assert longest_s == 60 + deployments.AT_MOST_S["deploy"]


# --- alarms that end an experiment ----------------------------------------------------------------


def alarms(cloud: FakeCloud, *states: str) -> None:
    """Let the alarm `checkout` have these states, one answer after the other; the last one for ever."""
    left = list(states)

    def describe(AlarmNames: list[str], **_: Any) -> Any:  # noqa: N803
        state = left.pop(0) if len(left) > 1 else left[0]
        one = {"AlarmName": "checkout", "AlarmArn": "arn:checkout", "StateValue": state}
        return {"MetricAlarms": [one] if "checkout" in AlarmNames else []}

    cloud.answers["cloudwatch.describe_alarms"] = describe


def test_an_alarm_that_goes_off_ends_an_experiment(
    session: Session, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadtest.experiments.stop_alarms.ASKED_EVERY_S", 0.05)
    alarms(cloud, "OK", "OK", "ALARM")
    session.stop_alarms = StopAlarms.of(cloud["cloudwatch"], ["checkout"])
    began = time.monotonic()
    run(of(session, action(python("never_ends"))))
    assert time.monotonic() - began < 30
    assert session.cut_short == "the stop alarm checkout went off"
    assert not session.interrupted
    assert ROLLED_BACK == ["played"]


@pytest.mark.parametrize(
    ("names", "state", "said"),
    [
        (["checkout"], "ALARM", "checkout is in ALARM already, so nothing was done"),
        (["checkout", "chekout"], "OK", "there is no alarm chekout"),
        ([f"a{n}" for n in range(6)], "OK", "6 stop alarms: AWS FIS takes 5"),
    ],
)
def test_alarms_that_could_not_end_it_are_refused(
    cloud: FakeCloud, names: list[str], state: str, said: str
) -> None:
    alarms(cloud, state)
    with pytest.raises(ExperimentError, match=said):
        StopAlarms.of(cloud["cloudwatch"], names)


def test_fis_gets_them_as_stop_conditions(cloud: FakeCloud) -> None:
    alarms(cloud, "OK")
    found = StopAlarms.of(cloud["cloudwatch"], ["checkout"])
    assert found.conditions == [{"source": "aws:cloudwatch:alarm", "value": "arn:checkout"}]
    assert StopAlarms.of(cloud["cloudwatch"], []).conditions == [{"source": "none"}]


def test_a_signal_of_somebody_s_is_an_interruption_and_no_time_limit(session: Session) -> None:
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.3, signal.pthread_kill, [main, signal.SIGINT]).start()
    run(of(session, action(python("never_ends"))))
    assert session.interrupted
    assert (session.cut_short, session.broken_off) == ("", "")


# --- files that do not wait themselves ------------------------------------------------------------


def test_a_method_that_does_not_wait_for_the_steady_state_is_waited_for(session: Session) -> None:
    # It is off while the action goes on, and for some rounds after it.
    VALUES[:] = [True, *[False] * 60, True]
    journal = run(of(session, action(process("/bin/sleep", "0.1"))))
    after = engine_journal.steady_state(journal["steady_states"]["after"])
    assert after is not None
    assert after.met
    assert [one.met for one in session.states[-3:]] == [True, True, True]


def test_it_is_not_waited_for_longer_than_the_target_time(session: Session) -> None:
    VALUES[:] = [True, False]
    of(session, action(process("/bin/true")))
    hypothesis = session.experiment.hypothesis.model_copy(update={"recovery_s": 0.5})
    session.experiment = session.experiment.model_copy(update={"hypothesis": hypothesis})
    began = time.monotonic()
    journal = run(session)
    assert 0.4 < time.monotonic() - began < 30
    after = engine_journal.steady_state(journal["steady_states"]["after"])
    assert after is not None
    assert not after.met


def test_an_action_that_failed_is_not_waited_for(session: Session) -> None:
    VALUES[:] = [True, False]
    began = time.monotonic()
    run(of(session, action(process("/bin/false"))))
    assert time.monotonic() - began < session.experiment.hypothesis.recovery_s / 4
