"""CodeDeploy's arithmetic of minimum healthy hosts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.codedeploy.minimum_healthy_hosts import COUNT, PERCENT, Progress, Rule

ONE = Rule(PERCENT, 99, predefined=True)
HALF = Rule(PERCENT, 50, predefined=True)
ALL = Rule(PERCENT, 0, predefined=True)


def fresh(total: int) -> Progress:
    return Progress(total, 0, 0, 0)


@pytest.mark.parametrize(
    ("rule", "total", "first"),
    [
        (HALF, 6, 3),
        (HALF, 5, 2),
        (HALF, 2, 1),
        (HALF, 1, 1),
        (ONE, 6, 1),
        (ONE, 1, 1),
        (ALL, 6, 6),
        (Rule(COUNT, 4), 6, 2),
        (Rule(PERCENT, 66), 3, 1),
        (Rule(PERCENT, 51), 2, 0),
    ],
)
def test_the_first_batch(rule, total, first):
    assert rule.may_start(fresh(total)) == first
    assert rule.impossible(total) == (first == 0)


@given(st.integers(1, 200), st.integers(0, 100))
def test_percentages_are_rounded_up(total, percent):
    assert Rule(PERCENT, percent).minimum_healthy(total) == math.ceil(total * percent / 100)


rules = st.one_of(
    st.builds(Rule, st.just(PERCENT), st.integers(0, 100)),
    st.builds(Rule, st.just(COUNT), st.integers(0, 20)),
    st.sampled_from([ONE, HALF, ALL]),
)


@given(rules, st.integers(1, 20), st.data())
def test_the_minimum_is_kept_at_every_moment(rule, total, data):
    if rule.impossible(total):
        return
    progress = fresh(total)
    while not progress.done and not rule.broken(progress):
        count = rule.may_start(progress)
        pending, running = progress.pending - count, progress.running + count
        assert total - running - progress.failed >= rule.minimum_healthy(total)
        good = data.draw(st.booleans())
        progress = Progress(
            pending, running - 1, progress.succeeded + good, progress.failed + (not good)
        )
    if progress.failed == 0:
        assert progress.succeeded == total
        assert rule.satisfied(progress)
    if rule.broken(progress):
        assert progress.pending > 0


@pytest.mark.parametrize(
    ("rule", "progress", "satisfied"),
    [
        (ALL, Progress(0, 0, 1, 5), True),
        (ALL, Progress(0, 0, 0, 6), False),
        (ONE, Progress(0, 0, 5, 1), True),
        (ONE, Progress(0, 0, 0, 1), False),
        (HALF, Progress(0, 0, 0, 1), False),
        (HALF, Progress(0, 0, 3, 3), True),
    ],
)
def test_success(rule, progress, satisfied):
    assert rule.satisfied(progress) == satisfied


def test_one_failure_stops_one_at_a_time_before_the_last():
    assert ONE.broken(Progress(4, 0, 1, 1))
    assert not ONE.broken(Progress(0, 0, 5, 1))
    assert not HALF.broken(Progress(3, 0, 1, 2))
    assert HALF.broken(Progress(3, 0, 0, 3))
