"""Measuring with real processes, and with ones that fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from region.calibration import Calibration, CalibrationError, measure, measurement
from region.calibration.measurement import CpuTimes, read_times

STAT = """\
cpu  900 0 100 5000 10 0 5 50 0 0
cpu0 400 20 60 2500 5 0 5 30 0 0
cpu1 500 0 40 2500 5 0 0 20 0 0
cpu10 7000 0 0 0 0 0 0 0 0 0
intr 12345
"""


def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let every worker be another program."""
    file = tmp_path / "worker.py"
    file.write_text(program)
    monkeypatch.setattr(measurement, "_PROGRAM", file)


def test_busy_and_stolen_time_of_the_cpus_that_count(tmp_path: Path):
    file = tmp_path / "stat"
    file.write_text(STAT)
    tick = os.sysconf("SC_CLK_TCK")
    assert read_times({0}, file) == CpuTimes(485 / tick, 30 / tick)
    assert read_times({0, 1}, file) == CpuTimes(1025 / tick, 50 / tick)
    assert read_times(set(), file) == CpuTimes()


@pytest.mark.parametrize("text", ["cpu0 1 2 3\n", "cpu0 a b c d e f g h\n"])
def test_a_stat_file_of_another_form_tells_nothing(tmp_path: Path, text: str):
    file = tmp_path / "stat"
    assert read_times({0}, file) is None
    file.write_text(text)
    assert read_times({0}, file) is None


def test_a_real_measurement_on_one_cpu():
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        found = measure()
    finally:
        os.sched_setaffinity(0, allowed)
    assert found.cpus == 1
    assert 0 < found.capacity_cores <= 1.02
    assert found.measured_rate > 100
    # The share of others is that of the whole measurement, the capacity that of its first part: on a
    # computer with other load their sum says nothing, so each is held to what one CPU can give.
    assert 0 <= found.others_cores <= 1.1


def measured(number: int, others: float, spread: float) -> Calibration:
    return Calibration(5000, 8000, spread, 2.0, 2, others_cores=others, at=number)


@pytest.mark.parametrize(
    ("cores_and_spreads", "kept", "tries"),
    [
        (((0.02, 0.01), (0.0, 0.01)), 0, 1),
        (((0.5, 0.01), (0.05, 0.01), (0.0, 0.01)), 1, 2),
        (((0.02, 0.27), (0.02, 0.03), (0.0, 0.01)), 1, 2),
        (((0.9, 0.01), (0.3, 0.01), (0.6, 0.2), (0.0, 0.01)), 1, 3),
        # Nobody waits for a quiet moment that does not come.
        (((1.5, 0.01), (1.4, 0.01), (0.0, 0.01)), 1, 2),
        (((1.5, 0.01), (1.6, 0.01), (0.0, 0.01)), 0, 2),
        (((0.0, 0.14), (0.0, 0.13), (0.0, 0.01)), 1, 2),
    ],
)
def test_the_least_disturbed_of_a_few_measurements_counts(
    monkeypatch: pytest.MonkeyPatch,
    cores_and_spreads: tuple[tuple[float, float], ...],
    kept: int,
    tries: int,
):
    results = [measured(n, *one) for n, one in enumerate(cores_and_spreads)]
    each = iter(results)
    monkeypatch.setattr(measurement, "_measure_once", lambda: next(each))
    assert measure() is results[kept]
    assert len(list(each)) == len(results) - tries


@pytest.mark.parametrize(
    "program",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "print('hello', flush=True); input()",
        "print('ready', flush=True); input()",
        "print('ready', flush=True); input(); print('nonsense', flush=True); input()",
        "print('ready', flush=True); input(); print('{\"slices\": [1]}', flush=True)",
        "raise SystemExit(1)",
    ],
)
def test_a_worker_that_ends_or_lies_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
):
    play(tmp_path, monkeypatch, program)
    with pytest.raises(CalibrationError, match=r"no result.*--cpu-factor 1"):
        measure()


def test_a_worker_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    play(tmp_path, monkeypatch, "import time; time.sleep(600)")
    monkeypatch.setattr(measurement, "_LIMIT_S", 0.2)
    with pytest.raises(CalibrationError, match="ended with -9"):
        measure()


def test_workers_that_got_no_slice_are_no_calibration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    nothing = '{"slices": [], "cpu_s": 0.0, "wall_s": 1.0, "bursts": []}'
    play(tmp_path, monkeypatch, f"print('ready', flush=True); input(); print('{nothing}')")
    with pytest.raises(CalibrationError, match="could not be measured"):
        measure()


def test_an_interpreter_that_cannot_start_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.executable", "/no/python")
    with pytest.raises(CalibrationError, match="cannot start /no/python"):
        measure()
