"""Experiments under one load: in their order, each with its own part, and none after an interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from botocore.exceptions import EndpointConnectionError

from commandline.steady_clock import SteadyClock
from loadtest.errors import ExperimentError, GeneratorError
from loadtest.experiments import files, interruption, load, one_at_a_time, runner
from loadtest.experiments.disturbances import Disturbance
from loadtest.experiments.fleet_size import Restored
from loadtest.experiments.load import BackgroundLoad
from loadtest.experiments.load_watch import LoadWatch
from loadtest.experiments.models import ExperimentFile
from loadtest.experiments.stop_alarms import StopAlarms
from loadtest.experiments.undo import DIRECTORY, FaultJournal, Header, WayBack
from loadtest.runs import paths
from loadtest.scenario.scenario import Choice
from tests.loadtest.conftest import outputs_of

HERE, THERE = "http://127.0.0.1:9", "http://127.0.0.1:10"
"""The endpoints of two local regions."""
DIES, HANGS = files.find("instance-dies"), files.find("instance-hangs")


class Load:
    """A load that is started and stopped, and may have failed."""

    def __init__(self) -> None:
        self.watch, self.summary = None, None
        self.problem: str | None = None
        self.left, self.announcement = 1e9, "load: starting"
        self.told: list[str] = []

    def left_s(self) -> float:
        return self.left

    def problem_before(self, _at_ms: float) -> str | None:
        return self.problem

    def start(self) -> None:
        self.told.append("start")

    def drain(self) -> None:
        self.told.append("drain")

    def stop(self) -> None:
        self.told.append("stop")


class FakeExecution:
    """An experiment that calls what it is given, and tells when."""

    interrupt: str | None = None
    told: ClassVar[list[list[Disturbance]]] = []
    """What each was told of those before it."""

    def __init__(
        self, session: Any, _outputs: Any, _watch: Any, _print: Any, disturbed: list[Disturbance]
    ) -> None:
        self.session, self.directory = session, Path(session.experiment.name)
        self.told.append(disturbed)
        self.disturbances = [Disturbance(len(self.told), 9.0)]
        self.interrupted, self.error, self.finished_ms = False, None, 0.0

    def carry_out(self, prepare: Callable[[], None]) -> None:
        prepare()
        self.interrupted = self.session.experiment.name == self.interrupt
        self.finished_ms = time.time() * 1000

    def save_observations(self, load_began_s: float) -> None:
        assert load_began_s * 1000 <= self.finished_ms

    def conclude(self, own: Any, problem: str | None) -> Any:
        return (self.session.experiment.name, own, problem)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    load = Load()
    stopping: Any = SimpleNamespace(wait=lambda _: None)

    def session(experiment: ExperimentFile, *_: Any) -> Any:
        not_stopping = SimpleNamespace(is_set=lambda: False)
        return SimpleNamespace(
            experiment=experiment,
            stack=stack,
            wait=stopping.wait,
            stopping=not_stopping,
            stop_alarms=StopAlarms(),
            clock=SteadyClock(),
        )

    def cut(_run: Path, target: Path, _profile: Any, *, began_ms: float, ended_ms: float) -> Any:
        if load.problem:
            raise ExperimentError("nothing was recorded")
        return (target.name, began_ms <= ended_ms)

    stack: Any = SimpleNamespace(name="ha")
    monkeypatch.setattr(runner, "StackResources", lambda *_: stack)
    monkeypatch.setenv("AWS_ENDPOINT_URL", HERE)
    monkeypatch.setattr(runner, "_load", lambda *_: load)
    monkeypatch.setattr(runner, "_session", session)
    monkeypatch.setattr(runner, "_require", lambda *_: None)
    monkeypatch.setattr(runner, "Execution", FakeExecution)
    monkeypatch.setattr(runner.stretch, "cut", cut)
    monkeypatch.setattr(
        runner.engine, "await_calm", lambda one, *_: load.told.append(one.experiment.name) or 0.0
    )
    monkeypatch.setattr(FakeExecution, "interrupt", None)
    return load


def run(tmp_path: Path, *experiments: ExperimentFile) -> Any:
    settings = runner.Settings(["node"], tmp_path, 20)
    return runner.run_all(experiments, outputs_of(), settings, lambda _: None)


def test_one_load_carries_all_and_each_gets_its_part(made: Load, tmp_path: Path) -> None:
    found = run(tmp_path, DIES, HANGS)
    assert made.told == ["start", "instance-dies", "instance-hangs", "drain", "stop"]
    assert found == [
        ("instance-dies", ("instance-dies", True), None),
        ("instance-hangs", ("instance-hangs", True), None),
    ]


@pytest.mark.parametrize(("wanted", "asked"), [(6, [6, 6]), (None, [])])
def test_a_fleet_that_grew_goes_back_to_its_size_before_each(
    made: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: int | None,
    asked: list[int],
) -> None:
    sizes, told = list[int](), list[str]()

    def restore(_session: Any, instances: int, _longest_s: float) -> Restored:
        sizes.append(instances)
        # Its own minimum is larger than what is wanted.
        return Restored(9, 7)

    monkeypatch.setattr(runner.fleet_size, "restore", restore)
    settings = runner.Settings(["node"], tmp_path, 20, instances=wanted)
    runner.run_all([DIES, HANGS], outputs_of(), settings, told.append)
    assert sizes == asked
    assert told.count("the group had grown by 2: back to 7 instances") == len(asked)
    assert made.told[-1] == "stop"


@pytest.mark.usefixtures("made")
def test_each_knows_when_those_before_it_delayed_launches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeExecution, "told", [])
    earlier = Disturbance(0.0, 1.0)
    monkeypatch.setattr(
        runner.disturbances, "recorded", lambda _, stack: [earlier] if stack == "ha" else []
    )
    run(tmp_path, DIES, HANGS, DIES)
    first, second = Disturbance(1, 9.0), Disturbance(2, 9.0)
    assert FakeExecution.told == [[earlier], [earlier, first], [earlier, first, second]]


def test_a_load_without_visitors_for_the_next_one_is_followed_by_another(
    made: Load, tmp_path: Path
) -> None:
    made.left = HANGS.hypothesis.recovery_s
    assert [name for name, *_ in run(tmp_path, DIES, HANGS)] == ["instance-dies", "instance-hangs"]
    # The first one of a load is begun in any case: the next load has no more visitors either.
    assert made.told == [
        *("start", "instance-dies", "drain", "stop"),
        *("start", "instance-hangs", "drain", "stop"),
    ]


def test_after_an_interruption_none_is_begun(
    made: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeExecution, "interrupt", "instance-dies")
    assert [name for name, *_ in run(tmp_path, DIES, HANGS)] == ["instance-dies"]
    assert made.told == ["start", "instance-dies", "stop"]


def test_one_that_cannot_be_begun_loses_none_of_those_before_it(
    made: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, told = runner._session, list[str]()

    def begun(experiment: ExperimentFile, *more: Any) -> Any:
        if experiment is HANGS:
            raise ExperimentError("cannot write the fault journal: no space left on the device")
        return begin(experiment, *more)

    def conclude(one: FakeExecution, *_: Any) -> Any:
        record = SimpleNamespace(experiment=one.session.experiment.name, outcome="survived")
        return SimpleNamespace(record=record, directory=Path("results/1"))

    monkeypatch.setattr(runner, "_session", begun)
    monkeypatch.setattr(FakeExecution, "conclude", conclude)
    settings = runner.Settings(["node"], tmp_path, 20)
    with pytest.raises(ExperimentError, match="no space left"):
        runner.run_all([DIES, HANGS, DIES], outputs_of(), settings, told.append)
    assert "instance-dies: survived; see results/1" in told
    assert made.told[-1] == "stop"


@pytest.mark.parametrize("name", ["carry_out", "save_observations"])
def test_what_goes_wrong_beside_an_experiment_loses_none_of_those_before_it(
    made: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    whole, concluded = getattr(FakeExecution, name), list[str]()

    def fails(one: FakeExecution, given: Any) -> None:
        if one.session.experiment is HANGS:
            raise ExperimentError("a full disk")
        whole(one, given)

    def conclude(one: FakeExecution, *_: Any) -> Any:
        concluded.append(one.session.experiment.name)
        record = SimpleNamespace(experiment=concluded[-1], outcome="survived")
        return SimpleNamespace(record=record, directory=Path())

    monkeypatch.setattr(FakeExecution, name, fails)
    monkeypatch.setattr(FakeExecution, "conclude", conclude)
    with pytest.raises(ExperimentError, match="a full disk"):
        run(tmp_path, DIES, HANGS)
    assert concluded[0] == "instance-dies"
    assert made.told[-1] == "stop"


@pytest.mark.parametrize("moment", ["stop", "conclude"])
def test_an_interruption_while_it_is_saved_waits_until_it_is(
    made: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    concluded, told = list[str](), list[str]()

    def press_ctrl_c() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    def conclude(one: FakeExecution, *_: Any) -> Any:
        if moment == "conclude" and not concluded:
            press_ctrl_c()
        concluded.append(one.session.experiment.name)
        record = SimpleNamespace(experiment=concluded[-1], outcome="survived")
        return SimpleNamespace(record=record, directory=Path())

    if moment == "stop":
        monkeypatch.setattr(made, "stop", press_ctrl_c)
    monkeypatch.setattr(FakeExecution, "conclude", conclude)
    settings = runner.Settings(["node"], tmp_path, 20)
    with pytest.raises(KeyboardInterrupt):
        runner.run_all([DIES, HANGS], outputs_of(), settings, told.append)
    assert concluded == ["instance-dies", "instance-hangs"]


def test_whoever_insists_is_not_held() -> None:
    def press_twice() -> None:
        with interruption.held():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            went_on.append(True)

    before, went_on = signal.getsignal(signal.SIGINT), list[bool]()
    with pytest.raises(KeyboardInterrupt):
        press_twice()
    assert went_on == []
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.parametrize(
    ("under_way", "endpoint", "refused"),
    [
        ("single", HERE, False),
        ("ha", HERE, True),
        ("", HERE, True),
        ("ha", THERE, False),
        ("ha", None, False),
    ],
)
def test_only_an_experiment_under_way_on_the_same_stack_is_in_the_way(
    made: Load, tmp_path: Path, under_way: str, endpoint: str | None, *, refused: bool
) -> None:
    header = Header("other", os.getpid(), "ap-northeast-2", endpoint, "instance-dies", under_way)
    journal = FaultJournal.create(tmp_path / DIRECTORY, header)
    try:
        if refused:
            with pytest.raises(ExperimentError, match="still under way"):
                run(tmp_path, DIES)
        else:
            assert [name for name, *_ in run(tmp_path, DIES)] == ["instance-dies"]
        assert journal.path.exists()
        assert made.told == ([] if refused else ["start", "instance-dies", "drain", "stop"])
    finally:
        journal.close()


def test_what_its_guard_puts_back_is_waited_for_and_not_ended(made: Load, tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    header = Header("killed", ended.pid, "ap-northeast-2", HERE, "instance-dies", "ha")
    journal = FaultJournal.create(tmp_path / DIRECTORY, header)
    with pytest.raises(ExperimentError, match="killed left is being put back at this moment"):
        run(tmp_path, DIES)
    journal.close()


def test_what_is_left_elsewhere_is_told_and_is_not_in_the_way(made: Load, tmp_path: Path) -> None:
    header = Header("old", 1, "ap-northeast-2", THERE, "database-cut", "ha")
    journal = FaultJournal.create(tmp_path / DIRECTORY, header)
    journal.note(WayBack("start-instances", {"instances": ["i-1"]}, "i-1 runs"))
    journal.close()
    settings = runner.Settings(["node"], tmp_path, 20)
    told = list[str]()
    runner.run_all([DIES], outputs_of(), settings, told.append)
    assert f"left by database-cut, not put back: {journal.path}: the faults are in" in told[0]
    assert journal.path.exists()


def test_a_second_command_on_the_stack_is_refused_also_between_two_experiments(
    made: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = list[str]()

    def begin_another(one: Any, *_: float) -> float:
        # No journal is open here.
        with pytest.raises(ExperimentError, match="another command runs experiments on") as said:
            run(tmp_path, HANGS)
        refused.append(str(said.value))
        made.told.append(one.experiment.name)
        return 0.0

    monkeypatch.setattr(runner.engine, "await_calm", begin_another)
    assert len(run(tmp_path, DIES, HANGS)) == 2
    assert len(refused) == 2
    assert made.told == ["start", "instance-dies", "instance-hangs", "drain", "stop"]
    monkeypatch.setattr(runner.engine, "await_calm", lambda *_: 0.0)
    # It is over: the next one may begin, and at the same time one on another region's stack.
    with one_at_a_time.only_one(tmp_path, THERE, "ha"):
        assert len(run(tmp_path, DIES)) == 1


def test_where_the_lock_cannot_be_written_nothing_is_begun(made: Load, tmp_path: Path) -> None:
    (tmp_path / DIRECTORY).write_text("a file, not a directory")
    with pytest.raises(ExperimentError, match="nothing was done; name another directory"):
        run(tmp_path, DIES)
    assert made.told == []


def test_a_region_that_does_not_answer_is_one_message(
    made: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent:
        @property
        def name(self) -> str:
            raise EndpointConnectionError(endpoint_url=HERE)

    monkeypatch.setattr(runner, "StackResources", lambda *_: Silent())
    with pytest.raises(ExperimentError, match=f"Could not connect .*{HERE}.*stack is still there"):
        run(tmp_path, DIES)


@pytest.mark.parametrize("when", ["between", "drain"])
def test_an_interruption_beside_the_experiments_loses_none_of_them(
    made: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    concluded = list[str]()

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    def session(experiment: ExperimentFile, *more: Any) -> Any:
        return interrupt() if experiment is HANGS else sessions(experiment, *more)

    def conclude(one: FakeExecution, *_: Any) -> Any:
        concluded.append(one.session.experiment.name)
        record = SimpleNamespace(experiment=concluded[-1], outcome="survived")
        return SimpleNamespace(record=record, directory=Path())

    sessions = runner._session
    if when == "between":
        monkeypatch.setattr(runner, "_session", session)
    else:
        monkeypatch.setattr(made, "drain", interrupt)
    monkeypatch.setattr(FakeExecution, "conclude", conclude)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, DIES, HANGS)
    assert concluded == ["instance-dies", "instance-hangs"][: 1 + (when == "drain")]
    assert made.told[-1] == "stop"


def test_a_load_that_failed_shows_nothing_and_says_why(made: Load, tmp_path: Path) -> None:
    made.problem = "Artillery crashed"
    assert run(tmp_path, DIES, HANGS) == [("instance-dies", None, "Artillery crashed")]


def test_the_load_ends_whatever_happens(
    made: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise GeneratorError("no")

    monkeypatch.setattr(runner.engine, "await_calm", fail)
    with pytest.raises(GeneratorError):
        run(tmp_path, DIES)
    assert made.told == ["start", "stop"]


def test_a_load_lasts_until_its_last_visitors_have_come(tmp_path: Path, monkeypatch: Any) -> None:
    made = BackgroundLoad(outputs_of(), load.profile(20, 60, 0), tmp_path, ["node"], Choice())
    assert made.left_s() == 0
    began = threading.Event()
    ends = threading.Event()

    def put(_self: BackgroundLoad) -> None:
        began.set()
        ends.wait(60)

    monkeypatch.setattr(BackgroundLoad, "_put_load", put)
    monkeypatch.setattr(LoadWatch, "has_begun", lambda _: True)
    made.start()
    assert began.wait(60)
    assert 0 < made.left_s() <= load.RAMP_S + 60
    ends.set()
    made.stop()
    assert made.left_s() == 0


@pytest.mark.parametrize(
    ("rate", "said"), [(125, "it ends after 216 s, because the stack has no more"), (20, "")]
)
def test_a_load_that_may_end_too_soon_says_so_before(tmp_path: Path, rate: int, said: str) -> None:
    outputs = outputs_of().model_copy(update={"seed_users": 27_000})
    settings = runner.Settings(["node"], tmp_path, rate)
    made = runner._load(outputs, settings, tmp_path, [files.find("deployment-good")])
    assert made.announcement.startswith("load: starting")
    assert said in made.announcement
    assert bool(said) == ("--rate" in made.announcement)


@pytest.mark.parametrize(("waiting", "asked"), [([900, 300, 13, 2, 0], 4), ([12], 1)])
def test_users_who_wait_have_their_answer_before_the_load_ends(
    tmp_path: Path, monkeypatch: Any, waiting: list[int], asked: int
) -> None:
    left = list(waiting)
    monkeypatch.setattr(load, "POLL_S", 0.0)
    monkeypatch.setattr(LoadWatch, "in_flight", lambda _: left.pop(0))
    made = BackgroundLoad(outputs_of(), load.profile(125, 60, 0), tmp_path, ["node"], Choice())
    monkeypatch.setattr(made._thread, "is_alive", lambda: True)
    made.drain(at_most_s=60)
    assert len(waiting) - len(left) == asked


def test_users_who_wait_for_ever_do_not_keep_the_load(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(LoadWatch, "in_flight", lambda _: 900)
    made = BackgroundLoad(outputs_of(), load.profile(125, 60, 0), tmp_path, ["node"], Choice())
    monkeypatch.setattr(made._thread, "is_alive", lambda: True)
    made.drain(at_most_s=0.01)


def test_the_watch_knows_how_many_wait(tmp_path: Path) -> None:
    watch = LoadWatch(tmp_path)
    assert watch.in_flight() == 0
    beat = {"event": "beat", "at": 1.0, "users": 9, "lag_p99": 1, "lag_max": 1, "busy": 0.1}
    lines = [
        {"event": "phase", "at": 0, "index": 0, "name": "hold"},
        *({**beat, "worker": worker, "in_flight": n} for worker, n in ((1, 5), (2, 7), (1, 3))),
    ]
    (tmp_path / paths.GENERATOR).write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    assert watch.in_flight() == 10
    assert watch.has_begun()


@pytest.mark.parametrize(
    ("users", "late_s"),
    [
        # 100 a second, from the tenth of a second on; the last beats are of 3.005 and 3.5 seconds.
        ((300, 0), 0.0),
        ((301, 9), 0.0),
        ((150, 50), 0.995),
        ((0, 0), 2.995),
    ],
)
def test_the_watch_knows_how_late_users_come(
    tmp_path: Path, users: tuple[int, int], late_s: float
) -> None:
    watch = LoadWatch(tmp_path, planned_s=np.arange(1, 1001) / 100)
    assert watch.late_s() == 0.0
    beat = {"event": "beat", "in_flight": 0, "lag_p99": 1, "lag_max": 1, "busy": 0.1}
    lines = [
        {"event": "phase", "at": 1000.0, "index": 0, "name": "ramp"},
        {"event": "phase", "at": 2000.0, "index": 1, "name": "hold"},
        {**beat, "at": 2000.0, "worker": 1, "users": 0},
        *(
            {**beat, "at": at, "worker": worker, "users": n}
            for worker, at, n in ((1, 4005.0, users[0]), (2, 4500.0, users[1]))
        ),
    ]
    (tmp_path / paths.GENERATOR).write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    assert watch.late_s() == pytest.approx(late_s)


def test_without_a_plan_nobody_is_late(tmp_path: Path) -> None:
    assert LoadWatch(tmp_path).late_s() == 0.0
