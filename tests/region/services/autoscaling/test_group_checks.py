"""What AWS refuses of groups, hooks and target groups, and what only the local region refuses."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.region.services.autoscaling.test_patches import group


def refused(call, code="ValidationError", match=None, **arguments):
    with pytest.raises(ClientError, match=match) as error:
        call(**arguments)
    assert error.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"MinSize": -1}, "MinSize -1"),
        ({"HealthCheckType": "PING"}, "healthCheckType"),
        ({"HealthCheckGracePeriod": -1}, "HealthCheckGracePeriod -1"),
        ({"TerminationPolicies": ["Nonsense"]}, "terminationPolicies"),
        ({"TerminationPolicies": ["Default", "OldestInstance"]}, "must be the last"),
        ({"MaxInstanceLifetime": 3600}, "MaxInstanceLifetime 3600"),
        ({"DefaultInstanceWarmup": 3601}, "DefaultInstanceWarmup 3601"),
        ({"DesiredCapacityType": "vcpu"}, "InstanceRequirements"),
        ({"DeletionProtection": "some"}, "deletionProtection"),
        ({"TargetGroupARNs": ["arn:aws:elasticloadbalancing:x:targetgroup/y/z"]}, "exist"),
        ({"AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "x"}}, "Strategy"),
        ({"LaunchTemplate": {"LaunchTemplateName": "nobody"}}, "does not exist: nobody"),
        ({"VPCZoneIdentifier": "subnet-0123"}, "The subnet ID 'subnet-0123' does not exist"),
        ({"AvailabilityZones": ["mars-1a"]}, r"Invalid availability zones: \[mars-1a\]"),
        ({"InstanceMaintenancePolicy": {"MinHealthyPercentage": 90}}, "both"),
        (
            {"AvailabilityZoneImpairmentPolicy": {"ZonalShiftEnabled": True}},
            "ImpairedZoneHealthCheckBehavior is required",
        ),
    ],
)
def test_a_new_group_that_aws_refuses(create, aws, settings, match):
    refused(create, match=match, **settings)
    assert aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ({"SecurityGroupIds": ["sg-0123"]}, "The security group 'sg-0123' does not exist"),
        ({"NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-0123"]}]}, "'sg-0123'"),
        ({"IamInstanceProfile": {"Name": "none"}}, "Invalid IAM Instance Profile name"),
    ],
)
def test_a_template_that_launches_nothing_is_refused(create, aws, data, match):
    aws.ec2.create_launch_template(
        LaunchTemplateName="broken",
        LaunchTemplateData={"ImageId": "ami-01234567", "InstanceType": "t4g.nano", **data},
    )
    refused(create, match=match, LaunchTemplate={"LaunchTemplateName": "broken"})


@pytest.mark.parametrize(("least", "most"), [(90, 201), (0, 200), (101, 110), (100, 99), (-1, 100)])
def test_a_maintenance_policy_that_aws_refuses(create, least, most):
    policy = {"MinHealthyPercentage": least, "MaxHealthyPercentage": most}
    refused(create, InstanceMaintenancePolicy=policy)


def test_minus_one_clears_the_maintenance_policy_and_the_warm_up(create, aws):
    policy = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 200}
    create(InstanceMaintenancePolicy=policy, DefaultInstanceWarmup=60)
    aws.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="fleet",
        InstanceMaintenancePolicy=dict.fromkeys(policy, -1),
        DefaultInstanceWarmup=-1,
    )
    assert not {"InstanceMaintenancePolicy", "DefaultInstanceWarmup"} & set(group(aws))


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"PlacementGroup": "rack"}, "PlacementGroup"),
        ({"LoadBalancerNames": ["classic"]}, "LoadBalancerNames"),
        ({"TrafficSources": [{"Identifier": "x", "Type": "elb"}]}, "TrafficSources"),
        ({"AvailabilityZoneIds": ["apne2-az1"]}, "AvailabilityZoneIds"),
        ({"TerminationPolicies": ["arn:aws:lambda:x:1:function:f"]}, "TerminationPolicies"),
        (
            {
                "CapacityReservationSpecification": {
                    "CapacityReservationPreference": "capacity-reservations-only"
                }
            },
            "CapacityReservationSpecification",
        ),
    ],
)
def test_what_the_region_cannot_do_names_the_parameter(create, settings, match):
    refused(create, code="NotImplemented", match=match, **settings)


@pytest.mark.parametrize(
    "source", [{"LaunchConfigurationName": "old"}, {"InstanceId": "i-0123456789abcdef0"}]
)
def test_launch_configurations_are_refused_as_in_an_account_of_today(create, aws, source):
    refused(
        create, code="UnsupportedOperation", match="launch templates", LaunchTemplate={}, **source
    )
    call = aws.autoscaling.create_launch_configuration
    refused(call, code="UnsupportedOperation", LaunchConfigurationName="old")


def mixed(template, *overrides, **distribution):
    return {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"},
            "Overrides": list(overrides),
        },
        "InstancesDistribution": distribution or {"OnDemandBaseCapacity": 0},
    }


@pytest.mark.parametrize(
    ("overrides", "distribution", "code"),
    [
        ([{"InstanceType": "t4g.nano", "WeightedCapacity": "2"}], {}, "NotImplemented"),
        ([{"InstanceType": "t4g.nano"}] * 2, {}, "ValidationError"),
        ([], {"OnDemandAllocationStrategy": "dearest"}, "ValidationError"),
        ([], {"SpotAllocationStrategy": "dearest"}, "ValidationError"),
        ([], {"OnDemandPercentageAboveBaseCapacity": 50}, "ValidationError"),
        ([], {"OnDemandPercentageAboveBaseCapacity": 101}, "ValidationError"),
    ],
)
def test_a_choice_of_types_that_is_refused(create, template, overrides, distribution, code):
    policy = mixed(template, *overrides, **distribution)
    refused(create, code=code, LaunchTemplate={}, MixedInstancesPolicy=policy)


@pytest.mark.parametrize(
    ("level", "force", "deleted"),
    [
        ("none", False, True),
        ("prevent-force-deletion", False, True),
        ("prevent-force-deletion", True, False),
        ("prevent-all-deletion", False, False),
        ("prevent-all-deletion", True, False),
    ],
)
def test_deletion_protection(create, aws, level, force, deleted):
    create(MinSize=0, DesiredCapacity=0, DeletionProtection=level)
    assert group(aws)["DeletionProtection"] == level
    call = aws.autoscaling.delete_auto_scaling_group
    if not deleted:
        refused(call, match=level, AutoScalingGroupName="fleet", ForceDelete=force)
    else:
        call(AutoScalingGroupName="fleet", ForceDelete=force)
    left = aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert bool(left) is not deleted


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"HeartbeatTimeout": 29}, "HeartbeatTimeout 29"),
        ({"HeartbeatTimeout": 7201}, "HeartbeatTimeout 7201"),
        ({"DefaultResult": "RETRY"}, "DefaultResult RETRY"),
        ({"LifecycleTransition": "autoscaling:NAP"}, "Transition"),
        (
            {
                "NotificationTargetARN": "arn:aws:sqs:ap-northeast-2:123456789012:none",
                "RoleARN": "arn:aws:iam::123456789012:role/hooks",
            },
            "publish",
        ),
        ({"NotificationTargetARN": "arn:aws:sqs:ap-northeast-2:123456789012:none"}, "RoleARN"),
    ],
)
def test_a_hook_that_aws_refuses(create, aws, settings, match):
    create()
    hook = {
        "AutoScalingGroupName": "fleet",
        "LifecycleHookName": "warm",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
    }
    refused(aws.autoscaling.put_lifecycle_hook, match=match, **hook | settings)


@pytest.mark.parametrize(("heartbeat", "longest"), [(None, 172_800), (30, 3000), (7200, 172_800)])
def test_a_hook_is_described_with_its_defaults(create, aws, heartbeat, longest):
    hook = {
        "LifecycleHookName": "end",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    }
    create(
        LifecycleHookSpecificationList=[
            hook | ({"HeartbeatTimeout": heartbeat} if heartbeat else {})
        ]
    )
    (found,) = aws.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName="fleet")[
        "LifecycleHooks"
    ]
    assert found["HeartbeatTimeout"] == heartbeat or 3600
    assert (found["DefaultResult"], found["GlobalTimeout"]) == ("ABANDON", longest)
    assert "NotificationTargetARN" not in found


def test_a_hook_is_changed_by_what_is_given_only(create, aws):
    create()
    name = {"AutoScalingGroupName": "fleet", "LifecycleHookName": "warm"}
    aws.autoscaling.put_lifecycle_hook(
        **name,
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        DefaultResult="CONTINUE",
        NotificationMetadata="m",
    )
    aws.autoscaling.put_lifecycle_hook(**name, HeartbeatTimeout=60)
    (found,) = aws.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName="fleet")[
        "LifecycleHooks"
    ]
    assert (found["HeartbeatTimeout"], found["DefaultResult"]) == (60, "CONTINUE")
    assert (found["NotificationMetadata"], found["GlobalTimeout"]) == ("m", 6000)


def test_at_most_fifty_hooks_and_ten_target_groups_in_a_call(create, aws):
    create()
    for number in range(50):
        aws.autoscaling.put_lifecycle_hook(
            AutoScalingGroupName="fleet",
            LifecycleHookName=f"hook-{number}",
            LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        )
    refused(
        aws.autoscaling.put_lifecycle_hook,
        code="LimitExceeded",
        AutoScalingGroupName="fleet",
        LifecycleHookName="one-more",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
    )
    refused(
        aws.autoscaling.attach_load_balancer_target_groups,
        match="at most 10",
        AutoScalingGroupName="fleet",
        TargetGroupARNs=[f"arn:{number}" for number in range(11)],
    )


def test_processes_have_names_and_reasons(create, aws):
    create()
    refused(
        aws.autoscaling.suspend_processes,
        match="Lunch",
        AutoScalingGroupName="fleet",
        ScalingProcesses=["Lunch"],
    )
    aws.autoscaling.suspend_processes(AutoScalingGroupName="fleet")
    found = group(aws)["SuspendedProcesses"]
    assert len(found) == 9
    assert all(one["SuspensionReason"].startswith("User suspended at 2") for one in found)
    aws.autoscaling.resume_processes(AutoScalingGroupName="fleet", ScalingProcesses=["Launch"])
    assert len(group(aws)["SuspendedProcesses"]) == 8


def test_what_the_service_knows_is_described(aws):
    scaling = aws.autoscaling
    assert len(scaling.describe_scaling_process_types()["Processes"]) == 9
    assert len(scaling.describe_lifecycle_hook_types()["LifecycleHookTypes"]) == 2
    assert "Default" in scaling.describe_termination_policy_types()["TerminationPolicyTypes"]
    assert scaling.describe_account_limits()["NumberOfAutoScalingGroups"] == 0
