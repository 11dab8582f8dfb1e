"""Progress: a panel on a terminal, plain lines elsewhere, with the same figures."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from commandline.steady_clock import SteadyClock
from loadtest.engine import progress
from loadtest.profiles import PROFILES
from loadtest.runs.recording import Beat, Exchange, PhaseStart


@pytest.fixture
def meter(make_exchange: Callable[..., Exchange]) -> progress.Meter:
    now = time.time() * 1000
    found = progress.Meter(PROFILES["smoke"])
    found.add(
        [
            make_exchange(start_ms=now - 20_000, ttfb_ms=900.0),
            make_exchange(start_ms=now - 500, ttfb_ms=12.0),
            make_exchange(start_ms=now - 500, status=None, ttfb_ms=None, error="ETIMEDOUT"),
        ],
        [
            PhaseStart(now - 3_000, 0, "ramp"),
            Beat(now, 1, 20, 4, 1, 1, 0.2),
            Beat(now, 2, 21, 3, 1, 1, 0.2),
        ],
    )
    return found


def test_the_meter_adds_up_its_workers_and_forgets_old_answers(meter: progress.Meter):
    now = time.time() * 1000
    assert (meter.users, meter.in_flight) == (41, 7)
    assert meter.rolling_p99_ms(now) == 12.0
    assert meter.rolling_p99_ms(now + 60_000) is None
    assert meter.phase_now(now) == "ramp"
    assert meter.phase_now(now + 60_000) == "last answers"


def test_before_the_first_phase_it_shows_what_it_waits_for():
    line = progress.Meter(PROFILES["smoke"]).line(time.time() * 1000)
    assert "starting Artillery" in line
    assert "no answers yet" in line


def test_without_a_terminal_one_line_in_five_seconds(
    meter: progress.Meter, monkeypatch: pytest.MonkeyPatch
):
    text = StringIO()
    with progress.display(Console(file=text, width=40), meter, "ha: smoke") as shown:
        for _ in range(5):
            shown.show()
    lines = text.getvalue().splitlines()
    assert lines[0] == "ha: smoke"
    assert len(lines) == 3  # the title, one line, the last line; however often it was called
    shown = "ramp: 41 of 233 users, 2 good, 1 timeout, 7 in flight, p99 12.0 ms"
    assert lines[1].strip().endswith(shown)
    # With the prefix that a rehearsal adds.
    assert len(f"    single: {lines[1]}") <= 90
    assert "\x1b" not in text.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_a_clock_that_is_set_moves_no_progress(
    meter: progress.Meter, *, terminal: bool, jump_s: float
):
    wall = [time.time()]
    clock = SteadyClock(lambda: wall[0])
    text = StringIO()
    console = Console(file=text, width=200, force_terminal=terminal)
    with progress.display(console, meter, "ha: smoke", clock) as shown:
        wall[0] += jump_s
        shown.show()
    last = text.getvalue()
    assert "last answers" not in last
    assert "12.0 ms" in last
    assert ("3 of 8 s" if terminal else "    3 s  ramp") in last


def test_on_a_terminal_a_panel(meter: progress.Meter):
    text = StringIO()
    console = Console(file=text, width=100, force_terminal=True)
    with progress.display(console, meter, "ha: smoke") as shown:
        shown.show()
    assert "41 of 233 arrived" in text.getvalue()
    assert "12.0 ms over the last 5 s" in text.getvalue()
