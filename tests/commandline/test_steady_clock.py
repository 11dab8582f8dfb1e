"""A clock that nobody sets: lengths and order stay true while the computer's own jumps."""

from __future__ import annotations

import pytest

from commandline.steady_clock import SteadyClock


class Computer:
    """A computer whose clock is set by hand."""

    def __init__(self) -> None:
        self.ticks, self.ahead = 50.0, 1_790_000_000.0

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.ticks + self.ahead, lambda: self.ticks)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_jump_of_the_computers_clock_is_no_time(jump: float):
    computer = Computer()
    clock = computer.clock()
    began = clock.seconds()
    assert began == 1_790_000_050.0
    computer.ahead += jump
    computer.ticks += 2.0
    assert clock.seconds() - began == pytest.approx(2.0)
    assert clock.ms() == pytest.approx(clock.seconds() * 1000)
    assert clock.moved_s() == pytest.approx(jump)


def test_whoever_begins_later_has_the_clock_as_it_is_then():
    computer = Computer()
    computer.ahead += 10.0
    assert computer.clock().seconds() == 1_790_000_060.0
    assert computer.clock().moved_s() == 0.0
