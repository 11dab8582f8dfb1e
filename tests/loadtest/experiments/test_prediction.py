"""Predictions from settings, and the assumption that was wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.experiments.faults import Fault, Kind
from loadtest.experiments.observations import StackTiming
from loadtest.experiments.prediction import (
    Estimate,
    Part,
    Span,
    compare,
    distance,
    grace_s,
    longest_silence_s,
    predict,
    share_hit,
)
from loadtest.messages.names import named
from tests.loadtest.experiments.builders import FLEET

HA: dict[str, Any] = {
    **FLEET,
    "youngest_in_service_s": -60,
    "boot_s": 8,
    "release_s": 6,
    "multi_az": True,
}


def ha(**changed: Any) -> StackTiming:
    return StackTiming(**{**HA, **changed})


def spans(found: Estimate | None) -> dict[str, tuple[float, float]]:
    assert found is not None
    return {part.name: (part.span.low, part.span.high) for part in found.parts}


def test_a_dead_instance_leaves_at_the_latest_by_its_checks_and_is_replaced_whatever_the_grace():
    found = predict(Fault(Kind.INSTANCE_DIES, 10), ha())
    assert spans(found.detection) == {"gone": (0, 10)}
    assert spans(found.recovery) == {
        "notice": (0, 10), "boot": (8, 8), "release": (6, 6), "healthy": (0, 10),
    }  # fmt: skip
    assert found.bad_share == Span(low=0, high=1 / 6)


@pytest.mark.parametrize(
    ("hit", "share"),
    [((), 1 / 6), (("i-1",), 1 / 6), (("i-1", "i-2"), 1 / 3), (tuple("123456"), 1)],
)
def test_all_that_a_fault_hits_may_have_bad_answers(hit: tuple[str, ...], share: float):
    found = predict(Fault(Kind.INSTANCE_SLOW, 10, lasts_s=10, instances=hit), ha())
    assert found.bad_share == Span(low=0, high=share)


def test_an_instance_that_answers_500_is_detected_by_interval_and_threshold():
    found = predict(Fault(Kind.INSTANCE_ERRORS, 10), ha())
    assert spans(found.detection) == {"check": (5, 10)}


def test_a_hung_instance_also_waits_for_the_time_out():
    found = predict(Fault(Kind.INSTANCE_HANGS, 10, lasts_s=30), ha())
    assert spans(found.detection) == {"silent-check": (7, 12)}


def test_within_the_grace_period_the_stack_waits_for_the_end_of_the_fault():
    found = predict(Fault(Kind.INSTANCE_HANGS, 10, lasts_s=30), ha())
    assert spans(found.recovery) == {"fault": (30, 30), "healthy": (5, 10)}


def test_after_the_grace_period_it_is_replaced_first():
    found = predict(Fault(Kind.INSTANCE_HANGS, 10, lasts_s=300), ha(youngest_in_service_s=-700))
    assert list(spans(found.recovery)) == ["silent-check", "boot", "release", "healthy"]


def test_what_is_left_of_the_grace_period_comes_before_the_replacement():
    found = predict(Fault(Kind.INSTANCE_ERRORS, 10), ha(youngest_in_service_s=-560))
    assert spans(found.recovery)["grace"] == (30, 30)


def test_without_elb_health_checks_a_hung_instance_stays_for_ever():
    assert predict(Fault(Kind.INSTANCE_HANGS, 10), ha(grace_s=None)).recovery is None


def test_without_capacity_a_lost_zone_is_lost_until_it_comes_back():
    timing = ha(youngest_in_service_s=-700)
    found = predict(Fault(Kind.ZONE_WITHOUT_CAPACITY, 10, zone="a"), timing)
    assert found.recovery is None
    assert found.bad_share == Span(low=0, high=1 / 3)
    found = predict(Fault(Kind.ZONE_WITHOUT_CAPACITY, 10, lasts_s=300, zone="a"), timing)
    assert spans(found.recovery) == {"fault": (300, 300), "healthy": (5, 10)}


def test_a_fault_that_ends_before_the_replacement_serves_is_over_with_it():
    timing = ha(youngest_in_service_s=-700)
    found = predict(Fault(Kind.ZONE_SILENT, 10, lasts_s=15, zone="a"), timing)
    assert spans(found.recovery) == {"fault": (15, 15), "healthy": (5, 10)}


def test_the_region_s_speed_divides_what_aws_waits_and_not_what_was_measured():
    found = spans(predict(Fault(Kind.INSTANCE_DIES, 10), ha(speed=5)).recovery)
    assert found == {"notice": (0, 2), "boot": (8, 8), "release": (6, 6), "healthy": (0, 2)}


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (Kind.DEPLOYMENT, {"drain": (20, 20), "release": (50, 50), "healthy": (0, 20)}),
        # Three batches with the one that failed, which never served: it is not drained once more.
        (Kind.BAD_DEPLOYMENT, {"drain": (20, 20), "release": (75, 75), "healthy": (0, 20)}),
        (
            Kind.UNHEALTHY_DEPLOYMENT,
            {"drain": (20, 20), "release": (75, 75), "healthy": (0, 20), "gives-up": (0, 90)},
        ),
        (
            Kind.STOPPED_DEPLOYMENT,
            {"drain": (30, 30), "release": (75, 75), "healthy": (0, 30), "alarm": (60, 180)},
        ),
    ],
)
def test_a_deployment_goes_batch_by_batch(kind: Kind, parts: dict[str, tuple[float, float]]):
    found = predict(Fault(kind, 10), ha(again_s=25, alarm_s=(60, 180), own_check_s=90))
    assert found.detection is None
    assert spans(found.recovery) == parts
    # Of the first batch's instances users get something, where only an alarm stops it.
    half = 0.5 if kind is Kind.STOPPED_DEPLOYMENT else 0
    assert found.bad_share == Span(low=0, high=half)


def test_a_rollback_may_reach_instances_that_join_meanwhile():
    growing = ha(again_s=25, most_batches=3)
    joining = spans(predict(Fault(Kind.BAD_DEPLOYMENT, 10), growing).recovery)["joining"]
    # One more batch: drained, deployed, healthy. A deployment itself has its targets from the start.
    assert joining == (0, 10 + 25 + 10)
    assert "joining" not in spans(predict(Fault(Kind.DEPLOYMENT, 10), growing).recovery)
    assert "joining" not in spans(
        predict(Fault(Kind.BAD_DEPLOYMENT, 10), ha(again_s=25, most_batches=2)).recovery
    )


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (Kind.DEPLOYMENT, {"drain": 30, "release": 75, "watch": 180}),
        # Its rollback is awaited for the first zone only.
        (Kind.BAD_DEPLOYMENT, {"drain": 10, "release": 50}),
        (Kind.STOPPED_DEPLOYMENT, {"drain": 20, "release": 50, "alarm": 180}),
    ],
)
def test_a_deployment_by_zones_watches_the_first_one(kind: Kind, parts: dict[str, float]):
    zonal = ha(again_s=25, alarm_s=(60, 180), zone_batches=[1, 1, 1], zone_watch_s=180)
    found = spans(predict(Fault(kind, 10), zonal).recovery)
    assert {name: high for name, (_, high) in found.items() if name != "healthy"} == parts


@pytest.mark.parametrize(
    ("kind", "instances", "share"),
    [
        (Kind.DEPLOYMENT, (), 0),
        (Kind.BAD_DEPLOYMENT, (), 0),
        # An instance dies beside it.
        (Kind.DEPLOYMENT, ("i-1",), 1 / 6),
        # Users meet the first zone's instances until the alarm goes off.
        (Kind.STOPPED_DEPLOYMENT, (), 1 / 3),
    ],
)
def test_who_may_meet_a_deployment_by_zones(kind: Kind, instances: tuple[str, ...], share: float):
    zonal = ha(again_s=25, alarm_s=(60, 180), zone_batches=[1, 1, 1], zone_watch_s=180)
    found = predict(Fault(kind, 10, instances=instances), zonal)
    assert found.bad_share == Span(low=0, high=share)


def test_what_was_measured_of_first_deployments_says_nothing_of_later_ones():
    found = predict(Fault(Kind.DEPLOYMENT, 10), ha())
    assert found.recovery is None
    assert found.bad_share == Span(low=0, high=0)


def test_a_deployment_takes_as_long_as_the_last_one_to_an_instance_that_had_one():
    found = predict(Fault(Kind.DEPLOYMENT, 10), ha(again_s=25))
    assert spans(found.recovery)["release"] == (50, 50)
    replaced = predict(Fault(Kind.INSTANCE_DIES, 10), ha(again_s=25))
    assert spans(replaced.recovery)["release"] == (6, 6)


@pytest.mark.parametrize(
    ("kind", "timing", "measured_s"),
    [
        # Measured at speed 4: the region's waits are a quarter, the deployments on instances are not.
        (Kind.DEPLOYMENT, {"instances": 6, "batch": 3, "again_s": 24.8}, 59.1),
        (
            Kind.UNHEALTHY_DEPLOYMENT,
            {"instances": 9, "batch": 4, "again_s": 24.8, "own_check_s": 90},
            193.4,
        ),
    ],
)
def test_deployments_agree_with_what_was_measured(
    kind: Kind, timing: dict[str, Any], measured_s: float
):
    found = predict(Fault(kind, 10), ha(speed=4, **timing)).recovery
    assert found is not None
    assert compare(found, measured_s).within


def test_a_single_instance_is_down_during_its_deployment():
    single = StackTiming(topology="single", instances=1, again_s=6)
    found = predict(Fault(Kind.DEPLOYMENT, 10), single)
    assert spans(found.recovery) == {"release": (6, 6)}
    assert found.bad_share == Span(low=0, high=1)


def test_a_failover_takes_what_rds_documents_and_then_the_name():
    found = predict(Fault(Kind.DATABASE_FAILOVER, 10), ha())
    assert spans(found.recovery) == {"failover": (60, 120), "name": (0, 5)}


def test_a_cut_ends_with_itself_what_is_sent_again_and_the_name():
    found = predict(Fault(Kind.DATABASE_CUT, 10, lasts_s=20), ha())
    assert spans(found.recovery) == {"fault": (20, 20), "sent-again": (0, 12.8), "name": (0, 5)}


@given(st.floats(0, 300))
def test_after_a_cut_a_connection_is_silent_no_longer_than_its_longest_wait(cut_s: float):
    # Sent at any moment of the cut, and again after 0.2, 0.6, 1.4, ... s.
    worst = 0.0
    for tenth in range(101):
        sent, wait = cut_s * tenth / 100, 0.2
        while sent < cut_s:
            sent, wait = sent + wait, wait * 2
        worst = max(worst, sent - cut_s)
    assert worst <= longest_silence_s(cut_s) + 1e-6


@pytest.mark.parametrize(
    ("kind", "lasts_s", "measured_s"),
    [
        (Kind.DATABASE_CUT, 10.387, 18.347),
        (Kind.DATABASE_CUT, 10.472, 17.384),
        (Kind.DATABASE_CUT, 10.954, 17.61),
        (Kind.DATABASE_CUT, 11.429, 20.726),
        (Kind.DATABASE_CUT, 10.781, 21.167),
        (Kind.DATABASE_FAILOVER, 21.544, 21.424),
        (Kind.DATABASE_FAILOVER, 21.63, 21.446),
        (Kind.DATABASE_FAILOVER, 21.52, 21.074),
    ],
)
def test_what_users_had_of_the_database_agrees_with_what_was_measured(
    kind: Kind, lasts_s: float, measured_s: float
):
    # Runs of `make prove` at `--speed 4`: until the users' last bad answer.
    found = predict(Fault(kind, 3.5, lasts_s), ha(speed=4)).recovery
    assert found is not None
    assert compare(found, measured_s).within


@pytest.mark.parametrize("measured_s", [8.132, 8.905, 8.05])
def test_a_deployment_beside_others_on_one_computer_is_the_most_that_one_alone_takes(
    measured_s: float,
):
    # Six at once on two cores took 12.7 s each, one alone 2.8.
    timing = ha(speed=4, grace_s=0, boot_s=2.149, release_s=12.738, release_beside=6)
    found = predict(Fault(Kind.INSTANCE_ERRORS, 3.6), timing).recovery
    assert spans(found)["release"] == (pytest.approx(2.123), 12.738)
    assert found is not None
    assert compare(found, measured_s).within
    elsewhere = timing.model_copy(update={"release_beside": 1})
    found = predict(Fault(Kind.INSTANCE_ERRORS, 3.6), elsewhere).recovery
    assert spans(found)["release"] == (12.738, 12.738)


def test_two_that_were_replaced_at_once_had_each_other_s_cpus():
    # Recorded: two replaced those of a lost zone side by side, each with a deployment of its own; the next
    # one alone took 2.2 s to boot and 5.6 s for its deployment, and served after 12.0 s.
    timing = ha(
        speed=4, grace_s=0, boot_s=5.217, boot_beside=2, release_s=10.614, release_beside=2,
        one_computer=True,
    )  # fmt: skip
    fault = Fault(Kind.INSTANCE_ERRORS, 6.0, 150.0, instances=("i-1",))
    found = predict(fault, timing).recovery
    assert spans(found)["boot"] == (pytest.approx(2.6085), 5.217)
    assert spans(found)["release"] == (5.307, 10.614)
    assert found is not None
    assert compare(found, 12.0).within
    alone = timing.model_copy(update={"boot_beside": 1, "release_beside": 1})
    found = predict(fault, alone).recovery
    assert found is not None
    assert not compare(found, 12.0).within


@pytest.mark.parametrize(
    ("one_computer", "measured_beside", "release"),
    [
        # Recorded: one alone took 4.1 s, the two of a zone beside each other 5.9 and 7.0 s.
        (True, 1, (4.083, 8.166)),
        (True, 2, (4.083 / 2, 4.083)),
        (True, 6, (4.083 / 6, 4.083)),
        # Instances of AWS have their CPUs to themselves.
        (False, 1, (4.083, 4.083)),
    ],
)
def test_those_of_a_zone_are_replaced_beside_each_other(
    one_computer: bool,
    measured_beside: float,
    release: tuple[float, float],
):
    timing = ha(speed=4, boot_s=3.028, release_s=4.083, release_beside=measured_beside)
    timing = timing.model_copy(update={"one_computer": one_computer})
    found = predict(Fault(Kind.ZONE_REFUSED, 6.0, 15.5), timing).recovery
    assert spans(found)["release"] == pytest.approx(release)


def test_whoever_hangs_is_replaced_before_it_would_go_on_by_itself():
    # Recorded, beside other programs: six booted at once in 10.7 s, the launch before took 5.6 s.
    timing = ha(speed=4, grace_s=0, boot_s=10.704, release_s=5.605, youngest_in_service_s=-20.3)
    found = predict(Fault(Kind.INSTANCE_HANGS, 3.9, 150.0), timing).recovery
    assert list(spans(found)) == ["silent-check", "boot", "release", "healthy"]
    assert found is not None
    assert compare(found, 20.9).within


@pytest.mark.parametrize("lasts_s", [None, 0.0])
def test_a_single_instance_that_dies_never_comes_back(lasts_s: float | None):
    single = StackTiming(topology="single", instances=1)
    found = predict(Fault(Kind.INSTANCE_DIES, 10, lasts_s), single)
    assert found.recovery is None
    assert found.bad_share == Span(low=1, high=1)


def test_nothing_is_predicted_of_what_nobody_has_a_model_of():
    found = predict(Fault(Kind.OTHER, 10), ha())
    assert (found.detection, found.recovery, found.bad_share) == (None, None, None)


@pytest.mark.parametrize(
    ("per_zone", "zone", "share"),
    [
        ({"a": 2, "b": 2, "c": 2}, "a", 1 / 3),
        ({"a": 3, "b": 1}, "b", 1 / 4),
        ({"a": 3, "b": 1}, None, 3 / 4),
        ({}, "a", 1),
    ],
)
def test_the_share_in_a_zone(per_zone: dict[str, int], zone: str | None, share: float):
    assert share_hit("zone", ha(per_zone=per_zone), zone) == pytest.approx(share)


@pytest.mark.parametrize(
    ("measured", "outside"),
    [(3.0, 0), (2.9, 0.1), (12.5, 0), (12.6, 0.1), (7, 0)],
)
def test_a_quarter_or_two_seconds(measured: float, outside: float):
    assert distance(Span(low=5, high=10), measured) == pytest.approx(outside)


ESTIMATE = Estimate(
    parts=[
        Part(name="check", span=Span(low=5, high=10)),
        Part(name="boot", span=Span(low=8, high=8)),
        Part(name="healthy", span=Span(low=0, high=10)),
    ]
)


def test_the_part_that_is_farthest_off_was_the_wrong_assumption():
    found = compare(ESTIMATE, 70.0, {"check": 11.0, "boot": 52.0, "healthy": 7.0})
    assert (found.within, found.wrong) == (False, "boot")


def test_where_they_agree_no_assumption_was_wrong():
    found = compare(ESTIMATE, 25.0, {"check": 11.0, "boot": 9.0})
    assert (found.within, found.wrong) == (True, None)


def test_what_never_happened_agrees_with_nothing():
    assert not compare(ESTIMATE, None).within


def test_without_measured_parts_nobody_knows_which_was_wrong():
    assert compare(ESTIMATE, 100.0).wrong is None
    assert compare(ESTIMATE, 100.0, {"check": 7.0}).wrong is None


@given(
    st.builds(
        Fault,
        st.sampled_from(list(Kind)),
        st.floats(0, 100),
        st.none() | st.floats(0, 1000),
    ),
    st.integers(1, 300),
    st.integers(2, 10),
    st.floats(0.1, 100),
)
def test_every_span_is_one_and_every_part_has_a_name(
    fault: Fault, interval: int, threshold: int, speed: float
):
    timing = ha(interval_s=interval, unhealthy_threshold=threshold, speed=speed)
    found = predict(fault, timing)
    for estimate in (found.detection, found.recovery):
        if estimate is None:
            continue
        assert 0 <= estimate.span.low <= estimate.span.high
        for part in estimate.parts:
            assert 0 <= part.span.low <= part.span.high
            assert named("assumption", part.name).id == f"assumption.{part.name}"


def test_the_grace_period_is_that_of_the_instance_that_is_hit() -> None:
    timing = ha(youngest_in_service_s=0, in_service_s={"i-old": -700, "i-young": 0})
    old = Fault(Kind.INSTANCE_HANGS, 10, instances=("i-old",))
    young = Fault(Kind.INSTANCE_HANGS, 10, instances=("i-old", "i-young"))
    assert grace_s(old, timing) == 0
    assert grace_s(young, timing) == 590
    # Of one that is not known, the youngest one's.
    assert grace_s(Fault(Kind.INSTANCE_HANGS, 10, instances=("i-9",)), timing) == 590
    found = predict(old, timing)
    assert found.recovery is not None
    assert "grace" not in [part.name for part in found.recovery.parts]


@pytest.mark.parametrize(
    "kind", [Kind.INSTANCE_DIES, Kind.ZONE_REFUSED, Kind.DATABASE_CUT, Kind.DEPLOYMENT, Kind.OTHER]
)
def test_what_no_health_check_shows_knows_no_grace(kind: Kind) -> None:
    assert grace_s(Fault(kind, 10), ha(youngest_in_service_s=0)) == 0


@pytest.mark.parametrize("kind", [Kind.INSTANCE_SLOW, Kind.DISK_FULL])
def test_an_instance_that_answers_its_health_checks_stays_in_service(kind: Kind):
    found = predict(Fault(kind, 10, lasts_s=60), ha(youngest_in_service_s=-700))
    assert (found.detection, found.recovery) == (None, None)
    assert found.bad_share == Span(low=0, high=1 / 6)
