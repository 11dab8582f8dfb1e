"""The arithmetic of a calibration, and the file that keeps it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region import calibration
from region.calibration import Calibration, CalibrationError, reference
from region.calibration.record import LEAST_FACTOR, MOST_FACTOR, Worker, evaluate

SLOW = Calibration(
    measured_rate=reference.RATE / 2,
    busy_rate=reference.RATE,
    spread=0.03,
    capacity_cores=1.4,
    cpus=2,
)


def worker(*rates: float, cpu_s: float = 1.0, wall_s: float = 1.0) -> Worker:
    done = tuple((round(rate * 10), 10.0) for rate in rates)
    return Worker(done, cpu_s, wall_s, done)


def test_a_core_that_does_half_the_work_needs_twice_the_cpu_time():
    assert SLOW.factor == SLOW.measured_factor == 2.0


def test_the_factor_that_the_user_chose_holds_and_the_measured_one_stays_known():
    found = calibration.chosen(SLOW, 0.7)
    assert (found.factor, found.measured_factor) == (0.7, 2.0)
    assert calibration.chosen(found, None) == SLOW


def test_the_rate_is_the_mean_of_the_cpus_and_slow_measurements_do_not_count():
    found = evaluate([worker(100, 100, 100, 100, 100, 1), worker(50, 50, 50, 50, 50)], 0.0, 0.0)
    assert (found.measured_rate, found.busy_rate) == (75, 75)
    assert found.cpus == 2


def test_the_factor_is_that_of_bursts_and_the_spread_that_of_steady_work():
    steady, bursts = (
        ((1000, 1.0), (1000, 1.0)),
        ((400, 1.0), (500, 1.0), (500, 1.0), (500, 1.0), (700, 1.0)),
    )
    found = evaluate([Worker(steady, 1.0, 1.0, bursts)], 0.0, 0.0)
    assert (found.measured_rate, found.busy_rate, found.spread) == (500, 1000, 0)


def test_unequal_cores_show_in_the_spread():
    assert evaluate([worker(*[100] * 9), worker(*[100] * 9)], 0.0, 0.0).spread == 0
    assert evaluate([worker(*[100] * 9), worker(*[50] * 9)], 0.0, 0.0).spread == pytest.approx(
        1 / 3
    )


def test_the_capacity_is_what_all_workers_got_each_second():
    found = evaluate([worker(9, cpu_s=0.5), worker(9, cpu_s=0.9, wall_s=1.5)], 0.3, 0.2)
    assert found.capacity_cores == pytest.approx(0.5 + 0.6)
    assert (found.others_cores, found.stolen_cores) == (0.3, 0.2)


def test_a_single_slice_is_enough_for_a_rate():
    assert evaluate([worker(42)], 0.0, 0.0).spread == 0


@pytest.mark.parametrize(
    "workers",
    [
        [],
        [Worker((), 0.0, 1.0, ((1, 1.0),))],
        [Worker(((1, 1.0),), 1.0, 1.0, ())],
        [worker(1, wall_s=0.0)],
    ],
)
def test_without_any_slice_there_is_no_calibration(workers: list[Worker]):
    with pytest.raises(CalibrationError, match=r"could not be measured.*--cpu-factor 1"):
        evaluate(workers, 0.0, 0.0)


@given(
    st.lists(st.lists(st.floats(100, 1e5), min_size=1, max_size=20), min_size=1, max_size=8),
    st.floats(0.2, 5.0),
)
def test_a_computer_that_is_faster_by_k_has_a_factor_smaller_by_k(
    rates: list[list[float]], k: float
):
    def found(scale: float) -> Calibration:
        slices = [tuple((1_000_000, 1_000_000 / (rate * scale)) for rate in row) for row in rates]
        return evaluate([Worker(row, 1.0, 1.0, row) for row in slices], 0.0, 0.0)

    one, other = found(1.0), found(k)
    assert other.factor == pytest.approx(one.factor / k)
    assert other.spread == pytest.approx(one.spread, abs=1e-9)
    assert one.spread >= 0
    low, high = min(map(min, rates)), max(map(max, rates))
    assert low * (1 - 1e-9) <= one.measured_rate <= high * (1 + 1e-9)


def test_it_is_kept_and_read_again(tmp_path: Path):
    found = calibration.chosen(SLOW, 1.5)
    calibration.write(tmp_path, found)
    assert calibration.read(tmp_path) == found
    assert calibration.factor_in(tmp_path) == 1.5
    content = json.loads(calibration.calibration_file(tmp_path).read_text())
    assert (content["factor"], content["reference"]) == (1.5, reference.NAME)


def test_a_region_that_never_measured_has_the_factor_one(tmp_path: Path):
    assert calibration.read(tmp_path) is None
    assert calibration.factor_in(tmp_path) == 1.0


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '"x"', "\x00"])
def test_a_damaged_file_is_named(tmp_path: Path, text: str):
    file = calibration.calibration_file(tmp_path)
    file.write_text(text)
    with pytest.raises(CalibrationError, match=r"calibration.json is damaged.*start it again"):
        calibration.read(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("measured_rate", 0),
        ("measured_rate", math.nan),
        ("measured_rate", "fast"),
        ("capacity_cores", 0),
        ("cpus", 0),
        ("spread", -0.1),
        ("spread", math.inf),
        ("stolen_cores", None),
    ],
)
def test_a_file_with_an_impossible_value_is_refused(tmp_path: Path, field: str, value: object):
    content = {**calibration.as_json(SLOW), field: value}
    calibration.calibration_file(tmp_path).write_text(json.dumps(content))
    with pytest.raises(CalibrationError, match=f"{field} = "):
        calibration.read(tmp_path)


@pytest.mark.parametrize("factor", [0, -1, LEAST_FACTOR / 2, MOST_FACTOR * 2, math.nan, "1"])
def test_an_impossible_factor_is_refused(factor: float):
    with pytest.raises(CalibrationError, match="CPU factor"):
        calibration.chosen(SLOW, factor)


def test_the_description_says_what_disturbed_the_measurement():
    assert "Meanwhile" not in calibration.describe(SLOW)
    text = calibration.describe(replace(SLOW, others_cores=0.7, stolen_cores=0.2))
    assert "other programs used 0.70 and the hypervisor took 0.20 of 2 CPUs" in text
    assert "set by --cpu-factor; measured 2.00" in calibration.describe(calibration.chosen(SLOW, 1))
