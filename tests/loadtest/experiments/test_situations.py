"""What users write and meet: keys that nobody reads, names of files, an end in the middle of something."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from loadtest.errors import ExperimentError
from loadtest.experiments import arguments, engine, files, interruption
from loadtest.experiments.actions import database, deployments, instances, revisions
from loadtest.experiments.models import ExperimentFile
from loadtest.experiments.session import Session, under_way
from loadtest.experiments.undo import MARK_LENGTH, mark_of
from tests.loadtest.experiments.conftest import FakeCloud, refused
from tests.loadtest.experiments.test_deployments import GROUP

ACTIONS = "loadtest.experiments.actions"


def changed(change: Callable[[dict[str, Any]], object]) -> ExperimentFile:
    experiment = files.find("instance-dies")
    change(experiment.raw)
    return experiment


def calls(module: str, func: str, **given: Any) -> ExperimentFile:
    provider = {"type": "python", "module": f"{ACTIONS}.{module}", "func": func, "arguments": given}
    method = [{"type": "action", "name": "a", "provider": provider}]
    return changed(lambda raw: raw.update(method=method))


def tolerates(given: Any, probe: int = 1) -> ExperimentFile:
    """The share of failed requests is probe 1, the missing instances are 2."""
    return changed(
        lambda raw: raw["steady-state-hypothesis"]["probes"][probe].update(tolerance=given)
    )


def with_key(key: str, value: Any, of: str = "") -> ExperimentFile:
    """The first action, or its provider, with another key."""

    def add(raw: dict[str, Any]) -> None:
        step = raw["method"][0]
        (step[of] if of else step)[key] = value

    return changed(add)


def with_provider(**keys: Any) -> ExperimentFile:
    return changed(lambda raw: raw["method"][0].update(provider=keys))


def asked(probe: dict[str, Any]) -> ExperimentFile:
    return changed(lambda raw: raw["steady-state-hypothesis"]["probes"].append(probe))


ASKED = "is an action, and part of the steady state"
WRONG = {
    "a-variant": (calls("deployments", "deploy", variant="answer-500"), "'answers-500' or 'slow'"),
    "a-way-to-lose-a-zone": (calls("network", "lose_zone", how="quiet"), "'silent' or 'refused'"),
    "no-time": (calls("instances", "hang", seconds=0), "seconds.*greater than 0"),
    "more-than-all": (calls("instances", "starve", share=5), "share.*less than or equal to 1"),
    "bounds-reversed": (tolerates([0.001, 0]), "from 0.001 to 0: nothing is between them"),
    "range-reversed": (tolerates({"type": "range", "range": [3, 1]}), "nothing is between them"),
    "text-for-a-number": (tolerates("0.0"), "'0.0', which probes.failed_share never returns"),
    "yes-for-a-number": (tolerates(True, 2), "True, which probes.missing_instances never returns"),
    # It ran with the defaults: one instance, no pause.
    "arguments": (with_key("args", {"count": 3}, "provider"), "did you mean 'arguments'"),
    "pauses": (with_key("pause", {"after": 5}), "did you mean 'pauses'"),
    "in-the-background": (with_key("backgroud", True), "did you mean 'background'"),
    "an-argument-outside": (with_key("count", 3, "provider"), "it has arguments, func, module"),
    "a-timeout-of-a-function": (with_key("timeout", 5, "provider"), "'timeout' is not a key"),
    "a-timeout-in-words": (
        with_provider(type="http", url="http://127.0.0.1:1", timeout="3s"),
        "'3s'; give it a number of seconds",
    ),
    # It would terminate an instance every second, and before the steady state is known to hold.
    "an-action-that-is-asked": (
        asked({"ref": "an instance is terminated", "tolerance": True}),
        ASKED,
    ),
    "an-action-of-theirs-that-is-asked": (
        asked(
            {"type": "action", "name": "x", "tolerance": 0}
            | {"provider": {"type": "process", "path": "/bin/true"}}
        ),
        ASKED,
    ),
    "a-timeout": (
        with_provider(type="process", path="/bin/true", timeouts=3),
        "'timeouts' is not a key of the provider",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_would_not_be_what_is_written_is_refused_before_anything_is_done(case: str) -> None:
    experiment, said = WRONG[case]
    with pytest.raises(ExperimentError, match=said):
        engine.check(experiment)


RIGHT = {
    "a-note": with_key("x-name", "ours"),
    "a-key-of-somebody-else": with_key("runbook", "https://wiki.example/1"),
    "zero": tolerates(0),
    "one-value": tolerates([0, 0]),
    "a-provider-of-theirs": with_provider(
        type="http", url="http://127.0.0.1:1", verify_tls=False, max_retries=2
    ),
    "everybody": calls("instances", "starve", count=0, share=1),
}


@pytest.mark.parametrize("case", RIGHT)
def test_what_may_be_meant_is_taken(case: str) -> None:
    engine.check(RIGHT[case])


def test_the_variants_are_those_that_there_are() -> None:
    assert set(get_args(arguments.Variant)) == {deployments.GOOD, *revisions.VARIANTS}


def test_a_dry_run_tells_that_a_revision_has_no_such_variant(
    cloud: FakeCloud, session: Session
) -> None:
    cloud.answers |= {
        "s3.head_object": {"ETag": "own"},
        "s3.get_object": refused("AccessDenied"),
        "codedeploy.get_deployment_group": {"deploymentGroupInfo": GROUP},
    }
    session.journal = None
    with under_way(session), pytest.raises(Exception, match="AccessDenied"):
        deployments.deploy("slow")


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("20261127T214954Z-ha-ours (1)", "20261127T214954Z-ha-ours--1-"),
        ("20261127T214954Z-ha-장애", "20261127T214954Z-ha---"),
        ("20261127T214954Z-ha-a.b_c", "20261127T214954Z-ha-a.b_c"),
    ],
)
def test_a_mark_is_what_aws_takes_as_a_tag(name: str, mark: str) -> None:
    assert mark_of(name) == mark


def test_marks_of_long_names_differ() -> None:
    one, other = (mark_of(f"20261127T214954Z-ha-{'a' * 80}{end}") for end in ("-2", "-3"))
    assert one != other
    assert len(one) == len(other) == MARK_LENGTH


def in_the_background(do: Callable[[], object]) -> Exception | None:
    found: list[Exception] = []

    def run() -> None:
        try:
            do()
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=20)
    assert not thread.is_alive()
    return found[0] if found else None


def test_what_waits_in_the_background_does_nothing_once_it_is_to_end(
    cloud: FakeCloud, session: Session
) -> None:
    # Its pause is over when everything has been put back.
    session.stopping.set()
    with under_way(session):
        error = in_the_background(instances.terminate)
    assert isinstance(error, ExperimentError)
    assert "not done, as the experiment is being ended" in str(error)
    assert cloud.called("ec2.terminate_instances") == []


ALARMED = {"enabled": True, "alarms": [{"name": "slow"}]}


@pytest.mark.parametrize("waits_for", ["alarm", "another-deployment"])
def test_nothing_is_deployed_any_more_once_it_is_to_end(
    cloud: FakeCloud, session: Session, monkeypatch: pytest.MonkeyPatch, waits_for: str
) -> None:
    monkeypatch.setattr(deployments, "POLL_S", 0.01)
    asked: list[str] = []

    def end_after_three(_seconds: float) -> None:
        asked.append(waits_for)
        assert len(asked) < 10
        if len(asked) == 3:
            session.stopping.set()

    monkeypatch.setattr(session, "wait", end_after_three)
    alarm = {"alarmConfiguration": ALARMED} if waits_for == "alarm" else {}
    cloud.answers |= {
        "s3.head_object": {"ETag": "own"},
        "codedeploy.get_deployment_group": {"deploymentGroupInfo": {**GROUP, **alarm}},
        "cloudwatch.describe_alarms": {"MetricAlarms": [{"AlarmName": "slow"}]},
        "codedeploy.create_deployment": refused("DeploymentLimitExceededException"),
    }
    with under_way(session):
        error = in_the_background(deployments.deploy)
    assert "nothing was deployed" in str(error)
    assert len(cloud.called("codedeploy.create_deployment")) == (0 if waits_for == "alarm" else 3)


def test_a_database_that_was_waited_for_is_left_alone_once_it_is_to_end(
    cloud: FakeCloud, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = cloud.answers["rds.describe_db_instances"]["DBInstances"]
    found["DBInstanceStatus"] = "modifying"
    monkeypatch.setattr(session, "wait", lambda _: session.stopping.set())
    with under_way(session), pytest.raises(ExperimentError, match="db-1 was left alone"):
        database.fail_over()
    assert cloud.called("rds.reboot_db_instance") == []


def test_whoever_presses_ctrl_z_stops_nobody_who_puts_back(session: Session) -> None:
    before = signal.getsignal(signal.SIGTSTP)
    with interruption.interruptible(session):
        os.kill(os.getpid(), signal.SIGTSTP)
    assert signal.getsignal(signal.SIGTSTP) == before
    assert not session.interrupted


def test_what_is_written_of_files_is_true(tmp_path: Path) -> None:
    # Saved by an editor of Windows, and as JSON of a browser's second download.
    text = (files.LIBRARY / "instance-dies.yaml").read_text()
    path = tmp_path / "ours (1).yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    engine.check(files.find(str(path)))
