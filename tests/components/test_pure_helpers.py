"""Subnets, types, policies, zones, URLs: the parts without Pulumi."""

import ipaddress
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.auto_scaling_group import AutoScalingGroupArgs
from components.cidr import instance_addresses, parse_vpc_cidr, plan_subnets
from components.codedeploy import CodeDeployArgs, TaggedInstances
from components.config import combinations
from components.config.settings import Settings
from components.database import DatabaseInstanceArgs
from components.errors import ConfigurationError
from components.iam_documents import (
    access_log_delivery,
    flow_log_permissions,
    flow_log_trust,
    managed_policy_arn,
    tls_only,
    trust,
)
from components.instance_spec import architecture_of, is_burstable
from components.load_balancer import MAX_NAME, LoadBalancer, LoadBalancerArgs
from components.lookups import select_zones
from components.private_subnets import PrivateSubnetsArgs
from components.service import http_url
from components.vpc import VpcArgs
from tests.components.config.test_settings import configuration

CIDRS = st.builds(
    lambda block, prefix: str(ipaddress.ip_network((f"10.{block}.0.0", prefix), strict=False)),
    st.integers(0, 255),
    st.integers(16, 23),
)
ZONES = st.integers(1, 6).map(
    lambda count: [f"ap-northeast-2{letter}" for letter in "abcdef"][:count]
)


@given(cidr=CIDRS, zones=ZONES)
def test_subnets_lie_in_the_vpc_and_never_overlap(cidr, zones):
    plan = plan_subnets(cidr, zones)
    blocks = [
        ipaddress.ip_network(text)
        for b in plan.values()
        for text in (b.public, b.private, b.isolated)
    ]
    assert len(blocks) == 3 * len(zones)
    assert all(block.subnet_of(ipaddress.ip_network(cidr)) for block in blocks)
    # A load balancer needs a /27, and a /28 is the smallest subnet of all.
    for zone in plan.values():
        assert ipaddress.ip_network(zone.public).prefixlen <= 27
        assert ipaddress.ip_network(zone.private).prefixlen <= 28
    for index, block in enumerate(blocks):
        assert not any(block.overlaps(other) for other in blocks[index + 1 :])


@given(cidr=CIDRS, zones=ZONES)
def test_another_zone_moves_no_subnet(cidr, zones):
    fewer = plan_subnets(cidr, zones[:-1])
    assert {zone: plan_subnets(cidr, zones)[zone] for zone in fewer} == fewer


@given(cidr=CIDRS, zones=ZONES, private=st.booleans())
def test_the_room_for_instances_is_that_of_their_subnet(cidr, zones, private):
    blocks = next(iter(plan_subnets(cidr, zones).values()))
    subnet = ipaddress.ip_network(blocks.private if private else blocks.public)
    kept = 5 if private else 5 + 8
    prefix = ipaddress.ip_network(cidr).prefixlen
    assert instance_addresses(prefix, private=private) == subnet.num_addresses - kept


@given(
    prefix=st.integers(16, 23),
    network=st.sampled_from(["public", "nat"]),
    zones=st.integers(2, 6),
    sizes=st.integers(1, 500),
)
def test_a_refused_network_names_a_prefix_that_is_accepted(prefix, network, zones, sizes):
    def problems(length):
        values = configuration(
            vpcCidr=f"10.20.0.0/{length}",
            network=network,
            availabilityZoneCount=str(zones),
            minSize="1",
            desiredCapacity="1",
            maxSize=str(sizes),
            deploymentConfig="CodeDeployDefault.AllAtOnce",
        )
        own = {key.removeprefix("haproof:"): value for key, value in values.items()}
        del own["aws:region"]
        return combinations.problems(Settings.model_validate(own))

    for message in problems(prefix):
        fitting = int(re.search(r"prefix of /(\d+)", message)[1])
        assert problems(fitting) == []
        assert problems(fitting + 1) != []


def test_a_zone_named_twice_is_refused():
    with pytest.raises(ValueError, match="listed twice: a, a"):
        plan_subnets("10.0.0.0/16", ["a", "a"])


def test_too_many_zones_are_refused():
    with pytest.raises(ValueError, match="at most 6"):
        plan_subnets("10.0.0.0/16", list("abcdefg"))


@pytest.mark.parametrize("text", ["10.0.0.0/15", "10.0.0.0/24", "banana", "fd00::/56"])
def test_blocks_that_aws_or_the_plan_cannot_use_are_refused(text):
    with pytest.raises(ValueError, match=r"use a prefix|write it like"):
        parse_vpc_cidr(text)


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [
        ("t4g.nano", "arm64"),
        ("m7gd.large", "arm64"),
        ("c6gn.xlarge", "arm64"),
        ("a1.medium", "arm64"),
        ("t3.nano", "x86_64"),
        ("t3a.nano", "x86_64"),
        ("g5.xlarge", "x86_64"),
        ("m5.metal", "x86_64"),
        ("c7i-flex.large", "x86_64"),
    ],
)
def test_the_architecture_is_in_the_name(instance_type, architecture):
    assert architecture_of(instance_type) == architecture


def test_burstable_types():
    assert is_burstable("t4g.nano")
    assert is_burstable("t3a.small")
    assert not is_burstable("m7g.medium")
    assert not is_burstable("nonsense")


class FakeSettings:
    availability_zone_count = 2
    instance_type = "t4g.nano"


def choose(available, offering):
    return select_zones(
        region="us-west-2", available=available, offering=offering, settings=FakeSettings()
    )


def test_zones_are_chosen_in_order_among_those_that_offer_the_type():
    names = ["us-west-2c", "us-west-2a", "us-west-2b"]
    assert choose(names, ["us-west-2c", "us-west-2a"]) == ("us-west-2a", "us-west-2c")


def test_local_and_wavelength_zones_are_no_choice():
    names = ["us-west-2-lax-1a", "us-west-2-wl1-las-wlz-1", "us-west-2b", "us-west-2d"]
    assert choose(names, names) == ("us-west-2b", "us-west-2d")


def test_too_few_zones_are_told_with_what_there_is():
    with pytest.raises(ConfigurationError, match=r"Count is 2, .*in 1 zone\(s\) \(us-west-2a\)"):
        choose(["us-west-2a", "us-west-2b"], ["us-west-2a"])


@pytest.mark.parametrize(
    ("region", "partition"),
    [("ap-northeast-2", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_arns_have_the_regions_partition(region, partition):
    assert managed_policy_arn(region, "X") == f"arn:{partition}:iam::aws:policy/X"


def test_documents_are_json_with_the_current_version():
    for document in (trust("ec2.amazonaws.com"), tls_only("arn:aws:s3:::b")):
        assert json.loads(document)["Version"] == "2012-10-17"


@pytest.mark.parametrize(("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn")])
def test_flow_logs_are_trusted_and_granted_narrowly_in_every_partition(region, partition):
    account = "123456789012"
    (trusting,) = json.loads(flow_log_trust(account=account, region=region))["Statement"]
    source = f"arn:{partition}:ec2:{region}:{account}:vpc-flow-log/*"
    assert trusting["Condition"]["ArnLike"] == {"aws:SourceArn": source}
    group = f"arn:{partition}:logs:{region}:{account}:log-group:flows"
    granted = flow_log_permissions(group_arn=group, account=account, region=region)
    write, find = json.loads(granted)["Statement"]
    assert write["Resource"] == [group, f"{group}:*"]
    assert find["Action"] == "logs:DescribeLogGroups"
    assert find["Resource"].startswith(f"arn:{partition}:logs:{region}:{account}:")


def test_access_logs_are_delivered_for_one_account_and_by_tls_only():
    document = json.loads(access_log_delivery(bucket_arn="arn:aws:s3:::b", account="1"))
    deliver, refuse = document["Statement"]
    assert deliver["Resource"] == "arn:aws:s3:::b/AWSLogs/1/*"
    assert [refuse] == json.loads(tls_only("arn:aws:s3:::b"))["Statement"]


def test_urls_leave_the_default_port_out():
    assert http_url("h", 80) == "http://h"
    assert http_url("h", 8080) == "http://h:8080"


def test_arguments_that_cannot_work_are_refused_at_construction():
    tags = {}
    with pytest.raises(ValueError, match="at least 2"):
        VpcArgs(cidr="10.0.0.0/16", zones=("a",), region="r", tags=tags)
    with pytest.raises(ValueError, match="at least 2"):
        LoadBalancerArgs(
            vpc_id="v",
            subnet_ids={"a": "s"},
            security_group_id="g",
            app_port=1,
            listener_port=1,
            health_path="/",
            protect=False,
            tags=tags,
        )
    with pytest.raises(ValueError, match="set listener_port to 80"):
        LoadBalancerArgs(
            vpc_id="v",
            subnet_ids={"a": "s", "b": "t"},
            security_group_id="g",
            app_port=1,
            listener_port=443,
            health_path="/",
            certificate_arn="arn",
            protect=False,
            tags=tags,
        )
    with pytest.raises(ValueError, match=r"zone\(s\) b have no public subnet"):
        PrivateSubnetsArgs(
            vpc_id="v",
            blocks={"a": "10.0.0.0/28", "b": "10.0.0.16/28"},
            public_subnet_ids={"a": "s"},
            public_routes=(),
            tags=tags,
        )
    with pytest.raises(ValueError, match="at least 2"):
        DatabaseInstanceArgs(
            subnet_ids={},
            security_group_id="g",
            instance_class="db.t4g.micro",
            engine_version="18",
            multi_az=False,
            log_retention_days=30,
            protect=False,
            tags=tags,
        )
    with pytest.raises(ValueError, match="takes 10 alarms, not 11"):
        CodeDeployArgs(
            targets=TaggedInstances(key="k", value="v"),
            deployment_config="CodeDeployDefault.AllAtOnce",
            stop_alarms=("a",) * 11,
            service_role_arn="r",
            prerequisites=(),
            tags=tags,
        )


@pytest.mark.parametrize(
    ("sizes", "zones"), [((2, 1, 3), "ab"), ((0, 1, 1), "ab"), ((1, 1, 1), "a")]
)
def test_a_fleet_that_is_none_is_refused(sizes, zones):
    with pytest.raises(ValueError, match=r"order them|at least 2"):
        AutoScalingGroupArgs(
            spec=None,
            subnet_ids=dict.fromkeys(zones, "s"),
            target_group_arn="t",
            resource_label="l",
            min_size=sizes[0],
            desired_capacity=sizes[1],
            max_size=sizes[2],
            health_check_grace_seconds=0,
            requests_per_target=1,
            force_delete=False,
        )


def balancer_args():
    return LoadBalancerArgs(
        vpc_id="v",
        subnet_ids={"a": "s", "b": "t"},
        security_group_id="g",
        app_port=1,
        listener_port=80,
        health_path="/",
        protect=False,
        tags={},
    )


def test_a_balancers_name_leaves_room_for_suffixes_within_32_characters():
    assert MAX_NAME + len("-targets") + len("-1234567") == 32
    with pytest.raises(ValueError, match="is too long for AWS; use at most 16"):
        LoadBalancer("b" * (MAX_NAME + 1), balancer_args())


def test_spot_of_one_type_is_refused():
    with pytest.raises(ValueError, match="30 % Spot of one instance type"):
        AutoScalingGroupArgs(
            spec=None,
            subnet_ids={"a": "s", "b": "t"},
            target_group_arn="t",
            resource_label="l",
            min_size=1,
            desired_capacity=1,
            max_size=1,
            health_check_grace_seconds=0,
            requests_per_target=1,
            spot_percentage=30,
            force_delete=False,
        )
