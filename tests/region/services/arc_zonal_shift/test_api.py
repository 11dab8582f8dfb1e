"""The API of zonal shift, and what it makes of load balancers."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from region.services.arc_zonal_shift import store
from region.services.arc_zonal_shift.controller import ZonalShiftController
from region.services.autoscaling import zonal_shift
from region.services.autoscaling.records import GroupRecord
from region.services.elbv2.records import LoadBalancerRecord

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


@pytest.fixture
def practising(aws, arc, balancer):
    aws.cloudwatch.put_metric_alarm(
        AlarmName="outcome",
        Namespace="own",
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    (alarm,) = aws.cloudwatch.describe_alarms(AlarmNames=["outcome"])["MetricAlarms"]
    arc.create_practice_run_configuration(
        resourceIdentifier=balancer,
        outcomeAlarms=[{"type": "CLOUDWATCH", "alarmIdentifier": alarm["AlarmArn"]}],
    )

    def run():
        return arc.start_practice_run(
            resourceIdentifier=balancer, awayFrom=zones(arc, balancer)[0], comment="practice"
        )

    return run


def set_alarm(aws, value):
    aws.cloudwatch.set_alarm_state(AlarmName="outcome", StateValue=value, StateReason="drill")


@pytest.mark.parametrize(("state", "outcome"), [("OK", "SUCCEEDED"), ("ALARM", "FAILED")])
def test_the_alarm_decides_over_a_practice_run(
    aws, arc, practising, controller, clock, *, state, outcome
):
    practising()
    controller.reconcile()
    (pending,) = arc.list_zonal_shifts()["items"]
    assert pending["practiceRunOutcome"] == "PENDING"
    set_alarm(aws, state)
    clock[0] += HOUR / 2 if state == "OK" else 1
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
    set_alarm(aws, "ALARM")
    (active,) = arc.list_zonal_shifts(status="ACTIVE")["items"]
    arc.cancel_zonal_shift(zonalShiftId=active["zonalShiftId"])
    refused(practising, "ValidationException", "InvalidPracticeBlocker")
    arc.delete_practice_run_configuration(resourceIdentifier=balancer)
    refused(practising, "ResourceNotFoundException")
    refused(
        arc.update_zonal_autoshift_configuration,
        "NotImplemented",
        resourceIdentifier=balancer,
        zonalAutoshiftStatus="ENABLED",
    )


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
