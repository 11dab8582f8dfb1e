"""From the CPU time of a request to the size of a fleet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.machines.instance_types import INSTANCE_TYPES
from rehearsal import capacity, cli

NANO = INSTANCE_TYPES["t4g.nano"]
COSTS, RATES, ZONES = st.floats(0.05, 50), st.floats(0.1, 5000), st.integers(2, 6)


def test_by_hand():
    # 0.10 CPU / 1 ms = 100 requests/s; of them 0.85 * 2/3 = 56.7 with all zones up.
    found = capacity.plan(1.0, NANO, 250, 3)
    assert found.per_instance == pytest.approx(100)
    assert found.requests_per_target == 3400
    assert found.desired_capacity == 6  # 250 / 56.7 = 4.4: two in each zone
    assert found.lost == pytest.approx(250 / 4 / 100)


def test_two_zones_carry_a_whole_half_more():
    assert capacity.plan(1.0, NANO, 250, 2).utilization == pytest.approx(0.425)


@given(COSTS, RATES, ZONES)
def test_the_loss_of_any_zone_leaves_enough(cost: float, rate: float, zones: int):
    found = capacity.plan(cost, NANO, rate, zones)
    assert found.desired_capacity % zones == 0
    assert found.lost <= capacity.BUSIEST * (1 + 1e-6)
    # One instance fewer in each zone would not do.
    fewer = found.desired_capacity - zones
    if fewer:
        survivors = fewer - fewer // zones
        assert rate / survivors / found.per_instance > capacity.BUSIEST * (1 - 1e-6)


@given(COSTS, ZONES)
def test_the_target_is_reached_before_the_loss_of_a_zone_would_hurt(cost: float, zones: int):
    found = capacity.plan(cost, NANO, 100, zones)
    after = found.requests_per_target / 60 * zones / (zones - 1)
    assert after <= capacity.BUSIEST * found.per_instance + zones / 60


@pytest.mark.parametrize(
    ("cost", "rate", "zones", "named"),
    [(0, 1, 3, "request"), (1, -1, 3, "rate"), (1, 1, 1, "zone")],
)
def test_what_cannot_be_planned_is_refused(cost: float, rate: float, zones: int, named: str):
    with pytest.raises(capacity.CapacityError, match=named):
        capacity.plan(cost, NANO, rate, zones)


def test_the_cost_of_a_request_is_in_cpu_time_of_the_reference_core():
    # 0.6 cores for 30 s and 9,000 requests are 2 ms here; a core here does half: 1 ms there.
    assert capacity.request_ms(0.6, 30, 9000, 2.0) == pytest.approx(1.0)


@pytest.mark.parametrize(("cores", "requests"), [(0.0, 100), (0.5, 0)])
def test_an_unmeasured_run_has_no_cost(cores: float, requests: int):
    with pytest.raises(capacity.CapacityError, match="--request-ms"):
        capacity.request_ms(cores, 30, requests, 1.0)


def test_the_command_prints_the_plan(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["capacity", "--request-ms", "1.0", "--type", "t4g.small"]) == 0
    printed = capsys.readouterr().out
    assert "t4g.small (0.4 CPU) serves 400 requests/s" in printed
    assert "desiredCapacity 3" in printed
