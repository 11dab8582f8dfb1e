"""`python -m benchmarks.host`: what it costs to watch the computer, in CPU per second. Asserts nothing.

One sample a second is taken during every run, so a sample's milliseconds are tenths of a per cent of a
core.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from benchmarks.command import Parser, run
from loadtest.engine.host import HostRecorder
from loadtest.engine.processes import snapshot

SAMPLES = 100


def measure() -> tuple[float, int]:
    """Return the CPU milliseconds of a sample, and how many processes this computer has."""
    with tempfile.TemporaryDirectory(prefix="haproof-bench-") as scratch:
        recorder = HostRecorder(Path(scratch, "host.ndjson"), [os.getpid()])
        recorder.sample()
        before = time.process_time()
        for _ in range(SAMPLES):
            recorder.sample()
        used = time.process_time() - before
    return used / SAMPLES * 1000, len(snapshot().processes)


def main() -> None:
    """Measure and print."""
    Parser(__doc__).parse_args()
    milliseconds, processes = measure()
    print(f"{milliseconds:.2f} ms of CPU per sample with {processes} processes (goal: <= 10 ms)")


if __name__ == "__main__":
    run(main)
