"""The API of zonal shift, and what it makes of load balancers."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from region.services.arc_zonal_shift import store
from region.services.arc_zonal_shift.controller import ZonalShiftController
from region.services.autoscaling import zonal_shift
from region.services.autoscaling.records import GroupRecord
from region.services.elbv2.records import LoadBalancerRecord
from tests.region.builders import put_alarm

HOUR = 3600.0


@pytest.fixture
def clock(monkeypatch):
    now = [1_000_000.0]
    for module in ("api", "controller"):
        monkeypatch.setattr(f"region.services.arc_zonal_shift.{module}.now", lambda: now[0])
    return now


@pytest.fixture
def controller(plane, clock):
    return ZonalShiftController(plane)


@pytest.fixture
def arc(aws, controller):
    return getattr(aws, store.SERVICE)


@pytest.fixture
def balancer(aws, network):
    made = aws.elbv2.create_load_balancer(Name="front", Subnets=network.subnets[:2])
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    enable(aws, arn)
    return arn


def enable(aws, arn, value="true"):
    aws.elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "zonal_shift.config.enabled", "Value": value}]
    )


def zones(arc, arn):
    return sorted(arc.get_managed_resource(resourceIdentifier=arn)["appliedWeights"])


def away_from(plane, arn):
    with plane.lock:
        return LoadBalancerRecord.of(plane.backend("elbv2").load_balancers[arn]).away_from


def begin(arc, arn, **changes):
    wanted = {
        "resourceIdentifier": arn,
        "awayFrom": zones(arc, arn)[0],
        "expiresIn": "1h",
        "comment": "drill",
    }
    return arc.start_zonal_shift(**wanted | changes)


def refused(call, code, reason="", **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code
    if reason:
        assert answer["reason"] == reason


def test_a_shift_takes_the_zone_out_of_the_balancer_until_it_expires(
    plane, arc, balancer, controller, clock
):
    shift = begin(arc, balancer)
    assert len(away_from(plane, balancer)) == 1
    weights = arc.get_managed_resource(resourceIdentifier=balancer)["appliedWeights"]
    assert sorted(weights.values()) == [0.0, 1.0]
    assert weights[shift["awayFrom"]] == 0.0
    clock[0] += HOUR - 1
    controller.reconcile()
    assert len(away_from(plane, balancer)) == 1
    clock[0] += 1
    controller.reconcile()
    assert away_from(plane, balancer) == frozenset()
    (listed,) = arc.list_zonal_shifts(status="EXPIRED")["items"]
    assert listed["zonalShiftId"] == shift["zonalShiftId"]
    assert arc.list_zonal_shifts(status="ACTIVE")["items"] == []


def test_it_can_be_made_longer_and_cancelled(plane, arc, balancer, controller, clock):
    name = begin(arc, balancer)["zonalShiftId"]
    clock[0] += HOUR - 1
    arc.update_zonal_shift(zonalShiftId=name, expiresIn="2h", comment="longer")
    clock[0] += HOUR
    controller.reconcile()
    (shift,) = arc.get_managed_resource(resourceIdentifier=balancer)["zonalShifts"]
    assert shift["comment"] == "longer"
    assert arc.cancel_zonal_shift(zonalShiftId=name)["status"] == "CANCELED"
    assert away_from(plane, balancer) == frozenset()
    refused(
        arc.cancel_zonal_shift, "ConflictException", "ZonalShiftStatusNotActive", zonalShiftId=name
    )
    refused(arc.cancel_zonal_shift, "ResourceNotFoundException", zonalShiftId="0" * 36)


def test_what_is_refused(aws, arc, balancer):
    away = zones(arc, balancer)[0]
    wanted = {
        "resourceIdentifier": balancer,
        "awayFrom": away,
        "expiresIn": "1h",
        "comment": "drill",
    }
    call = arc.start_zonal_shift
    refused(call, "ValidationException", "InvalidExpiresIn", **wanted | {"expiresIn": "73h"})
    refused(call, "ValidationException", "InvalidAz", **wanted | {"awayFrom": "use1-az1"})
    missing = wanted | {"resourceIdentifier": balancer.replace("front", "gone")}
    refused(call, "ResourceNotFoundException", **missing)
    call(**wanted)
    refused(call, "ConflictException", "ZonalShiftAlreadyExists", **wanted)
    enable(aws, balancer, "false")
    refused(call, "ValidationException", "InvalidResourceIdentifier", **wanted)
    assert arc.list_managed_resources()["items"] == []


def alarm(aws, name):
    """An alarm as a practice run's configuration has it."""
    put_alarm(aws, name)
    (made,) = aws.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return {"type": "CLOUDWATCH", "alarmIdentifier": made["AlarmArn"]}


@pytest.fixture
def practising(aws, arc, balancer):
    arc.create_practice_run_configuration(
        resourceIdentifier=balancer,
        outcomeAlarms=[alarm(aws, "outcome")],
        blockingAlarms=[alarm(aws, "a name: with colons")],
    )

    def run():
        return arc.start_practice_run(
            resourceIdentifier=balancer, awayFrom=zones(arc, balancer)[0], comment="practice"
        )

    return run


def set_alarm(aws, value, name="outcome"):
    aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason="drill")


@pytest.mark.parametrize(
    ("name", "state", "outcome"),
    [
        ("outcome", "OK", "SUCCEEDED"),
        ("outcome", "ALARM", "FAILED"),
        ("a name: with colons", "ALARM", "SUCCEEDED"),
    ],
)
def test_alarms_decide_over_a_practice_run(
    aws, arc, practising, controller, clock, *, name, state, outcome
):
    practising()
    controller.reconcile()
    (pending,) = arc.list_zonal_shifts()["items"]
    assert pending["practiceRunOutcome"] == "PENDING"
    set_alarm(aws, state, name)
    clock[0] += 1 if outcome == "FAILED" else HOUR / 2
    controller.reconcile()
    (ended,) = arc.list_zonal_shifts()["items"]
    assert ended["practiceRunOutcome"] == outcome


def test_a_practice_run_gives_way_and_is_blocked(aws, arc, balancer, practising):
    run = practising()
    begin(arc, balancer)
    outcomes = {
        one["zonalShiftId"]: one.get("practiceRunOutcome")
        for one in arc.list_zonal_shifts()["items"]
    }
    assert outcomes[run["zonalShiftId"]] == "INTERRUPTED"
    refused(practising, "ConflictException", "ZonalShiftAlreadyExists")
    (active,) = arc.list_zonal_shifts(status="ACTIVE")["items"]
    refused(
        arc.cancel_practice_run,
        "ValidationException",
        "UnsupportedPracticeCancelShiftType",
        zonalShiftId=active["zonalShiftId"],
    )
    arc.cancel_zonal_shift(zonalShiftId=active["zonalShiftId"])
    for name, reason in (
        ("a name: with colons", "PracticeBlockingAlarmsRed"),
        ("outcome", "PracticeOutcomeAlarmsRed"),
    ):
        set_alarm(aws, "ALARM", name)
        refused(practising, "ConflictException", reason)
    arc.delete_practice_run_configuration(resourceIdentifier=balancer)
    refused(practising, "ResourceNotFoundException")
    refused(
        arc.update_zonal_autoshift_configuration,
        "NotImplemented",
        resourceIdentifier=balancer,
        zonalAutoshiftStatus="ENABLED",
    )


def test_cancelling_the_shift_of_a_practice_run_interrupts_it(plane, arc, balancer, practising):
    run = practising()
    assert arc.cancel_zonal_shift(zonalShiftId=run["zonalShiftId"])["status"] == "CANCELED"
    (listed,) = arc.list_zonal_shifts()["items"]
    assert listed["practiceRunOutcome"] == "INTERRUPTED"
    assert away_from(plane, balancer) == frozenset()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"blockedDates": ["1970-01-12"]}, "PracticeInBlockedDates"),
        ({"blockedDates": ["1970-01-13"]}, ""),
        ({"blockedWindows": ["Mon:13:00-Mon:13:47"]}, "PracticeInBlockedWindows"),
        ({"blockedWindows": ["Mon:13:00-Mon:13:46"]}, ""),
        ({"blockedWindows": ["Sat:00:00-Mon:14:00"]}, "PracticeInBlockedWindows"),
        ({"allowedWindows": ["Mon:13:00-Mon:14:00"]}, ""),
        ({"allowedWindows": ["Tue:13:00-Tue:14:00"]}, "PracticeOutsideAllowedWindows"),
    ],
    ids=str,
)
def test_dates_and_windows_hold_a_practice_run(arc, balancer, practising, *, changes, reason):
    """The clock says Monday, 12 January 1970, 13:46:40."""
    arc.update_practice_run_configuration(resourceIdentifier=balancer, **changes)
    if reason:
        refused(practising, "ConflictException", reason)
    else:
        assert practising()["status"] == "ACTIVE"


GONE = {
    "type": "CLOUDWATCH",
    "alarmIdentifier": "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:gone",
}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"blockedDates": ["2026-13-01"]}, "InvalidPracticeBlocker"),
        ({"blockedWindows": ["Mon:24:00-Tue:01:00"]}, "InvalidPracticeBlocker"),
        ({"allowedWindows": ["Mon:08:00-Tue:08:00"]}, "InvalidPracticeAllowedWindow"),
        ({"allowedWindows": ["Mon:08:00-Mon:07:00"]}, "InvalidPracticeAllowedWindow"),
        ({"outcomeAlarms": [GONE]}, "InvalidAlarmCondition"),
    ],
    ids=str,
)
def test_what_no_configuration_has(arc, balancer, practising, *, changes, reason):
    call = arc.update_practice_run_configuration
    refused(call, "ValidationException", reason, resourceIdentifier=balancer, **changes)
    assert practising()["status"] == "ACTIVE"


POLICY = {"ZonalShiftEnabled": True, "ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy"}


@pytest.fixture
def group(aws, network):
    template = aws.ec2.create_launch_template(
        LaunchTemplateName="app",
        LaunchTemplateData={"ImageId": network.image, "InstanceType": "t4g.nano"},
    )["LaunchTemplate"]["LaunchTemplateId"]
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="fleet",
        MinSize=0,
        MaxSize=9,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
        VPCZoneIdentifier=",".join(network.subnets),
        AvailabilityZoneImpairmentPolicy=POLICY,
    )
    found = aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return found[0]["AutoScalingGroupARN"]


def test_a_groups_zone_can_be_shifted_away_from_too(plane, aws, arc, *, group, controller, clock):
    names = {
        zone["ZoneId"]: zone["ZoneName"]
        for zone in aws.ec2.describe_availability_zones()["AvailabilityZones"]
    }
    away = begin(arc, group)["awayFrom"]
    with plane.lock:
        record = GroupRecord.of(plane.backend("autoscaling").autoscaling_groups["fleet"])
    assert record.away_from == {names[away]}
    assert zonal_shift.keeps_unhealthy(record, names[away])
    other = next(name for name in names.values() if name != names[away])
    assert not zonal_shift.keeps_unhealthy(record, other)
    clock[0] += HOUR
    controller.reconcile()
    assert record.away_from == frozenset()
    assert not zonal_shift.keeps_unhealthy(record, names[away])
    aws.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="fleet",
        AvailabilityZoneImpairmentPolicy={**POLICY, "ZonalShiftEnabled": False},
    )
    assert arc.list_managed_resources()["items"] == []


def test_pages(aws, arc, network, balancer):
    second = aws.elbv2.create_load_balancer(Name="second", Subnets=network.subnets[:2])
    enable(aws, second["LoadBalancers"][0]["LoadBalancerArn"])
    whole = arc.list_managed_resources()["items"]
    first = arc.list_managed_resources(maxResults=1)
    last = arc.list_managed_resources(maxResults=1, nextToken=first["nextToken"])
    assert [*first["items"], *last["items"]] == whole
    assert len(whole) == 2
    assert "nextToken" not in last
    refused(arc.list_managed_resources, "ValidationException", nextToken="bogus")
