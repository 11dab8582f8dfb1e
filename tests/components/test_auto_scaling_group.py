"""The Auto Scaling group, its launch template and its scaling policy."""

from __future__ import annotations

import pytest

from components.auto_scaling_group import AutoScalingGroupArgs
from components.health_check import HealthCheckTiming


@pytest.mark.parametrize(
    ("sizes", "zones"), [((2, 1, 3), "ab"), ((0, 1, 1), "ab"), ((2, 2, 2), "a"), ((1, 2, 3), "ab")]
)
def test_impossible_sizes_and_one_zone_are_rejected(sizes, zones):
    with pytest.raises(ValueError, match=r"order them|at least 2|set min_size to 2"):
        AutoScalingGroupArgs(
            spec=None,
            subnet_ids=dict.fromkeys(zones, "s"),
            target_group_arn="t",
            resource_label="l",
            min_size=sizes[0],
            desired_capacity=sizes[1],
            max_size=sizes[2],
            health_check_grace_seconds=600,
            requests_per_target=1,
            force_delete=False,
        )


@pytest.mark.parametrize(
    ("grace", "check", "words"),
    [
        (10, HealthCheckTiming(), "healthy after 10 s at the earliest, and replaced after 10 s"),
        (300, HealthCheckTiming(interval=60, healthy_threshold=6), "healthy after 360 s"),
        (30, HealthCheckTiming(), "slower ones are replaced for ever"),
        (7200, HealthCheckTiming(), "at most 3600 s"),
    ],
)
def test_a_grace_period_that_does_not_fit_the_health_check_is_rejected(grace, check, words):
    with pytest.raises(ValueError, match=words):
        AutoScalingGroupArgs(
            spec=None,
            subnet_ids={"a": "s", "b": "t"},
            target_group_arn="t",
            resource_label="l",
            min_size=2,
            desired_capacity=2,
            max_size=2,
            health_check_grace_seconds=grace,
            health_check=check,
            requests_per_target=1,
            force_delete=False,
        )


def test_spot_with_one_type_is_rejected():
    with pytest.raises(ValueError, match="30 % Spot of one instance type"):
        AutoScalingGroupArgs(
            spec=None,
            subnet_ids={"a": "s", "b": "t"},
            target_group_arn="t",
            resource_label="l",
            min_size=2,
            desired_capacity=2,
            max_size=2,
            health_check_grace_seconds=600,
            requests_per_target=1,
            spot_percentage=30,
            force_delete=False,
        )


def test_the_group_spans_three_public_subnets_in_three_zones(ha):
    group = ha.one("aws:autoscaling/group:Group")
    subnets = [ha.resources[u] for u in group.property_dependencies["vpcZoneIdentifiers"]]
    assert len({subnet.inputs["availabilityZone"] for subnet in subnets}) == 3
    assert all(subnet.inputs["mapPublicIpOnLaunch"] for subnet in subnets)


def test_the_group_uses_the_load_balancers_health_check(ha):
    group = ha.one("aws:autoscaling/group:Group")
    target_group = ha.one("aws:lb/targetGroup:TargetGroup")
    assert group.inputs["healthCheckType"] == "ELB"
    assert group.inputs["healthCheckGracePeriod"] == 600
    assert group.property_dependencies["targetGroupArns"] == (target_group.urn,)


def test_the_group_never_waits_for_healthy_targets(ha):
    inputs = ha.one("aws:autoscaling/group:Group").inputs
    assert inputs["waitForCapacityTimeout"] == "15m"
    assert not {"minElbCapacity", "waitForElbCapacity"} & set(inputs)


def test_the_group_keeps_capacity_while_it_replaces(ha):
    inputs = ha.one("aws:autoscaling/group:Group").inputs
    assert inputs["instanceMaintenancePolicy"] == {
        "minHealthyPercentage": 100,
        "maxHealthyPercentage": 200,
    }
    assert inputs["defaultInstanceWarmup"] > 0


def test_scaling_decisions_survive_the_next_up(ha):
    group = ha.one("aws:autoscaling/group:Group")
    assert group.ignore_changes == ("desiredCapacity",)
    sizes = {key: group.inputs[key] for key in ("minSize", "desiredCapacity", "maxSize")}
    assert sizes == {"minSize": 6, "desiredCapacity": 6, "maxSize": 9}


def test_the_launch_template_version_is_a_number(ha):
    group = ha.one("aws:autoscaling/group:Group")
    assert group.inputs["launchTemplate"] == {"id": "web-fleet-template-id", "version": "7"}


def test_target_tracking_counts_requests_per_target(ha):
    policy = ha.one("aws:autoscaling/policy:Policy").inputs
    assert policy["policyType"] == "TargetTrackingScaling"
    tracking = policy["targetTrackingConfiguration"]
    metric = tracking["predefinedMetricSpecification"]
    assert metric["predefinedMetricType"] == "ALBRequestCountPerTarget"
    assert metric["resourceLabel"] == (
        "app/web-balancer-alb/50dc6c495c0c9188/"
        "targetgroup/web-balancer-targets-1234567/73e2d6bc24d8a067"
    )
    assert tracking["targetValue"] == 3000


def test_instances_and_volumes_have_the_tags(ha):
    specifications = ha.one("aws:ec2/launchTemplate:LaunchTemplate").inputs["tagSpecifications"]
    assert {spec["resourceType"] for spec in specifications} == {"instance", "volume"}
    assert all(spec["tags"]["Stack"] == "ha" for spec in specifications)


def test_additional_types_are_launched_on_demand_in_order(built):
    group = built("further types").one("aws:autoscaling/group:Group").inputs
    assert not {"launchTemplate", "capacityRebalance"} & set(group)
    policy = group["mixedInstancesPolicy"]
    assert policy["launchTemplate"]["launchTemplateSpecification"] == {
        "launchTemplateId": "web-fleet-template-id",
        "version": "7",
    }
    types = [item["instanceType"] for item in policy["launchTemplate"]["overrides"]]
    assert types == ["t4g.nano", "t4g.micro"]
    assert policy["instancesDistribution"] == {
        "onDemandAllocationStrategy": "prioritized",
        "onDemandBaseCapacity": 3,
        "onDemandPercentageAboveBaseCapacity": 100,
        "spotAllocationStrategy": "price-capacity-optimized",
    }


def test_spot_keeps_one_instance_per_zone_on_demand_and_is_rebalanced(built):
    group = built("spot").one("aws:autoscaling/group:Group").inputs
    distribution = group["mixedInstancesPolicy"]["instancesDistribution"]
    assert distribution["onDemandBaseCapacity"] == 3
    assert distribution["onDemandPercentageAboveBaseCapacity"] == 50
    assert group["capacityRebalance"] is True


def test_one_type_needs_no_mixed_instances_policy(ha):
    group = ha.one("aws:autoscaling/group:Group").inputs
    assert not {"mixedInstancesPolicy", "capacityRebalance"} & set(group)
