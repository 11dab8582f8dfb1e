from __future__ import annotations

import logging
import threading
import time

from region import reconcile
from region.reconcile import ControllerLoop


class Counted:
    def __init__(self, name="counted", fails=0):
        self.name = name
        self.rounds = 0
        self.fails = fails
        self.closed = threading.Event()
        self.ran = threading.Event()

    def reconcile(self):
        self.rounds += 1
        self.ran.set()
        if self.rounds <= self.fails:
            raise RuntimeError("not this time")

    def close(self):
        self.closed.set()


class Plane:
    def __init__(self):
        self.condition = threading.Condition()
        self.generation = 0

    def wait(self, since, timeout):
        with self.condition:
            self.condition.wait_for(lambda: self.generation > since, timeout)
            return self.generation

    def notify(self):
        with self.condition:
            self.generation += 1
            self.condition.notify_all()


def test_a_change_wakes_a_controller_long_before_the_tick():
    plane, controller = Plane(), Counted()
    loop = ControllerLoop(plane, [controller], tick=30)
    loop.start()
    assert controller.ran.wait(2)
    controller.ran.clear()
    plane.notify()
    assert controller.ran.wait(2)
    started = time.monotonic()
    loop.stop()
    assert time.monotonic() - started < 2
    assert controller.closed.is_set()


def test_without_changes_the_tick_runs_it():
    controller = Counted()
    loop = ControllerLoop(Plane(), [controller], tick=0.02)
    loop.start()
    time.sleep(0.5)
    loop.stop()
    assert controller.rounds >= 5


def test_a_failure_is_logged_and_retried_with_back_off(monkeypatch, caplog):
    monkeypatch.setattr(reconcile, "FIRST_BACK_OFF", 0.05)
    controller, healthy = Counted("broken", fails=3), Counted("healthy")
    loop = ControllerLoop(Plane(), [controller, healthy], tick=0.01)
    with caplog.at_level(logging.ERROR):
        loop.start()
        deadline = time.monotonic() + 5
        while controller.rounds < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        loop.stop()
    assert controller.rounds >= 5
    assert "controller broken failed, next attempt in 0.1 s" in caplog.text
    assert "not this time" in caplog.text
    assert healthy.rounds > controller.rounds


def test_a_controller_that_cannot_be_closed_does_not_keep_others_open(caplog):
    class Stubborn(Counted):
        def close(self):
            raise RuntimeError("no")

    first, last = Counted(), Stubborn()
    loop = ControllerLoop(Plane(), [first, last], tick=0.05)
    loop.start()
    loop.stop()
    assert first.closed.is_set()
    assert "could not be closed" in caplog.text
