"""The watch for moments in which the computer stands still."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from loadtest.engine import stall_watch
from loadtest.engine.stall_recorder import StallRecorder
from loadtest.engine.stall_watch import PAUSE_S, Stalls
from loadtest.runs import stalls
from tests.processes import command_of

USUAL = 0.0001


class Clock:
    """Feeds pieces of work that follow each other."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.stalls = Stalls()
        for _ in range(20):
            self.piece()

    def piece(self, cost: float = USUAL, late: float = 0.0) -> tuple[float, float] | None:
        began, woken = self.now, self.now + PAUSE_S + late
        self.now = woken + cost
        return self.stalls.add(began, woken, self.now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_slow_pieces_in_a_row_are_a_moment(clock: Clock):
    since = clock.now + PAUSE_S
    assert [clock.piece(USUAL * 10) for _ in range(5)] == [None] * 5
    found = clock.piece()
    assert found == pytest.approx((since, clock.now - USUAL))
    assert clock.piece() is None


def test_a_single_slow_piece_is_an_interrupt(clock: Clock):
    clock.piece(USUAL * 10)
    assert clock.piece() is None


def test_a_piece_that_begins_late_by_more_than_a_pause_is_a_moment(clock: Clock):
    since = clock.now + PAUSE_S
    assert clock.piece(late=0.05) is None
    assert clock.piece() == pytest.approx((since, clock.now - USUAL))


def test_a_computer_that_has_become_slow_is_not_one_that_stands_still(clock: Clock):
    for _ in range(300):
        clock.piece(USUAL * 10)
    clock.piece()
    assert [clock.piece(USUAL * 10) for _ in range(5)] == [None] * 5


def watched(path: Path) -> list[stalls.Stall]:
    return stalls.read(path) if path.exists() else []


def test_a_watch_that_was_stopped_has_seen_it(tmp_path: Path):
    path = tmp_path / "stalls.ndjson"
    with StallRecorder(path):
        watch = str(Path(stall_watch.__file__))
        (child,) = [one for one in psutil.Process().children() if watch in command_of(one)]
        time.sleep(1.5)
        stopped = time.time() * 1000
        child.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        child.send_signal(signal.SIGCONT)
        time.sleep(1.0)
    assert not child.is_running()
    assert any(
        one.from_ms < stopped + 100 and one.to_ms - one.from_ms > 200 for one in watched(path)
    )


def test_a_watch_that_cannot_start_stops_no_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    with StallRecorder(tmp_path / "stalls.ndjson"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_whoever_started_it():
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(stall_watch.__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0


def test_both_sides_know_the_same_version(tmp_path: Path):
    assert stall_watch.VERSION == stalls.VERSION
    line = json.dumps({"version": stalls.VERSION, "from": 1.0, "to": 2.5})
    path = tmp_path / "stalls.ndjson"
    path.write_text(f"{line}\n{line[:-3]}", encoding="utf-8")
    assert stalls.read(path) == [(1.0, 2.5)]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "3",
        '{"version": 1}',
        '{"version": 2, "from": 1, "to": 2}',
        '{"version": 1, "from": 2, "to": 1}',
    ],
)
def test_what_is_no_moment_is_refused(line: str):
    with pytest.raises(ValueError, match=r"not a line|version 2|Expecting|ends before"):
        stalls.parse(line)


def test_a_broken_line_hides_nothing_before_it(tmp_path: Path):
    path = tmp_path / "stalls.ndjson"
    good = json.dumps({"version": 1, "from": 1.0, "to": 2.5})
    path.write_text(f"{good}{os.linesep}nonsense{os.linesep}{good}{os.linesep}", encoding="utf-8")
    assert len(stalls.read(path)) == 1


@pytest.mark.parametrize("jump", [5.0, -5.0])
def test_a_clock_that_is_set_is_no_standstill(jump: float, monkeypatch: pytest.MonkeyPatch):
    real, ahead = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    rounds = iter(range(60))

    def pause() -> bool:
        number = next(rounds, None)
        ahead[0] = jump if number is not None and number > 30 else 0.0
        time.sleep(PAUSE_S)
        return number is not None

    assert [one for one in stall_watch.moments(pause) if abs(one[1] - one[0]) > 1] == []
