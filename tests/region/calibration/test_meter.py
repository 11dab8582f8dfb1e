"""The speed of the cores while a region runs: told when it has changed for some seconds, and not before."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from region.calibration import fixed_work, meter, reference
from region.calibration.meter import WINDOW, Recent, SpeedMeter
from region.calibration.record import MOST_FACTOR, middle_mean
from tests.processes import command_of
from tests.region.builders import until

UNIT = 1 / reference.RATE
"""CPU seconds of a unit on the reference core."""


def after(recent: Recent, *costs: float) -> list[bool]:
    return [recent.add(cost * UNIT) for cost in costs]


def test_a_change_is_told_after_a_whole_window():
    recent = Recent(1.0)
    told = after(recent, *[2.0] * WINDOW)
    assert told == [False] * (WINDOW - 1) + [True]
    assert recent.factor == pytest.approx(2.0)
    assert not any(after(recent, *[1.0] * (WINDOW - 1)))
    assert after(recent, 1.0) == [True]
    assert recent.factor == pytest.approx(1.0)


def test_a_small_change_is_not_told():
    recent = Recent(1.0)
    assert not any(after(recent, *[1.09] * (3 * WINDOW)))
    assert recent.factor == 1.0


def test_single_bursts_that_were_hit_say_nothing():
    recent = Recent(1.0)
    assert not any(after(recent, *[1.0] * (WINDOW - 5), *[9.0] * 5))


def test_a_core_of_two_speeds_counts_with_their_mean():
    assert middle_mean([1.0, 1.0, 1.0, 3.0, 3.0, 3.0]) == pytest.approx(2.0)
    assert middle_mean([4.0]) == 4.0


def test_a_computer_that_stands_still_has_no_impossible_factor():
    recent = Recent(1.0)
    after(recent, *[1e9] * WINDOW)
    assert recent.factor == MOST_FACTOR


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch):
    """What a running meter tells whose factor is far from any computer's."""
    monkeypatch.setattr(meter, "_AGAIN_S", 0.05)
    found = list[float]()
    running = SpeedMeter(40.0, found.append)
    running.start()
    yield found
    running.stop()
    assert not workers()
    assert not [one for one in threading.enumerate() if one.name == "speed"]


def workers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if fixed_work.FOLLOW in command_of(one)]


def test_it_measures_this_computer(told: list[float]):
    until(lambda: bool(told), timeout=60)
    assert 0.05 < told[0] < 30


def test_another_process_goes_on_for_one_that_was_killed(told: list[float]):
    until(lambda: bool(workers()), timeout=20)
    (first,) = workers()
    first.kill()
    until(lambda: workers() not in ([], [first]), timeout=20)


def test_the_process_ends_with_whoever_started_it():
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(fixed_work.__file__)), fixed_work.FOLLOW],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert 0 < float(process.stdout.readline()) < 1
    process.stdin.close()
    assert process.wait(20) == 0
    process.stdout.close()


def test_it_ends_where_nobody_reads():
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(fixed_work.__file__)), fixed_work.FOLLOW],
        stdin=subprocess.PIPE,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    os.close(read)
    process.wait(30)
    assert process.stdin is not None
    process.stdin.close()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
