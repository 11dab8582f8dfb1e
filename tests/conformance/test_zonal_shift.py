"""Zonal shift of Application Recovery Controller."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.conformance.balancers import balancer, modify
from tests.conformance.cloud import Cloud, Network
from tests.conformance.refusals import refused
from tests.conformance.scaling_group import Fleet


@pytest.mark.row("ELB-Z01", "ARC-Z01", "ELB-Z02")
def test_a_shift_begins_shows_and_expires(cloud: Cloud, network: Network) -> None:
    arc, arn = cloud.client("arc-zonal-shift"), balancer(cloud, network)
    away = cloud.zone_id(network.zones[0])
    shift = {"resourceIdentifier": arn, "awayFrom": away, "expiresIn": "1m", "comment": "drill"}
    with pytest.raises(ClientError):
        arc.start_zonal_shift(**shift)
    modify(cloud, arn, zonal_shift__config__enabled="true")
    with pytest.raises(ClientError):
        arc.start_zonal_shift(**(shift | {"expiresIn": "73h"}))
    with pytest.raises(ClientError):
        arc.start_zonal_shift(**(shift | {"awayFrom": cloud.zone_id(network.zones[2])}))
    started = arc.start_zonal_shift(**shift)
    assert started["status"] == "ACTIVE"
    with pytest.raises(ClientError, match="ConflictException"):
        arc.start_zonal_shift(**shift)
    weights = arc.get_managed_resource(resourceIdentifier=arn)["appliedWeights"]
    assert weights == {away: 0.0, cloud.zone_id(network.zones[1]): 1.0}

    def weight() -> float:
        return arc.get_managed_resource(resourceIdentifier=arn)["appliedWeights"][away]

    cloud.until(lambda: weight() == 1.0, within=120)
    listed = arc.list_zonal_shifts(resourceIdentifier=arn)["items"]
    assert listed[0]["status"] == "EXPIRED"
    again = arc.start_zonal_shift(**shift)["zonalShiftId"]
    assert arc.cancel_zonal_shift(zonalShiftId=again)["status"] == "CANCELED"


@pytest.mark.row("ARC-Z02")
def test_practice_runs_need_an_outcome_alarm(cloud: Cloud, network: Network) -> None:
    arc, arn = cloud.client("arc-zonal-shift"), balancer(cloud, network)
    modify(cloud, arn, zonal_shift__config__enabled="true")
    name = cloud.name("outcome")
    cloud.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="own",
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloud.afterwards(cloud.cloudwatch.delete_alarms, AlarmNames=[name])
    (alarm,) = cloud.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    outcome = [{"type": "CLOUDWATCH", "alarmIdentifier": alarm["AlarmArn"]}]
    with pytest.raises(ParamValidationError):
        arc.create_practice_run_configuration(resourceIdentifier=arn, outcomeAlarms=[])
    made = arc.create_practice_run_configuration(
        resourceIdentifier=arn,
        outcomeAlarms=outcome,
        blockedWindows=["Mon:08:00-Mon:12:00"],
    )
    assert made["practiceRunConfiguration"]["outcomeAlarms"] == outcome
    wanted = {
        "resourceIdentifier": arn,
        "awayFrom": cloud.zone_id(network.zones[0]),
        "comment": "practice",
    }
    days = [f"{datetime.now(UTC) + timedelta(days=day):%Y-%m-%d}" for day in (0, 1)]
    update = arc.update_practice_run_configuration
    update(resourceIdentifier=arn, blockedWindows=[], blockedDates=days)
    assert refused(arc.start_practice_run, **wanted) == "ConflictException"
    update(resourceIdentifier=arn, blockedDates=[])
    gone = [{"type": "CLOUDWATCH", "alarmIdentifier": f"{alarm['AlarmArn']}-gone"}]
    assert refused(update, resourceIdentifier=arn, outcomeAlarms=gone) == "ValidationException"
    run = arc.start_practice_run(**wanted)
    (shift,) = arc.get_managed_resource(resourceIdentifier=arn)["zonalShifts"]
    assert shift["practiceRunOutcome"] == "PENDING"
    arc.cancel_zonal_shift(zonalShiftId=run["zonalShiftId"])
    (listed,) = arc.list_zonal_shifts(resourceIdentifier=arn)["items"]
    assert listed["practiceRunOutcome"] == "INTERRUPTED"


@pytest.mark.slow
@pytest.mark.row("ASG-Z01")
def test_unhealthy_members_of_a_shifted_zone_may_stay(cloud: Cloud, network: Network) -> None:
    arc = cloud.client("arc-zonal-shift")
    policy = {"ZonalShiftEnabled": True, "ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy"}
    fleet = Fleet(cloud, network, 3, AvailabilityZoneImpairmentPolicy=policy)
    sick = next(iter(fleet.names()))
    zone = fleet.members()[sick]["AvailabilityZone"]
    shift = arc.start_zonal_shift(
        resourceIdentifier=fleet.describe()["AutoScalingGroupARN"],
        awayFrom=cloud.zone_id(zone),
        expiresIn="1h",
        comment="drill",
    )["zonalShiftId"]
    fleet.mark(sick, ShouldRespectGracePeriod=False)
    before = fleet.names()
    fleet.capacity(4)
    (new,) = fleet.wait_for(4) - before
    assert fleet.members()[new]["AvailabilityZone"] != zone
    assert fleet.members()[sick]["HealthStatus"] == "Unhealthy"
    arc.cancel_zonal_shift(zonalShiftId=shift)
    fleet.wait_for(4, without=[sick])
