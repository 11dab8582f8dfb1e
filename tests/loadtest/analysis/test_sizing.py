"""How many instances carry a rate: from simulated fleets whose true latency is known."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.analysis import capacity, fleet_price, latency_curve, saturation, sizing
from loadtest.analysis.load_windows import LoadWindows
from loadtest.analysis.usl import CapacityError
from loadtest.models import RunSummary
from loadtest.stack.outputs import StackOutputs

WINDOW_S = 2.0
COST = 0.016
"""CPU share that each request a second takes of an instance."""

Play = Callable[..., LoadWindows]


def level_ms(load: np.ndarray | float) -> np.ndarray:
    """The true median: flat, then a cliff."""
    return 4.0 + 60.0 / (1 + np.exp(-(np.asarray(load, dtype=float) - 50) / 1.5))


@pytest.fixture(scope="module")
def play(golden: tuple[RunSummary, RunSummary], make_outputs: Callable[..., StackOutputs]) -> Play:
    """Simulate a ramp from 1 to `most` requests/s and instance, with what is changed."""

    def make(
        most: float = 60.0,
        fleet: int = 6,
        seconds: int = 240,
        seed: int = 1,
        hold: bool = False,
        **outputs: Any,
    ) -> LoadWindows:
        random = np.random.default_rng(seed)
        loads = np.linspace(most if hold else 1.0, most, int(seconds / WINDOW_S))
        counts = random.poisson(loads * fleet * WINDOW_S)
        window = np.repeat(np.arange(len(loads)), counts)
        median = level_ms(loads)[window]
        latency = median * np.exp(random.normal(0, 0.3, len(window)))
        nothing = np.full(len(loads), np.nan)
        cpu = np.minimum(1.0, 0.04 + COST * loads + random.normal(0, 0.01, len(loads)))
        shares = dict.fromkeys(saturation.FULL, nothing) | {"instance-cpu": cpu}
        rate = counts / WINDOW_S
        return LoadWindows(
            summary=golden[1].model_copy(update={"id": f"run-{fleet}-{seed}-{most:g}"}),
            outputs=make_outputs(**outputs),
            fleet=fleet,
            instances=np.full(len(loads), float(fleet)),
            rate=rate,
            good=np.minimum(rate, fleet * 56.0),
            in_flight=rate * level_ms(loads) / 1000,
            shares=shares,
            window=window,
            latency_ms=latency,
        )

    return make


def true_p99(load: float) -> float:
    return float(level_ms(load)) * math.exp(0.3 * 2.326)


def test_the_curve_is_the_true_percentile_where_it_was_measured(play: Play):
    curve = latency_curve.measure([play()], 0.99)
    for load in (10.0, 30.0, 40.0, 55.0):
        assert curve.at(load).value == pytest.approx(true_p99(load), rel=0.15)
    # At the edge of the cliff, a level holds windows of either side: it errs to the safe one.
    assert curve.at(46).value >= true_p99(46)
    assert np.all(np.diff(curve.values_ms) >= 0)
    with pytest.raises(CapacityError, match=r"80.0 requests/s on an instance are more than was"):
        curve.at(80)


def test_its_intervals_hold_the_truth(play: Play):
    held = 0
    for seed in range(12):
        found = latency_curve.measure([play(seed=seed)], 0.99, resamples=60).at(30)
        held += found.low <= true_p99(30) <= found.high
    # Of 12, 11.4 are expected; 9 or fewer happen twice in a hundred times.
    assert held >= 10


def test_a_short_ramp_shows_no_curve(play: Play):
    with pytest.raises(CapacityError, match="take a longer ramp"):
        latency_curve.measure([play(most=5, seconds=20)], 0.99)


def test_the_size_is_limited_by_what_was_measured(play: Play):
    found = sizing.size([play(most=40)], 400, sizing.parse_target("p99=25ms"))
    assert found.limited_by == "measured"
    assert found.instances.value == 11
    assert found.requests_per_target.value == pytest.approx(40 * 60, rel=0.03)
    assert found.predicted_ms.value == pytest.approx(true_p99(400 / 11), rel=0.25)


def test_it_is_limited_by_the_cpu_before_the_cliff(play: Play):
    found = sizing.size([play(most=60)], 400, sizing.parse_target("p99=100ms"))
    assert found.limited_by == "cpu"
    # (0.85 - 0.04) / 0.016 = 50.6 requests/s on each.
    assert found.instances.value == 8
    assert found.cpu_share == pytest.approx(0.04 + COST * 50, abs=0.02)


def test_it_is_limited_by_the_percentile_where_that_comes_first(play: Play):
    found = sizing.size([play(most=60)], 400, sizing.parse_target("p99=12ms"))
    assert found.limited_by == "latency"
    assert found.instances.low <= found.instances.value <= found.instances.high
    assert found.predicted_ms.value <= 12.5
    with pytest.raises(CapacityError, match="more instances do not help"):
        sizing.size([play()], 400, sizing.parse_target("p99=2ms"))


@settings(deadline=None, max_examples=4)
@given(rate=st.floats(1, 480))
def test_more_load_never_takes_fewer_instances(rate: float, play: Play):
    runs, target = [play(seconds=120)], sizing.parse_target("p99=25ms")
    less, more = sizing.size(runs, rate / 2, target), sizing.size(runs, rate, target)
    assert less.instances.value <= more.instances.value
    assert more.per_instance * 60 <= more.requests_per_target.value + 60


def test_a_fleet_of_more_than_twice_the_measured_one_is_refused(play: Play):
    with pytest.raises(
        CapacityError, match="more than twice the 6 that were measured; measure with 12"
    ):
        sizing.size([play()], 2_000, sizing.parse_target("p99=25ms"))


@pytest.mark.parametrize("rate", [0.0, -1.0, 1e-300, 1e300, math.inf, math.nan])
def test_a_rate_that_no_fleet_is_there_for_is_refused(rate: float):
    with pytest.raises(CapacityError, match=r"give one from 0\.1 to 1,000,000"):
        sizing.require_rate(rate)
    sizing.require_rate(0.1)


@pytest.mark.parametrize(
    "text",
    [
        "25ms",
        "p99",
        "p99=25",
        "p98=25ms",
        "p99=0ms",
        "p99=-5ms",
        "p99=9999999ms",
        f"p99={'9' * 400}ms",
    ],
)
def test_what_is_no_limit_is_refused(text: str):
    with pytest.raises(CapacityError, match="p9"):
        sizing.parse_target(text)


def test_a_check_confirms_what_was_predicted_and_refutes_what_was_not(play: Play):
    earlier, again = play(), play(most=40, hold=True, fleet=9, seconds=60, seed=7)
    found = sizing.check([earlier], again)
    assert found.confirmed
    assert found.predicted_ms.value == pytest.approx(found.measured_ms, rel=0.25)
    slower = replace(again, latency_ms=again.latency_ms * 1.6)
    assert not sizing.check([earlier], slower).confirmed
    with pytest.raises(CapacityError, match="cannot confirm itself"):
        sizing.check([earlier], earlier)
    with pytest.raises(CapacityError, match="too few for a p99"):
        sizing.check([earlier], play(most=40, hold=True, seconds=4, seed=9))


def test_checks_of_runs_that_follow_the_curve_are_right_nine_times_of_ten(play: Play):
    earlier = play()
    right = sum(
        sizing.check(
            [earlier], play(most=load, hold=True, fleet=8, seconds=60, seed=seed)
        ).confirmed
        for seed, load in enumerate((15.0, 20.0, 25.0, 35.0, 40.0) * 2, start=10)
    )
    assert right >= 9


def test_runs_that_do_not_belong_together_are_refused(play: Play):
    other = play(seed=2, instanceType="t4g.small")
    with pytest.raises(CapacityError, match=r"different instances \(t4g.nano, t4g.small\)"):
        sizing.size([play(), other], 100, sizing.parse_target("p99=25ms"))
    closed = play()
    users = closed.summary.users.model_copy(update={"skipped": 5})
    skipped = replace(closed, summary=closed.summary.model_copy(update={"users": users}))
    with pytest.raises(CapacityError, match="closed model"):
        sizing.size([skipped], 100, sizing.parse_target("p99=25ms"))


@pytest.mark.parametrize(
    ("part", "values", "named"),
    [
        ("scenario", {"digest": "f" * 64}, "scenario ("),
        ("generator", {"name": "k6"}, "load generator (Artillery and k6)"),
        ("generator", {"computer": "another"}, "computer ("),
    ],
)
def test_runs_under_other_conditions_lie_on_no_curve_and_check_none(
    play: Play, part: str, values: dict[str, Any], named: str
):
    runs = [play(seed=1), play(seed=2)]
    for number, run in enumerate(runs):
        known = {"computer": "this one"} if part == "generator" else {}
        record = getattr(run.summary, part).model_copy(update=known | (values if number else {}))
        runs[number] = replace(run, summary=run.summary.model_copy(update={part: record}))
    for ask in (
        lambda: sizing.size(runs, 100, sizing.parse_target("p99=25ms")),
        lambda: sizing.check(runs[:1], runs[1]),
        lambda: capacity.find(runs),
    ):
        with pytest.raises(CapacityError, match=re.escape(named)):
            ask()


def test_a_check_by_a_run_on_other_instances_is_refused(play: Play):
    small = play(most=40, hold=True, seconds=60, seed=7, instanceType="t4g.small")
    with pytest.raises(CapacityError, match=r"different instances \(t4g.nano, t4g.small\)"):
        sizing.check([play()], small)
    other = play(most=40, hold=True, seconds=60, seed=7, databaseClass="db.t4g.small")
    with pytest.raises(CapacityError, match="different databases"):
        sizing.check([play()], other)


@pytest.mark.parametrize("level", [0.9, 0.97, 1.0])
def test_instances_that_are_busy_without_any_load_are_not_multiplied(play: Play, level: float):
    run = play(most=40)
    busy = dict(run.shares) | {"instance-cpu": np.full(len(run), level)}
    with pytest.raises(CapacityError, match="of their CPU however low their load is"):
        sizing.size([replace(run, shares=busy)], 400, sizing.parse_target("p99=25ms"))


def test_one_rate_that_is_held_is_no_curve(play: Play):
    with pytest.raises(CapacityError, match=r"hold one rate, 3\d\.\d to 4\d\.\d requests/s"):
        sizing.size([play(most=40, hold=True)], 400, sizing.parse_target("p99=25ms"))


# --- what runs out first ----------------------------------------------------------------------------


def test_the_cpu_that_runs_out_is_named_with_its_rate(play: Play):
    found = saturation.find(play(most=80))
    assert found.first is not None
    assert (found.first.resource, found.first.used_up) == ("instance-cpu", True)
    # (0.95 - 0.04) / 0.016 = 57 on each of six.
    assert found.first.used_up_from == pytest.approx(341, rel=0.06)
    assert "memory" in found.unknown
    assert "database-connections" in found.unknown


def test_what_would_run_out_next_is_told_up_to_twice_the_load(play: Play):
    found = saturation.find(play(most=35)).first
    assert found is not None
    assert not found.used_up
    assert found.full_at == pytest.approx(341, rel=0.06)
    assert saturation.find(play(most=20)).first is None


def test_another_resource_that_runs_out_earlier_is_named_instead(play: Play):
    run = play(most=40)
    shares = dict(run.shares) | {"generator": np.minimum(1.0, run.rate / 150)}
    found = saturation.find(replace(run, shares=shares)).first
    assert found is not None
    assert found.resource == "generator"


# --- the law over one run, and over sizes -------------------------------------------------------------


def test_a_fleet_in_which_nothing_waits_is_linear(play: Play):
    found = capacity.find([play(most=20)])
    assert found.law is None
    assert "Linear up to here" in str(found.messages[0])


def test_six_sizes_give_the_law_over_instances(play: Play):
    runs = [play(most=80, fleet=fleet, seconds=40, seed=fleet) for fleet in (1, 2, 3, 4, 6, 8)]
    found = capacity.find(runs)
    assert found.axis == "instances"
    assert found.law is not None
    assert found.law.rate.value == pytest.approx(56, rel=0.1)
    assert found.law.linear


def test_sizes_that_carried_all_they_were_asked_for_show_no_law(play: Play):
    """The same load on each of six sizes: its throughput is the load's, not what the size carries."""
    runs = [play(most=40, fleet=fleet, seconds=40, seed=fleet) for fleet in (2, 3, 4, 6, 8, 9)]
    found = capacity.find(runs)
    assert found.law is None
    assert len(found.levels) == len(runs)
    assert "handled all of the load" in str(found.messages[0])
    assert "run-9-9-40" in str(found.messages[0])


@pytest.mark.parametrize("most", [0.4, 12.0])
def test_the_interval_of_a_size_contains_it_whatever_the_draws(most: float):
    """Also where the CPU allows less than any load that was measured, or most draws keep no limit."""
    levels = np.linspace(10.0, 60.0, 11)
    values = np.linspace(20.0, 30.0, 11)
    draws = np.array([values + (8 if number % 20 == 0 else 0) for number in range(100)])
    curve = latency_curve.LatencyCurve(0.99, levels, values, values, draws)
    cpu = sizing._Cpu(0.0, sizing.BUSIEST / most)
    load, _ = sizing._most(curve, cpu, sizing.Target("p99", 25.0))
    assert load.value == pytest.approx(most)
    assert load.low <= load.value <= load.high
    assert sizing._fleet(100, load.high) <= sizing._fleet(100, load.value)
    assert sizing._fleet(100, load.value) <= sizing._fleet(100, load.low)


@pytest.mark.parametrize("bad", [1, 3, 4])
def test_a_few_draws_without_any_load_do_not_ask_for_a_fleet_without_end(bad: int):
    """An end between no load and the lowest that was measured would be a guess, and huge as a fleet."""
    levels, values = np.linspace(10.0, 60.0, 11), np.linspace(20.0, 30.0, 11)
    draws = np.array([values + (8 if number < bad else 0) for number in range(100)])
    curve = latency_curve.LatencyCurve(0.99, levels, values, values, draws)
    load, _ = sizing._most(curve, None, sizing.Target("p99", 25.0))
    assert load.low >= levels[0]


# --- its price ----------------------------------------------------------------------------------------

LINES = [
    {"item": "t4g.nano instances", "quantity": 6, "unit": "hour", "unitPrice": 0.0052, "monthly": 22.78},
    {"item": "gp3 volumes", "quantity": 48, "unit": "GB-month", "unitPrice": 0.0912, "monthly": 4.38},
    {"item": "public IPv4 addresses", "quantity": 9, "unit": "hour", "unitPrice": 0.005, "monthly": 32.85},
]  # fmt: skip


def estimate(*more: dict[str, Any]) -> dict[str, Any]:
    return {"region": "r", "total": 99.7, "currency": "USD", "lines": [*LINES, *more]}


def test_a_further_instance_costs_itself_its_volume_and_its_address(
    make_outputs: Callable[..., StackOutputs], tmp_path: Path
):
    outputs = make_outputs(monthlyCost=estimate())
    each = (22.78 + 4.38) / 6 + 0.005 * 730
    assert fleet_price.of_fleet(outputs, 6, tmp_path) == pytest.approx(99.7)
    assert fleet_price.of_fleet(outputs, 10, tmp_path) == pytest.approx(99.7 + 4 * each)
    behind_nat = make_outputs(monthlyCost=estimate({"item": "NAT gateways", "monthly": 98.0}))
    assert fleet_price.of_fleet(behind_nat, 7, tmp_path) == pytest.approx(99.7 + 27.16 / 6)


def test_a_total_alone_takes_its_items_from_the_file_beside_the_runs(
    make_outputs: Callable[..., StackOutputs], tmp_path: Path
):
    outputs = make_outputs(monthlyCost=99.7)
    assert fleet_price.of_fleet(outputs, 7, tmp_path) is None
    (tmp_path / "cost-ha.json").write_text(json.dumps(estimate()))
    assert fleet_price.of_fleet(outputs, 7, tmp_path) is not None
    (tmp_path / "cost-ha.json").write_text(json.dumps(estimate() | {"total": 5.0}))
    assert fleet_price.of_fleet(outputs, 7, tmp_path) is None
