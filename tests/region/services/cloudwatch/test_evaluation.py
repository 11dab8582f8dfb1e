"""The tables of the CloudWatch guide, "How alarm state is evaluated when data is missing"."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.cloudwatch.evaluation import RANGE_BEYOND, TREATMENTS, Rule, judge

KEEP = None
OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
TABLE_1 = {  # 3 of 3
    "0-X-X": (0, OK, OK, OK, OK),
    "0----": (2, OK, OK, OK, OK),
    "-----": (3, UNKNOWN, KEEP, ALARM, OK),
    "0XX-X": (0, ALARM, ALARM, ALARM, ALARM),
    "--X--": (2, ALARM, KEEP, ALARM, OK),
}
TABLE_2 = {  # 2 of 3
    "0-X-X": (0, ALARM, ALARM, ALARM, ALARM),
    "00X0X": (0, ALARM, ALARM, ALARM, ALARM),
    "0-X--": (1, OK, OK, ALARM, OK),
    "----0": (2, OK, OK, ALARM, OK),
    "---X-": (2, ALARM, KEEP, ALARM, OK),
}
MEANING = {"0": False, "X": True, "-": None}


def points(text):
    return [MEANING[sign] for sign in text]


ROWS = [
    (needed, text, treatment, state, filled)
    for needed, table in ((3, TABLE_1), (2, TABLE_2))
    for text, (filled, *states) in table.items()
    for treatment, state in zip(TREATMENTS, states, strict=True)
]


@pytest.mark.parametrize(("needed", "text", "treatment", "state", "filled"), ROWS)
def test_the_guides_tables(needed, text, treatment, state, filled):
    verdict = judge(points(text), Rule(3, needed, treatment))
    # The table counts what is missing among the points that decide.
    assert verdict.state == state
    if text not in {"0-X-X", "0XX-X"}:
        assert verdict.filled == filled


@pytest.mark.parametrize("text", ["----X", "---X-"])
def test_no_alarm_as_long_as_the_next_point_may_not_breach(text):
    assert judge(points(text), Rule(3, 3)).state is KEEP


SIGNS = st.lists(st.sampled_from([True, False, None]), min_size=3, max_size=12)


@given(SIGNS, st.data())
def test_whatever_the_points_are(signs, data):
    periods = len(signs) - RANGE_BEYOND
    needed = data.draw(st.integers(1, periods))
    verdicts = {name: judge(signs, Rule(periods, needed, name)) for name in TREATMENTS}
    # As if every missing point had not breached, and as if every one had.
    assert verdicts["notBreaching"].state in {OK, ALARM}
    assert verdicts["breaching"].state in {OK, ALARM}
    if verdicts["notBreaching"].state == ALARM:
        assert {verdict.state for verdict in verdicts.values()} == {ALARM}
    if verdicts["breaching"].state == OK:
        assert ALARM not in {verdict.state for verdict in verdicts.values()}
    known = [sign for sign in signs if sign is not None]
    if len(known) >= periods:
        states = {verdict.state for verdict in verdicts.values()}
        assert states == {ALARM if sum(known[-periods:]) >= needed else OK}
    if not known:
        assert verdicts["missing"].state == UNKNOWN
        assert verdicts["ignore"].state is KEEP


def test_more_breaching_points_never_end_an_alarm():
    for signs in itertools.product((True, False, None), repeat=5):
        for place, sign in enumerate(signs):
            if sign is not False:
                continue
            worse = (*signs[:place], True, *signs[place + 1 :])
            for treatment in ("breaching", "notBreaching"):
                rule = Rule(3, 2, treatment)
                if judge(signs, rule).state == ALARM:
                    assert judge(worse, rule).state == ALARM
