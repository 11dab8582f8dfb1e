"""Live progress of a run: a panel on a terminal, else one plain line every two seconds."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table

from commandline.steady_clock import SteadyClock
from loadtest.analysis.columns import QUANTILES, quantile
from loadtest.formatting import line_printer
from loadtest.outcomes import ANSWERED, Outcome
from loadtest.profiles import Profile
from loadtest.runs.probes import Probe
from loadtest.runs.recording import Beat, Exchange, GeneratorEvent, PhaseStart

PLAIN_INTERVAL_S = 5.0
ROLLING_MS = 5_000
STYLES = {
    Outcome.GOOD: "green",
    Outcome.SLOW: "yellow",
    Outcome.TIMEOUT: "red",
    Outcome.SERVER_ERROR: "red",
    Outcome.CLIENT_ERROR: "yellow",
}


class Meter:
    """What is known of a run while it lasts."""

    def __init__(
        self, profile: Profile, slow_ms: float | None = None, generator: str = "Artillery"
    ) -> None:
        """Start from zero. An answer whose first byte takes longer than `slow_ms` is slow."""
        self.profile = profile
        self.probes = 0
        self.good_probes = 0
        self._slow_ms = slow_ms
        self.outcomes: Counter[Outcome] = Counter()
        self.phase = f"starting {generator}"
        self.began_ms: float | None = None
        self._users_by_worker: dict[int, int] = {}
        self._in_flight: dict[int, int] = {}
        self._recent: deque[tuple[float, float]] = deque()

    def add(
        self,
        exchanges: Iterable[Exchange],
        events: Iterable[GeneratorEvent],
        probes: Iterable[Probe] = (),
    ) -> None:
        """Add what was recorded since the last call."""
        for exchange in exchanges:
            outcome = exchange.outcome_within(self._slow_ms)
            self.outcomes[outcome] += 1
            if outcome in ANSWERED and exchange.ttfb_ms is not None:
                self._recent.append((exchange.ended_ms, exchange.ttfb_ms))
        for probe in probes:
            self.probes += 1
            self.good_probes += probe.outcome is Outcome.GOOD
        for event in events:
            match event:
                case PhaseStart(at_ms=at, name=name):
                    self.phase = name
                    self.began_ms = self.began_ms or at
                case Beat(worker=worker, users=users, in_flight=in_flight):
                    self._users_by_worker[worker] = users
                    self._in_flight[worker] = in_flight
                case _:
                    pass

    @property
    def answers(self) -> int:
        """Requests that have ended, successfully or not."""
        return self.outcomes.total()

    @property
    def users(self) -> int:
        """Virtual users that have arrived, as of at most a second ago."""
        return sum(self._users_by_worker.values())

    @property
    def in_flight(self) -> int:
        """Requests that are waiting for their answer, as of at most a second ago."""
        return sum(self._in_flight.values())

    def elapsed_s(self, now_ms: float) -> float:
        """Return the seconds since the first phase began; 0 before."""
        return max(0.0, (now_ms - self.began_ms) / 1000) if self.began_ms else 0.0

    def phase_now(self, now_ms: float) -> str:
        """Return the phase, or what else the run is waiting for."""
        over = self.began_ms and self.elapsed_s(now_ms) > self.profile.duration_s
        return "last answers" if over else self.phase

    def rolling_p99_ms(self, now_ms: float) -> float | None:
        """Return the p99 of the answers of the last five seconds; None without any."""
        while self._recent and self._recent[0][0] < now_ms - ROLLING_MS:
            self._recent.popleft()
        values = np.array([ttfb for _, ttfb in self._recent])
        return quantile(values, QUANTILES["p99"]) if len(values) else None

    def line(self, now_ms: float) -> str:
        """Format it as one line of plain text; what is zero is left out."""
        answers = [
            f"{count:,} {outcome}" for outcome in Outcome if (count := self.outcomes[outcome])
        ]
        bad = self.probes - self.good_probes
        p99 = self.rolling_p99_ms(now_ms)
        return f"{self.elapsed_s(now_ms):5.0f} s  {self.phase_now(now_ms)}: " + ", ".join(
            [
                f"{self.users:,} of {self.profile.planned_users:,} users",
                *(answers or ["no answers yet"]),
                *([f"{self.in_flight:,} in flight"] if self.in_flight else []),
                *([] if p99 is None else [f"p99 {p99:,.1f} ms"]),
                *([f"{bad:,} of {self.probes:,} probes failed"] if bad else []),
            ]
        )


class Display(Protocol):
    """Shows a meter; a context manager, so that the terminal is restored."""

    def __enter__(self) -> Self:
        """Start drawing."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Draw for the last time."""
        ...

    def show(self) -> None:
        """Draw the meter as it is now; may be called at any rate."""
        ...


class PlainDisplay:
    """One line every five seconds, for logs and pipes."""

    def __init__(self, console: Console, meter: Meter, title: str, clock: SteadyClock) -> None:
        """Print the state of `meter` at the time of `clock` to `console`."""
        self._print, self._meter, self._title = line_printer(console), meter, title
        self._clock = clock
        self._next = 0.0

    def __enter__(self) -> Self:
        """Print the title."""
        self._print(self._title)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Print the last line."""
        self._print(self._meter.line(self._clock.ms()))

    def show(self) -> None:
        """Print the line if five seconds have passed since the last."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PLAIN_INTERVAL_S
            self._print(self._meter.line(self._clock.ms()))


class LiveDisplay:
    """A panel that is redrawn in place."""

    def __init__(self, console: Console, meter: Meter, title: str, clock: SteadyClock) -> None:
        """Draw the state of `meter` at the time of `clock` on `console`."""
        self._meter, self._title, self._clock = meter, title, clock
        self._live = Live(console=console, refresh_per_second=4, get_renderable=self._panel)

    def __enter__(self) -> Self:
        """Open the panel."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the panel's last state on the screen."""
        self._live.stop()

    def show(self) -> None:
        """Do nothing: the panel redraws itself."""

    def _panel(self) -> Panel:
        meter, now = self._meter, self._clock.ms()
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column()
        duration = meter.profile.duration_s
        elapsed = min(meter.elapsed_s(now), duration)
        grid.add_row("phase", f"{meter.phase_now(now)}  {elapsed:.0f} of {duration} s")
        grid.add_row("", ProgressBar(total=duration, completed=elapsed, width=50))
        grid.add_row("users", f"{meter.users:,} of {meter.profile.planned_users:,} arrived")
        grid.add_row(
            "answers",
            "  ".join(
                f"[{STYLES.get(outcome, 'yellow') if count else 'dim'}]{outcome} {count:,}[/]"
                for outcome in Outcome
                for count in (meter.outcomes[outcome],)
            ),
        )
        p99 = meter.rolling_p99_ms(now)
        shown = "-" if p99 is None else f"{p99:,.1f} ms over the last 5 s"
        grid.add_row("p99", f"{shown}   in flight {meter.in_flight:,}")
        grid.add_row("probe", f"{meter.good_probes:,} of {meter.probes:,} answered well")
        return Panel(grid, title=self._title, title_align="left", expand=False)


def display(
    console: Console, meter: Meter, title: str, clock: SteadyClock | None = None
) -> Display:
    """Return the display that suits the console; `clock` is the run's, which begins now."""
    kind = LiveDisplay if console.is_terminal else PlainDisplay
    return kind(console, meter, title, clock or SteadyClock())
