"""Answers in pages, and filters that let through what they say and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.balancers import group
from tests.conformance.cloud import Cloud, Network
from tests.conformance.roles import make_role

TOKENS = {
    "MaxItems": "Marker",
    "MaxRecords": "Marker",
    "MaxResults": "NextToken",
    "PageSize": "Marker",
}
TEMPLATES = 17
"""More than moto would answer with."""


def pages_of(call: Callable[..., Any], size: str, count: int, **given: Any) -> list[dict[str, Any]]:
    """Ask for one page after the other, by the token of the one before."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        answer = call(**given, **{size: count}, **token)
        found.append(answer)
        tokens = (answer.get(name) for name in ("NextToken", "NextMarker", "Marker"))
        following = next((one for one in tokens if one), None)
        if not following:
            return found
        token = {TOKENS[size]: following}


@pytest.mark.row("X-pages")
@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("describe_images", "Images"),
        ("describe_instance_types", "InstanceTypes"),
        ("describe_security_group_rules", "SecurityGroupRules"),
        ("describe_subnets", "Subnets"),
    ],
)
def test_pages_of_ec2(cloud: Cloud, network: Network, operation: str, member: str) -> None:
    owned = {"Owners": ["amazon"]} if operation == "describe_images" else {}
    call = getattr(cloud.ec2, operation)
    everything = call(**owned)[member]
    first = call(MaxResults=5, **owned)
    assert len(first[member]) == min(5, len(everything))
    if len(everything) > 5:
        second = call(MaxResults=5, NextToken=first["NextToken"], **owned)
        assert second[member] != first[member]
        assert second[member] == everything[5:10]
    else:
        assert not first.get("NextToken")
    assert network.subnets


@pytest.mark.row("X-pages")
def test_all_experiment_templates_are_found(cloud: Cloud) -> None:
    role = make_role(cloud, cloud.name("fis"), "fis.amazonaws.com")
    wait = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}}
    made: set[str] = set()
    for _ in range(3):
        template = cloud.fis.create_experiment_template(
            clientToken=cloud.name("token"),
            description="page",
            roleArn=role,
            stopConditions=[{"source": "none"}],
            actions={"wait": wait},
        )["experimentTemplate"]["id"]
        cloud.afterwards(cloud.fis.delete_experiment_template, id=template)
        made.add(template)
    pages = cloud.fis.get_paginator("list_experiment_templates")
    found = pages.paginate(PaginationConfig={"PageSize": 2}).build_full_result()
    assert made <= {one["id"] for one in found["experimentTemplates"]}


@pytest.mark.row("X-pages")
def test_all_launch_templates_and_versions_are_found(cloud: Cloud) -> None:
    ec2, names = cloud.ec2, [cloud.name("page") for _ in range(TEMPLATES)]
    for name in names:
        ec2.create_launch_template(
            LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "t4g.nano"}
        )
        cloud.afterwards(ec2.delete_launch_template, LaunchTemplateName=name)
    everything = ec2.describe_launch_templates()["LaunchTemplates"]
    assert {one["LaunchTemplateName"] for one in everything} >= {*names}
    paged = pages_of(ec2.describe_launch_templates, "MaxResults", 5)
    assert [len(page["LaunchTemplates"]) for page in paged[:-1]] == [5] * (len(paged) - 1)
    assert sum(len(page["LaunchTemplates"]) for page in paged) == len(everything)
    for _ in range(TEMPLATES - 1):
        ec2.create_launch_template_version(
            LaunchTemplateName=names[0], LaunchTemplateData={"InstanceType": "t4g.micro"}
        )
    versions = ec2.describe_launch_template_versions(LaunchTemplateName=names[0])
    assert len(versions["LaunchTemplateVersions"]) == TEMPLATES
    with pytest.raises(ClientError, match="InvalidNextToken"):
        ec2.describe_launch_templates(NextToken="bogus")


@pytest.mark.row("X-pages")
def test_services_of_a_page_are_told_with_their_names(cloud: Cloud) -> None:
    everything = cloud.ec2.describe_vpc_endpoint_services()["ServiceNames"]
    assert len(everything) > 5
    paged = pages_of(cloud.ec2.describe_vpc_endpoint_services, "MaxResults", 5)
    for page in paged:
        assert page["ServiceNames"] == [one["ServiceName"] for one in page["ServiceDetails"]]
    assert all(len(page["ServiceNames"]) == 5 for page in paged[:-1])
    assert [name for page in paged for name in page["ServiceNames"]] == everything
    with pytest.raises(ClientError, match="InvalidNextToken"):
        cloud.ec2.describe_vpc_endpoint_services(NextToken="bogus")


# RDS API reference: MaxRecords is from 20 to 100.
@pytest.mark.row("X-pages")
def test_pages_of_engine_versions(cloud: Cloud) -> None:
    call = cloud.rds.describe_db_engine_versions
    everything = call(Engine="postgres")["DBEngineVersions"]
    paged = pages_of(call, "MaxRecords", 20, Engine="postgres")
    assert all(len(page["DBEngineVersions"]) == 20 for page in paged[:-1])
    assert [one for page in paged for one in page["DBEngineVersions"]] == everything
    for wrong in (19, 101):
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            call(MaxRecords=wrong)
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        call(Marker="bogus")


# IAM API reference: MaxItems is at least 1; Marker comes with IsTruncated.
@pytest.mark.row("X-pages")
def test_pages_of_roles(cloud: Cloud) -> None:
    path = f"/{cloud.name('page')}/"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    names = [cloud.name("page") for _ in range(3)]
    for name in names:
        cloud.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
        cloud.afterwards(cloud.iam.delete_role, RoleName=name)
    paged = pages_of(cloud.iam.list_roles, "MaxItems", 2, PathPrefix=path)
    assert [page["IsTruncated"] for page in paged] == [True, False]
    assert {role["RoleName"] for page in paged for role in page["Roles"]} == {*names}
    with pytest.raises(ClientError, match="ValidationError"):
        cloud.iam.list_roles(Marker="1")


@pytest.mark.row("X-pages")
def test_pages_of_target_groups(cloud: Cloud, network: Network) -> None:
    made = {group(cloud, network) for _ in range(3)}
    paged = pages_of(cloud.elbv2.describe_target_groups, "PageSize", 1)
    assert all(len(page["TargetGroups"]) == 1 for page in paged)
    assert {page["TargetGroups"][0]["TargetGroupArn"] for page in paged} >= made


@pytest.mark.row("EC2-L04")
def test_filters_of_zones_and_tags(cloud: Cloud, network: Network) -> None:
    ec2 = cloud.ec2
    zones = ec2.describe_availability_zones(
        Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required"]}]
    )["AvailabilityZones"]
    assert {zone["ZoneName"] for zone in zones} >= {*network.zones}
    assert zones[0]["OptInStatus"] == "opt-in-not-required"
    none = ec2.describe_availability_zones(
        Filters=[{"Name": "opt-in-status", "Values": ["not-opted-in"]}]
    )["AvailabilityZones"]
    assert [zone for zone in none if zone["ZoneType"] == "availability-zone"] == []
    ec2.create_tags(Resources=[network.vpc], Tags=[{"Key": "page", "Value": "a"}])
    for values, count in ((["a"], 1), (["b"], 0)):
        found = ec2.describe_tags(
            Filters=[
                {"Name": "resource-id", "Values": [network.vpc]},
                {"Name": "tag:page", "Values": values},
            ]
        )["Tags"]
        assert len(found) == count
    for name in ("tag-key", "tag:page"):
        gateways = ec2.describe_nat_gateways(Filters=[{"Name": name, "Values": ["zzz"]}])
        assert gateways["NatGateways"] == []
    services = ec2.describe_vpc_endpoint_services(
        Filters=[{"Name": "service-name", "Values": [f"com.amazonaws.{cloud.region}.s3"]}]
    )["ServiceNames"]
    assert {*services} == {f"com.amazonaws.{cloud.region}.s3"}


def parameters(cloud: Cloud, name: str, number: int) -> None:
    cloud.ssm.put_parameter(Name=f"/{name}/{number}", Value="1", Type="String")
    cloud.afterwards(cloud.ssm.delete_parameter, Name=f"/{name}/{number}")


def log_groups(cloud: Cloud, name: str, number: int) -> None:
    cloud.logs.create_log_group(logGroupName=f"/{name}/{number}")
    cloud.afterwards(cloud.logs.delete_log_group, logGroupName=f"/{name}/{number}")


def policies(cloud: Cloud, name: str, number: int) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    made = cloud.iam.create_policy(
        PolicyName=f"{name}-{number}",
        Path=f"/{name}/",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    cloud.afterwards(cloud.iam.delete_policy, PolicyArn=made["Policy"]["Arn"])


@pytest.mark.row("X-pages")
@pytest.mark.parametrize(
    ("create", "call", "selection", "size"),
    [
        (parameters, ("ssm", "get_parameters_by_path"), {"Path": "/{}"}, 10),
        (log_groups, ("logs", "describe_log_groups"), {"logGroupNamePrefix": "/{}"}, 50),
        (policies, ("iam", "list_policies"), {"PathPrefix": "/{}/"}, 100),
    ],
    ids=["ssm", "logs", "iam"],
)
def test_pages_of_a_call_that_names_no_size(
    cloud: Cloud,
    create: Callable[[Cloud, str, int], None],
    call: tuple[str, str],
    selection: dict[str, str],
    size: int,
) -> None:
    name, (service, operation) = cloud.name("page"), call
    for number in range(size + 3):
        create(cloud, name, number)
    wanted = {key: value.format(name) for key, value in selection.items()}
    found = cloud.client(service).get_paginator(operation).paginate(**wanted)
    lists = ("Parameters", "logGroups", "Policies")
    lengths = [sum(len(page.get(member, ())) for member in lists) for page in found]
    assert lengths == [size, 3]


@pytest.mark.row("X-pages")
@pytest.mark.parametrize(
    ("service", "operation", "token", "code"),
    [
        ("autoscaling", "describe_policies", "NextToken", "InvalidNextToken"),
        ("cloudwatch", "describe_alarms", "NextToken", "InvalidNextToken"),
        ("codedeploy", "list_applications", "nextToken", "InvalidNextTokenException"),
        ("s3", "list_buckets", "ContinuationToken", "InvalidArgument"),
        ("ssm", "list_commands", "NextToken", "InvalidNextToken"),
    ],
)
def test_a_number_is_no_token(
    cloud: Cloud, service: str, operation: str, token: str, code: str
) -> None:
    with pytest.raises(ClientError) as error:
        getattr(cloud.client(service), operation)(**{token: "1"})
    assert error.value.response["Error"]["Code"] == code
