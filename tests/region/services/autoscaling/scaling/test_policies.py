"""Scaling policies of a group whose alarms a test sets off."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.region.builders import put_alarm

CPU = {
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingConfiguration": {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
        "TargetValue": 50.0,
    },
}
STEPS = {
    "PolicyType": "StepScaling",
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 2},
    ],
}
OUT = {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}


def names(alarms):
    high = next(one["AlarmName"] for one in alarms if "AlarmHigh" in one["AlarmName"])
    return high, next(one["AlarmName"] for one in alarms if "AlarmLow" in one["AlarmName"])


def test_a_target_tracking_policy_owns_two_alarms(fleet, aws):
    fleet.create()
    answer = fleet.policy(**CPU)
    high, low = names(answer["Alarms"])
    alarms = {one["AlarmName"]: one for one in aws.cloudwatch.describe_alarms()["MetricAlarms"]}
    assert set(alarms) == {high, low}
    assert (alarms[high]["Threshold"], alarms[high]["EvaluationPeriods"]) == (50.0, 3)
    assert (alarms[high]["Period"], alarms[high]["ComparisonOperator"]) == (
        60,
        "GreaterThanThreshold",
    )
    assert (alarms[low]["Threshold"], alarms[low]["EvaluationPeriods"]) == (35.0, 15)
    assert alarms[low]["ComparisonOperator"] == "LessThanThreshold"
    assert alarms[high]["AlarmActions"] == [answer["PolicyARN"]]
    (described,) = aws.autoscaling.describe_policies()["ScalingPolicies"]
    assert names(described["Alarms"]) == (high, low)
    assert described["Enabled"]
    again = fleet.policy(**CPU)
    assert again["PolicyARN"] == answer["PolicyARN"]
    assert len(aws.cloudwatch.describe_alarms()["MetricAlarms"]) == 2
    aws.autoscaling.delete_policy(AutoScalingGroupName="fleet", PolicyName="p")
    assert aws.cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_the_alarms_go_with_the_group(fleet, aws):
    fleet.create(DesiredCapacity=0)
    fleet.policy(**CPU)
    aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="fleet")
    assert aws.cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert aws.autoscaling.describe_policies()["ScalingPolicies"] == []


def test_tracking_rounds_up_and_names_the_alarm(fleet):
    fleet.create(DesiredCapacity=3)
    answer = fleet.policy(**CPU)
    high, _ = names(answer["Alarms"])
    assert fleet.alarm(answer["PolicyARN"], high, value=75.0, threshold=50.0)
    assert fleet.desired == 5
    fleet.settle()
    wanted = (
        f"a monitor alarm {high} in state ALARM triggered policy p changing the desired capacity "
        "from 3 to 5."
    )
    assert any(wanted in cause for cause in fleet.causes())


def test_scaling_in_is_blocked_by_warm_up_and_waits_for_all_policies(fleet, aws):
    fleet.create(DesiredCapacity=3)
    tracked = {"PredefinedMetricType": "ASGAverageNetworkIn"}
    configuration = CPU["TargetTrackingConfiguration"] | {"PredefinedMetricSpecification": tracked}
    arn = fleet.policy(**CPU)
    other = fleet.policy("q", **CPU | {"TargetTrackingConfiguration": configuration})
    _, low = names(arn["Alarms"])
    _, other_low = names(other["Alarms"])
    fleet.set_state(low, "ALARM")
    fleet.alarm(arn["PolicyARN"], low, value=1.0, threshold=35.0)
    assert fleet.desired == 3
    fleet.set_state(other_low, "ALARM")
    fleet.alarm(arn["PolicyARN"], low, value=25.0, threshold=35.0)
    assert fleet.desired == 2
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=4)
    fleet.settle()
    fleet.alarm(arn["PolicyARN"], low, value=1.0, threshold=35.0)
    assert fleet.desired == 4


def test_no_scale_in_while_one_wants_more(fleet):
    fleet.create(DesiredCapacity=3)
    answer = fleet.policy(**CPU)
    high, low = names(answer["Alarms"])
    fleet.set_state(low, "ALARM")
    fleet.set_state(high, "ALARM")
    fleet.alarm(answer["PolicyARN"], low, value=1.0, threshold=35.0)
    assert fleet.desired == 3


def test_what_warms_up_counts_for_the_next_step(fleet):
    fleet.create(DesiredCapacity=2)
    arn = fleet.policy(**STEPS)["PolicyARN"]
    fleet.alarm(arn, value=55.0, threshold=50.0)
    assert fleet.desired == 3
    fleet.settle()
    fleet.alarm(arn, value=55.0, threshold=50.0)
    assert fleet.desired == 3
    fleet.alarm(arn, value=60.0, threshold=50.0)
    assert fleet.desired == 4


def test_what_is_never_launched_does_not_warm_up(fleet, aws):
    fleet.create(DesiredCapacity=1)
    arn = fleet.policy(**STEPS)["PolicyARN"]
    aws.autoscaling.suspend_processes(AutoScalingGroupName="fleet", ScalingProcesses=["Launch"])
    for wanted in (2, 3):
        fleet.alarm(arn, value=55.0, threshold=50.0)
        assert fleet.desired == wanted


def test_a_policy_without_warm_up_steps_again(fleet):
    fleet.create(DesiredCapacity=1)
    arn = fleet.policy(EstimatedInstanceWarmup=0, **STEPS)["PolicyARN"]
    for wanted in (2, 3):
        fleet.alarm(arn, value=55.0, threshold=50.0)
        assert fleet.desired == wanted
        fleet.settle()


def test_simple_policies_wait_for_the_cooldown(fleet, aws):
    fleet.create()
    arn = fleet.policy(**OUT)["PolicyARN"]
    fleet.alarm(arn)
    fleet.alarm(arn)
    assert fleet.desired == 2
    fleet.settle()
    fleet.alarm(arn)
    assert fleet.desired == 2
    for call in (
        lambda: aws.autoscaling.execute_policy(PolicyName=arn, HonorCooldown=True),
        lambda: aws.autoscaling.set_desired_capacity(
            AutoScalingGroupName="fleet", DesiredCapacity=3, HonorCooldown=True
        ),
    ):
        with pytest.raises(ClientError, match="ScalingActivityInProgress"):
            call()
    aws.autoscaling.execute_policy(PolicyName=arn)
    assert fleet.desired == 3


def test_a_policy_of_no_cooldown_goes_on_once_the_instance_is_there(fleet):
    fleet.create()
    arn = fleet.policy(Cooldown=0, **OUT)["PolicyARN"]
    fleet.alarm(arn)
    fleet.settle()
    fleet.alarm(arn)
    assert fleet.desired == 3


def test_capacity_stays_within_the_bounds(fleet):
    fleet.create(MaxSize=2)
    arn = fleet.policy(AdjustmentType="ExactCapacity", ScalingAdjustment=7)["PolicyARN"]
    fleet.alarm(arn)
    assert fleet.desired == 2


def test_suspended_alarms_are_considered_on_resume(fleet, aws):
    fleet.create()
    arn = fleet.policy(**OUT)["PolicyARN"]
    put_alarm(aws, "own", AlarmActions=[arn])
    processes = {"AutoScalingGroupName": "fleet", "ScalingProcesses": ["AlarmNotification"]}
    aws.autoscaling.suspend_processes(**processes)
    assert not fleet.alarm(arn, "own")
    fleet.set_state("own", "ALARM")
    fleet.settle(2)
    assert fleet.desired == 1
    aws.autoscaling.resume_processes(**processes)
    fleet.settle(2)
    assert fleet.desired == 2


def test_a_disabled_policy_does_nothing_and_has_no_alarms(fleet, aws):
    fleet.create()
    arn = fleet.policy(Enabled=False, **CPU)["PolicyARN"]
    assert aws.cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert not fleet.alarm(arn)


def test_names_are_those_of_a_group(fleet, aws):
    fleet.create(DesiredCapacity=0)
    fleet.create(AutoScalingGroupName="other", DesiredCapacity=0)
    fleet.policy(**OUT)
    aws.autoscaling.put_scaling_policy(AutoScalingGroupName="other", PolicyName="p", **OUT)
    assert len(aws.autoscaling.describe_policies()["ScalingPolicies"]) == 2
    aws.autoscaling.delete_policy(AutoScalingGroupName="other", PolicyName="p")
    (left,) = aws.autoscaling.describe_policies()["ScalingPolicies"]
    assert left["AutoScalingGroupName"] == "fleet"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"AdjustmentType": "ChangeInCapacity"}, "ScalingAdjustment is required"),
        ({"ScalingAdjustment": 1}, "AdjustmentType is required"),
        (OUT | {"MinAdjustmentMagnitude": 2}, "PercentChangeInCapacity"),
        (OUT | {"EstimatedInstanceWarmup": 60}, "not supported for policy type SimpleScaling"),
        (STEPS | {"Cooldown": 60}, "Cooldown is not supported"),
        (STEPS | {"StepAdjustments": []}, "StepAdjustment"),
        (CPU | {"TargetTrackingConfiguration": {"TargetValue": 5.0}}, "Exactly one"),
        ({"PolicyType": "PredictiveScaling"}, "NotImplemented"),
        ({"PolicyType": "Other"}, "Other"),
    ],
)
def test_what_does_not_fit_is_refused(fleet, settings, reason):
    fleet.create(DesiredCapacity=0)
    with pytest.raises(ClientError, match=reason):
        fleet.policy(**settings)


@pytest.mark.parametrize("period", [5, 120])
def test_a_metric_has_one_of_three_periods(fleet, period):
    fleet.create(DesiredCapacity=0)
    metric = {"MetricName": "m", "Namespace": "n", "Statistic": "Average"}
    tracking = {"TargetValue": 5.0, "CustomizedMetricSpecification": metric | {"Period": 10}}
    fleet.policy(PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=tracking)
    tracking["CustomizedMetricSpecification"] = metric | {"Period": period}
    with pytest.raises(ClientError, match="10, 30, 60"):
        fleet.policy(PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=tracking)


def test_metric_math_is_kept(fleet, aws):
    fleet.create(DesiredCapacity=0)
    metrics = [
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {"MetricName": "m", "Namespace": "n"},
                "Stat": "Sum",
                "Period": 30,
            },
            "ReturnData": False,
        },
        {"Id": "e1", "Expression": "m1 / 2", "ReturnData": True},
    ]
    tracking = {"TargetValue": 5.0, "CustomizedMetricSpecification": {"Metrics": metrics}}
    fleet.policy(PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=tracking)
    (policy,) = aws.autoscaling.describe_policies()["ScalingPolicies"]
    described = policy["TargetTrackingConfiguration"]["CustomizedMetricSpecification"]["Metrics"]
    assert described[1]["Expression"] == "m1 / 2"
    alarms = aws.cloudwatch.describe_alarms()["MetricAlarms"]
    assert all(len(one["Metrics"]) == 2 for one in alarms)


def test_a_label_names_an_attached_target_group(fleet, aws, network):
    arn = aws.elbv2.create_target_group(
        Name="app", Protocol="HTTP", Port=80, VpcId=network.vpc, TargetType="instance"
    )["TargetGroups"][0]["TargetGroupArn"]
    fleet.create(DesiredCapacity=0)
    label = f"app/lb/0123456789abcdef/{arn.rpartition(':')[2]}"

    def put(**metric):
        fleet.policy(
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration={
                "TargetValue": 5.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ALBRequestCountPerTarget",
                    **metric,
                },
            },
        )

    for wrong in ({}, {"ResourceLabel": "nonsense"}, {"ResourceLabel": label}):
        with pytest.raises(ClientError, match="ValidationError"):
            put(**wrong)
    aws.autoscaling.attach_load_balancer_target_groups(
        AutoScalingGroupName="fleet", TargetGroupARNs=[arn]
    )
    put(ResourceLabel=label)


def test_executing_a_step_policy_needs_the_breach(fleet, aws):
    fleet.create(DesiredCapacity=1)
    arn = fleet.policy(**STEPS)["PolicyARN"]
    with pytest.raises(ClientError, match="MetricValue"):
        aws.autoscaling.execute_policy(PolicyName=arn)
    with pytest.raises(ClientError, match="No step"):
        aws.autoscaling.execute_policy(PolicyName=arn, MetricValue=40.0, BreachThreshold=50.0)
    aws.autoscaling.execute_policy(PolicyName=arn, MetricValue=60.0, BreachThreshold=50.0)
    assert fleet.desired == 3
    with pytest.raises(ClientError, match="not supported"):
        aws.autoscaling.execute_policy(PolicyName=fleet.policy("t", **CPU)["PolicyARN"])
