"""A busy computer makes a run invalid with its cause; a quiet one, and a short burst, do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loadtest.analysis import host_conditions
from loadtest.analysis.host_windows import windows
from loadtest.models import Check
from tests.loadtest.analysis.computers import between, computer, target_of

BEGAN = 1_790_000_000_000.0
SECONDS = 30


def checks(
    *, target_level: Any = 0.6, target_until: float | None = None, on_aws: bool = False, **of: Any
) -> dict[str, Check]:
    target = [] if on_aws else target_of(BEGAN, SECONDS, level=target_level, until_s=target_until)
    host = computer(BEGAN, SECONDS, target=0 if on_aws else target_level, **of)
    seen = windows(host, target, began_ms=BEGAN, duration_s=SECONDS, expects_target=not on_aws)
    found = host_conditions.checks(seen, target_watched=not on_aws)
    return {str(check.name): check for check in found}


def cpu(**of: Any) -> Check:
    return checks(**of)["CPU of the computer"]


def test_a_quiet_computer_is_no_obstacle():
    found = checks()
    assert [check.passed for check in found.values()] == [True, True]
    assert str(found["CPU of the computer"].detail).startswith("0.9 of 2 CPUs idle")
    assert "30 of 30 s" in str(found["computer watched"].detail)


def test_other_programs_that_leave_no_cpu_are_named_with_their_time():
    found = cpu(others=between(22, 28, 1.0), offset_s=0.0)
    assert not found.passed
    assert "other programs used 1.0 of 2 CPUs from 22 s to 28 s" in str(found.detail)
    assert "close them" in str(found.detail)


def test_one_busy_loop_on_two_cpus_is_judged_by_what_it_leaves():
    assert cpu(others=1.05, ours=0.22, target_level=0.25).passed
    found = cpu(others=1.05, ours=0.25, target_level=0.35)
    assert not found.passed
    assert "other programs used 1.1 of 2 CPUs from 0 s to 30 s" in str(found.detail)


def test_the_kernels_own_work_on_our_packets_is_no_other_program():
    assert cpu(others=0.2, ours=0.5, target_level=1.0).passed


def test_busy_programs_on_a_computer_with_enough_cpus_disturb_nobody():
    assert cpu(others=2.0, cpus=8).passed


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_short_burst_does_not_spoil_a_run(length: int):
    assert cpu(others=between(12, 12 + length, 1.0)).passed


def test_a_burst_that_takes_every_cpu_spoils_it():
    assert not cpu(others=between(12, 16, 1.8), ours=0.1, target_level=0.1).passed


def test_bursts_add_up():
    found = cpu(others=lambda second: 1.0 if second % 8 < 2 else 0.05, offset_s=0.0)
    assert not found.passed
    assert "the longest from" in str(found.detail)


def test_what_the_hypervisor_takes_is_not_blamed_on_programs():
    found = cpu(steal=between(10, 20, 0.5))
    assert not found.passed
    assert "the hypervisor took" in str(found.detail)


def test_a_generator_and_target_that_need_everything_ask_for_a_larger_computer():
    used = between(10, 20, 1.4, 0.4)
    found = cpu(ours=used, others=0.0)
    assert not found.passed
    assert "the load generator and the target together used all of the 2 CPUs" in str(found.detail)


def test_a_generator_alone_is_told_without_a_target():
    found = cpu(ours=between(10, 20, 2.0, 0.4), others=0.0, on_aws=True)
    assert not found.passed
    assert "the load generator used all of the 2 CPUs" in str(found.detail)


def test_the_target_is_no_stranger():
    """Without its own record, what it uses would count as others'."""
    assert cpu(target_level=1.5, ours=0.45, others=0.0).passed
    seen = windows(
        computer(BEGAN, SECONDS, target=1.5, ours=0.45, others=0.0),
        [],
        began_ms=BEGAN,
        duration_s=SECONDS,
        expects_target=False,
    )
    assert not host_conditions.checks(seen, target_watched=False)[1].passed


def test_a_region_that_died_during_the_run_makes_it_invalid():
    found = checks(target_until=15)
    watched = found["computer watched"]
    assert not watched.passed
    assert "check that the region still runs" in str(watched.detail)
    assert found["CPU of the computer"].passed  # it is not blamed for what nobody saw


def test_a_computer_that_nobody_watched_makes_a_run_invalid():
    seen = windows([], [], began_ms=BEGAN, duration_s=SECONDS, expects_target=False)
    (only,) = host_conditions.checks(seen, target_watched=False)
    assert not only.passed
    assert "only 0 of 30 s" in str(only.detail)


def test_a_quota_is_reported_only_where_there_is_one_and_judged():
    name = "CPU quota of the load test"
    assert name not in checks()
    assert checks(quota_cores=1.0)[name].passed
    stopped = checks(quota_cores=1.0, throttled=between(5, 15, 0.5))[name]
    assert not stopped.passed
    assert "may use 1 CPUs and was stopped" in str(stopped.detail)


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        (0.0, None),
        (0.05, None),
        (3600.0, "it jumped forward by 3600.0 s"),
        (-2.0, "set back by 2.0 s"),
    ],
)
def test_a_clock_that_was_set_during_the_run_makes_it_invalid(moved: float, expected: str | None):
    samples = computer(BEGAN, SECONDS)
    later = [replace(one, clock_moved_s=moved) for one in samples[20:]]
    found = host_conditions.clock([*samples[:20], *later])
    assert [(one.passed, expected in str(one.detail)) for one in found if expected] == [
        (False, True)
    ] * len(found)
    assert bool(found) == (expected is not None)
    assert host_conditions.clock([]) == []
