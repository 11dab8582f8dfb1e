"""A worker that runs and says nothing any more hangs; one that has nothing to say does not."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from loadtest.engine.workers.silence import Silence


class Clock:
    """Monotonic time as the test says."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made)
    return made


def silence(*first: float | None, runs: Callable[[int], bool] = lambda _: True) -> Silence:
    return Silence(first, runs, 30.0)


def test_before_the_load_begins_nobody_has_to_say_anything(clock: Clock):
    found = silence(1.0, 1.0)
    clock.now += 1000
    assert found.found() is None


def test_whoever_is_not_heard_for_too_long_is_found(clock: Clock):
    found = silence(1.0, 1.0)
    found.begin(2.0)
    clock.now += 20
    found.heard(0)
    found.heard(1)
    clock.now += 29
    found.heard(0)
    assert found.found() is None
    clock.now += 2
    assert found.found() == 1


def test_a_worker_is_to_be_heard_from_its_first_visitor_on(clock: Clock):
    found = silence(1.0, 60.0, None)
    found.begin(2.0)
    clock.now += 33.5
    assert found.found() == 0
    found.heard(0)
    clock.now += 58
    found.heard(0)
    assert found.found() is None
    clock.now += 1
    assert found.found() == 1
    found.heard(1)
    # The third starts nobody.
    assert found.found() is None


def test_who_has_ended_is_not_silent(clock: Clock):
    found = silence(1.0, runs=lambda _: False)
    found.begin(0.0)
    clock.now += 500
    assert found.found() is None
