"""Filters with wildcards, and of resources with several values."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError

from region.services.ec2.filter_patches import apply
from region.services.ec2.wildcards import expression, fits


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("t4g.*", "t4g.nano", True),
        ("t4g.*", "t4gxnano", False),
        ("t?g.nano", "t4g.nano", True),
        ("*nano", "t4g.nano.x", False),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        (r"\*amazon\?\\", "*amazon?\\", True),
        (r"\*a", "xa", False),
        ("a*b", "a\nb", True),
        ("", "", True),
    ],
)
def test_what_a_value_stands_for(pattern, text, matches):
    assert bool(re.match(expression(pattern), text)) is matches


def test_one_of_several_values_suffices():
    assert fits(["a", "b"], ["b", "c"])
    assert fits(["abc"], "a*")
    assert not fits(["a"], [])
    assert not fits([], ["*"])


def test_filters_of_our_own_have_the_same_wildcards():
    names = ["zone", "[z]one"]
    for wanted, found in (("z?n*", ["zone"]), ("[z]*", ["[z]one"]), ("none", [])):
        assert apply(names, {"name": ["none", wanted]}, {"name": str}) == found


def test_describe_calls_have_wildcards(aws, network):
    made = aws.ec2.run_instances(
        ImageId=network.image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnets[0],
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web-1"}]}
        ],
    )["Instances"][0]["InstanceId"]

    def instances(name, *values):
        answer = aws.ec2.describe_instances(Filters=[{"Name": name, "Values": list(values)}])
        return [one["InstanceId"] for held in answer["Reservations"] for one in held["Instances"]]

    for name, value in (
        ("instance-type", "t4g.*"),
        ("availability-zone", "ap-northeast-?a"),
        ("instance-state-name", "*ing"),
        ("tag:Name", "web-*"),
        ("tag-key", "Na*"),
    ):
        assert instances(name, "nothing", value) == [made]
        assert instances(name, "nothing") == []
    vpcs = aws.ec2.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": ["vpc-*"]}])["Vpcs"]
    assert network.vpc in {vpc["VpcId"] for vpc in vpcs}


def test_a_token_that_no_page_had_is_refused(aws):
    with pytest.raises(ClientError, match="InvalidNextToken"):
        aws.ec2.describe_instances(MaxResults=5, NextToken="nonsense")


def test_keys_and_values_of_tags_are_told_once(aws, network):
    for subnet in network.subnets[:2]:
        aws.ec2.create_tags(Resources=[subnet], Tags=[{"Key": "team", "Value": "a"}])
    tagging = aws.resourcegroupstaggingapi
    assert tagging.get_tag_keys()["TagKeys"].count("team") == 1
    assert tagging.get_tag_values(Key="team")["TagValues"] == ["a"]
