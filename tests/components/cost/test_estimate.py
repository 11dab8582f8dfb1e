"""The monthly estimate: compared with hand calculations, and honest about what is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cost.estimate import HOURS, estimate, items
from components.cost.price_table import Confidence, load_table
from tests.components.cost.quantities import HA, SINGLE, changed, priced


@pytest.mark.parametrize(
    ("region", "quantities", "by_hand"),
    [
        (
            "us-east-1",
            SINGLE,
            3.066  # t4g.nano: 730 h x 0.0042
            + 0.64  # 8 GB gp3 x 0.08
            + 3.65  # public IPv4: 730 h x 0.005
            + 11.68  # db.t4g.micro: 730 h x 0.016
            + 2.30  # 20 GB x 0.115
            + 0.40,  # one secret
        ),
        (
            "us-east-1",
            HA,
            18.396  # 6 x 3.066
            + 3.84  # 6 x 0.64
            + 32.85  # 9 x 3.65: six instances, three zones of the load balancer
            + 16.425  # load balancer: 730 h x 0.0225
            + 11.68  # the same database
            + 2.30
            + 0.40
            + 0.20,  # two alarms of target tracking
        ),
        (
            "ap-northeast-2",
            SINGLE,
            3.796  # t4g.nano: 730 h x 0.0052
            + 0.7296  # 8 GB gp3 x 0.0912
            + 3.65  # public IPv4: 730 h x 0.005
            + 18.25  # db.t4g.micro: 730 h x 0.025
            + 2.62  # 20 GB x 0.131
            + 0.40,
        ),
        (
            "ap-northeast-2",
            HA,
            22.776  # 6 x 3.796
            + 4.3776  # 6 x 0.7296
            + 32.85  # 9 x 3.65
            + 16.425  # load balancer: 730 h x 0.0225
            + 18.25
            + 2.62
            + 0.40
            + 0.20,
        ),
    ],
)
def test_the_total_matches_a_hand_calculation(region, quantities, by_hand):
    assert priced(quantities, region).total == pytest.approx(by_hand, rel=0.01)


def test_the_baseline_matches_a_published_bill():
    # A public bill of two t4g.nano with address and 8 GB each, October 2026: 14.71 USD.
    found = {line.item.key: line.monthly for line in priced(SINGLE).lines}
    baseline = found["instance/t4g.nano"] + found["volume/gp3"] + found["public-ipv4"]
    assert 2 * baseline == pytest.approx(14.71, rel=0.01)


def test_a_standby_doubles_the_database():
    one = {line.item.key.split("/")[0]: line.monthly for line in priced(HA).lines}
    two = {
        line.item.key.split("/")[0]: line.monthly
        for line in priced(changed(HA, database_multi_az=True)).lines
    }
    assert two["database-multi-az"] == pytest.approx(2 * one["database"])
    assert two["database-volume-multi-az"] == pytest.approx(2 * one["database-volume"])


def test_nat_gateways_cost_more_than_the_addresses_they_save():
    behind = changed(HA, nat_gateways=3, public_addresses=3 + 3)
    # 3 gateways x 730 h x 0.045, three addresses less of 3.65.
    assert priced(behind).total - priced(HA).total == pytest.approx(98.55 - 10.95)
    assert "nat-gateway-data" in {line.item.key for line in priced(behind).on_use}


def test_costs_by_traffic_are_reported_beside_the_total():
    (lcu,) = priced(HA).on_use
    assert (lcu.item.key, lcu.price.usd, lcu.monthly) == ("load-balancer-lcu", 0.008, None)
    output = priced(HA).output()
    assert output["onUse"][0]["quantity"] == 0
    assert output["total"] == pytest.approx(
        sum(line["monthly"] for line in output["lines"]), abs=0.05
    )


def test_unlimited_credits_are_a_note_and_a_price_but_no_amount():
    found = priced(changed(SINGLE, unlimited_credits=True))
    assert found.total == priced(SINGLE).total
    assert [line.price.usd for line in found.on_use] == [0.04]
    assert any("CPU credits are unlimited" in note for note in found.notes)


def test_types_without_credits_have_no_such_note():
    found = priced(changed(SINGLE, instance_type="m7g.medium", unlimited_credits=True))
    assert not any("credits" in note for note in found.notes)


def test_low_confidence_appears_in_the_output_and_in_the_log():
    found = priced(changed(HA, database_class="db.t4g.small"), "ap-northeast-2")
    output = found.output()
    assert output["confidence"] == "low"
    assert any(note.startswith("low confidence: db.t4g.small database") for note in output["notes"])
    assert "confidence low" in found.summary()
    assert found.summary().endswith("low confidence: db.t4g.small database.")


def test_the_lowest_confidence_of_a_price_is_that_of_the_total():
    found = priced(HA, "ap-northeast-2")
    assert {line.price.confidence for line in found.lines} == {Confidence.HIGH, Confidence.MEDIUM}
    assert found.output()["confidence"] == "medium"
    assert "low" not in found.summary()


def test_an_unknown_region_gives_a_reason_and_no_number():
    found = estimate(HA, "eu-west-1", load_table("eu-west-1"))
    output = found.output()
    assert "total" not in output
    assert output["lines"] == []
    assert "there is no price table for eu-west-1" in output["notes"][0]
    assert "not estimated; there is no price table for eu-west-1" in found.summary()
    assert "USD" not in found.summary()


def test_a_missing_price_gives_a_reason_and_no_total():
    found = priced(changed(HA, instance_type="m7g.medium"))
    output = found.output()
    assert "total" not in output
    assert "no price for m7g.medium instances in the table of us-east-1" in output["notes"][0]
    assert "not estimated; no price for m7g.medium" in found.summary()


@given(
    instances=st.integers(1, 500),
    addresses=st.integers(0, 500),
    alarms=st.integers(0, 50),
    multi=st.booleans(),
)
def test_the_total_is_the_sum_of_its_lines_and_grows_with_them(instances, addresses, alarms, multi):
    quantities = changed(
        HA,
        instances=instances,
        public_addresses=addresses,
        alarms=alarms,
        database_multi_az=multi,
    )
    found = priced(quantities)
    assert found.total == pytest.approx(sum(line.monthly for line in found.lines))
    assert len(found.lines) == len(items(quantities))
    more = priced(changed(quantities, instances=instances + 1))
    assert more.total - found.total == pytest.approx(HOURS * 0.0042 + 8 * 0.08)


def test_the_documentation_shows_the_estimates_of_the_tables():
    document = (Path(__file__).parents[3] / "docs" / "cost.md").read_text(encoding="utf-8")
    for start, quantities in (("| single (", SINGLE), ("| ha (", HA)):
        (row,) = (line for line in document.splitlines() if line.startswith(start))
        figures = [cell.strip() for cell in row.strip("|").split("|")[1:]]
        totals = [priced(quantities, region).total for region in ("us-east-1", "ap-northeast-2")]
        assert figures == [f"{total:.2f}" for total in totals]
