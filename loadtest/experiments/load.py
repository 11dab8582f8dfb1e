"""The load during an experiment: steady, from before the fault until the steady state is back."""

from __future__ import annotations

import io
import math
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from commandline.steady_clock import SteadyClock
from loadtest.engine.runner import STARTUP_S, LoadTest, run_load
from loadtest.errors import GeneratorError, LoadTestError
from loadtest.experiments.load_watch import LoadWatch
from loadtest.experiments.models import Hypothesis
from loadtest.models import RunSummary
from loadtest.profiles import PROFILES, Phase, Profile
from loadtest.scenario.scenario import Choice
from loadtest.stack.outputs import StackOutputs

RAMP_S = 5
SPARE_S = 180
"""How long the load could still go on after the longest recovery: probes and deployments take time."""
POLL_S = 0.2
DRAIN_S = 12.0
"""Longer than a request's usual timeout of 10 s."""
WAITING_S = 0.1
"""As many requests as come in that time may be in flight without anybody waiting for anything."""
USUAL_RATE = PROFILES["quick"].peak_rate


def longest_s(hypothesis: Hypothesis) -> float:
    """Return for how many seconds an experiment may need its load."""
    return hypothesis.warm_up_s + hypothesis.recovery_s + hypothesis.observe_s


def whole_s(hypotheses: Sequence[Hypothesis]) -> float:
    """Return for how many seconds experiments that follow each other may need their load."""
    return sum(longest_s(one) + SPARE_S for one in hypotheses)


def profile(rate: int, seconds: float, seed_users: int) -> Profile:
    """Return a steady load that lasts at least so long, as far as the stack has visitors for it."""
    supply_s = seed_users // rate - RAMP_S if seed_users else seconds
    hold = int(max(1, min(seconds, supply_s)))
    phases = (Phase("ramp", RAMP_S, max(1, rate // 5), rate), Phase("hold", hold, rate))
    return Profile("experiment", phases, shows_percentiles=False)


def hold(rate: int, seconds: float) -> Profile:
    """Return the profile of a stretch of such a load."""
    length = max(1, math.ceil(seconds))
    return Profile("experiment", (Phase("hold", length, rate),), shows_percentiles=False)


class BackgroundLoad:
    """A load run in a thread of its own."""

    def __init__(
        self,
        outputs: StackOutputs,
        load: Profile,
        directory: Path,
        command: Sequence[str],
        scenario: Choice,
        *,
        wanted_s: float = 0.0,
    ) -> None:
        """Prepare to put the stack under `load`, saved in `directory`; `command` starts Artillery.

        `wanted_s` is how long an experiment under it may take.
        """
        self._wanted_s = wanted_s
        self._arguments = (outputs, load)
        self._directory, self._command, self._scenario = directory, command, scenario
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._clock = SteadyClock()
        self.watch = LoadWatch(directory, self._clock, load.schedule())
        self._began: float | None = None
        """When users began to arrive, by the monotonic clock."""
        self.error: str | None = None
        """Why there is no load any more."""
        self.summary: RunSummary | None = None
        self.ended_ms: float | None = None
        """When the last visitors came (epoch ms), if it ended by itself; else None."""

    @property
    def announcement(self) -> str:
        """What is said as it starts: also if it may end too soon."""
        _, load = self._arguments
        if load.duration_s >= self._wanted_s:
            return "load: starting"
        return (
            f"load: starting; it ends after {load.duration_s} s, because the stack has no more visitors "
            "(seedUsers). What takes longer is inconclusive; a lower --rate makes it last longer"
        )

    @property
    def problem(self) -> str | None:
        """Why it shows nothing: it failed, or ended before it was stopped."""
        return self.problem_before(math.inf)

    def problem_before(self, at_ms: float) -> str | None:
        """Return why it shows nothing of what came before that time (epoch ms)."""
        if self.error:
            return self.error
        if self.ended_ms is not None and self.ended_ms < at_ms:
            return "it ended before the experiment did: the stack has no more visitors (seedUsers)"
        return None

    def left_s(self) -> float:
        """Return for how many seconds visitors still come, 0 once the load has ended."""
        if self._began is None or not self._thread.is_alive():
            return 0.0
        _, load = self._arguments
        return max(0.0, self._began + load.duration_s - time.monotonic())

    def start(self) -> None:
        """Start it and return once users arrive.

        Raises:
            GeneratorError: It did not start.
        """
        # As late as it can be: what is set before that moves nothing, and what is set after it is told.
        self._clock.begin()
        self._thread.start()
        deadline = time.monotonic() + STARTUP_S
        while not self.watch.has_begun():
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise GeneratorError(
                    self.error or f"the load did not begin within {STARTUP_S:.0f} s"
                )
            time.sleep(POLL_S)
        self._began = time.monotonic()

    def drain(self, at_most_s: float = DRAIN_S) -> None:
        """Let users who are still waiting have their answer or their timeout, at most so long.

        Whoever is cut off is in no record. After a fault that lets everybody wait, that would be hundreds,
        and those who came after them would count as late.
        """
        deadline, (_, load) = time.monotonic() + at_most_s, self._arguments
        while (
            self._thread.is_alive()
            and time.monotonic() < deadline
            and self.watch.in_flight() > load.peak_rate * WAITING_S
        ):
            time.sleep(POLL_S)

    def stop(self) -> None:
        """End it, and wait until the run is saved. Idempotent."""
        if self._thread.ident is None:
            return
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        self._put_load()
        if not self._stop.is_set():
            ended = self._clock.seconds()
            if self.summary is not None:
                _, load = self._arguments
                began = self.summary.load_began_at.timestamp()
                ended = min(ended, began + load.duration_s)
            self.ended_ms = ended * 1000

    def _put_load(self) -> None:
        outputs, load = self._arguments
        try:
            result = run_load(
                outputs,
                LoadTest(load, command=self._command, scenario=self._scenario),
                console=Console(file=io.StringIO()),
                directory=self._directory,
                stopped=self._stop.is_set,
            )
        except LoadTestError as error:
            self.error = str(error)
        except OSError as error:
            self.error = f"the load failed: {error}"
        else:
            self.summary = result.summary
