"""The quota of services: credits come and go; the baseline stays, for deployments too."""

from __future__ import annotations

import pytest

from region.machines.cpu_quota import CpuQuota
from region.machines.instance_types import INSTANCE_TYPES


class Limits:
    """Control groups without a kernel."""

    def __init__(self):
        self.set: list[float | None] = []
        self.work: list[float | None] = []

    def set_cpu(self, group, cores):
        known = {"i-1/services": self.set, "i-1/agent": self.work}
        known[group].append(None if cores is None else pytest.approx(cores))


@pytest.fixture
def limits():
    return Limits()


@pytest.fixture
def quota(limits, tmp_path):
    kind = INSTANCE_TYPES["t4g.nano"]
    return CpuQuota(limits, "i-1/{}".format, tmp_path / "limited", kind, 2.0)


def test_credits_hold_and_let_go(quota, limits):
    quota.lift()
    for vcpus in (2.0, 2.0, 0.1, None):
        quota.hold_to(vcpus)
    assert limits.set == [None, 4.0, 0.2, None]
    assert limits.work == [None]


def test_after_a_restart_nothing_is_held_yet(quota, limits):
    quota.hold_to(0.1)
    quota.lift()
    quota.hold_to(0.1)
    assert limits.set == [0.2, None, 0.2]


def test_what_an_earlier_region_held_is_let_go(quota, limits):
    quota.hold_to(None)
    assert limits.set == [None]


def test_the_baseline_is_for_good(quota, limits):
    quota.restore()
    assert limits.set == []
    quota.hold_to_baseline()
    quota.restore()
    quota.hold_to(None)
    quota.hold_to(2.0)
    quota.lift()
    quota.restore()
    assert limits.set == [0.2, None, 0.2]


def test_a_deployment_is_not_slowed_down(quota, limits):
    quota.hold_to(0.1)
    quota.spare(during=True)
    quota.hold_to(0.1)
    quota.spare(during=False)
    quota.hold_to(0.1)
    assert limits.set == [0.2, None, 0.2]


def test_a_later_deployment_leaves_the_baseline(quota, limits):
    quota.hold_to_baseline()
    quota.restore()
    quota.spare(during=True)
    quota.spare(during=False)
    assert limits.set == limits.work == [0.2]


def test_credits_that_count_after_a_deployment_take_the_place_of_the_baseline(quota, limits):
    quota.hold_to(None, also_deployed=True)
    quota.hold_to_baseline()
    assert not quota.restore()
    quota.hold_to(1.5, also_deployed=True)
    assert limits.set == [None, 3.0]
    # The instance becomes standard, and its credits count as spent.
    quota.hold_to(2.0)
    quota.hold_to(0.1)
    assert limits.set == [None, 3.0, 0.2]
    assert limits.work == [0.2]


def test_a_region_that_goes_on_finds_out_again_what_counts(quota, limits):
    quota.hold_to_baseline()
    assert quota.restore()
    quota.hold_to(None, also_deployed=True)
    assert limits.set == limits.work == [0.2, None]


def test_what_is_held_follows_the_speed_of_the_computer(quota, limits):
    quota.lift()
    quota.hold_to_baseline()
    quota.restore()
    quota.follow(3.0, powered=True)
    assert limits.set == [None, 0.2, 0.3]
    assert limits.work == [None, 0.2, 0.3]
    assert quota.baseline == pytest.approx(0.3)


def test_credits_follow_the_speed_of_the_computer(quota, limits):
    quota.lift()
    quota.hold_to(0.5)
    quota.follow(3.0, powered=True)
    assert limits.set == [None, 1.0, 1.5]
    assert limits.work == [None]


@pytest.mark.parametrize("powered", [False, True])
def test_what_is_off_or_not_held_gets_the_new_speed_later(quota, limits, powered):
    quota.lift()
    if not powered:
        quota.hold_to(0.5)
        limits.set.clear()
        limits.set.append(None)
    quota.follow(3.0, powered=powered)
    assert limits.set == [None]
    quota.lift()
    quota.hold_to(0.5)
    assert limits.set[-1] == 1.5
