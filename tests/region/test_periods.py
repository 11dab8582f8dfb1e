"""Periods of AWS, and the page that lists them."""

from __future__ import annotations

from pathlib import Path

import pytest

from region.config import RegionConfig
from region.coverage import timing
from region.periods import Period

COOLDOWN = Period("Default cooldown", 300, "https://docs.aws.amazon.com/autoscaling")


def test_the_speed_divides_a_period_however_it_is_given(tmp_path: Path):
    config = RegionConfig(tmp_path, speed=20)
    assert config.seconds(COOLDOWN) == config.seconds(300.0) == 15


def test_the_page_has_a_row_per_period(monkeypatch: pytest.MonkeyPatch):
    listed = [COOLDOWN, Period("A | B", 0.5, "EC2 guide, Status checks")]
    monkeypatch.setattr(timing, "by_service", lambda: iter([("autoscaling", listed)]))
    page = timing.render()
    assert "## autoscaling\n" in page
    assert "| Default cooldown | 300 | <https://docs.aws.amazon.com/autoscaling> |" in page
    assert "| 0.5 | EC2 guide, Status checks |" in page


@pytest.mark.parametrize(
    ("name", "seconds", "source"), [("", 1, "x"), ("x", 1, ""), ("x", -1, "x")]
)
def test_a_period_without_name_source_or_sense_is_rejected(name: str, seconds: float, source: str):
    with pytest.raises(ValueError, match="period"):
        Period(name, seconds, source)


def test_no_period_stands_twice_under_one_name():
    for service, found in timing.by_service():
        names = [period.name for period in found]
        assert len(names) == len(set(names)), service
