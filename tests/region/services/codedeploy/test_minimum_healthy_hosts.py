"""CodeDeploy's arithmetic of minimum healthy hosts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.codedeploy.minimum_healthy_hosts import (
    COUNT,
    PERCENT,
    DeploymentProgress,
    MinimumHealthyHosts,
)

ONE = MinimumHealthyHosts(PERCENT, 99, predefined=True)
HALF = MinimumHealthyHosts(PERCENT, 50, predefined=True)
ALL = MinimumHealthyHosts(PERCENT, 0, predefined=True)


def fresh(total: int) -> DeploymentProgress:
    return DeploymentProgress(total, 0, 0, 0)


def violated(minimum: MinimumHealthyHosts, progress: DeploymentProgress) -> bool:
    """Whether pending instances can no longer be deployed to without going below the minimum."""
    waiting = progress.pending > 0 and progress.running == 0
    return waiting and minimum.startable_count(progress) == 0


@pytest.mark.parametrize(
    ("minimum", "total", "first"),
    [
        (HALF, 6, 3),
        (HALF, 5, 2),
        (HALF, 2, 1),
        (HALF, 1, 1),
        (ONE, 6, 1),
        (ONE, 1, 1),
        (ALL, 6, 6),
        (MinimumHealthyHosts(COUNT, 4), 6, 2),
        (MinimumHealthyHosts(PERCENT, 66), 3, 1),
        (MinimumHealthyHosts(PERCENT, 51), 2, 0),
    ],
)
def test_the_first_batch(minimum, total, first):
    assert minimum.startable_count(fresh(total)) == first
    assert minimum.blocks_every_deployment(total) == (first == 0)


@given(st.integers(1, 200), st.integers(0, 100))
def test_percentages_are_rounded_up(total, percent):
    assert MinimumHealthyHosts(PERCENT, percent).required(total) == math.ceil(total * percent / 100)


minimums = st.one_of(
    st.builds(MinimumHealthyHosts, st.just(PERCENT), st.integers(0, 100)),
    st.builds(MinimumHealthyHosts, st.just(COUNT), st.integers(0, 20)),
    st.sampled_from([ONE, HALF, ALL]),
)


@given(minimums, st.integers(1, 20), st.data())
def test_the_minimum_is_kept_at_every_moment(minimum, total, data):
    if minimum.blocks_every_deployment(total):
        return
    progress = fresh(total)
    while not progress.done and not violated(minimum, progress):
        count = minimum.startable_count(progress)
        pending, running = progress.pending - count, progress.running + count
        assert total - running - progress.failed >= minimum.required(total)
        good = data.draw(st.booleans())
        progress = DeploymentProgress(
            pending, running - 1, progress.succeeded + good, progress.failed + (not good)
        )
    if progress.failed == 0:
        assert progress.succeeded == total
        assert minimum.satisfied(progress)
    if violated(minimum, progress):
        assert progress.pending > 0


@pytest.mark.parametrize(
    ("minimum", "progress", "satisfied"),
    [
        (ALL, DeploymentProgress(0, 0, 1, 5), True),
        (ALL, DeploymentProgress(0, 0, 0, 6), False),
        (ONE, DeploymentProgress(0, 0, 5, 1), True),
        (ONE, DeploymentProgress(0, 0, 0, 1), False),
        (HALF, DeploymentProgress(0, 0, 0, 1), False),
        (HALF, DeploymentProgress(0, 0, 3, 3), True),
    ],
)
def test_success(minimum, progress, satisfied):
    assert minimum.satisfied(progress) == satisfied


def test_one_failure_stops_one_at_a_time_before_the_last():
    assert violated(ONE, DeploymentProgress(4, 0, 1, 1))
    assert not violated(ONE, DeploymentProgress(0, 0, 5, 1))
    assert not violated(HALF, DeploymentProgress(3, 0, 1, 2))
    assert violated(HALF, DeploymentProgress(3, 0, 0, 3))
