"""Scaling policies: what is kept, what is refused, and what a call does to the desired capacity.

No instance is launched here: groups without subnets to launch in time, or with Launch suspended.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.scaling_group import Fleet, customized


def tracking(target: float = 50.0, **metric: Any) -> dict[str, Any]:
    """Return a policy that tracks a predefined metric, CPU by default."""
    metric = metric or {"PredefinedMetricType": "ASGAverageCPUUtilization"}
    return {
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": {
            "TargetValue": target,
            "PredefinedMetricSpecification": metric,
        },
    }


def percent(*adjustments: int, **settings: Any) -> dict[str, Any]:
    """Return a simple policy of a percentage."""
    return {
        "AdjustmentType": "PercentChangeInCapacity",
        "ScalingAdjustment": adjustments[0],
        **settings,
    }


@pytest.fixture
def idle(cloud: Cloud, network: Network) -> Fleet:
    """A group that launches nothing, whatever its desired capacity."""
    fleet = Fleet(cloud, network, 0, MaxSize=200)
    fleet.call("suspend_processes", ScalingProcesses=["Launch"])
    return fleet


def set_capacity(fleet: Fleet, desired: int) -> None:
    fleet.capacity(desired)


@pytest.mark.row("ASG-S01")
@pytest.mark.row("ASG-S02")
@pytest.mark.row("ASG-S03")
def test_a_target_tracking_policy_owns_its_alarms(cloud: Cloud, idle: Fleet) -> None:
    answer = idle.policy(**tracking(40.0))
    names = [one["AlarmName"] for one in answer["Alarms"]]
    prefix = f"TargetTracking-{idle.name}-Alarm"
    assert sorted(name[: len(prefix) + 4] for name in names) == [f"{prefix}High", f"{prefix}Low-"]
    found = cloud.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
    low, high = sorted(found, key=lambda one: one["Threshold"])
    assert (high["Threshold"], high["EvaluationPeriods"], high["Period"]) == (40.0, 3, 60)
    assert high["ComparisonOperator"] == "GreaterThanThreshold"
    assert (low["Threshold"], low["EvaluationPeriods"], low["Period"]) == (28.0, 15, 60)
    assert low["ComparisonOperator"] == "LessThanThreshold"
    assert high["AlarmActions"] == low["AlarmActions"] == [answer["PolicyARN"]]
    (described,) = idle.call("describe_policies")["ScalingPolicies"]
    assert sorted(one["AlarmName"] for one in described["Alarms"]) == sorted(names)
    idle.call("delete_policy", PolicyName="policy")
    assert cloud.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"] == []


@pytest.mark.row("ASG-S20")
def test_metrics_of_high_resolution_are_accepted(idle: Fleet) -> None:
    idle.policy(**tracking(PredefinedMetricType="ASGAverageCPUUtilizationHighResolution"))
    metric = {"MetricName": "m", "Namespace": "own", "Statistic": "Average"}
    for period in (10, 30, 60):
        idle.policy(f"every-{period}", **customized(**metric, Period=period))
    found = idle.call("describe_policies", PolicyNames=["every-10"])["ScalingPolicies"][0]
    specification = found["TargetTrackingConfiguration"]["CustomizedMetricSpecification"]
    assert specification["Period"] == 10
    with pytest.raises(ClientError, match="ValidationError"):
        idle.policy(**customized(**metric, Period=120))


@pytest.mark.row("ASG-S17")
def test_a_resource_label_is_of_an_attached_target_group(
    cloud: Cloud, network: Network, idle: Fleet
) -> None:
    arn = cloud.elbv2.create_target_group(
        Name=cloud.name("tg"), Protocol="HTTP", Port=80, VpcId=network.vpc, TargetType="instance"
    )["TargetGroups"][0]["TargetGroupArn"]
    cloud.afterwards(cloud.elbv2.delete_target_group, TargetGroupArn=arn)
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget"}
    label = f"app/any/0123456789abcdef/{arn.rpartition(':')[2]}"
    for wrong in ({}, {"ResourceLabel": "nonsense"}, {"ResourceLabel": label}):
        with pytest.raises(ClientError, match="ValidationError"):
            idle.policy(**tracking(100.0, **metric, **wrong))


@pytest.mark.row("ASG-S13")
@pytest.mark.row("ASG-S14")
def test_percentages_are_rounded(idle: Fleet) -> None:
    for before, share, after in ((127, 10, 139), (67, 1, 68), (58, -1, 57), (66, -10, 60)):
        set_capacity(idle, before)
        idle.policy(**percent(share))
        idle.call("execute_policy", PolicyName="policy")
        assert idle.desired == after
    set_capacity(idle, 4)
    idle.policy(**percent(25, MinAdjustmentMagnitude=2))
    idle.call("execute_policy", PolicyName="policy")
    assert idle.desired == 6


@pytest.mark.row("ASG-S15")
def test_steps_have_no_gaps(idle: Fleet) -> None:
    def put(*bounds: tuple[float | None, float | None]) -> None:
        steps = []
        for lower, upper in bounds:
            step: dict[str, Any] = {"ScalingAdjustment": 1}
            step |= {} if lower is None else {"MetricIntervalLowerBound": lower}
            step |= {} if upper is None else {"MetricIntervalUpperBound": upper}
            steps.append(step)
        idle.policy(
            PolicyType="StepScaling", AdjustmentType="ChangeInCapacity", StepAdjustments=steps
        )

    for wrong in (
        [(0.0, 10.0), (20.0, None)],
        [(0.0, 20.0), (10.0, None)],
        [(0.0, 10.0)],
        [(0.0, None), (10.0, None)],
    ):
        with pytest.raises(ClientError, match="ValidationError"):
            put(*wrong)
    put((0.0, 10.0), (10.0, None))


@pytest.mark.row("ASG-S15")
@pytest.mark.row("ASG-S10")
def test_a_bound_belongs_to_one_step(idle: Fleet) -> None:
    idle.policy(
        PolicyType="StepScaling",
        AdjustmentType="ExactCapacity",
        EstimatedInstanceWarmup=0,
        StepAdjustments=[
            {
                "MetricIntervalLowerBound": 0.0,
                "MetricIntervalUpperBound": 10.0,
                "ScalingAdjustment": 3,
            },
            {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 5},
        ],
    )
    for value, after in ((59.9, 3), (60.0, 5)):
        idle.call("execute_policy", PolicyName="policy", MetricValue=value, BreachThreshold=50.0)
        assert idle.desired == after
    with pytest.raises(ClientError, match="ValidationError"):
        idle.call("execute_policy", PolicyName="policy", MetricValue=40.0, BreachThreshold=50.0)


@pytest.mark.row("ASG-S09")
def test_a_default_warm_up_is_unset_until_it_is_set(idle: Fleet) -> None:
    assert "DefaultInstanceWarmup" not in idle.describe()
    idle.call("update_auto_scaling_group", DefaultInstanceWarmup=120)
    assert idle.describe()["DefaultInstanceWarmup"] == 120
    idle.call("update_auto_scaling_group", DefaultInstanceWarmup=-1)
    assert "DefaultInstanceWarmup" not in idle.describe()


@pytest.mark.row("ASG-S10")
def test_a_default_cooldown_of_five_minutes(idle: Fleet) -> None:
    assert idle.describe()["DefaultCooldown"] == 300


@pytest.mark.row("ASG-D25")
def test_a_maximum_lifetime_is_a_day_or_more(idle: Fleet) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        idle.call("update_auto_scaling_group", MaxInstanceLifetime=3600)
    idle.call("update_auto_scaling_group", MaxInstanceLifetime=86_400)
    assert idle.describe()["MaxInstanceLifetime"] == 86_400


@pytest.mark.row("ASG-L10")
def test_a_group_has_fifty_policies(idle: Fleet) -> None:
    for number in range(50):
        idle.policy(f"p{number}", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1)
    with pytest.raises(ClientError, match="LimitExceeded"):
        idle.policy("one-more", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1)


@pytest.mark.row("ASG-S01")
def test_two_policies_do_not_track_one_metric(cloud: Cloud, idle: Fleet) -> None:
    idle.call("put_scaling_policy", PolicyName="first", **tracking())
    idle.call("put_scaling_policy", PolicyName="first", **tracking(40.0))
    with pytest.raises(ClientError, match="Only one TargetTrackingScaling policy"):
        idle.call("put_scaling_policy", PolicyName="second", **tracking(60.0))
    network = tracking(1e6, PredefinedMetricType="ASGAverageNetworkIn")
    idle.call("put_scaling_policy", PolicyName="second", **network)
    with pytest.raises(ClientError, match="ValidationError"):
        cloud.autoscaling.describe_policies(PolicyTypes=["Bogus"])
    found = idle.call("describe_policies", PolicyTypes=["TargetTrackingScaling"])
    assert [policy["PolicyName"] for policy in found["ScalingPolicies"]] == ["first", "second"]
