"""Numbers and units in each language of a report."""

from __future__ import annotations

import pytest

from loadtest.models import Percentile
from loadtest.reporting.texts import Texts


def test_numbers_and_units():
    english, korean = Texts("en"), Texts("ko")
    assert [t.share(0.376) for t in (english, korean)] == ["37.6 %", "37.6%"]
    assert [t.share(0.99999) for t in (english, korean)] == ["> 99.9 %", "> 99.9%"]
    assert [t.seconds(90) for t in (english, korean)] == ["90 s", "90초"]
    assert [t.seconds(150) for t in (english, korean)] == ["2.5 min", "2.5분"]
    assert [t.short_latency(20) for t in (english, korean)] == ["20 ms", "20 ms"]
    assert [t.short_latency(1500) for t in (english, korean)] == ["1.5 s", "1.5초"]
    assert korean.count(27_000) == "27,000"
    assert korean.ms(None) == "–"
    assert korean.ms(Percentile(value_ms=10_000, at_least=True)) == "≥ 10,000 ms"


def test_a_language_without_a_catalogue_is_rejected():
    with pytest.raises(KeyError):
        Texts("tlh")
