from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


def group(aws, name="fleet"):
    found = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return found["AutoScalingGroups"][0]


def test_creating_a_group_launches_nothing_by_itself(aws, create):
    create(DesiredCapacity=3)
    assert group(aws)["DesiredCapacity"] == 3
    assert group(aws)["Instances"] == []
    assert aws.ec2.describe_instances()["Reservations"] == []


def test_what_moto_drops_is_stored_and_returned(aws, create):
    create(
        DefaultCooldown=0,
        DefaultInstanceWarmup=20,
        HealthCheckGracePeriod=0,
        InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150},
        TerminationPolicies=["OldestInstance"],
        CapacityRebalance=True,
        AvailabilityZoneDistribution={"CapacityDistributionStrategy": "balanced-only"},
    )
    found = group(aws)
    assert found["DefaultCooldown"] == 0
    assert found["DefaultInstanceWarmup"] == 20
    assert found["HealthCheckGracePeriod"] == 0
    assert found["InstanceMaintenancePolicy"] == {
        "MinHealthyPercentage": 100,
        "MaxHealthyPercentage": 150,
    }
    assert found["TerminationPolicies"] == ["OldestInstance"]
    assert found["CapacityRebalance"] is True
    assert found["AvailabilityZoneDistribution"]["CapacityDistributionStrategy"] == "balanced-only"
    assert found["LaunchTemplate"]["Version"] == "1"


def test_an_update_applies_every_field_and_keeps_the_others(aws, create):
    create(DefaultCooldown=10, DefaultInstanceWarmup=20)
    aws.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="fleet",
        MaxSize=9,
        DesiredCapacity=6,
        DefaultCooldown=30,
        HealthCheckType="ELB",
        HealthCheckGracePeriod=45,
        TerminationPolicies=["NewestInstance"],
        NewInstancesProtectedFromScaleIn=True,
        InstanceMaintenancePolicy={"MinHealthyPercentage": 90, "MaxHealthyPercentage": 120},
    )
    found = group(aws)
    assert (found["MinSize"], found["MaxSize"], found["DesiredCapacity"]) == (2, 9, 6)
    assert found["DefaultCooldown"] == 30
    assert found["DefaultInstanceWarmup"] == 20
    assert (found["HealthCheckType"], found["HealthCheckGracePeriod"]) == ("ELB", 45)
    assert found["TerminationPolicies"] == ["NewestInstance"]
    assert found["NewInstancesProtectedFromScaleIn"] is True
    assert found["InstanceMaintenancePolicy"]["MinHealthyPercentage"] == 90
    assert found["LaunchTemplate"]["Version"] == "1"


@pytest.mark.parametrize(
    ("bounds", "desired"), [({"MinSize": 3}, 3), ({"MaxSize": 2}, 2), ({"MaxSize": 3}, 2)]
)
def test_new_bounds_move_the_desired_capacity(aws, create, bounds, desired):
    create()
    aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="fleet", **bounds)
    assert group(aws)["DesiredCapacity"] == desired


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"MinSize": 5}, "Max bound, 4, must be greater than or equal to min bound, 5"),
        ({"DesiredCapacity": 5}, "Desired capacity:5 must be between"),
        ({"DesiredCapacity": 1}, "Desired capacity:1 must be between"),
        ({"LaunchTemplate": {}}, "LaunchTemplate"),
    ],
)
def test_impossible_groups_are_refused(aws, create, settings, message):
    with pytest.raises(ClientError, match=message):
        create(**settings)
    assert aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_second_group_of_the_same_name_is_refused(create):
    create()
    with pytest.raises(ClientError, match="AlreadyExists"):
        create()


@pytest.mark.parametrize(("wanted", "side"), [(1, "below min value 2"), (5, "above max value 4")])
def test_capacity_outside_the_bounds_is_refused(aws, create, wanted, side):
    create()
    with pytest.raises(ClientError, match=side):
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=wanted)
    assert group(aws)["DesiredCapacity"] == 2


@pytest.mark.parametrize(
    ("call", "settings"),
    [
        ("set_desired_capacity", {"DesiredCapacity": 2}),
        ("update_auto_scaling_group", {"MaxSize": 2}),
        ("delete_auto_scaling_group", {}),
        ("describe_traffic_sources", {}),
    ],
)
def test_an_unknown_group_is_named(aws, call, settings):
    with pytest.raises(ClientError, match="name not found - nobody"):
        getattr(aws.autoscaling, call)(AutoScalingGroupName="nobody", **settings)


def test_a_scaling_policy_returns_its_arn_and_is_described(aws, create):
    create()
    answer = aws.autoscaling.put_scaling_policy(
        AutoScalingGroupName="fleet",
        PolicyName="requests",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ASGAverageCPUUtilization",
            },
            "TargetValue": 600.0,
        },
    )
    assert answer["PolicyARN"].endswith("policyName/requests")
    policy = aws.autoscaling.describe_policies(AutoScalingGroupName="fleet")["ScalingPolicies"][0]
    assert policy["PolicyARN"] == answer["PolicyARN"]
    assert policy["TargetTrackingConfiguration"]["TargetValue"] == 600.0


def test_deleting_an_empty_group_deletes_its_hooks_and_policies(aws, create):
    create(MinSize=0, DesiredCapacity=0)
    aws.autoscaling.put_lifecycle_hook(
        AutoScalingGroupName="fleet",
        LifecycleHookName="warm",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
    )
    aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="fleet")
    assert aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    with pytest.raises(ClientError, match="name not found"):
        aws.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName="fleet")
    create(MinSize=0, DesiredCapacity=0)
    hooks = aws.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName="fleet")
    assert hooks["LifecycleHooks"] == []


def test_traffic_sources_are_the_target_groups(aws, network, create):
    arn = aws.elbv2.create_target_group(
        Name="app", Protocol="HTTP", Port=8080, VpcId=network.vpc, TargetType="instance"
    )["TargetGroups"][0]["TargetGroupArn"]
    create(TargetGroupARNs=[arn])
    sources = aws.autoscaling.describe_traffic_sources(AutoScalingGroupName="fleet")
    assert [source["Identifier"] for source in sources["TrafficSources"]] == [arn]
    aws.autoscaling.detach_traffic_sources(
        AutoScalingGroupName="fleet", TrafficSources=[{"Identifier": arn, "Type": "elbv2"}]
    )
    assert group(aws)["TargetGroupARNs"] == []
    aws.autoscaling.attach_traffic_sources(
        AutoScalingGroupName="fleet", TrafficSources=[{"Identifier": arn, "Type": "elbv2"}]
    )
    assert group(aws)["TargetGroupARNs"] == [arn]
