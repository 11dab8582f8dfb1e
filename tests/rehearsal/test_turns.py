"""Turns at the load, with the load test's own side of the protocol."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loadtest.engine.turn import VARIABLE, announce_release
from rehearsal.turns import Turns
from toolchain import paths

STACKS = ("single", "ha")
LOADTEST = """
    import sys
    from loadtest.engine.turn import turn
    from loadtest.errors import TurnError
    try:
        with turn(sys.argv[1], print):
            print("begins", flush=True)
            sys.stdin.readline()
    except TurnError as error:
        print(error, flush=True)
"""
WAIT_S = 10


class Loadtest:
    """A load test in a process of its own, which waits for its turn."""

    def __init__(self, stack: str, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", textwrap.dedent(LOADTEST), stack],
            cwd=paths.ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """What it prints next; blocks until then."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def waits(self) -> bool:
        """Whether it has said that it waits."""
        return self.line().startswith("ready: waiting")

    def silent(self) -> bool:
        """Whether it still runs and has not begun: it does not end within half a second either."""
        with pytest.raises(subprocess.TimeoutExpired):
            self.process.wait(0.5)
        return True


@pytest.fixture
def turns() -> Iterator[Turns]:
    with Turns(STACKS) as opened:
        yield opened
    assert not opened.path.parent.exists()


@pytest.fixture
def load(turns: Turns) -> Iterator[Callable[[str], Loadtest]]:
    started: list[Loadtest] = []

    def start(stack: str) -> Loadtest:
        one = Loadtest(stack, turns.variables)
        started.append(one)
        assert one.waits()
        return one

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def test_the_first_begins_when_both_are_ready_and_the_second_when_the_first_is_done(
    turns: Turns, load: Callable[[str], Loadtest]
) -> None:
    ha = load("ha")
    assert ha.silent()
    single = load("single")
    assert single.line() == "begins"
    # The load is over, but not yet `pulumi up`.
    single.process.communicate("\n", timeout=WAIT_S)
    assert ha.silent()
    turns.done("single")
    assert ha.line() == "begins"


def test_a_stack_that_failed_is_not_waited_for(
    turns: Turns, load: Callable[[str], Loadtest]
) -> None:
    ha = load("ha")
    turns.done("single")
    assert ha.line() == "begins"


def test_a_load_test_that_was_killed_frees_its_turn(
    turns: Turns, load: Callable[[str], Loadtest]
) -> None:
    single = load("single")
    single.process.send_signal(signal.SIGKILL)
    single.process.wait()
    ha = load("ha")
    assert ha.silent()
    # Its hook fails, so its `pulumi up` does.
    turns.done("single")
    assert ha.line() == "begins"


def test_a_load_test_may_connect_again_in_its_turn(
    turns: Turns, load: Callable[[str], Loadtest]
) -> None:
    ha, single = load("ha"), load("single")
    assert single.line() == "begins"
    single.process.kill()
    assert load("single").line() == "begins"
    assert ha.silent()


def test_the_end_of_the_rehearsal_ends_the_wait() -> None:
    with Turns(STACKS) as turns:
        waiting = Loadtest("ha", turns.variables)
        assert waiting.waits()
    assert "was not given its turn" in waiting.process.communicate(timeout=WAIT_S)[0]


def test_strangers_and_stacks_that_are_done_get_no_turn(turns: Turns) -> None:
    turns.done("single")
    for stack in ("staging", "single"):
        refused = Loadtest(stack, turns.variables)
        assert "was not given its turn" in refused.process.communicate(timeout=WAIT_S)[0]


@pytest.mark.parametrize("kind", ["missing", "file", "left", "long"])
def test_a_socket_that_nobody_listens_on_is_reported_with_the_remedy(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "turns"
    if kind == "file":
        path.touch()
    elif kind == "left":
        monkeypatch.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("turns")
    elif kind == "long":
        path = tmp_path / ("x" * 200)
    alone = Loadtest("ha", {VARIABLE: str(path)})
    printed = alone.process.communicate(timeout=WAIT_S)[0]
    assert f"LOADTEST_TURN names the socket {path}, and nobody listens there" in printed
    assert "unset LOADTEST_TURN" in printed


def test_without_the_variable_nothing_waits() -> None:
    alone = Loadtest("ha", {})
    assert alone.line() == "begins"
    alone.process.communicate("\n", timeout=WAIT_S)


def test_a_release_is_announced_to_whoever_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    releases: queue.SimpleQueue[str] = queue.SimpleQueue()
    with Turns(STACKS, releases.put) as turns:
        monkeypatch.setenv(VARIABLE, str(turns.path))
        announce_release("ha")
        assert releases.get(timeout=WAIT_S) == "ha"
    # Nobody listens any more, and nobody asks for it.
    announce_release("ha")
    monkeypatch.delenv(VARIABLE)
    announce_release("ha")
    assert releases.empty()
