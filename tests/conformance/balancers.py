"""Load balancers and target groups without targets."""

from __future__ import annotations

from typing import Any

from tests.conformance.cloud import Cloud, Network


def group(cloud: Cloud, network: Network, **settings: Any) -> str:
    """Create a target group, and return its ARN."""
    made = cloud.elbv2.create_target_group(
        Name=cloud.name("tg"), Protocol="HTTP", Port=80, VpcId=network.vpc, **settings
    )["TargetGroups"][0]["TargetGroupArn"]
    cloud.afterwards(cloud.elbv2.delete_target_group, TargetGroupArn=made)
    return made


def balancer(cloud: Cloud, network: Network, **settings: Any) -> str:
    """Create a load balancer in two zones, and return its ARN."""
    wanted = {"Subnets": network.subnets[:2], "SecurityGroups": [network.group]}
    made = cloud.elbv2.create_load_balancer(Name=cloud.name("lb"), **(wanted | settings))
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    cloud.afterwards(cloud.elbv2.delete_load_balancer, LoadBalancerArn=arn)
    return arn


def attributes(cloud: Cloud, arn: str) -> dict[str, str]:
    """Return the attributes of a load balancer or a target group."""
    elb = cloud.elbv2
    if ":targetgroup/" in arn:
        found = elb.describe_target_group_attributes(TargetGroupArn=arn)
    else:
        found = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)
    return {item["Key"]: item["Value"] for item in found["Attributes"]}


def modify(cloud: Cloud, arn: str, **values: object) -> None:
    """Set attributes; a dot in a name is written as two underscores."""
    given = [{"Key": key.replace("__", "."), "Value": str(value)} for key, value in values.items()]
    if ":targetgroup/" in arn:
        cloud.elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=given)
    else:
        cloud.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=given)
