"""Lookups: what is there already, and policy documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from region.provider import invokes
from region.provider.operation import ProviderContext

ENGINE_VERSION = "aws:rds/getEngineVersion:getEngineVersion"


@pytest.fixture
def ask(context: ProviderContext) -> Any:
    def call(token: str, **arguments: Any) -> Any:
        found, failures = invokes.call(context, token, arguments)
        assert not failures, failures
        return found

    return call


def default_vpc(ask: Any) -> Any:
    return ask("aws:ec2/getVpc:getVpc", default=True)


def test_the_default_vpc_and_its_subnets(ask: Any) -> None:
    vpc = default_vpc(ask)
    assert (vpc["cidrBlock"], vpc["default"]) == ("172.31.0.0/16", True)
    assert vpc["mainRouteTableId"].startswith("rtb-")
    mine = [{"name": "vpc-id", "values": [vpc["id"]]}]
    found = ask("aws:ec2/getSubnets:getSubnets", filters=mine)["ids"]
    assert len(found) == 4
    one = ask("aws:ec2/getSubnet:getSubnet", id=found[0])
    assert (one["vpcId"], one["defaultForAz"]) == (vpc["id"], True)
    zone = ask(
        "aws:ec2/getSubnet:getSubnet",
        vpcId=vpc["id"],
        availabilityZone="ap-northeast-2c",
        defaultForAz=True,
    )
    assert zone["id"] in found
    group = ask("aws:ec2/getSecurityGroup:getSecurityGroup", name="default", vpcId=vpc["id"])
    groups = ask("aws:ec2/getSecurityGroups:getSecurityGroups", filters=mine)
    assert groups["ids"] == [group["id"]]


@pytest.mark.parametrize(
    ("token", "arguments", "why"),
    [
        ("aws:ec2/getVpc:getVpc", {"id": "vpc-11111111"}, "no VPC matches"),
        ("aws:ec2/getVpc:getVpc", {"tags": {"Name": "none"}}, "no VPC matches"),
        ("aws:ec2/getSubnet:getSubnet", {"defaultForAz": True}, "4 subnets match"),
        ("aws:ec2/getAmi:getAmi", {"nameRegex": "^none$"}, "al2023-ami-kernel-default-arm64"),
        ("aws:ssm/getParameter:getParameter", {"name": "/none"}, "no parameter '/none'"),
        (ENGINE_VERSION, {"engine": "postgres", "version": "9.6"}, "no engine version matches"),
        (ENGINE_VERSION, {"engine": "postgres", "hasMajorTarget": True}, "no engine version"),
    ],
)
def test_what_is_not_there_is_said(
    context: ProviderContext, token: str, arguments: Any, why: str
) -> None:
    found, (failure,) = invokes.call(context, token, arguments)
    assert found == {}
    assert why in failure.reason


def test_an_image_by_its_name(ask: Any) -> None:
    found = ask(
        "aws:ec2/getAmi:getAmi",
        mostRecent=True,
        owners=["amazon"],
        filters=[{"name": "architecture", "values": ["arm64"]}],
    )
    assert found["id"].startswith("ami-")
    assert found["architecture"] == "arm64"


def test_a_policy_document_is_written_as_the_official_provider_does(ask: Any) -> None:
    written = ask(
        "aws:iam/getPolicyDocument:getPolicyDocument",
        statements=[
            {
                "sid": "Read",
                "actions": ["s3:GetObject", "s3:ListBucket"],
                "resources": ["arn:aws:s3:::b/&{aws:username}"],
                "principals": [{"type": "AWS", "identifiers": ["*"]}],
                "conditions": [
                    {"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}
                ],
            },
            {
                "effect": "Deny",
                "notActions": ["iam:*"],
                "principals": [{"type": "*", "identifiers": ["*"]}],
            },
        ],
    )
    assert json.loads(written["json"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetObject"],
                "Resource": "arn:aws:s3:::b/${aws:username}",
                "Principal": {"AWS": "*"},
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            },
            {"Effect": "Deny", "NotAction": "iam:*", "Principal": "*"},
        ],
    }
    other = ask(
        "aws:iam/getPolicyDocument:getPolicyDocument",
        sourcePolicyDocuments=[written["json"]],
        overridePolicyDocuments=['{"Statement": {"Sid": "Read", "Effect": "Deny"}}'],
        policyId="mine",
    )
    document = json.loads(other["minifiedJson"])
    assert document["Id"] == "mine"
    assert document["Statement"][0] == {"Sid": "Read", "Effect": "Deny"}
    assert len(document["Statement"]) == 2


def test_a_version_of_the_database_s_engine(ask: Any, context: ProviderContext) -> None:
    default = ask(ENGINE_VERSION, engine="postgres")
    number = default["version"].partition(".")[0]
    assert default["parameterGroupFamily"] == f"postgres{number}"
    assert default["versionActual"] == default["version"]
    assert ask(ENGINE_VERSION, engine="postgres", latest=True) == {**default, "latest": True}
    of_major = ask(ENGINE_VERSION, engine="postgres", version=number)
    assert of_major["version"] == default["version"]
    family = ask(ENGINE_VERSION, engine="postgres", parameterGroupFamily=f"postgres{number}")
    assert family["version"] == default["version"]
    preferred = ask(
        ENGINE_VERSION, engine="postgres", preferredVersions=["9.6", f"{number}.1", number]
    )
    assert preferred["version"] == f"{number}.1"
    created = context.aws.rds.create_db_parameter_group(
        DBParameterGroupName="own",
        DBParameterGroupFamily=default["parameterGroupFamily"],
        Description="own",
    )
    assert created["DBParameterGroup"]["DBParameterGroupFamily"] == f"postgres{number}"
