"""A computer's clock that is set during an experiment moves no fault and changes no wait."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from commandline.steady_clock import SteadyClock
from loadtest.engine.target_usage import TargetUsage
from loadtest.experiments import engine, engine_journal, follower, observe, probes, robust_engine
from loadtest.experiments.actions import commands, instances, scripts
from loadtest.experiments.clock import LoadClock
from loadtest.experiments.load_watch import LoadWatch
from loadtest.experiments.observe import Observer
from loadtest.experiments.session import Act, Session, under_way
from loadtest.experiments.target_watch import TargetWatch
from loadtest.runs import paths
from loadtest.runs.journal import Journal
from loadtest.stack.clients import aws
from loadtest.stack.clock_offset import ClockOffset, OffsetEstimator, TimedCalls
from loadtest.stack.outputs import StackOutputs
from tests.loadtest.conftest import exchange, line_of
from tests.loadtest.experiments import test_engine
from tests.loadtest.experiments.conftest import FakeCloud, state

NOW = 1_790_000_000.0
JUMPS = [300.0, -300.0]
"""Five minutes, as a virtual machine's clock is set once its host notices."""

jumps = pytest.mark.parametrize("jump", JUMPS)


class Computer:
    """A clock that the test sets, and one that only goes on."""

    def __init__(self) -> None:
        self.ticks, self.ahead = 1000.0, 0.0

    def wall(self) -> float:
        """What the computer's clock says, in epoch seconds."""
        return NOW - 1000 + self.ticks + self.ahead

    def clock(self) -> SteadyClock:
        return SteadyClock(self.wall, lambda: self.ticks)


@pytest.fixture
def computer() -> Computer:
    return Computer()


@pytest.fixture
def steady(session: Session, computer: Computer) -> Session:
    """The experiment under way, by that computer's clock."""
    session.clock = computer.clock()
    return session


@jumps
def test_a_fault_stays_where_it_is_on_the_axis(steady: Session, computer: Computer, jump: float):
    act = Act(steady, None)
    computer.ticks += 2
    computer.ahead = jump
    act.takes_effect()
    assert steady.began_ms == pytest.approx((NOW + 2) * 1000)
    computer.ticks += 3
    computer.ahead = -jump
    act.over()
    assert act.ended_ms == pytest.approx((NOW + 5) * 1000)


@jumps
@pytest.mark.parametrize("comes_back", [True, False])
def test_the_wait_for_the_steady_state_is_as_long_as_without(
    steady: Session,
    computer: Computer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    jump: float,
    comes_back: bool,
):
    began, waited = NOW * 1000, 0.0

    def wait(seconds: float) -> None:
        nonlocal waited
        waited += seconds
        computer.ticks += seconds
        if waited > 2:
            computer.ahead = jump
        met = comes_back and waited > 6
        steady.states.append(state(NOW + waited, met=met))

    monkeypatch.setattr(Session, "wait", lambda _, seconds: wait(seconds))
    steady.began_ms = began
    assert probes.settled(steady, began, 4, began + 20_000) is comes_back
    # Three good rounds after six seconds; or the deadline.
    assert waited == pytest.approx(6.75 if comes_back else 20.25, abs=0.3)


@jumps
def test_what_users_had_a_moment_ago_is_still_a_moment_ago(
    session: Session, computer: Computer, tmp_path: Path, jump: float
):
    session.load = LoadWatch(tmp_path, computer.clock())
    computer.ticks += 60
    computer.ahead = jump
    # The generator's clock, too, is never set while it runs.
    ended = [exchange(f"1-{n}", arrived_ms=(NOW + at) * 1000) for n, at in ((1, 10), (2, 59))]
    failed = exchange("1-3", arrived_ms=(NOW + 59) * 1000, status=500, expected=False)
    with gzip.open(tmp_path / f"{paths.REQUESTS}.gz", "wt") as file:
        file.writelines(map(line_of, [*ended, failed]))
    with under_way(session):
        assert probes.failed_share() == 0.5


def test_a_clock_that_was_set_before_the_load_began_moves_nothing(computer: Computer):
    clock = computer.clock()
    computer.ahead = -300.0
    clock.begin()
    assert clock.seconds() == pytest.approx(computer.wall())
    assert clock.moved_s() == 0.0


@jumps
def test_looks_at_the_targets_are_in_their_order(computer: Computer, jump: float):
    class Balancer:
        def describe_target_health(self, **_: Any) -> dict[str, Any]:
            computer.ticks += 1
            return {}

    clock = computer.clock()
    watch = TargetWatch(Balancer(), "arn", TimedCalls(OffsetEstimator()), clock=clock)
    watch._poll()
    computer.ahead = jump
    watch._poll()
    assert [one.at for one in watch.polls] == pytest.approx([NOW + 0.5, NOW + 1.5])


@jumps
def test_the_engine_dates_by_the_experiment_s_clock(
    session: Session, jump: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(engine, "FREQUENCY_S", 0.01)
    monkeypatch.setattr(follower, "SHOWS_S", 0.0)
    # The computer's own clock, which the engine would take, has been set since.
    session.clock = SteadyClock(lambda: time.time() - jump)
    began_ms = session.clock.ms()
    test_engine.VALUES[:] = [True]
    journal = test_engine.run(test_engine.of(session, test_engine.activity("action", "fault")))
    (fault, _) = engine_journal.actions(journal)
    before = engine_journal.steady_state(journal["steady_states"]["before"])
    assert before is not None
    times = [before.at_ms, fault.began_ms, fault.ended_ms, *(one.at_ms for one in session.states)]
    assert all(began_ms - 1 <= one <= session.clock.ms() for one in [*times, session.began_ms or 0])


def test_the_engine_has_its_own_dates_again_afterwards(computer: Computer):
    with robust_engine.contained(computer.clock()):
        assert robust_engine.activity.datetime.now(UTC).timestamp() == pytest.approx(NOW)
    assert robust_engine.activity.datetime is datetime
    assert robust_engine.run.datetime is datetime


HERE = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("endpoint", "jump", "said_after_s"),
    [
        # The instance of a local region has this computer's clock; one of AWS has AWS's.
        (HERE, 300.0, 1.0),
        (HERE, -300.0, 1.0),
        (HERE, -1.5, 1.0),
        (None, 300.0, 1.0),
    ],
)
def test_when_a_script_took_effect_is_known_whatever_its_computer_s_clock_was_set_to(
    steady: Session,
    cloud: FakeCloud,
    computer: Computer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    endpoint: str | None,
    jump: float,
    said_after_s: float,
):
    if endpoint is None:
        monkeypatch.delenv(aws.ENDPOINT, raising=False)
    else:
        monkeypatch.setenv(aws.ENDPOINT, endpoint)
    computer.ahead = jump

    def ran(*_: Any) -> dict[str, str]:
        said = computer.wall() + said_after_s - (0 if endpoint else jump)
        computer.ticks += 4
        return {"i-1": f"{scripts.STARTED} {said * 1000:.0f}"}

    monkeypatch.setattr(commands, "run", ran)
    with under_way(steady):
        instances.hang(seconds=30)
    assert steady.began_ms == pytest.approx((NOW + said_after_s) * 1000, abs=1)
    assert steady.ended_ms == pytest.approx((NOW + said_after_s + 30) * 1000, abs=1)


def test_a_script_whose_clock_is_wrong_took_effect_by_the_time_it_was_done(
    steady: Session, computer: Computer, monkeypatch: pytest.MonkeyPatch
):
    def ran(*_: Any) -> dict[str, str]:
        computer.ticks += 4
        return {"i-1": f"{scripts.STARTED} {(NOW - 40) * 1000:.0f}"}

    monkeypatch.setattr(commands, "run", ran)
    with under_way(steady):
        instances.hang(seconds=30)
    assert steady.began_ms == pytest.approx((NOW + 4) * 1000)


def answer(at: float) -> dict[str, Any]:
    date = format_datetime(datetime.fromtimestamp(int(at), UTC), usegmt=True)
    return {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}


def polled(computer: Computer, seconds: int, then: Callable[[], object]) -> LoadClock:
    """Ask the region once a second, `then` set the clock of its computer, and ask again."""
    clock, estimator = computer.clock(), OffsetEstimator()
    began = clock.seconds()
    calls = TimedCalls(estimator, clock.seconds)
    for half in (1, 2):
        for _ in range(seconds):
            calls(lambda: answer(computer.wall()))
            computer.ticks += 1.03
        if half == 1:
            then()
    return LoadClock(began, estimator.eras(), clock.seconds())


@jumps
@pytest.mark.parametrize("at_s", [-30.0, 2.0, 15.0, 28.0, 45.0, 58.0])
def test_what_the_region_dated_before_and_after_is_where_it_was(
    computer: Computer, jump: float, at_s: float
):
    clock = polled(computer, 30, lambda: setattr(computer, "ahead", jump))
    dated = NOW + at_s + (jump if at_s > 30.9 else 0)
    assert clock.of_aws(datetime.fromtimestamp(dated, UTC)) == pytest.approx(at_s, abs=0.6)
    ((when, by),) = clock.jumps()
    assert when == pytest.approx(30, abs=2)
    assert by == pytest.approx(jump, abs=0.6)


@jumps
def test_what_happened_since_is_asked_for_from_the_earliest_on(computer: Computer, jump: float):
    clock = polled(computer, 30, lambda: setattr(computer, "ahead", jump))
    first = NOW + min(jump, 0)
    assert clock.to_aws(0).timestamp() == pytest.approx(first, abs=0.6)


def test_a_clock_that_drifts_was_not_set(computer: Computer):
    clock = polled(computer, 30, lambda: setattr(computer, "ahead", 0.4))
    assert clock.jumps() == []
    assert LoadClock(NOW, ClockOffset()).jumps() == []


@jumps
def test_a_clock_that_was_set_is_told_among_what_was_observed(
    computer: Computer,
    single_outputs: StackOutputs,
    tmp_path: Path,
    jump: float,
    cloud: FakeCloud,
):
    cloud.answers["sts.get_caller_identity"] = lambda: answer(computer.wall())
    observer = Observer(single_outputs, cloud, clock=computer.clock())
    with observer:
        observer.read_settings()
        computer.ticks += 20
        computer.ahead = jump
    observer.save(tmp_path, NOW)
    found = observe.load(tmp_path)
    assert found is not None
    told = [one for one in found.problems if "clock was set" in one]
    assert len(told) == 1
    by = told[0].partition("set by ")[2].partition(" s")[0]
    assert float(by) == pytest.approx(jump, abs=1.1)


def usage_line(computer: Computer, **more: Any) -> str:
    line = {"version": 2, "at": computer.wall(), "ticks": computer.ticks, "kind": "region", **more}
    return json.dumps(line) + "\n"


@jumps
@pytest.mark.parametrize("before_the_run", [True, False])
def test_what_the_target_used_is_on_the_run_s_clock(
    computer: Computer, tmp_path: Path, *, jump: float, before_the_run: bool
):
    source = tmp_path / "usage.ndjson"
    source.write_text("")
    if before_the_run:
        # The region goes on by a clock of its own all the time.
        computer.ahead = jump
    usage = TargetUsage(source, computer.clock())
    began = computer.wall()
    with source.open("a") as file:
        for second in range(1, 4):
            computer.ticks += 1
            if second == 2:
                computer.ahead = 0.0 if before_the_run else jump
            file.write(usage_line(computer, name="region"))
        file.write('{"version": 2, "at": 5, "name": "of an older region"}\n')
    usage.copy(tmp_path)
    found = [json.loads(line) for line in Journal(tmp_path / f"{paths.TARGET}.gz")]
    assert [one["at"] - began for one in found[:3]] == pytest.approx([1, 2, 3], abs=0.01)
    assert found[3] == {"version": 2, "at": 5, "name": "of an older region"}


def test_all_processes_of_a_computer_have_the_same_ticks():
    clock, seen = SteadyClock(), list[float]()
    other = threading.Thread(target=lambda: seen.append(time.monotonic()))
    before = clock.seconds()
    other.start()
    other.join()
    assert before <= clock.at(seen[0]) <= clock.seconds()
