"""The price tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from components.cost.price_table import DIRECTORY, Confidence, Price, known_regions, load_table
from components.errors import ConfigurationError

REGIONS = ["ap-northeast-2", "us-east-1"]


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


def test_fresh_prices_take_precedence_and_date_the_table():
    day = date(2027, 1, 2)
    fresh = Price(usd=1.0, per="month", confidence=Confidence.HIGH, read=day, source="AWS")
    table = load_table("us-east-1").with_prices({"secret": fresh}, day)
    assert table.price("secret") == fresh
    assert table.compiled == day
    assert table.price("alarm") == load_table("us-east-1").price("alarm")
