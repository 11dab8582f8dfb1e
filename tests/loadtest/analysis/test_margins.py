"""Margins: how they are written, and what an interval says about one."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from loadtest.analysis import margins, slo
from loadtest.analysis.inference import Interval
from loadtest.analysis.margins import Margin, MarginError, Margins
from loadtest.analysis.slo import SloError

TEN_PERCENT = Margin(value=10, unit="%")
HALF_A_POINT = Margin(value=0.5, unit="pp")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.04, 0.06, "equivalent"),
        (0.02, 0.08, "equivalent"),  # shown to be more, but not by what matters
        (-0.05, 0.10, "inconclusive"),  # the margin itself is not ruled out
        (-0.02, 0.30, "inconclusive"),
        (0.02, 0.30, "worse"),
        (-0.30, -0.02, "better"),
        (0.15, math.inf, "worse"),
        (-math.inf, math.inf, "inconclusive"),
    ],
)
def test_a_relative_margin_is_held_against_the_relative_change(
    low: float, high: float, expected: str
):
    relative = Interval(low, high)
    assert margins.judge(relative.scaled(20), relative, TEN_PERCENT) == expected


def test_points_and_milliseconds_are_held_against_the_difference():
    assert margins.judge(Interval(-0.001, 0.004), None, HALF_A_POINT) == "equivalent"
    assert margins.judge(Interval(-0.001, 0.006), None, HALF_A_POINT) == "inconclusive"
    two_ms = Margin(value=2, unit="ms")
    assert margins.judge(Interval(-1.0, 1.5), Interval(-0.5, 0.9), two_ms) == "equivalent"


def test_a_margin_holds_for_one_figure_or_for_all_with_its_unit():
    found = margins.changed(Margins(), ["5%", "p99=2 ms", "failed-users=0.1pp"])
    assert (str(found.p50), str(found.p95), str(found.p99)) == ("5 %", "5 %", "2 ms")
    assert (str(found.failed_users), str(found.timeouts)) == ("0.1 pp", "0.5 pp")
    assert {str(margins.changed(Margins(), ["1pp"]).of(key)) for key in ("timeouts", "p50")} == {
        "1 pp",
        "10 %",
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("p98=1%", "no figure 'p98'; known are failed-users"),
        ("p99=0%", "write `10 %`"),
        ("p99=-5%", "write `10 %`"),
        ("p99=nan%", "write `10 %`"),
        ("p99=1pp", "this is a percentile"),
        ("timeouts=5%", "this is a share"),
        ("p99=5", "write `10 %`"),
        ("", "write `10 %`"),
    ],
)
def test_a_margin_that_cannot_be_meant_is_refused(given: str, said: str):
    with pytest.raises(MarginError) as error:
        margins.changed(Margins(), [given])
    assert said in str(error.value)


def test_margins_are_read_from_the_slo_file(tmp_path: Path):
    file = tmp_path / "slo.yml"
    file.write_text("margins:\n  p99: 3 ms\n  timeouts: 1 pp\n")
    assert str(slo.read(file, may_be_empty=True).margins.p99) == "3 ms"
    with pytest.raises(SloError, match="promises nothing"):
        slo.read(file)
    file.write_text("failed_users: 0\nmargins:\n  p99: 3\n")
    with pytest.raises(SloError, match=r"line 3, margins\.p99: write `10 %`"):
        slo.read(file)
    file.write_text("margins:\n  p98: 3 ms\n")
    with pytest.raises(
        SloError, match=r"line 2, margins\.p98: unknown key; known are failed_users"
    ):
        slo.read(file)


def test_margins_come_back_from_json():
    found = margins.changed(Margins(), ["p99=2ms"])
    assert Margins.model_validate_json(found.model_dump_json()) == found


def test_the_worst_row_decides():
    assert margins.worst(["better", "worse", "inconclusive"]) == "worse"
    assert margins.worst(["better", "inconclusive"]) == "inconclusive"
    assert margins.worst(["equivalent", "better"]) == "better"
    assert margins.worst(["equivalent"]) == "equivalent"
    assert margins.worst([]) == "inconclusive"
