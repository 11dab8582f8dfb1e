"""The speed of this computer's cores while a region runs, not only at its start.

A core may do twice the work of a minute ago: its sibling worked for another guest of the computer, whom
no counter here shows, or a processor is cooler. And a request finds the caches of its CPU used by all
other parts of the region once they are under load. Instances are held to what their type's baseline does
all the same, so a process does a burst of the fixed work five times a second, on whichever CPU the kernel
gives it, as it does with the instances' requests.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from region.calibration import fixed_work, reference
from region.calibration.record import LEAST_FACTOR, MOST_FACTOR, middle_mean

log = logging.getLogger(__name__)

WINDOW: Final = 25
"""Bursts that a factor is computed from: 5 seconds."""
STEP: Final = 0.10
"""By how much it has to change before quotas follow. The mean of a window scatters by less, and each change
gives an instance that is at its limit up to two periods' quota at once (kernel/sched/core.c,
tg_set_cfs_bandwidth)."""
_AGAIN_S: Final = 5.0


class Recent:
    """What the newest bursts say of the factor."""

    def __init__(self, factor: float) -> None:
        """Begin with the factor of the calibration."""
        self.factor = factor
        self._costs: deque[float] = deque(maxlen=WINDOW)

    def add(self, cost: float) -> bool:
        """Take the CPU seconds of a unit in one more burst, and return whether the factor has changed.

        After a change it needs a whole window of bursts before the next.
        """
        self._costs.append(cost)
        if len(self._costs) < WINDOW:
            return False
        found = middle_mean(self._costs) * reference.RATE
        found = min(max(found, LEAST_FACTOR), MOST_FACTOR)
        if abs(found / self.factor - 1) < STEP:
            return False
        self.factor = found
        self._costs.clear()
        return True


class SpeedMeter:
    """Runs the process that measures, and tells each change of the factor."""

    def __init__(self, factor: float, tell: Callable[[float], None]) -> None:
        """Begin with `factor`; `tell` is called on a thread of the meter's own."""
        self._recent, self._tell = Recent(factor), tell
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="speed", daemon=True)

    def start(self) -> None:
        """Start to measure."""
        self._thread.start()

    def stop(self) -> None:
        """End the process."""
        self._stopping.set()
        with self._lock:
            if self._process:
                self._process.kill()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._measure()
            except OSError as error:
                log.warning(
                    "the speed of the cores cannot be followed, so quotas stay as they are: %s",
                    error,
                )
            # Whoever killed it, and whatever a new process lacks, may not do so again.
            self._stopping.wait(_AGAIN_S)

    def _measure(self) -> None:
        with self._lock:
            if self._stopping.is_set():
                return
            process = self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(fixed_work.__file__)), fixed_work.FOLLOW],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        with process:
            assert process.stdout is not None  # noqa: S101
            for line in process.stdout:
                if self._recent.add(float(line)):
                    log.info("%.2f CPU seconds here are one of a vCPU now", self._recent.factor)
                    self._tell(self._recent.factor)
