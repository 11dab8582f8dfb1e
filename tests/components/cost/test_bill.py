"""The estimate of both stacks: counted from what the program registered, priced and logged."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pulumi
import pytest
import yaml

from components.config.loader import settings_from
from components.cost import price_list
from components.cost.bill import quantities_of
from tests.components.cost.quantities import changed, priced


def settings(**changes):
    schema = yaml.safe_load((Path(__file__).parents[3] / "Pulumi.yaml").read_text())["config"]
    config = {key: str(entry["default"]) for key, entry in schema.items() if "default" in entry}
    config |= {"haproof:topology": "ha", "haproof:vpcCidr": "10.20.0.0/16"}
    return settings_from({**config, **changes}, "haproof")


def test_registered_resources_are_counted():
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


HOURS = 730


def invokes(region):
    """What the program asks of AWS, in another Region."""
    zones = [f"{region}{letter}" for letter in "abcd"]
    return {
        "aws:index/getRegion:getRegion": lambda _: {"id": region, "region": region, "name": region},
        "aws:index/getAvailabilityZones:getAvailabilityZones": lambda _: {"names": zones},
        "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": lambda _: {"locations": zones},
    }


@pytest.fixture
def said(monkeypatch):
    """What the program logs: (level, text)."""
    found = []
    for level in ("info", "warn"):
        monkeypatch.setattr(
            pulumi.log, level, lambda text, *_, level=level, **__: found.append((level, text))
        )
    return found


def cost(recording):
    found = recording.registered_outputs[recording.service().urn]["costEstimate"]
    # The stack's own outputs have the total alone.
    assert recording.outputs().get("monthlyCost") == found.get("total")
    return found


PRICES = {
    # instance h, volume GB, IPv4 h, balancer h, database h, storage GB, secret, alarm
    "us-east-1": (0.0042, 0.08, 0.005, 0.0225, 0.016, 0.115, 0.40, 0.10),
    "ap-northeast-2": (0.0052, 0.0912, 0.005, 0.0225, 0.025, 0.131, 0.40, 0.10),
}


@pytest.mark.parametrize("region", list(PRICES))
@pytest.mark.parametrize("stack", ["single", "ha"])
def test_the_output_is_within_one_per_cent_of_a_hand_calculation(build, stack, region):
    recording = build(stack, invokes=invokes(region))
    instance, volume, address, balancer, database, storage, secret, alarm = PRICES[region]
    counts = recording.counts()
    alarms = counts["aws:cloudwatch/metricAlarm:MetricAlarm"]
    keys = counts["aws:kms/key:Key"] * 1.00
    if stack == "single":
        by_hand = (
            1 * instance * HOURS
            + 8 * volume
            + 1 * address * HOURS
            + 1 * database * HOURS
            + 20 * storage
            + secret
            + alarms * alarm
            + keys
        )
    else:
        by_hand = (
            6 * instance * HOURS
            + 6 * 8 * volume
            + (6 + 3) * address * HOURS  # six instances, a load balancer in three zones
            + 1 * balancer * HOURS
            + 1 * database * HOURS
            + 20 * storage
            + secret
            + (alarms + 2) * alarm  # target tracking makes two of its own
            + keys
        )
    assert counts["aws:ec2/natGateway:NatGateway"] == 0, "by default the stacks have none"
    found = cost(recording)
    assert found["total"] == pytest.approx(by_hand, rel=0.01)
    assert (found["region"], found["currency"]) == (region, "USD")
    assert found["tableDate"] == "2026-11-26"
    assert found["confidence"] in {"medium", "high"}
    for line in found["lines"]:
        assert {"item", "quantity", "unit", "unitPrice", "source", "read"} <= set(line)
    json.dumps(found)


def test_the_total_is_one_line_of_the_log(build, said):
    found = cost(build("ha", fresh=True))
    ((level, text),) = said
    assert level == "info"
    assert text.startswith(f"Monthly cost: about {found['total']:.2f} USD in ap-northeast-2 (730 h")


def test_a_doubtful_price_is_a_warning(build, said):
    build("single", databaseClass="db.t4g.small")
    ((level, text),) = said
    assert level == "warn"
    assert "low confidence: db.t4g.small database" in text


def test_a_region_without_prices_is_a_warning_without_a_number(build, said):
    found = cost(build("ha", invokes=invokes("eu-west-1")))
    ((level, text),) = said
    assert level == "warn"
    assert "no price table for eu-west-1" in text
    assert "total" not in found


class FakePriceList:
    """Answers with one price, and keeps what it was asked."""

    def __init__(self, usd):
        self.usd = usd
        self.asked = []

    def get_products(self, **arguments):
        self.asked.append(arguments)
        term = {"priceDimensions": {"d": {"beginRange": "0", "pricePerUnit": {"USD": self.usd}}}}
        return {"PriceList": [json.dumps({"terms": {"OnDemand": {"t": term}}})]}


def test_by_default_aws_is_not_asked(build, monkeypatch):
    def refuse(_):
        raise AssertionError("asked")

    monkeypatch.setattr(price_list, "connect", refuse)
    assert cost(build("single", fresh=True))["total"] > 0


def test_the_price_list_is_used_if_configured(build, monkeypatch):
    client = FakePriceList("0.0100000000")
    monkeypatch.setattr(price_list, "connect", lambda profile: client)
    found = cost(build("single", priceSource="price-list"))
    assert {line["unitPrice"] for line in found["lines"]} == {0.01}
    assert all("AWS Price List API" in line["source"] for line in found["lines"])
    assert found["confidence"] == "high"
    assert len(client.asked) == len(found["lines"])


def test_without_an_answer_the_table_is_used_with_a_warning(build, monkeypatch, said):
    class Silent:
        def get_products(self, **_):
            return {"PriceList": []}

    monkeypatch.setattr(price_list, "connect", lambda profile: Silent())
    found = cost(build("single", priceSource="price-list"))
    assert found["total"] > 0
    assert found["tableDate"] == "2026-11-26"
    assert [level for level, _ in said] == ["warn", "info"]
    assert "Allow pricing:GetProducts" in said[0][1]


def test_another_price_source_triggers_no_release(build):
    def digest(recording):
        return recording.one("haproof:deployment:Release").inputs["settingsDigest"]

    other = build("single", priceSource="price-list", invokes=invokes("eu-west-1"))
    assert digest(other) == digest(build("single", invokes=invokes("eu-west-1")))
