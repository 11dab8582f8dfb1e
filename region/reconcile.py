"""The loop that runs controllers.

A controller compares the desired state in the control plane with what really runs and reconciles
them. It may hold `plane.lock` for short reads and writes only: never while it starts a process,
waits or uses a socket, because every API call of the region waits for that lock.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import Protocol

log = logging.getLogger(__name__)

FIRST_BACK_OFF = 0.5
LONGEST_BACK_OFF = 30.0
CLOSE_TIMEOUT = 30.0


class Plane(Protocol):
    """The part of the control plane that the loop itself needs."""

    def wait(self, since: int, timeout: float) -> int:
        """Block until the generation exceeds `since` or `timeout` seconds passed."""
        ...

    def notify(self) -> None:
        """Announce a change."""
        ...


class Controller(Protocol):
    """What one service does behind its API."""

    name: str

    def reconcile(self) -> None:
        """Bring what runs in line with the control plane. Idempotent; called repeatedly."""
        ...

    def close(self) -> None:
        """Stop what the controller started and return when it has stopped."""
        ...


class ControllerLoop:
    """Runs every controller in its own thread, on each change and at least every `tick` seconds."""

    def __init__(self, plane: Plane, controllers: Iterable[Controller], tick: float = 0.5) -> None:
        """Prepare the loop; nothing runs before `start`. `tick` is in seconds."""
        self._plane = plane
        self._controllers = list(controllers)
        self._tick = tick
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start one thread per controller."""
        self._stopping.clear()
        for controller in self._controllers:
            thread = threading.Thread(
                target=self._run,
                args=(controller,),
                name=f"controller-{controller.name}",
                daemon=True,
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let every controller finish its round, then close them in reverse order."""
        self._stopping.set()
        self._plane.notify()
        for thread in self._threads:
            thread.join(CLOSE_TIMEOUT)
            if thread.is_alive():
                log.warning("%s did not stop within %.0f s", thread.name, CLOSE_TIMEOUT)
        self._threads.clear()
        for controller in reversed(self._controllers):
            try:
                controller.close()
            except Exception:
                log.exception("controller %s could not be closed", controller.name)

    def _run(self, controller: Controller) -> None:
        generation = -1
        back_off = FIRST_BACK_OFF
        while not self._stopping.is_set():
            generation = self._plane.wait(generation, self._tick)
            if self._stopping.is_set():
                return
            try:
                controller.reconcile()
                back_off = FIRST_BACK_OFF
            except Exception:
                log.exception(
                    "controller %s failed, next attempt in %.1f s", controller.name, back_off
                )
                self._stopping.wait(back_off)
                back_off = min(2 * back_off, LONGEST_BACK_OFF)
