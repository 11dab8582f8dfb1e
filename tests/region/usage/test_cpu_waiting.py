"""What processes wait for a CPU, from the kernel's counters of their threads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from region.usage.cpu_waiting import CpuWaiting

BURN = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
while time.process_time() < 0.4: pass
print(flush=True)
sys.stdin.read()
"""


def kernel(proc: Path, threads: Mapping[str, int]) -> None:
    """Let the threads of process 7 have waited so many nanoseconds, and no others exist."""
    for old in proc.glob("7/task/*"):
        (old / "schedstat").unlink()
        old.rmdir()
    for thread, waited in threads.items():
        (proc / "7/task" / thread).mkdir(parents=True)
        (proc / "7/task" / thread / "schedstat").write_text(f"123 {waited} 5\n")


def test_threads_are_summed_and_those_that_ended_stay(tmp_path: Path):
    waiting = CpuWaiting(tmp_path)
    kernel(tmp_path, {"7": 2_000_000_000, "8": 500_000_000})
    assert waiting.add([7]) == 2.5
    kernel(tmp_path, {"7": 2_250_000_000})
    assert waiting.add([7]) == 2.75


@pytest.mark.parametrize("ended", ["7", "8"])
def test_a_thread_that_ends_meanwhile_hides_no_other(tmp_path: Path, ended: str):
    waiting = CpuWaiting(tmp_path)
    threads = {"7": 1_000_000_000, "8": 1_000_000_000}
    kernel(tmp_path, threads)
    assert waiting.add([7]) == 2.0
    (tmp_path / "7/task" / ended / "schedstat").write_text("")
    assert waiting.add([7]) == 2.0
    del threads[ended]
    kernel(tmp_path, threads)
    assert waiting.add([7]) == 2.0


def test_another_thread_with_the_same_number_counts_from_its_start(tmp_path: Path):
    waiting = CpuWaiting(tmp_path)
    kernel(tmp_path, {"7": 2_000_000_000})
    waiting.add([7])
    kernel(tmp_path, {"7": 1_000_000_000})
    assert waiting.add([7]) == 3.0


def test_nothing_is_known_of_what_is_gone_or_not_counted(tmp_path: Path):
    assert CpuWaiting(tmp_path).add([7]) is None
    kernel(tmp_path, {"7": 1})
    (tmp_path / "7/task/7/schedstat").write_text("")
    assert CpuWaiting(tmp_path).add([7]) is None


def test_processes_that_share_a_cpu_wait_for_each_other():
    if not Path("/proc/self/schedstat").exists():
        pytest.skip("this kernel does not count it")
    cpu = str(min(os.sched_getaffinity(0)))
    burning = [
        subprocess.Popen(
            [sys.executable, "-c", BURN, cpu], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    try:
        for one in burning:
            assert one.stdout is not None
            one.stdout.readline()
        waited = CpuWaiting().add([one.pid for one in burning])
    finally:
        for one in burning:
            one.communicate(timeout=10)
    # The first to be done has waited for the second as long as that has run by then, and both for others.
    assert waited is not None
    assert waited > 0.2
