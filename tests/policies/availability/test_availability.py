"""The arithmetic that program and policies share."""

from __future__ import annotations

import subprocess
import sys

import pytest
from availability import healthy_hosts, names, target_groups, zones
from hypothesis import given
from hypothesis import strategies as st

from tests.policies.preview.sandbox import PACK


def test_the_pack_is_usable_as_a_directory_of_its_own():
    command = [sys.executable, "-P", "-c", "import guardrails.evaluator, availability.zones"]
    subprocess.run(command, cwd="/", env={"PYTHONPATH": str(PACK)}, check=True)


@given(st.integers(1, 200), st.integers(2, 6), st.integers(1, 50))
def test_the_smallest_size_survives_and_the_next_smaller_does_not(size, count, need):
    smallest = zones.smallest_size(count, need)
    assert zones.too_few_left(zones.left_after_loss(smallest, count), need) is None
    assert zones.left_after_loss(smallest - 1, count) < need
    assert zones.lost(size, count) + zones.left_after_loss(size, count) == size


@pytest.mark.parametrize(
    ("size", "count", "left"), [(1, 2, 0), (2, 2, 1), (3, 2, 1), (6, 3, 4), (2, 3, 1)]
)
def test_the_fullest_zone_is_the_one_that_is_lost(size, count, left):
    assert zones.left_after_loss(size, count) == left


def test_a_deadlock_shows_its_arithmetic():
    said = healthy_hosts.deadlock("FLEET_PERCENT", 66.0, 2.0)
    assert said == (
        "66 % of 2 host(s) is 1.32, rounded up to 2, which leaves none to deploy to, so every "
        "deployment would fail"
    )
    assert healthy_hosts.deadlock("HOST_COUNT", 1, 2) is None


@pytest.mark.parametrize(
    ("delay", "word"), [(0, "cuts those in flight"), (5, None), (300, None), (3000, "at most")]
)
def test_how_long_a_target_may_drain(delay, word):
    said = target_groups.bad_drain(delay)
    assert (said is None) == (word is None)
    assert word is None or word in str(said)


@pytest.mark.parametrize(
    ("seconds", "sane"), [(12, True), (180, True), (181, False), (1202, False)]
)
def test_a_failed_target_leaves_within_three_minutes(seconds, sane):
    assert (target_groups.bad_failure(seconds) is None) == sane


@pytest.mark.parametrize(
    ("timing", "problems"),
    [
        ((5, 2, 2, 2), 0),
        ((30, 5, 5, 3), 0),
        ((5, 5, 2, 2), 1),
        ((4, 2, 2, 2), 1),
        ((30, 5, 1, 11), 2),
    ],
)
def test_a_health_check_is_what_the_api_takes(timing, problems):
    assert len(list(target_groups.refused_check(*timing))) == problems


def test_a_target_is_healthy_before_the_grace_period_ends():
    assert target_groups.never_healthy(target_groups.healthy_after(5, 2), 300) is None
    assert "healthy after 600 s" in str(target_groups.never_healthy(600, 300))
    assert target_groups.fails_after(5, 2, 2) == 12


def test_a_name_is_short_enough_and_no_arn():
    assert names.bad_name("target group", "web-targets") is None
    assert "at most 32" in str(names.bad_name("target group", "x" * 33))
    assert "is an ARN" in str(names.bad_name("Auto Scaling group", "arn:aws:autoscaling:x"))
