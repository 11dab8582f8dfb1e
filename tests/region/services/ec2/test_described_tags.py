"""DescribeTags and its filters (EC2 API reference)."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.region.fakes import Aws


@pytest.fixture
def vpc(aws: Aws) -> str:
    made: str = aws.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    tags = {"team-a": "blue", "team-b": "green", "[x]": "1"}
    aws.ec2.create_tags(
        Resources=[made], Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
    )
    return made


@pytest.mark.parametrize(
    ("name", "value", "keys"),
    [
        ("key", "team-*", {"team-a", "team-b"}),
        ("key", "team-?", {"team-a", "team-b"}),
        ("key", "[x]", {"[x]"}),
        ("key", "team", set[str]()),
        ("value", "*ree*", {"team-b"}),
        ("tag:team-a", "b*", {"team-a"}),
        ("resource-type", "v?c", {"team-a", "team-b", "[x]"}),
        ("resource-type", "subnet", set[str]()),
    ],
)
def test_filters_have_wildcards(aws: Aws, vpc: str, name: str, value: str, keys: set[str]) -> None:
    found = aws.ec2.describe_tags(
        Filters=[{"Name": "resource-id", "Values": [vpc]}, {"Name": name, "Values": [value]}]
    )["Tags"]
    assert {tag["Key"] for tag in found} == keys


def test_a_filter_that_there_is_not(aws: Aws) -> None:
    with pytest.raises(ClientError, match="The filter 'resource' is invalid"):
        aws.ec2.describe_tags(Filters=[{"Name": "resource", "Values": ["x"]}])
