"""Watches for moments in which this computer stalls, or nearly so; runs as a program of its own.

It is run by path, isolated (`python -I -S`), and imports nothing of the project. Every 8 ms it does a
small piece of work. Where that takes two and a half times as long as usual, or begins late, twice in a
row, the computer did not do its work: the hypervisor gave its CPUs to other guests, whether or not it
says so (`steal`), or more programs wanted to run than there are CPUs. It prints a line per such moment,
in epoch ms, until its input is closed:

    {"version": 1, "from": 1790000000000.0, "to": 1790000000096.2}
"""

from __future__ import annotations

import contextlib
import gc
import json
import select
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator

VERSION = 1
"""That of `loadtest/runs/stalls.py`, which this program does not import."""
PAUSE_S = 0.008
SLOWER = 2.5
"""So many times as long as usual takes a piece of work that was disturbed. An interrupt makes it two."""
LATE_S = 0.004
"""A start that is later than that was disturbed. The kernel's timer is late by 0.1 ms."""
_KNOWN = 250
"""Pieces of work that say what is usual: 2 seconds."""
_RECORD = {
    "title": "note 7 of 12",
    "tags": ["music", "piano"],
    "score": 4.5,
    "owner": None,
    "rows": list(range(24)),
}


def work() -> None:
    """Take some 0.1 ms."""
    for _ in range(6):
        json.loads(json.dumps(_RECORD))


class Stalls:
    """Tells moments in which the computer stood still from single late pieces of work."""

    def __init__(self) -> None:
        """Know nothing yet of what is usual."""
        self._costs: deque[float] = deque(maxlen=_KNOWN)
        self._since: float | None = None
        self._pieces = 0

    def add(self, began: float, woken: float, done: float) -> tuple[float, float] | None:
        """Take one more piece of work, and return the moment that ended before it, if one did.

        Args:
            began: When the pause before it began, in epoch seconds.
            woken: When it began itself.
            done: When it was done.
        """
        usual = statistics.median(self._costs) if self._costs else done - woken
        self._costs.append(done - woken)
        late = woken - began - PAUSE_S
        if late > LATE_S or done - woken > SLOWER * usual:
            if self._since is None:
                self._since = began + PAUSE_S
            # One that is late by more than a pause has missed others.
            self._pieces += 2 if late + done - woken > PAUSE_S else 1
            return None
        found = (self._since, woken) if self._since is not None and self._pieces > 1 else None
        self._since, self._pieces = None, 0
        return found


def moments(pause: Callable[[], bool]) -> Iterator[tuple[float, float]]:
    """Yield moments in which the computer stood still, in epoch seconds, while `pause` returns True."""
    # Epoch seconds by a clock that nobody sets: a clock that is put forward is no standstill.
    origin = time.time() - time.monotonic()  # noqa: TID251

    def now() -> float:
        return origin + time.monotonic()

    stalls, began = Stalls(), now()
    while pause():
        woken = now()
        work()
        done = now()
        found = stalls.add(began, woken, done)
        began = done
        if found:
            yield found


def main() -> None:
    """Print moments until nobody reads any more."""
    gc.disable()
    for _ in range(200):
        work()

    def pause() -> bool:
        return not select.select([sys.stdin], [], [], PAUSE_S)[0]

    with contextlib.suppress(BrokenPipeError):
        for since, until in moments(pause):
            moment = {
                "version": VERSION,
                "from": round(since * 1000, 1),
                "to": round(until * 1000, 1),
            }
            print(json.dumps(moment), flush=True)


if __name__ == "__main__":
    main()
