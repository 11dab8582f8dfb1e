"""More values that AWS does not take, service by service: ids, names, tags and times that are none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.refusals import refused
from tests.conformance.scaling_group import Fleet

TWICE = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]


def image_of(network: Network, **more: Any) -> dict[str, Any]:
    """A launch of one instance in the first subnet."""
    return {
        "ImageId": network.image,
        "InstanceType": "t4g.nano",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": network.subnets[0],
        **more,
    }


# EC2 API reference, "Client error codes".
@pytest.mark.row("X-constraints")
@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("describe_instances", {"InstanceIds": ["i-zz"]}, "InvalidInstanceID.Malformed"),
        ("terminate_instances", {"InstanceIds": ["i-zz"]}, "InvalidInstanceID.Malformed"),
        ("stop_instances", {"InstanceIds": ["i-0123456789abcdef0"]}, "InvalidInstanceID.NotFound"),
        ("describe_images", {"ImageIds": ["ami-zz"]}, "InvalidAMIID.Malformed"),
        (
            "describe_launch_templates",
            {"LaunchTemplateIds": ["lt-zz"]},
            "InvalidLaunchTemplateId.Malformed",
        ),
    ],
)
def test_ids_that_are_none(
    cloud: Cloud, operation: str, parameters: dict[str, Any], code: str
) -> None:
    assert refused(getattr(cloud.ec2, operation), **parameters) == code


@pytest.mark.row("X-constraints")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ImageId": "ami-xyz"}, "InvalidAMIID.Malformed"),
        ({"LaunchTemplate": {"LaunchTemplateId": "lt-zz"}}, "InvalidLaunchTemplateId.Malformed"),
        ({"SecurityGroups": ["default"]}, "InvalidParameterCombination"),
        (
            {"TagSpecifications": [{"ResourceType": "instance", "Tags": TWICE}]},
            "InvalidParameterValue",
        ),
    ],
    ids=str,
)
def test_launches(cloud: Cloud, network: Network, wrong: dict[str, Any], code: str) -> None:
    assert refused(cloud.ec2.run_instances, **image_of(network, **wrong)) == code


@pytest.mark.row("X-constraints")
def test_a_vpc_has_one_gateway_and_subnets_in_its_region(cloud: Cloud, network: Network) -> None:
    ec2 = cloud.ec2
    spare = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    cloud.afterwards(ec2.delete_internet_gateway, InternetGatewayId=spare)
    second = {"InternetGatewayId": spare, "VpcId": network.vpc}
    assert refused(ec2.attach_internet_gateway, **second) == "InvalidParameterValue"
    elsewhere = {"VpcId": network.vpc, "CidrBlock": "10.40.99.0/24"}
    code = refused(ec2.create_subnet, **elsewhere, AvailabilityZone="sa-east-1a")
    assert code == "InvalidParameterValue"


@pytest.mark.row("X-launches")
def test_a_template_tags_volumes_and_interfaces(cloud: Cloud, network: Network) -> None:
    ec2 = cloud.ec2
    tag = {"Key": "of", "Value": "template"}
    name = cloud.name("tagging")
    ec2.create_launch_template(
        LaunchTemplateName=name,
        LaunchTemplateData={
            "ImageId": network.image,
            "InstanceType": "t4g.nano",
            "TagSpecifications": [
                {"ResourceType": kind, "Tags": [tag]}
                for kind in ("instance", "volume", "network-interface")
            ],
        },
    )
    cloud.afterwards(ec2.delete_launch_template, LaunchTemplateName=name)
    [made] = ec2.run_instances(
        LaunchTemplate={"LaunchTemplateName": name},
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnets[0],
    )["Instances"]
    cloud.afterwards(ec2.terminate_instances, InstanceIds=[made["InstanceId"]])
    mine = [{"Name": "attachment.instance-id", "Values": [made["InstanceId"]]}]
    [volume] = ec2.describe_volumes(Filters=mine)["Volumes"]
    [interface] = ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
    assert tag in made["Tags"]
    assert (volume["Tags"], interface["TagSet"]) == ([tag], [tag])


# ALB guide, "Condition types for listener rules"; API reference, CreateRule.
@pytest.mark.row("X-constraints")
@pytest.mark.parametrize(
    "condition",
    [
        {"Field": "path-pattern", "Values": ["/a b"]},
        {"Field": "path-pattern", "Values": ["/" + "a" * 128]},
        {"Field": "host-header", "Values": ["a_b/c"]},
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get"]}},
    ],
    ids=str,
)
def test_values_of_conditions(cloud: Cloud, network: Network, condition: dict[str, Any]) -> None:
    elb = cloud.elbv2
    balancer = elb.create_load_balancer(
        Name=cloud.name("values"), Subnets=network.subnets[:2], SecurityGroups=[network.group]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    cloud.afterwards(elb.delete_load_balancer, LoadBalancerArn=balancer)
    fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    listener = elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=fixed
    )["Listeners"][0]["ListenerArn"]
    rule = {"ListenerArn": listener, "Priority": 1, "Conditions": [condition], "Actions": fixed}
    assert refused(elb.create_rule, **rule) == "ValidationError"
    loop = [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}]
    changed = {"ListenerArn": listener, "DefaultActions": loop}
    assert refused(elb.modify_listener, **changed) == "InvalidLoadBalancerAction"


@pytest.mark.row("X-constraints")
def test_tags_and_policies_of_a_group(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 0)
    tags = [
        {
            "ResourceId": fleet.name,
            "ResourceType": "auto-scaling-group",
            "PropagateAtLaunch": True,
            **tag,
        }
        for tag in TWICE
    ]
    assert refused(cloud.autoscaling.create_or_update_tags, Tags=tags) == "ValidationError"
    simple = {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
    fleet.call("put_scaling_policy", PolicyName="p", **simple)
    steps = [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]
    other = {
        "AutoScalingGroupName": fleet.name,
        "PolicyName": "p",
        "PolicyType": "StepScaling",
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": steps,
    }
    assert refused(cloud.autoscaling.put_scaling_policy, **other) == "ValidationError"


@pytest.mark.row("X-constraints")
def test_ids_of_metric_math(cloud: Cloud) -> None:
    stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    alarm = {
        "AlarmName": cloud.name("math"),
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "Metrics": [{"Id": "M1", "MetricStat": stat}],
    }
    assert refused(cloud.cloudwatch.put_metric_alarm, **alarm) == "ValidationError"


@pytest.mark.row("X-constraints")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"DBInstanceClass": "db.t9.micro"}, "InvalidParameterValue"),
        ({"DBInstanceClass": "db.t4g.nano"}, "InvalidParameterValue"),
        ({"AllocatedStorage": None}, "InvalidParameterCombination"),
    ],
    ids=str,
)
def test_databases(cloud: Cloud, wrong: dict[str, Any], code: str) -> None:
    settings = {
        "DBInstanceIdentifier": cloud.name("refused"),
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "AllocatedStorage": 20,
        "MasterUsername": "someone",
        "MasterUserPassword": "password1",
        **wrong,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    assert refused(cloud.rds.create_db_instance, **given) == code


@pytest.mark.row("X-constraints")
def test_a_default_parameter_group_stays(cloud: Cloud) -> None:
    [default] = cloud.rds.describe_db_engine_versions(Engine="postgres", DefaultOnly=True)[
        "DBEngineVersions"
    ]
    name = f"default.{default['DBParameterGroupFamily']}"
    code = refused(cloud.rds.delete_db_parameter_group, DBParameterGroupName=name)
    assert code == "InvalidDBParameterGroupState"


@pytest.mark.row("X-constraints")
def test_addresses_of_people_and_days_of_logs(cloud: Cloud) -> None:
    topic = cloud.sns.create_topic(Name=cloud.name("people"))["TopicArn"]
    cloud.afterwards(cloud.sns.delete_topic, TopicArn=topic)
    nobody = {"TopicArn": topic, "Protocol": "email", "Endpoint": "nobody"}
    assert refused(cloud.sns.subscribe, **nobody) == "InvalidParameter"
    group = cloud.name("days")
    cloud.logs.create_log_group(logGroupName=group)
    cloud.afterwards(cloud.logs.delete_log_group, logGroupName=group)
    days = {"logGroupName": group, "retentionInDays": 2}
    assert refused(cloud.logs.put_retention_policy, **days) == "InvalidParameterException"


@pytest.mark.row("X-constraints")
def test_a_refused_parameter_leaves_nothing_behind(cloud: Cloud) -> None:
    name = f"/{cloud.name('refused')}/a"
    wrong = {"Name": name, "Value": "x", "Type": "String", "AllowedPattern": "[0-9]+"}
    assert refused(cloud.ssm.put_parameter, **wrong) == "ParameterPatternMismatchException"
    named = [{"Key": "Name", "Values": [name]}]
    assert cloud.ssm.describe_parameters(ParameterFilters=named)["Parameters"] == []
    assert "Parameters" in cloud.ssm.describe_parameters()
