"""What an experiment measured, from requests and events whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.experiments.faults import Fault, Kind
from loadtest.experiments.measurement import (
    budget_minutes,
    covered,
    detected_s,
    measure,
    recovered_s,
)
from loadtest.experiments.observations import HealthSample, Observations
from loadtest.models import PerSecondCounts
from loadtest.runs import table
from tests.loadtest.experiments.builders import (
    BACK_S,
    BEGAN_MS,
    DETECTED_S,
    FAULT_S,
    event_of,
    events_of_a_replacement,
    health_of,
    observations_of,
    timing_of,
)

DIES = Fault(Kind.INSTANCE_DIES, FAULT_S)


def requests(make_exchange: Callable[..., Any], bad: range, end: int = 60) -> table.RequestTable:
    """Ten requests a second, of which every second one fails in the seconds of `bad`."""
    rows = [
        make_exchange(
            f"1-{number}",
            arrived_ms=BEGAN_MS + number * 100,
            **({"status": 502, "expected": False} if number // 10 in bad and number % 2 else {}),
        )
        for number in range(end * 10)
    ]
    return table.from_exchanges(rows)


def test_an_instance_dies_and_is_replaced(make_exchange: Callable[..., Any]):
    found = measure(
        requests(make_exchange, range(5, 14)), BEGAN_MS, DIES, observations_of(), steady=True
    )
    # Asked once a second: it may have happened half a second earlier.
    assert found.detection_s == DETECTED_S - 0.5 - FAULT_S
    assert found.recovery_s == BACK_S - FAULT_S
    assert found.first_good_s == pytest.approx(0.006)
    assert found.last_bad_s == pytest.approx(8.906)
    assert (found.failed, found.slow, found.bad) == (45, 0, 45)
    assert found.requests == 550
    assert found.bad_share == pytest.approx(0.5, abs=0.01)
    assert found.budget_minutes == pytest.approx(9 * 0.5 / 60, abs=1e-4)
    assert found.parts == {
        "check": 8.5, "silent-check": 8.5, "gone": 8.5, "notice": 11.0, "release": 6.0, "boot": 9.0,
        "healthy": 13.0,
    }  # fmt: skip


def test_what_a_launch_waits_for_is_no_part_of_its_boot(make_exchange: Callable[..., Any]):
    # The load balancer, and its hook after it: as in predictions, a boot ends where its deployment begins.
    hook = {"detail": "Succeeded"}
    events = [
        event_of("group", "i-0new", "Launching", 7.3, until_s=15.8, detail="Successful"),
        event_of("deployment", "i-0new", "BlockTraffic", 8.5, until_s=8.6, **hook),
        event_of("deployment", "i-0new", "DownloadBundle", 8.6, until_s=9.6, **hook),
        event_of("deployment", "i-0new", "ValidateService", 9.6, until_s=12.4, **hook),
        event_of("deployment", "i-0new", "AllowTraffic", 12.4, until_s=14.0, **hook),
        # Of the same number, a day before.
        event_of("deployment", "i-0new", "AfterInstall", -99.0, until_s=-50.0, **hook),
    ]
    seen = observations_of(events=events, health=health_of(6, 14.0, 60))
    found = measure(requests(make_exchange, range(0)), BEGAN_MS, DIES, seen, steady=True)
    shown = {name: found.parts[name] for name in ("notice", "boot", "release", "healthy")}
    assert shown == pytest.approx({"notice": 2.3, "boot": 1.3, "release": 3.8, "healthy": 1.6})
    assert sum(shown.values()) == pytest.approx(found.recovery_s)


def test_where_nobody_noticed_nothing_was_bad(make_exchange: Callable[..., Any]):
    found = measure(
        requests(make_exchange, range(0)), BEGAN_MS, DIES, observations_of(), steady=True
    )
    assert (found.failed, found.bad_share, found.last_bad_s, found.budget_minutes) == (
        0,
        0,
        None,
        0,
    )


def test_what_failed_before_the_fault_is_not_the_fault_s(make_exchange: Callable[..., Any]):
    found = measure(
        requests(make_exchange, range(4)), BEGAN_MS, DIES, observations_of(), steady=True
    )
    assert found.failed == 0


def test_a_stack_that_is_down_has_no_first_good_answer(make_exchange: Callable[..., Any]):
    rows = [
        make_exchange(f"1-{n}", arrived_ms=BEGAN_MS + n * 100, status=502, expected=False)
        for n in range(100)
    ]
    found = measure(table.from_exchanges(rows), BEGAN_MS, DIES, observations_of(), steady=True)
    assert found.first_good_s is None
    assert found.bad_share == 1


def test_without_requests_there_are_no_shares():
    found = measure(table.from_exchanges([]), BEGAN_MS, DIES, observations_of(), steady=True)
    assert (found.requests, found.bad_share, found.first_good_s) == (0, None, None)


SILENT = Fault(Kind.ZONE_SILENT, FAULT_S, zone="a")
CUT = Fault(Kind.DATABASE_CUT, FAULT_S, zone="c")
HUNG = Fault(Kind.INSTANCE_HANGS, FAULT_S, instances=("i-0a",))
LEAVES = ("target", "i-9", "draining", 6.0)
"""An instance that the fault does not hit: the group scales in."""


@pytest.mark.parametrize(
    ("fault", "before", "detection_s"),
    [
        (HUNG, [event_of(*LEAVES, was="healthy", zone="a")], 8.5),
        (DIES, [event_of(*LEAVES, was="healthy", zone="a")], 1.0),
        (DIES, [event_of("target", "i-9", "not registered", 6.0, was="draining")], 8.5),
        # A record that does not say what targets were before.
        (DIES, [event_of("target", "i-9", "draining", 2.0), event_of("target", "i-9", "gone", 6.0)], 8.5),
        (DIES, [event_of("target", "i-9", "unhealthy", 6.0, was="initial")], 8.5),
        (SILENT, [event_of("target", "i-9", "unhealthy", 6.0, was="healthy", zone="b")], 8.5),
        (SILENT, [event_of("target", "i-9", "unhealthy", 6.0, was="healthy", zone="a")], 1.0),
        # The group had meant to terminate it before: of a record of a zone that was lost.
        (SILENT, [event_of("target", "i-9", "draining", 6.0, was="healthy", zone="a")], 8.5),
        # Whoever fails is hit: all of them lost the database.
        (CUT, [event_of("target", "i-9", "unhealthy", 6.0, was="healthy", zone="b")], 1.0),
        (CUT, [event_of("target", "i-9", "draining", 6.0, was="healthy", zone="b")], 8.5),
        # Nothing is known of what somebody else's action does.
        (Fault(Kind.OTHER, FAULT_S), [event_of(*LEAVES, was="healthy")], 1.0),
        (Fault(Kind.OTHER, FAULT_S, instances=("i-0a", "i-9")), [event_of(*LEAVES, was="healthy")], 8.5),
    ],
    ids=["another", "unknown", "draining", "draining-before", "new", "other-zone", "zone", "shrinks",
         "all", "all-shrinks", "other", "other-known"],
)  # fmt: skip
def test_detection_is_of_a_healthy_target_that_is_hit(
    fault: Fault, before: list[Any], detection_s: float
):
    assert detected_s([*events_of_a_replacement(), *before], fault) == detection_s


@pytest.mark.parametrize(
    ("seen", "steady", "recovery"),
    [
        (observations_of(health=health_of(14, 44, 60)), True, 39),
        (observations_of(health=health_of(14, None, 60)), False, None),
        (observations_of(health=health_of(14, 44, 40)), False, None),
        # It came back and was lost again.
        (observations_of(health=[*health_of(14, 30, 40), *health_of(-2, 50, 60)[42:]]), True, 45),
        # Nobody left the rotation: the users decide.
        (observations_of(health=health_of(100, None, 60)), True, 7.5),
        (observations_of(health=health_of(100, None, 60)), False, None),
        (observations_of(health=[]), True, 7.5),
        (observations_of(health=[]), False, None),
    ],
    ids=["back", "never", "not-yet", "twice", "none-left", "users-never", "no-group", "never-alone"],
)  # fmt: skip
def test_recovery_is_the_full_number_for_good(
    seen: Observations, *, steady: bool, recovery: float | None
):
    assert recovered_s(seen, DIES, last_bad_s=7.5, steady=steady) == recovery


def test_where_nobody_left_and_nothing_was_bad_there_was_nothing_to_recover():
    for health in ([], health_of(100, None, 60)):
        assert recovered_s(observations_of(health=health), DIES, None, steady=True) == 0


@pytest.mark.parametrize(("steady", "recovery"), [(True, 15.9), (False, None)])
def test_a_fleet_that_shrinks_meanwhile_is_whole_with_as_many_as_are_wanted(
    *, steady: bool, recovery: float | None
):
    # A zone of a fleet of eight was silent for 15.3 s; the group shrank to six meanwhile.
    healthy = [8] * 6 + [7, *[4] * 12, 6, 6, 6, 6]
    health = [
        HealthSample(at_s=float(second), healthy=count, registered=8)
        for second, count in enumerate(healthy)
    ]
    zone = Fault(Kind.ZONE_SILENT, 3.1, lasts_s=15.3, zone="a")
    seen = observations_of(health=health)
    assert recovered_s(seen, zone, 12.0, steady=steady) == recovery


@pytest.mark.parametrize(
    ("kind", "lasts_s", "expected"),
    [
        (Kind.DATABASE_FAILOVER, 5.0, {"fault": 5.0, "failover": 5.0, "name": 3.906}),
        (Kind.DATABASE_FAILOVER, 20.0, {"fault": 20.0, "failover": 8.906, "name": 0.0}),
        (Kind.DATABASE_CUT, 5.0, {"fault": 5.0, "sent-again": 3.906}),
    ],
)
def test_of_a_database_the_users_wait_is_told_from_its_absence(
    make_exchange: Callable[..., Any], kind: Kind, lasts_s: float, expected: dict[str, float]
):
    seen = observations_of(events=[], health=health_of(100, None, 60))
    fault = Fault(kind, FAULT_S, lasts_s)
    found = measure(requests(make_exchange, range(5, 14)), BEGAN_MS, fault, seen, steady=True)
    assert found.recovery_s == pytest.approx(8.906)
    assert found.parts == pytest.approx(expected)


def deployments(*ends: float | None) -> Observations:
    events = [
        event_of("deployment", f"d-{number}", "Succeeded", 6.0 + number, until_s=end)
        for number, end in enumerate(ends)
    ]
    return observations_of(events=events)


@pytest.mark.parametrize(
    ("seen", "recovery"),
    [
        (deployments(40.0), 35),
        (deployments(20.0, 55.0), 50),
        (deployments(20.0, None), None),
        (deployments(), None),
    ],
    ids=["one", "with-rollback", "under-way", "none"],
)
def test_a_deployment_recovers_with_its_last_one(seen: Observations, recovery: float | None):
    assert recovered_s(seen, Fault(Kind.DEPLOYMENT, FAULT_S), None, steady=True) == recovery


def test_the_parts_of_a_deployment_count_a_batch_once(make_exchange: Callable[..., Any]):
    events = [
        event_of("deployment", "d-1", "Succeeded", 5.0, until_s=40.0),
        *(
            event_of("deployment", f"i-0{n}", state, at, until_s=until, detail="Succeeded")
            for n in (1, 2)
            for state, at, until in (
                ("BlockTraffic", 6.0, 16.0), ("ApplicationStop", 16.0, 17.0),
                ("AfterInstall", 17.0, 20.0), ("AllowTraffic", 20.0, 26.0),
            )
        ),
    ]  # fmt: skip
    seen = observations_of(events=events, timing=timing_of(batch=2))
    fault = Fault(Kind.DEPLOYMENT, FAULT_S)
    found = measure(requests(make_exchange, range(0)), BEGAN_MS, fault, seen, steady=True)
    assert found.parts == {"drain": 10, "release": 4, "healthy": 6}
    assert found.detection_s is None


def test_deployments_to_instances_that_join_meanwhile_are_no_part_of_it(
    make_exchange: Callable[..., Any],
):
    greeted = {"detail": "autoscaling"}
    events = [
        event_of("deployment", "d-1", "Succeeded", 5.0, until_s=40.0, detail="user"),
        event_of("deployment", "d-2", "Succeeded", 30.0, until_s=70.0, **greeted),
        event_of("deployment", "i-01", "AfterInstall", 17.0, until_s=20.0, detail="Succeeded"),
        event_of("deployment", "i-0new", "AfterInstall", 31.0, until_s=60.0, detail="Succeeded"),
    ]
    seen = observations_of(events=events, timing=timing_of(batch=2, in_service_s={"i-01": -60.0}))
    fault = Fault(Kind.DEPLOYMENT, FAULT_S)
    found = measure(requests(make_exchange, range(0)), BEGAN_MS, fault, seen, steady=True)
    assert found.parts == {"release": 3}
    assert found.recovery_s == 35


def test_a_check_that_gives_up_is_no_part_of_the_deployment_on_an_instance(
    make_exchange: Callable[..., Any],
):
    events = [
        event_of("deployment", "i-01", "AfterInstall", 17.0, until_s=20.0, detail="Succeeded"),
        event_of("deployment", "i-01", "ValidateService", 20.0, until_s=85.0, detail="Failed"),
        event_of("deployment", "i-01", "ValidateService", 97.0, until_s=106.0, detail="Succeeded"),
    ]
    fault = Fault(Kind.UNHEALTHY_DEPLOYMENT, FAULT_S)
    found = measure(
        requests(make_exchange, range(0)),
        BEGAN_MS,
        fault,
        observations_of(events=events),
        steady=True,
    )
    assert found.parts == {"release": 12, "gives-up": 65}


def test_an_alarm_counts_from_when_the_bad_revision_served(make_exchange: Callable[..., Any]):
    allowed = {"until_s": 26.0, "detail": "Succeeded"}
    events = [
        event_of("alarm", "slow", "ALARM", 7.0),
        event_of("deployment", "i-01", "AllowTraffic", 20.0, **allowed),
        event_of("alarm", "slow", "OK", 30.0),
        event_of("alarm", "slow", "ALARM", 50.0),
    ]
    fault = Fault(Kind.STOPPED_DEPLOYMENT, FAULT_S)
    seen = observations_of(events=events)
    found = measure(requests(make_exchange, range(0)), BEGAN_MS, fault, seen, steady=True)
    assert found.parts == {"healthy": 6, "alarm": 24}


COUNTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=30)


@given(COUNTS)
def test_the_budget_is_at_most_the_time_that_had_bad_seconds(counts: list[tuple[int, int]]):
    good, failed = [g for g, _ in counts], [f for _, f in counts]
    series = PerSecondCounts(arrivals=[0] * len(good), good=good, failed=failed)
    found = budget_minutes(series)
    assert 0 <= found <= sum(map(bool, failed)) / 60 + 1e-4


def test_a_minute_of_full_outage_is_a_minute_of_the_budget():
    series = PerSecondCounts(arrivals=[0] * 60, good=[0] * 60, failed=[7] * 60)
    assert budget_minutes(series) == 1


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), max_size=12))
def test_overlapping_stretches_count_once(pairs: list[tuple[int, int]]):
    spans = [(float(begin), float(begin + length)) for begin, length in pairs]
    seconds = {second for begin, length in pairs for second in range(begin, begin + length)}
    assert covered(spans) == len(seconds)
