"""The same service in two Regions, each by a provider of its own."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.fleets import REFRESH

FIRST, SECOND = "eu-west-1", "eu-central-1"


def _network(
    region: str, options: pulumi.ResourceOptions
) -> tuple[aws.ec2.Vpc, list[pulumi.Output[str]]]:
    """Create a VPC with a public subnet in two zones."""
    vpc = aws.ec2.Vpc(
        f"{region}-vpc", cidr_block="10.0.0.0/16", enable_dns_hostnames=True, opts=options
    )
    gateway = aws.ec2.InternetGateway(f"{region}-gateway", vpc_id=vpc.id, opts=options)
    table = aws.ec2.RouteTable(
        f"{region}-routes",
        vpc_id=vpc.id,
        routes=[{"cidr_block": bricks.WORLD, "gateway_id": gateway.id}],
        opts=options,
    )
    subnets: list[pulumi.Output[str]] = []
    for number, letter in enumerate("ab"):
        subnet = aws.ec2.Subnet(
            f"{region}-{letter}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{number}.0/24",
            availability_zone=f"{region}{letter}",
            map_public_ip_on_launch=True,
            opts=options,
        )
        aws.ec2.RouteTableAssociation(
            f"{region}-way-{letter}", subnet_id=subnet.id, route_table_id=table.id, opts=options
        )
        subnets.append(subnet.id)
    return vpc, subnets


def _guard(
    name: str, vpc: aws.ec2.Vpc, port: int, options: pulumi.ResourceOptions, **source: object
) -> aws.ec2.SecurityGroup:
    rule = {"protocol": "tcp", "from_port": port, "to_port": port, **source}
    return aws.ec2.SecurityGroup(
        name, vpc_id=vpc.id, ingress=[rule], egress=[bricks.ANY], opts=options
    )


def _alarm(
    name: str,
    metric: str,
    front: aws.lb.LoadBalancer,
    behind: aws.lb.TargetGroup,
    *,
    topic: aws.sns.Topic,
    options: pulumi.ResourceOptions,
) -> aws.cloudwatch.MetricAlarm:
    return aws.cloudwatch.MetricAlarm(
        name,
        namespace="AWS/ApplicationELB",
        metric_name=metric,
        dimensions={"LoadBalancer": front.arn_suffix, "TargetGroup": behind.arn_suffix},
        statistic="Maximum" if metric == "UnHealthyHostCount" else "Sum",
        comparison_operator="GreaterThanThreshold",
        threshold=0,
        period=60,
        evaluation_periods=5,
        treat_missing_data="notBreaching",
        alarm_actions=[topic.arn],
        opts=options,
    )


def _topic(region: str, options: pulumi.ResourceOptions) -> aws.sns.Topic:
    topic = aws.sns.Topic(f"{region}-operations", opts=options)
    aws.sns.TopicSubscription(
        f"{region}-mail",
        topic=topic.arn,
        protocol="email",
        endpoint="operations@example.com",
        opts=options,
    )
    return topic


def side(
    region: str, told: aws.sns.Topic | None = None
) -> tuple[aws.lb.LoadBalancer, aws.sns.Topic]:
    """Create the service in a Region; its alarms tell a topic, by default one of the Region."""
    provider = aws.Provider(region, region=region)
    options = pulumi.ResourceOptions(provider=provider)
    vpc, subnets = _network(region, options)
    outside = _guard(f"{region}-balancer", vpc, 80, options, cidr_blocks=[bricks.WORLD])
    inside = _guard(f"{region}-app", vpc, 8080, options, security_groups=[outside.id])
    front = bricks.balancer(subnets, outside, f"{region}-front", opts=options)
    behind = bricks.targets(vpc.id, f"{region}-web", opts=options)
    aws.lb.Listener(
        f"{region}-http",
        load_balancer_arn=front.arn,
        port=80,
        protocol="HTTP",
        default_actions=[bricks.forward(behind)],
        opts=options,
    )
    own = _topic(region, options)
    sent: dict[str, Any] = {"topic": told or own, "options": options}
    _alarm(f"{region}-unhealthy", "UnHealthyHostCount", front, behind, **sent)
    errors = _alarm(f"{region}-errors", "HTTPCode_Target_5XX_Count", front, behind, **sent)
    preferences = {**REFRESH["preferences"], "alarm_specification": {"alarms": [errors.name]}}
    fleet = bricks.fleet(
        subnets,
        bricks.template(inside, bricks.profile(region), f"{region}-template", opts=options),
        behind,
        name=f"{region}-fleet",
        instance_refresh={**REFRESH, "preferences": preferences},
        opts=pulumi.ResourceOptions(provider=provider, ignore_changes=["desiredCapacity"]),
    )
    aws.autoscaling.Policy(
        f"{region}-cpu",
        autoscaling_group_name=fleet.name,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "predefined_metric_specification": {
                "predefined_metric_type": "ASGAverageCPUUtilization"
            },
            "target_value": 50,
        },
        opts=options,
    )
    return front, own


def named(front: aws.lb.LoadBalancer, region: str, kind: str) -> None:
    """Give the name of the site a record that leads to a balancer."""
    aws.route53.Record(
        f"{region}-name",
        zone_id=aws.route53.get_zone(name="example.com").zone_id,
        name="www.example.com",
        type="A",
        set_identifier=region,
        failover_routing_policies=[{"type": kind}],
        aliases=[
            {"name": front.dns_name, "zone_id": front.zone_id, "evaluate_target_health": True}
        ],
    )


@innocent(engine=True)
def two_regions_side_by_side() -> None:
    """A name fails over between both."""
    for region, kind in ((FIRST, "PRIMARY"), (SECOND, "SECONDARY")):
        front, _ = side(region)
        named(front, region, kind)
