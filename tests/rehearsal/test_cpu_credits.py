"""What a load does to CPU credits, and what `unlimited` would cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from loadtest.messages.message import render
from rehearsal import cpu_credits
from rehearsal.conditions import StackRun
from rehearsal.cpu_credits import FleetCredits, InstanceCredits

BEGAN = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def points(*values: float) -> list[tuple[datetime, float]]:
    return [(BEGAN + timedelta(minutes=5 * number), value) for number, value in enumerate(values)]


def instance(*balance: float, mode: str = "standard", **more: Any) -> InstanceCredits:
    return InstanceCredits("i-1", mode, points(*balance), **more)


def test_an_instance_ran_dry_when_its_balance_was_first_found_empty():
    assert instance(6.0, 2.0, 0.0, 0.3, 0.0).dry_at == BEGAN + timedelta(minutes=10)
    assert instance(0.0, 0.0).dry_at is None  # it never had any
    assert instance(6.0, 5.0).dry_at is None
    assert instance().dry_at is None


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (FleetCredits([instance(0.0)], None, 0.0, BEGAN), "count as spent"),
        (FleetCredits([instance(9.0, 4.0)], 9.0, 0.0, BEGAN), "9 saved up; none ran dry, 4.0 left"),
        (
            FleetCredits([instance(9.0, 0.0), instance(9.0, 1.0)], 9.0, 0.0, BEGAN),
            "1 of 2 instances ran dry, the first 5 to 10 min of AWS's clock after the load began",
        ),
        # At tenfold speed, five minutes here are 50 of AWS's.
        (
            FleetCredits([instance(9.0, 0.0)], 9.0, 0.0, BEGAN, speed=10.0),
            "1 of 1 instances ran dry, the first 50 to 55 min",
        ),
        (
            FleetCredits([instance(9.0, 0.0)], 9.0, 0.0, BEGAN + timedelta(minutes=7)),
            "the first 0 to 3 min",
        ),
        (
            FleetCredits([instance(9.0, 0.0)], 9.0, 0.0, BEGAN + timedelta(minutes=30)),
            "1 of 1 instances had run dry before the load began",
        ),
        # Of a short load there is no point yet: that none is empty says nothing.
        (FleetCredits([instance(9.0), instance()], 9.0, 0.0, BEGAN), "is not known"),
        (
            FleetCredits([instance(9.0, 8.0)], 0.5, 0.0, BEGAN + timedelta(minutes=6), 0.31),
            "0.5 saved up; the load took about 0.3 of them of the busiest instance, and ended before",
        ),
        (
            FleetCredits(
                [instance(0.0, mode="unlimited", surplus=points(1.0, 7.5), charged=2.0)],
                None,
                0.0,
                BEGAN,
                price=0.04 / 60,
            ),
            "up to 7.5 surplus credits, 2.0 charged (0.0013 USD)",
        ),
    ],
)
def test_what_became_of_the_balances_is_said(found: FleetCredits, said: str):
    assert said in render(found.state)


def test_surplus_is_what_exceeds_the_baseline_and_no_more_than_all_vcpus():
    # The guide's arithmetic: a t4g.nano at 100 % of both vCPUs is 1.9 vCPUs over its baseline.
    assert cpu_credits.monthly_usd("t4g.nano", [2.0]) == pytest.approx(1.9 * 0.04 * 730)
    assert cpu_credits.monthly_usd("t4g.nano", [5.0]) == cpu_credits.monthly_usd("t4g.nano", [2.0])
    assert cpu_credits.monthly_usd("t4g.nano", [0.05, 0.1]) == 0.0
    assert cpu_credits.monthly_usd("t4g.nano", [0.3, 0.1]) == pytest.approx(0.2 * 0.04 * 730)


def test_requests_that_were_not_answered_would_have_cost_as_much():
    summary: Any = SimpleNamespace(
        instances=[SimpleNamespace(answers=600)], requests=SimpleNamespace(valid=1000)
    )
    assert cpu_credits.demand(summary, {"i-1": 0.1}) == [pytest.approx(1 / 6)]
    summary.requests.valid = 600
    assert cpu_credits.demand(summary, {"i-1": 0.1}) == [0.1]


class Cloud:
    """EC2 and CloudWatch with one unlimited instance."""

    def __getitem__(self, service: str) -> Any:
        return self

    def describe_instance_credit_specifications(self) -> dict[str, Any]:
        return {"InstanceCreditSpecifications": [{"InstanceId": "i-2", "CpuCredits": "unlimited"}]}

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        self.periods = {query["MetricStat"]["Period"] for query in asked["MetricDataQueries"]}
        values = {"CPUCreditBalance": 0.0, "CPUSurplusCreditBalance": 3.0}
        results: list[dict[str, Any]] = []
        for query in asked["MetricDataQueries"]:
            value = values.get(query["MetricStat"]["Metric"]["MetricName"])
            known = [] if value is None else [value]
            results.append({"Id": query["Id"], "Timestamps": [BEGAN] * len(known), "Values": known})
        return {"MetricDataResults": results}


def run(instance_type: str = "t4g.nano") -> StackRun:
    summary: Any = SimpleNamespace(
        load_began_at=BEGAN,
        profile=SimpleNamespace(
            phases=[SimpleNamespace(duration_s=20), SimpleNamespace(duration_s=10)]
        ),
        instances=[SimpleNamespace(answers=100), SimpleNamespace(answers=100)],
        requests=SimpleNamespace(valid=200),
    )
    outputs: Any = SimpleNamespace(instance_type=instance_type)
    return StackRun(summary, outputs, {"i-2": 0.6, "i-1": 0.1})


def test_a_fleet_is_read_from_ec2_and_cloudwatch():
    found = cpu_credits.fleet(Cloud(), run(), factor=2.0, saved_up=None)
    assert found is not None
    assert [(one.instance, one.mode) for one in found.instances] == [
        ("i-1", "standard"),
        ("i-2", "unlimited"),
    ]
    # Two cores here are one vCPU: 0.3 and 0.05 of a vCPU, of which 0.2 is above the baseline.
    assert found.monthly_usd == pytest.approx(0.2 * 0.04 * 730)
    assert "up to 3.0 surplus credits" in render(found.state)
    # 0.3 of a vCPU for half a minute, and ten times as much of AWS's time at tenfold speed.
    assert found.spent == pytest.approx(0.15)
    fast = cpu_credits.fleet(Cloud(), run(), factor=2.0, saved_up=1.0, speed=10.0)
    assert fast is not None
    assert fast.spent == pytest.approx(1.5)
    shown = cpu_credits.rows(found, found)
    assert [row.name.id for row in shown] == [
        "local.credits",
        "local.credits.lasts",
        "local.credits.cost",
    ]
    # 144 credits, of which 0.2 of a vCPU takes 12 an hour more than are earned.
    assert render(shown[1].ha) == "144 credits: the busiest instance runs dry after 12.0 h"


def test_a_load_that_the_baseline_carries_never_runs_dry():
    assert cpu_credits.lasts_h("t4g.nano", 144.0, 0.1) is None
    assert cpu_credits.lasts_h("t4g.nano", 144.0, 2.0) == pytest.approx(144 / 114)
    lasting = FleetCredits([], None, 0.0, BEGAN, full=144.0)
    assert render(lasting.lasts) == "144 credits: never runs dry"


def test_types_without_credits_have_no_rows():
    assert cpu_credits.fleet(Cloud(), run("m7g.medium"), factor=1.0, saved_up=None) is None
    assert cpu_credits.rows(None, None) == []


@pytest.mark.parametrize(
    ("speed", "period"), [(1.0, 300), (4.0, 60), (10.0, 30), (20.0, 10), (120.0, 1), (720.0, 1)]
)
def test_points_of_a_faster_clock_are_not_put_together(speed: float, period: int):
    cloud = Cloud()
    cpu_credits.fleet(cloud, run(), factor=2.0, saved_up=1.0, speed=speed)
    assert cloud.periods == {period}
