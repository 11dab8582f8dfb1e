"""The sample service with a record of its garbage collections, for `benchmarks.service`.

Run as `python observed_service.py RECORD` with the revision on PYTHONPATH. Each collection becomes a
line of JSON in RECORD. SIGUSR1 asks for a full collection, whose line has `asked` true, and for another
line with how many objects are then `living`. Between two of them, what has been collected and what more
is living is what requests have left behind.
"""

from __future__ import annotations

import gc
import json
import signal
import sys
import time
from pathlib import Path

from music_note.__main__ import main

_started = 0
_asked = False


def observe(record: str) -> None:
    """Write each collection's generation, objects and CPU time to the file `record`."""
    file = Path(record).open("w", buffering=1, encoding="ascii")  # noqa: SIM115 - until the end

    def collected(phase: str, info: dict[str, int]) -> None:
        global _started  # noqa: PLW0603
        if phase == "start":
            _started = time.thread_time_ns()
            return
        cpu_ms = (time.thread_time_ns() - _started) / 1e6
        file.write(json.dumps({**info, "cpu_ms": cpu_ms, "asked": _asked}) + "\n")

    def collect(*_: object) -> None:
        global _asked  # noqa: PLW0603
        _asked = True
        gc.collect()
        _asked = False
        file.write(json.dumps({"living": len(gc.get_objects())}) + "\n")

    gc.callbacks.append(collected)
    signal.signal(signal.SIGUSR1, collect)


if __name__ == "__main__":
    observe(sys.argv[1])
    sys.exit(main(["serve"]))
