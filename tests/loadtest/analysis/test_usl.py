"""The Universal Scalability Law: found again in simulated data, with intervals that hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.analysis import usl
from loadtest.analysis.usl import CapacityError
from loadtest.array_types import Floats

SIZES: Floats = np.arange(1, 17).astype(np.float64)


FEW: Floats = np.array([1.0, 2, 4, 7, 11, 16])
"""As few sizes as are taken."""


def noisy(
    truth: tuple[float, float, float], scatter: float, seed: int, sizes: Floats = SIZES
) -> np.ndarray:
    random = np.random.default_rng(seed)
    return usl.law(sizes, *truth) * np.exp(random.normal(0, scatter, len(sizes)))


@settings(deadline=None, max_examples=30)
@given(rate=st.floats(0.1, 1e4), sigma=st.floats(0.0, 0.6), kappa=st.floats(0.0, 0.05))
def test_the_parameters_of_exact_data_are_found_again(rate: float, sigma: float, kappa: float):
    found = usl.fit(SIZES, usl.law(SIZES, rate, sigma, kappa), resamples=2)
    assert found.rate.value == pytest.approx(rate, rel=1e-3)
    assert found.sigma.value == pytest.approx(sigma, abs=2e-3)
    assert found.kappa.value == pytest.approx(kappa, abs=2e-4)


def test_gunthers_own_example_is_found():
    # Guerrilla Capacity Planning, table 5.1 (SDET): the ceiling is near 12 processors' worth.
    sizes = np.array([1.0, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64])
    x = np.array([20.0, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310])
    found = usl.fit(sizes, x, resamples=50)
    assert found.sigma.value == pytest.approx(0.05, abs=0.02)
    assert found.kappa.value == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("sizes", [SIZES, FEW])
def test_the_intervals_contain_the_truth_as_often_as_they_say(sizes: Floats):
    """Of few sizes too, whose refits scatter less than what they are to show."""
    truth, runs = (50.0, 0.1, 0.002), 40
    inside = np.zeros(4)
    for seed in range(runs):
        found = usl.fit(sizes, noisy(truth, 0.03, seed, sizes), resamples=60)
        true = (*truth, 1 - usl.law(np.array([16.0]), 1, *truth[1:])[0] / 16)
        for number, one in enumerate((found.rate, found.sigma, found.kappa, found.loss)):
            inside[number] += one.low <= true[number] <= one.high
    # Of 40, 38 are expected; 34 or fewer happen about three times in a hundred.
    assert np.all(inside >= 35), inside


def test_groups_are_drawn_together():
    sizes = np.tile(SIZES, 6)
    groups = np.repeat(np.arange(6), len(SIZES))
    levels = np.repeat(np.random.default_rng(1).normal(1, 0.1, 6), len(SIZES))
    found = usl.fit(sizes, usl.law(sizes, 50, 0.1, 0.002) * levels, groups, resamples=60)
    alone = usl.fit(sizes, usl.law(sizes, 50, 0.1, 0.002) * levels, resamples=60)
    # Runs that differ as wholes say little more than one each.
    assert found.rate.high - found.rate.low > alone.rate.high - alone.rate.low


def test_the_knee_and_the_peak_are_those_of_the_law():
    found = usl.fit(SIZES, noisy((50.0, 0.1, 0.01), 0.005, 1), resamples=60)
    assert found.peak == pytest.approx(np.sqrt(0.9 / 0.01), rel=0.1)
    assert found.knee == pytest.approx(found.peak)
    assert usl.fit(SIZES, noisy((50.0, 0.2, 0.0), 0.005, 1), resamples=60).knee == pytest.approx(
        5, rel=0.1
    )


def test_a_straight_line_has_no_knee():
    found = usl.fit(SIZES, noisy((50.0, 0.0, 0.0), 0.02, 3), resamples=60)
    assert found.linear
    assert (found.knee, found.peak) == (None, None)


@pytest.mark.parametrize("truth", [(50.0, 0.02, 0.001), (50.0, 0.01, 0.0005), (50.0, 0.03, 0.0)])
def test_a_curve_is_none_the_less_one_if_either_parameter_could_explain_it(
    truth: tuple[float, float, float],
):
    """A fifth of the throughput is lost at the largest size, to contention or to coherency."""
    found = [usl.fit(FEW, noisy(truth, 0.02, seed, FEW), resamples=60) for seed in range(15)]
    # Neither parameter alone is shown to differ from 0 in some of them.
    assert any(one.sigma.low <= 1e-3 and one.kappa.low <= 1e-6 for one in found)
    assert sum(one.linear for one in found) <= 1


def test_a_straight_line_is_seldom_called_a_curve():
    truth = (50.0, 0.0, 0.0)
    found = [usl.fit(FEW, noisy(truth, 0.03, seed, FEW), resamples=60) for seed in range(25)]
    assert sum(not one.linear for one in found) <= 2


@settings(deadline=None, max_examples=20)
@given(
    st.lists(
        st.one_of(st.floats(allow_nan=True), st.just(0.0), st.just(-1.0)), min_size=6, max_size=12
    )
)
def test_whatever_was_measured_gives_finite_figures_or_is_refused(throughputs: list[float]):
    given_sizes = np.arange(1, len(throughputs) + 1).astype(np.float64)
    measured = np.array(throughputs)
    if np.count_nonzero(np.isfinite(measured) & (measured > 0)) < usl.LEAST_SIZES:
        with pytest.raises(CapacityError, match="different sizes do not show a curve"):
            usl.fit(given_sizes, measured)
        return
    found = usl.fit(given_sizes, measured, resamples=3)
    for one in (found.rate, found.sigma, found.kappa, found.loss):
        assert np.isfinite([one.low, one.value, one.high]).all()
        assert one.low <= one.value <= one.high


def test_nothing_is_said_beyond_twice_what_was_measured():
    found = usl.fit(SIZES, usl.law(SIZES, 50, 0.1, 0.001), resamples=10)
    assert found.throughput(32) == pytest.approx(
        usl.law(np.array([32.0]), 50, 0.1, 0.001)[0], rel=0.01
    )
    with pytest.raises(
        CapacityError, match=r"33 is beyond twice the largest size .* measure at 32"
    ):
        found.throughput(33)


def test_five_sizes_are_too_few():
    with pytest.raises(
        CapacityError, match="5 different sizes do not show a curve; measure at least 6"
    ):
        usl.fit(SIZES[:5], SIZES[:5])
