"""Figures are never rounded to more than was shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.formatting import duration, floor_percent, percent


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.0001, "< 0.1 %"), (0.376, "37.6 %"), (0.99999, "> 99.9 %"), (1, "100 %")],
)
def test_a_share_is_never_rounded_to_none_or_all(share: float, text: str):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.1, "1 s"),
        (59.2, "60 s"),
        (61, "1.1 min"),
        (7_200, "2.0 h"),
        (1_000_000, "11.6 days"),
    ],
)
def test_durations_are_rounded_up(seconds: float, text: str):
    assert duration(seconds) == text


@given(st.floats(0, 1))
def test_a_percentage_is_never_rounded_up(share: float):
    text = floor_percent(share)
    shown = float(text.removesuffix(" %"))
    assert shown <= share * 100 + 1e-6
    # And not by more than a tenth of what is missing, or of a per cent.
    assert share * 100 - shown <= max(0.1, 1 - share) * 100


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.999, "99.9 %"), (0.9999, "99.99 %"), (0.99999, "99.999 %"), (0.5, "50.0 %"), (1, "100 %")],
)
def test_nines_stay_nines(share: float, text: str):
    assert floor_percent(share) == text
