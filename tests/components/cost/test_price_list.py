"""The Price List API: what is requested, and that only an unambiguous price is accepted."""

from __future__ import annotations

import json
from datetime import date

import boto3
import pytest
from botocore.stub import Stubber

from components.cost.price_list import PriceListError, fetch, product_of
from components.cost.price_table import Confidence, load_table

TODAY = date(2026, 11, 22)


def product(*prices, term="OnDemand", begin="0"):
    """An entry as the API gives it: a text that is JSON."""
    dimensions = {
        str(number): {"beginRange": begin, "pricePerUnit": {"USD": usd}}
        for number, usd in enumerate(prices)
    }
    return json.dumps({"product": {}, "terms": {term: {"x": {"priceDimensions": dimensions}}}})


class Client:
    def __init__(self, *entries, **extra):
        self.answer = {"PriceList": list(entries), **extra}

    def get_products(self, **_):
        return self.answer


def test_requests_are_valid_for_the_api():
    client = boto3.client(
        "pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        stubber.add_response(
            "get_products",
            {"PriceList": [product("0.0590000000")]},
            {
                "ServiceCode": "AmazonEC2",
                "FormatVersion": "aws_v1",
                "Filters": [
                    {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "ap-northeast-2"},
                    {"Type": "TERM_MATCH", "Field": "usagetype", "Value": "APN2-NatGateway-Hours"},
                ],
            },
        )
        found = fetch(["nat-gateway"], "ap-northeast-2", client, TODAY)["nat-gateway"]
    assert (found.usd, found.per, found.read) == (0.059, "hour", TODAY)
    assert found.confidence is Confidence.HIGH


@pytest.mark.parametrize("region", ["us-east-1", "ap-northeast-2"])
def test_every_key_of_a_table_can_be_fetched_and_has_the_tables_unit(region):
    table = load_table(region)
    found = fetch(table.prices, region, Client(product("1")), TODAY)
    for key, price in table.prices.items():
        assert found[key].per == price.per, key
        assert product_of(key, region).attributes["regionCode"] == region


@pytest.mark.parametrize(
    ("region", "key", "usage"),
    [
        ("us-east-1", "load-balancer", "LoadBalancerUsage"),
        ("us-east-1", "public-ipv4", "USE1-PublicIPv4:InUseAddress"),
        ("us-east-1", "secret", "USE1-AWSSecretsManager-Secrets"),
        ("us-east-1", "alarm", "CW:AlarmMonitorUsage"),
        ("us-east-1", "fargate-arm/vcpu", "USE1-Fargate-ARM-vCPU-Hours:perCPU"),
        ("ap-northeast-2", "fargate-arm/memory", "APN2-Fargate-ARM-GB-Hours"),
        ("us-east-1", "s3-requests/write", "Requests-Tier1"),
        ("ap-northeast-2", "s3-requests/read", "APN2-Requests-Tier2"),
        ("ap-northeast-2", "load-balancer-lcu", "APN2-LCUUsage"),
        ("ap-northeast-2", "volume/gp3", "APN2-EBS:VolumeUsage.gp3"),
    ],
)
def test_usage_types_are_those_of_a_bill(region, key, usage):
    assert product_of(key, region).attributes["usagetype"] == usage


def test_a_standby_is_another_product():
    one = product_of("database/db.t4g.micro", "us-east-1").attributes
    two = product_of("database-multi-az/db.t4g.micro", "us-east-1").attributes
    assert (one["deploymentOption"], two["deploymentOption"]) == ("Single-AZ", "Multi-AZ")


def test_the_first_tier_counts_and_reservations_do_not():
    entries = (product("9", term="Reserved"), product("0.10"), product("0.05", begin="1000"))
    assert fetch(["alarm"], "us-east-1", Client(*entries), TODAY)["alarm"].usd == 0.10


@pytest.mark.parametrize(
    ("client", "message"),
    [
        (Client(), "0 prices for alarm"),
        (Client(product("0.10"), product("0.30")), "2 prices for alarm"),
        (Client(product("0.10"), NextToken="more"), "prices for alarm"),
    ],
)
def test_an_ambiguous_answer_is_rejected(client, message):
    with pytest.raises(PriceListError, match=message):
        fetch(["alarm"], "us-east-1", client, TODAY)


def test_unknown_regions_and_keys_are_rejected():
    with pytest.raises(PriceListError, match="usage types of eu-west-1"):
        product_of("alarm", "eu-west-1")
    with pytest.raises(PriceListError, match="yacht cannot be looked up"):
        product_of("yacht", "us-east-1")
