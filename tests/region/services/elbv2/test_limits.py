"""Quotas are told, and calls are held to those that are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from region.services.elbv2 import limits
from tests.region.builders import Network
from tests.region.fakes import Aws


def refused(call: Any, **arguments: Any) -> Any:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def group(aws: Aws, network: Network, name: str) -> Any:
    return aws.elbv2.create_target_group(
        Name=name, Protocol="HTTP", Port=80, VpcId=network.vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]


@pytest.fixture
def lower(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda name, most: monkeypatch.setitem(limits.LIMITS, name, most)


def test_quotas_are_told(aws: Aws) -> None:
    told = {one["Name"]: one["Max"] for one in aws.elbv2.describe_account_limits()["Limits"]}
    assert told["targets-per-target-group"] == "1000"
    assert told["target-groups-per-application-load-balancer"] == "100"


def test_targets_of_a_group(aws: Aws, network: Network, lower: Callable[[str, int], None]) -> None:
    lower("targets-per-target-group", 2)
    arn = group(aws, network, "small")
    targets = [{"Id": f"10.20.0.{place}"} for place in (10, 11, 12)]
    register = aws.elbv2.register_targets
    assert refused(register, TargetGroupArn=arn, Targets=targets) == "TooManyTargets"
    register(TargetGroupArn=arn, Targets=targets[:2])
    register(TargetGroupArn=arn, Targets=targets[:2])


def test_target_groups_of_an_account(
    aws: Aws, network: Network, lower: Callable[[str, int], None]
) -> None:
    lower("target-groups", 1)
    group(aws, network, "one")
    made = aws.elbv2.create_target_group
    settings = {"Protocol": "HTTP", "Port": 80, "VpcId": network.vpc}
    assert refused(made, Name="two", **settings) == "TooManyTargetGroups"


def test_target_groups_of_a_load_balancer(
    aws: Aws, network: Network, lower: Callable[[str, int], None]
) -> None:
    lower("target-groups-per-application-load-balancer", 1)
    balancer = aws.elbv2.create_load_balancer(Name="lb", Subnets=network.subnets[:2])
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    one, two = group(aws, network, "one"), group(aws, network, "two")

    def listen(port: int, *arns: str) -> Any:
        groups = [{"TargetGroupArn": name, "Weight": 1} for name in arns]
        return {
            "LoadBalancerArn": arn,
            "Protocol": "HTTP",
            "Port": port,
            "DefaultActions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        }

    aws.elbv2.create_listener(**listen(80, one))
    aws.elbv2.create_listener(**listen(81, one))
    code = refused(aws.elbv2.create_listener, **listen(82, one, two))
    assert code == "TooManyUniqueTargetGroupsPerLoadBalancer"


def rule(listener: str, *values: str) -> Any:
    return {
        "ListenerArn": listener,
        "Priority": 1,
        "Conditions": [{"Field": "path-pattern", "Values": list(values)}],
        "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    }


def test_wildcards_of_a_rule(aws: Aws, network: Network) -> None:
    balancer = aws.elbv2.create_load_balancer(Name="lb", Subnets=network.subnets[:2])
    listener = aws.elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    )["Listeners"][0]["ListenerArn"]
    create = aws.elbv2.create_rule
    assert refused(create, **rule(listener, "/*/*/*/*", "/a?b*c?")) == "ValidationError"
    create(**rule(listener, "/*/*/*/*", "/a?b*"))
