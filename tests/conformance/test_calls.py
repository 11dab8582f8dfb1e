"""What the suite itself stands on: a cloud answers, in a network of three zones."""

from __future__ import annotations

from tests.conformance.cloud import Cloud, Network


def test_three_zones(cloud: Cloud, network: Network) -> None:
    subnets = cloud.ec2.describe_subnets(SubnetIds=network.subnets)["Subnets"]
    assert {subnet["AvailabilityZone"] for subnet in subnets} == set(network.zones)
