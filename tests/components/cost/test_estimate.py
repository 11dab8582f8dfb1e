"""The monthly estimate: against hand calculations, and honest where it knows too little."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.config.loader import settings_from
from components.cost.bill import quantities_of
from components.cost.estimate import HOURS, Quantities, estimate, items
from components.cost.price_table import DIRECTORY, Confidence, Price, known_regions, load_table
from components.errors import ConfigurationError

REGIONS = ["ap-northeast-2", "us-east-1"]

SINGLE = Quantities(
    instance_type="t4g.nano",
    instances=1,
    volume_gib=8,
    public_addresses=1,
    database_class="db.t4g.micro",
    database_multi_az=False,
    database_gib=20,
    secrets=1,
    alarms=0,
)
HA = Quantities(
    instance_type="t4g.nano",
    instances=6,
    volume_gib=8,
    public_addresses=9,
    load_balancers=1,
    database_class="db.t4g.micro",
    database_multi_az=False,
    database_gib=20,
    secrets=1,
    alarms=2,
)


def changed(quantities, **changes):
    return Quantities(**{**vars(quantities), **changes})


def priced(quantities, region="us-east-1"):
    return estimate(quantities, region, load_table(region))


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
def test_the_total_is_the_hand_calculations(region, quantities, by_hand):
    assert priced(quantities, region).total == pytest.approx(by_hand, rel=0.01)


def test_the_totals_are_near_what_was_published_for_the_baseline():
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


def test_what_only_traffic_costs_is_told_beside_the_total():
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


def test_a_low_confidence_is_told_in_the_output_and_in_the_log():
    found = priced(changed(HA, database_class="db.t4g.small"), "ap-northeast-2")
    output = found.output()
    assert output["confidence"] == "low"
    assert any(note.startswith("low confidence: db.t4g.small database") for note in output["notes"])
    assert "confidence low" in found.summary()
    assert found.summary().endswith("low confidence: db.t4g.small database.")


def test_the_least_trusted_price_gives_the_confidence():
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


# --- the tables ------------------------------------------------------------------------------------


def test_there_is_a_table_for_both_regions():
    assert known_regions() == REGIONS


@pytest.mark.parametrize("region", REGIONS)
def test_every_price_has_a_source_and_a_day_that_is_not_in_the_future(region):
    table = load_table(region)
    assert table.region == region
    for key, price in table.prices.items():
        assert price.read <= table.compiled, key
        assert len(table.price(key).source) > 20, key
        assert price.usd > 0, key


@pytest.mark.parametrize("region", REGIONS)
def test_all_tables_price_the_same_things(region):
    assert set(load_table(region).prices) == set(load_table("us-east-1").prices)


@pytest.mark.parametrize("region", ["../prices/us-east-1", "", "us-east-1.yaml"])
def test_a_strange_region_opens_no_file(region):
    assert load_table(region) is None


def table_file(directory, change):
    document = yaml.safe_load((DIRECTORY / "us-east-1.yaml").read_text(encoding="utf-8"))
    change(document)
    (directory / "us-east-1.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(region="eu-west-1"), 'is for the Region "eu-west-1"'),
        (lambda d: d.pop("compiled"), "compiled: Field required"),
        (lambda d: d["prices"]["secret"].update(usd=-1), "prices.secret.usd"),
        (lambda d: d["prices"]["secret"].update(source="x"), "sources without a description: x"),
        (lambda d: d["prices"]["secret"].update(confidence="sure"), "prices.secret.confidence"),
    ],
)
def test_a_broken_table_is_one_message(tmp_path: Path, change, message):
    table_file(tmp_path, change)
    with pytest.raises(ConfigurationError, match=message):
        load_table("us-east-1", tmp_path)


def test_fresh_prices_win_and_date_the_table():
    day = date(2027, 1, 2)
    fresh = Price(usd=1.0, per="month", confidence=Confidence.HIGH, read=day, source="AWS")
    table = load_table("us-east-1").with_prices({"secret": fresh}, day)
    assert table.price("secret") == fresh
    assert table.compiled == day
    assert table.price("alarm") == load_table("us-east-1").price("alarm")


# --- counting --------------------------------------------------------------------------------------


def settings(**changes):
    schema = yaml.safe_load((Path(__file__).parents[3] / "Pulumi.yaml").read_text())["config"]
    config = {key: str(entry["default"]) for key, entry in schema.items() if "default" in entry}
    config |= {"haproof:topology": "ha", "haproof:vpcCidr": "10.20.0.0/16"}
    return settings_from({**config, **changes}, "haproof")


def test_what_the_program_registered_is_what_is_counted():
    counts = Counter(
        {
            "aws:lb/loadBalancer:LoadBalancer": 1,
            "aws:autoscaling/policy:Policy": 1,
            "aws:cloudwatch/metricAlarm:MetricAlarm": 7,
            "aws:kms/key:Key": 1,
            "aws:rds/instance:Instance": 1,
        }
    )
    found = quantities_of(counts, settings(), zone_count=3)
    assert found.public_addresses == 6 + 3
    assert found.alarms == 7 + 2
    assert priced(found).total - priced(changed(found, encryption_keys=0)).total == pytest.approx(
        1.0
    )
    assert (found.secrets, found.load_balancers, found.nat_gateways) == (1, 1, 0)


def test_behind_nat_gateways_only_they_and_the_load_balancer_have_addresses():
    counts = Counter(
        {
            "aws:lb/loadBalancer:LoadBalancer": 1,
            "aws:ec2/natGateway:NatGateway": 3,
            "aws:ec2/eip:Eip": 3,
        }
    )
    found = quantities_of(counts, settings(), zone_count=3)
    assert (found.nat_gateways, found.public_addresses) == (3, 3 + 3)


def test_the_document_tells_the_estimates_that_the_tables_give():
    document = (Path(__file__).parents[3] / "docs" / "cost.md").read_text(encoding="utf-8")
    for start, quantities in (("| single (", SINGLE), ("| ha (", HA)):
        (row,) = (line for line in document.splitlines() if line.startswith(start))
        told = [cell.strip() for cell in row.strip("|").split("|")[1:]]
        totals = [priced(quantities, region).total for region in ("us-east-1", "ap-northeast-2")]
        assert told == [f"{total:.2f}" for total in totals]
