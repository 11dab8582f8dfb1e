"""What the coordinator makes of what workers send, and of those that send nothing more."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from loadtest.engine.fargate import ledger, package, remote, store, tasks
from loadtest.engine.fargate.ledger import OpenLedger
from loadtest.engine.fargate.messages import Clock, Plan, Status, Use
from loadtest.engine.fargate.remote import Link, RemoteWorker
from loadtest.engine.fargate.store import Store
from loadtest.engine.generators.base import Turn
from loadtest.errors import LoadTestError
from loadtest.runs import paths
from loadtest.stack.clock_offset import OffsetEstimator, TimedCalls
from tests.loadtest.engine.fargate.account import BUCKET, REGION

pytestmark = pytest.mark.moto
REQUESTS = f"{paths.REQUESTS}.gz"
GOOD = Clock(source="amazon-time-sync", error_ms=0.4, synchronised=True)


def refused(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "StopTask")


class Ecs:
    """Tasks that run until they are stopped or said to have ended."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, Any]] = {}
        self.unknown: set[str] = set()
        """Tasks that ECS does not describe: not yet, or not any more."""
        self.calls: list[str] = []

    def describe_tasks(self, *, cluster: str, tasks: list[str]) -> dict[str, Any]:
        known = [arn for arn in tasks if arn not in self.unknown]
        return {
            "tasks": [{"taskArn": arn, **self.states[arn]} for arn in known],
            "failures": [{"arn": a, "reason": "MISSING"} for a in tasks if a in self.unknown],
        }

    def list_tasks(self, *, cluster: str, startedBy: str) -> dict[str, Any]:  # noqa: N803
        running = [a for a, one in self.states.items() if one["lastStatus"] != "STOPPED"]
        return {"taskArns": running}

    def stop_task(self, *, cluster: str, task: str, reason: str) -> dict[str, Any]:
        if task not in self.states:
            raise refused("InvalidParameterException", "The referenced task was not found.")
        self.calls.append(f"stop {task}")
        self.states[task] = {"lastStatus": "STOPPED", "stoppedReason": reason}
        return {}

    def deregister_task_definition(self, **asked: str) -> dict[str, Any]:
        self.calls.append(f"deregister {asked['taskDefinition']}")
        return {}


class Stage:
    """Two workers, and the link to them."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.ecs, self.directory = Ecs(), directory
        self.s3 = boto3.client("s3", region_name=REGION)
        self.s3.create_bucket(Bucket=BUCKET)
        self.store = Store(self.s3, BUCKET, "load/run", TimedCalls(OffsetEstimator()))
        self.workers = [self._worker(number) for number in (1, 2)]
        self.there = {one.number: directory / f"there-{one.number}" for one in self.workers}
        self.senders = {}
        for number, path in self.there.items():
            path.mkdir()
            self.senders[number] = package.Sender(path)
        self.sent = {1: 0, 2: 0}
        made = ledger.new("haproof-1", REGION, "load", BUCKET, "load/run")
        self.ledger = OpenLedger(directory, made)
        for number in (1, 2):
            self.ecs.states[f"arn:{number}"] = {"lastStatus": "RUNNING"}
        self.ledger.update(tasks={"1": "arn:1", "2": "arn:2"}, definition="definition:1")
        clients: Any = {"s3": self.s3, "ecs": self.ecs}
        self.link = Link(clients, self.store, self.ledger, self.workers)
        self.link.start()

    def _worker(self, number: int) -> RemoteWorker:
        mine = self.directory / f"worker-{number}"
        mine.mkdir()
        plan = Plan(
            worker=number,
            target="http://127.0.0.1",
            artillery="2",
            threads=1,
            variables={},
            beat_s=0.1,
            poll_s=0.1,
            abandoned_s=9,
            limit_s=9,
        )
        return RemoteWorker(plan, mine, Turn(number, mine / "ready", mine / "begin"))

    def say(self, number: int, state: str, *, last: bool = False, **more: Any) -> None:
        """A worker sends a piece."""
        status = Status.model_validate({"state": state, "clock": GOOD, **more})
        piece = self.senders[number].piece(status, last=last)
        self.store.put(store.piece(number, self.sent[number]), piece)
        self.sent[number] += 1

    def objects(self) -> list[Any]:
        return self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])

    def said(self) -> dict[str, Any]:
        """What the coordinator says."""
        return json.loads(self.store.get(store.COORDINATOR))


def await_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "played")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "played")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        made = Stage(tmp_path / "run")
        yield made
        made.link.close("the test has ended")


def test_they_are_told_when_to_begin_and_their_records_come(stage: Stage):
    one = stage.workers[0]
    stage.say(1, "ready", use=Use(at_ms=1, cpu_seconds=2.5, rss_bytes=100))
    await_until(one.turn.ready.exists)
    assert one.poll() is None
    used = one.usage()
    assert used is not None
    assert used.cpu_seconds == 2.5
    assert stage.said()["begin_ms"] == {}

    one.turn.begin.write_text("1234.5")
    await_until(lambda: stage.said()["begin_ms"] == {"1": 1234.5})

    (stage.there[1] / REQUESTS).write_bytes(b"one")
    stage.say(1, "running")
    await_until((one.directory / REQUESTS).exists)
    (stage.there[1] / REQUESTS).write_bytes(b"onetwo")
    (stage.there[1] / paths.ARTILLERY_REPORT).write_text("{}")
    stage.say(1, "ended", last=True, exit_code=0)
    await_until(lambda: one.poll() == 0)
    assert (one.directory / REQUESTS).read_bytes() == b"onetwo"
    assert (one.directory / paths.ARTILLERY_REPORT).exists()
    assert one.complaint is None
    assert one.usage() is None


def test_the_coordinator_is_heard_all_the_time(stage: Stage):
    before = stage.said()["beat"]
    await_until(lambda: stage.said()["beat"] > before + 2)


@pytest.mark.parametrize(
    ("clock", "why"),
    [
        (Clock(source="amazon-time-sync", error_ms=0, synchronised=False), "not synchronised"),
        (Clock(source="dates", error_ms=251, synchronised=True), "may be 251 ms off"),
    ],
)
def test_a_bad_clock_is_no_readiness(stage: Stage, clock: Clock, why: str):
    one = stage.workers[0]
    stage.say(1, "ready", clock=clock)
    await_until(lambda: one.complaint)
    assert why in str(one.complaint)
    assert not one.turn.ready.exists()


def test_a_task_that_ends_without_its_last_piece_is_lost(stage: Stage):
    stage.say(2, "running")
    stage.ecs.states["arn:2"] = {
        "lastStatus": "STOPPED",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "worker", "exitCode": 137, "reason": "OutOfMemoryError"}],
    }
    lost = stage.workers[1]
    await_until(lambda: lost.poll() is not None)
    assert lost.poll() == 137
    assert "OutOfMemoryError" in str(lost.complaint)
    assert stage.workers[0].complaint is None


def test_a_silent_worker_is_lost(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    stage.say(1, "running")
    await_until(lambda: stage.workers[0].said)
    monkeypatch.setattr(remote, "LOST_S", 0.3)
    await_until(lambda: stage.workers[0].poll() is not None)
    assert "nothing was heard of it" in str(stage.workers[0].complaint)
    # One that never spoke may still be starting.
    assert stage.workers[1].poll() is None


def test_a_lost_piece_is_told(stage: Stage):
    (stage.there[1] / REQUESTS).write_bytes(b"one")
    stage.senders[1].piece(Status(state="running"))
    (stage.there[1] / REQUESTS).write_bytes(b"onetwo")
    stage.say(1, "running")
    await_until(lambda: stage.workers[0].complaint)
    assert "3 bytes came of 6" in str(stage.workers[0].complaint)


def test_a_short_failure_of_aws_costs_no_run(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    def fail(**_: Any) -> dict[str, Any]:
        failed.append(1)
        raise LoadTestError("no answer")

    failed: list[int] = []
    answers = stage.ecs.describe_tasks
    monkeypatch.setattr(stage.ecs, "describe_tasks", fail)
    await_until(lambda: len(failed) > 1)
    monkeypatch.setattr(stage.ecs, "describe_tasks", answers)
    (stage.there[1] / REQUESTS).write_bytes(b"one")
    stage.say(1, "running")
    await_until(lambda: stage.workers[0].said)
    assert stage.workers[0].complaint is None
    # A long one does.
    monkeypatch.setattr(remote, "LOST_S", 0.2)
    monkeypatch.setattr(stage.ecs, "describe_tasks", fail)
    await_until(lambda: stage.workers[0].complaint == "no answer")
    monkeypatch.setattr(stage.ecs, "describe_tasks", answers)


def test_what_a_worker_complains_of_is_told(stage: Stage):
    stage.say(2, "ended", last=True, complaint="it has another Artillery", exit_code=1)
    await_until(lambda: stage.workers[1].poll() == 1)
    assert stage.workers[1].complaint == "it has another Artillery"


def test_the_end_stops_tasks_and_removes_everything(stage: Stage):
    stage.say(1, "running")
    await_until(lambda: stage.workers[0].said)
    assert stage.link.close("enough") == []
    assert stage.ecs.calls[:2] == ["stop arn:1", "stop arn:2"]
    assert "deregister definition:1" in stage.ecs.calls
    assert stage.s3.list_objects_v2(Bucket=BUCKET).get("Contents") is None
    assert ledger.left(stage.directory.parent) == ([], [])
    assert stage.ledger.content.workers["1"]["clock"]["error_ms"] == 0.4


def test_what_cannot_be_stopped_stays_in_the_ledger(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    def refuse(**_: Any) -> dict[str, Any]:
        raise refused("AccessDeniedException", "no")

    monkeypatch.setattr(tasks, "GONE_S", 0.0)

    stop, stage.ecs.stop_task = stage.ecs.stop_task, refuse  # type: ignore[method-assign]
    first, second, *_ = stage.link.close("enough")
    assert "cannot stop arn:1" in first
    assert "cannot stop arn:2" in second
    assert "`coordinator`" in first  # what rights are missing
    assert "deregister definition:1" in stage.ecs.calls
    # A worker that runs would write again.
    assert stage.objects()
    (((file, left),), damaged) = ledger.left(stage.directory.parent)
    assert damaged == []
    assert (left.tasks, left.open) == ({"1": "arn:1", "2": "arn:2"}, True)
    stage.ecs.stop_task = stop  # type: ignore[method-assign]
    assert ledger.take(file) is not None


def test_one_that_cannot_be_stopped_keeps_no_other_one_running(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tasks, "GONE_S", 0.0)
    stop = stage.ecs.stop_task

    def refuse_first(*, cluster: str, task: str, reason: str) -> dict[str, Any]:
        if task == "arn:1":
            raise refused("ServerException", "later")
        return stop(cluster=cluster, task=task, reason=reason)

    monkeypatch.setattr(stage.ecs, "stop_task", refuse_first)
    failures = stage.link.close("enough")
    assert "cannot stop arn:1" in failures[0]
    assert "still running 0 s after it was stopped: arn:1" in failures[1]
    assert stage.ecs.states["arn:2"]["lastStatus"] == "STOPPED"
    monkeypatch.setattr(stage.ecs, "stop_task", stop)


def test_a_task_that_ecs_does_not_know_yet_is_stopped_all_the_same(stage: Stage):
    stage.ecs.unknown = {"arn:1", "arn:2"}
    assert stage.link.close("enough") == []
    assert stage.ecs.calls[:2] == ["stop arn:1", "stop arn:2"]


def test_a_task_that_ecs_has_forgotten_is_gone(stage: Stage):
    stage.ecs.unknown = {"arn:1", "arn:2"}
    stage.ecs.states.clear()
    assert stage.link.close("enough") == []
    assert ledger.left(stage.directory.parent) == ([], [])


def test_a_task_that_was_only_not_known_for_a_moment_is_not_lost(stage: Stage):
    stage.ecs.unknown = {"arn:1"}
    one = stage.workers[0]
    await_until(lambda: one.ended_at is not None)
    stage.ecs.unknown = set()
    await_until(lambda: one.ended_at is None)
    assert (one.complaint, one.poll()) == (None, None)


def test_a_worker_that_never_spoke_is_told_with_what_it_may_lack(stage: Stage):
    stage.ecs.states["arn:1"] = {
        "lastStatus": "STOPPED",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "worker", "exitCode": 1}],
    }
    await_until(lambda: stage.workers[0].complaint)
    told = str(stage.workers[0].complaint)
    assert "Essential container in task exited; exit code 1; it never spoke" in told
    assert "`taskRole`" in told


def test_a_damaged_ledger_hides_no_other_one(stage: Stage):
    other = stage.directory.parent / "another"
    other.mkdir()
    (other / ledger.FILE).write_text('{"token": ')
    found, (damaged,) = ledger.left(stage.directory.parent)
    assert [file.parent.name for file, _ in found] == ["run"]
    assert f"cannot read {other / ledger.FILE}" in damaged
