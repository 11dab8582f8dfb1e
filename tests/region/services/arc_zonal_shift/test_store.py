"""How shifts are kept, and how they end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.arc_zonal_shift.store import ACTIVE, EXPIRED, Shift, Store, seconds_of

ARN = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/a/1"


def never(_configuration):
    return False


def always(_configuration):
    return True


def shift(resource=ARN, expiry=100.0, outcome=""):
    return Shift(resource, "apne2-az1", "drill", 0.0, expiry, outcome=outcome)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1m", 60), ("90m", 5400), ("2h", 7200), ("72h", 259_200), ("4320m", 259_200)],
)
def test_lengths(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0m", "01m", "73h", "4321m", "1d", "1.5h", "-1h", "1 h", "h"])
def test_what_is_no_length(text):
    assert seconds_of(text) is None


@given(st.integers(1, 72))
def test_an_hour_is_sixty_minutes(hours):
    assert seconds_of(f"{hours}h") == seconds_of(f"{60 * hours}m")


def test_a_shift_ends_in_its_time():
    store = Store()
    store.add(shift())
    assert not store.advance(99.9, always, {ARN})
    assert store.active(ARN) is not None
    assert store.advance(100.0, always, {ARN})
    assert [one.status for one in store.of(ARN)] == [EXPIRED]
    assert store.active(ARN) is None
    assert not store.advance(200.0, always, {ARN})


def test_a_shift_ends_with_its_resource():
    store = Store()
    store.add(shift())
    assert store.advance(1.0, never, set())
    assert store.active(ARN) is None


@pytest.mark.parametrize(
    ("now", "has_failed", "outcome"),
    [(50.0, never, "PENDING"), (100.0, never, "SUCCEEDED"), (50.0, always, "FAILED")],
)
def test_how_a_practice_run_ends(now, has_failed, outcome):
    store = Store()
    store.add(shift(outcome="PENDING"))
    store.advance(now, has_failed, {ARN})
    (run,) = store.shifts
    assert (run.outcome, run.practice) == (outcome, True)
    assert (run.status == ACTIVE) is (outcome == "PENDING")


def test_a_practice_run_that_loses_its_resource_is_interrupted():
    store = Store()
    store.add(shift(outcome="PENDING"))
    store.advance(1.0, never, set())
    assert store.shifts[0].outcome == "INTERRUPTED"


def test_the_newest_are_kept():
    store = Store()
    for number in range(250):
        store.add(shift(f"lb-{number}"))
    assert [one.resource for one in store.shifts] == [f"lb-{number}" for number in range(50, 250)]
    assert store.by_id(store.shifts[7].id) is store.shifts[7]
    assert store.by_id("unknown") is None
