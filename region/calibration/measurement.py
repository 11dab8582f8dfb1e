"""Measuring the computer: one worker on each CPU that this process may use, all at once.

The rate is per CPU second of a worker, so neither a control group that throttles the workers nor a
hypervisor that takes the CPU away makes a core look slower: both show in `capacity_cores`.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from region.calibration import fixed_work
from region.calibration.record import Calibration, CalibrationError, Worker, evaluate

_PROGRAM = Path(fixed_work.__file__)
_LIMIT_S = 30.0
"""A worker that needs longer has hung, or has next to no CPU."""
_TRIES = 3
_QUIET = 0.10
"""Disturbance that is not worth another try."""
_LASTING = 0.8
"""What share of the disturbance has to be left for one that lasts."""
_TICK = os.sysconf("SC_CLK_TCK")
_STAT = Path("/proc/stat")


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Seconds that some CPUs have been busy, and stolen by the hypervisor, since the computer's start."""

    busy_s: float = 0.0
    stolen_s: float = 0.0


def read_times(cpus: set[int], file: Path = _STAT) -> CpuTimes | None:
    """Read /proc/stat for the given CPUs; None where it cannot be read."""
    busy = stolen = 0
    try:
        for line in file.read_text(encoding="ascii").splitlines():
            name, _, rest = line.partition(" ")
            if not (name.startswith("cpu") and name[3:].isdecimal() and int(name[3:]) in cpus):
                continue
            user, nice, system, _idle, _wait, irq, soft, steal = (int(x) for x in rest.split()[:8])
            busy += user + nice + system + irq + soft
            stolen += steal
    except (OSError, ValueError):
        return None
    return CpuTimes(busy / _TICK, stolen / _TICK)


def measure() -> Calibration:
    """Measure this computer with all of its cores busy, and return the least disturbed measurement.

    Takes about 1.8 seconds, up to three times as long while other programs use the CPUs for a moment.

    Raises:
        CalibrationError: A worker could not be started or ended without a result.
    """
    found: list[Calibration] = []
    for _ in range(_TRIES):
        found.append(_measure_once())
        if _disturbance(found[-1]) <= _QUIET or _lasts(found):
            break
    return min(found, key=_disturbance)


def _lasts(found: Sequence[Calibration]) -> bool:
    """Return whether the newest measurement is hardly less disturbed than the best one before it.

    Then the next one would not be, either; `meter` follows what changes later.
    """
    *earlier, newest = map(_disturbance, found)
    return bool(earlier) and newest > _LASTING * min(earlier)


def _disturbance(calibration: Calibration) -> float:
    """Return what share of the CPUs others had meanwhile, plus how unsteady the work was."""
    others = calibration.others_cores + calibration.stolen_cores
    return others / calibration.cpus + calibration.spread


def _measure_once() -> Calibration:
    cpus = sorted(os.sched_getaffinity(0))
    with _workers(cpus) as processes:
        for process in processes:
            if _line(process) != "ready":
                raise _failed(process)
        before, began = read_times(set(cpus)), time.monotonic()
        for process in processes:
            _tell(process)
        workers = [_result(process) for process in processes]
        after, ended = read_times(set(cpus)), time.monotonic()
    others = stolen = 0.0
    if before and after and ended > began:
        own = sum(worker.cpu_s + sum(s for _, s in worker.bursts) for worker in workers)
        others = max(0.0, after.busy_s - before.busy_s - own) / (ended - began)
        stolen = max(0.0, after.stolen_s - before.stolen_s) / (ended - began)
    return evaluate(workers, others, stolen)


@contextlib.contextmanager
def _workers(cpus: list[int]) -> Generator[list[subprocess.Popen[str]]]:
    """Start one worker per CPU; end them all at the end."""
    processes: list[subprocess.Popen[str]] = []

    def give_up() -> None:
        for process in processes:
            process.kill()

    watch = threading.Timer(_LIMIT_S, give_up)
    with contextlib.ExitStack() as stack:
        watch.start()
        stack.callback(watch.cancel)
        for cpu in cpus:
            try:
                process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(_PROGRAM), str(cpu)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            except OSError as error:
                raise CalibrationError(
                    f"The calibration cannot start {sys.executable} ({error.strerror}): free some "
                    "memory or processes, or set the factor: `--cpu-factor 1`."
                ) from error
            stack.callback(_end, process)
            processes.append(process)
        yield processes


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            # What was not written any more has no reader.
            with contextlib.suppress(OSError):
                pipe.close()


def _tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None  # noqa: S101
    try:
        process.stdin.write("go\n")
        process.stdin.flush()
    except OSError as error:
        raise _failed(process) from error


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101
    return process.stdout.readline().strip()


def _result(process: subprocess.Popen[str]) -> Worker:
    """Return what a worker printed."""
    line = _line(process)
    try:
        content = json.loads(line)
        slices, bursts = (
            tuple((int(units), float(seconds)) for units, seconds in content[name])
            for name in ("slices", "bursts")
        )
        return Worker(slices, float(content["cpu_s"]), float(content["wall_s"]), bursts)
    except (ValueError, KeyError, TypeError) as error:
        raise _failed(process) from error


def _failed(process: subprocess.Popen[str]) -> CalibrationError:
    process.kill()  # One that has ended keeps its status; one that printed nonsense may run on.
    return CalibrationError(
        f"A process that measures this computer's cores ended with {process.wait()} and no result "
        f"within {_LIMIT_S:.0f} s: start again when CPU and memory are free, or set the factor: "
        "`--cpu-factor 1`."
    )
