"""How long a run must be, against figures that anybody can check."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.analysis import planning
from loadtest.analysis.inference import failure_bound
from loadtest.errors import LoadTestError


@pytest.mark.parametrize(
    ("slo", "needed"),
    [(0.99, 299), (0.999, 2_995), (0.9995, 5_990), (0.9999, 29_956), (0.99999, 299_572)],
)
def test_zero_failures_need_ln_of_the_risk_over_ln_of_the_slo(slo: float, needed: int):
    assert planning.requests_needed(slo, 0.95) == needed
    assert needed == math.ceil(math.log(0.05) / math.log(slo))


@settings(deadline=None)
@given(st.floats(0.5, 0.99999), st.floats(0.5, 0.999), st.sampled_from([0, 1, 2, 5, 10]))
def test_the_plan_is_the_smallest_number_that_shows_it(
    slo: float, confidence: float, failures: int
):
    needed = planning.requests_needed(slo, confidence, failures)
    assert failure_bound(failures, needed, confidence) <= (1 - slo) * (1 + 1e-6)
    if needed > failures + 1:
        assert failure_bound(failures, needed - 1, confidence) > (1 - slo) * (1 - 1e-6)


def test_a_run_passes_nine_times_of_ten_at_the_rate_it_names():
    plan = planning.plan(0.999, 0.95, 250, 2)
    first = plan.steps[0]
    assert (first.requests, first.seconds) == (2_995, 11.98)
    assert (1 - 1 / first.passes_at_one_in) ** first.requests == pytest.approx(0.9, abs=1e-4)
    assert [step.requests for step in plan.steps] == sorted(step.requests for step in plan.steps)


def test_the_plan_lists_the_profiles_that_suffice():
    fits = {fit.name: fit for fit in planning.plan(0.9999, 0.95, 250, 2).profiles}
    assert (fits["seed"].requests, fits["seed"].shows, fits["seed"].enough) == (
        54_000,
        "99.994 %",
        True,
    )
    assert (fits["quick"].shows, fits["quick"].enough) == ("99.94 %", False)


@pytest.mark.parametrize(("slo", "confidence", "rate"), [(1, 0.9, 1), (0.9, 0, 1), (0.9, 0.9, 0)])
def test_the_impossible_is_rejected(slo: float, confidence: float, rate: float):
    with pytest.raises(LoadTestError, match="give"):
        planning.plan(slo, confidence, rate, 2)
