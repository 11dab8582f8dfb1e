"""Sound programs of further shapes: shared networks, other front doors, component libraries."""

from __future__ import annotations

import base64

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import Edit, Ref, also_sound, innocent
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    entrances,
    fronts,
    neighbours,
    plain,
    stores,
    workloads,
)
from tests.policies.programs.innocents.neighbours import AUTOSCALER

WEB = "plain_web_service"
HTTPS = "https_with_redirect"
FARGATE = "containers_on_fargate"
HOSTS = "containers_on_own_instances"
AURORA = "aurora_with_two_members"
CHECKED = "checked_from_outside"


# --- containers -----------------------------------------------------------------------------------


@also_sound(HOSTS)
def hosts_on_bottlerocket(edit: Edit) -> None:
    settings = '[settings.ecs]\ncluster = "shop"\n'
    edit.set("template", "userData", base64.b64encode(settings.encode()).decode())


@also_sound(HOSTS, undecided="The image may name the cluster, or the hosts join the default one.")
def hosts_whose_image_names_the_cluster(edit: Edit) -> None:
    edit.set("template", "userData", ...)


@also_sound(HOSTS, undecided="How long the containers take to start is nowhere.")
def containers_that_start_as_fast_as_they_can(edit: Edit) -> None:
    edit.set("service", "healthCheckGracePeriodSeconds", ...)


@also_sound(FARGATE)
def container_that_says_how_long_it_starts(edit: Edit) -> None:
    check = {"command": ["CMD-SHELL", "curl -f http://localhost:8080/"], "startPeriod": 90}
    edit.set("task", "containerDefinitions", bricks.containers(healthCheck=check))
    edit.set("service", "healthCheckGracePeriodSeconds", 120)


@also_sound(FARGATE)
def containers_behind_two_target_groups_of_one_port(edit: Edit) -> None:
    """The same service for visitors and for the company, by a second rule."""
    edit.add(
        "inside",
        "aws:lb/targetGroup:TargetGroup",
        {
            "vpcId": Ref("vpc"),
            "port": 8080,
            "protocol": "HTTP",
            "targetType": "ip",
            "deregistrationDelay": 30,
            "healthCheck": {
                "path": "/health",
                "matcher": "200",
                "interval": 10,
                "timeout": 5,
                "healthyThreshold": 2,
                "unhealthyThreshold": 3,
            },
        },
    )
    edit.add(
        "to-inside",
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref("http", "arn"),
            "priority": 10,
            "conditions": [{"hostHeader": {"values": ["intern.example.com"]}}],
            "actions": [{"type": "forward", "targetGroupArn": Ref("inside", "arn")}],
        },
    )
    entry = {"containerName": "web", "containerPort": 8080}
    edit.set(
        "service",
        "loadBalancers",
        [
            {**entry, "targetGroupArn": Ref("web", "arn")},
            {**entry, "targetGroupArn": Ref("inside", "arn")},
        ],
    )


@also_sound("kubernetes", undecided=AUTOSCALER)
def kubernetes_for_the_office(edit: Edit) -> None:
    edit.set("cluster", "vpcConfig.endpointPublicAccess", True)
    edit.set("cluster", "vpcConfig.publicAccessCidrs", ["198.51.100.0/24"])


# --- databases ------------------------------------------------------------------------------------


@also_sound(AURORA)
def reader_for_reports_is_small(edit: Edit) -> None:
    """A third, small member that takes over last."""
    edit.add(
        "reports",
        "aws:rds/clusterInstance:ClusterInstance",
        {
            "clusterIdentifier": Ref("cluster"),
            "engine": "aurora-postgresql",
            "instanceClass": "db.t4g.medium",
            "promotionTier": 15,
        },
    )


@also_sound(AURORA)
def cluster_of_a_global_database(edit: Edit) -> None:
    edit.add(
        "world",
        "aws:rds/globalCluster:GlobalCluster",
        {
            "globalClusterIdentifier": "shop",
            "engine": "aurora-postgresql",
            "engineVersion": "17.4",
            "storageEncrypted": True,
            "deletionProtection": True,
        },
    )
    edit.set("cluster", "globalClusterIdentifier", Ref("world"))


@also_sound(WEB)
def enough_connections_for_every_instance(edit: Edit) -> None:
    parameters = [
        {"name": "max_connections", "value": "200", "applyMethod": "pending-reboot"},
        {"name": "rds.force_ssl", "value": "1"},
    ]
    given = {"family": "postgres17", "parameters": parameters}
    edit.add("many", "aws:rds/parameterGroup:ParameterGroup", given)
    edit.set("database", "parameterGroupName", Ref("many", "name"))


@also_sound(WEB, undecided="How large the pools are is not in the program.")
def connections_of_pools_that_nobody_knows(edit: Edit) -> None:
    parameters = [
        {"name": "max_connections", "value": "40", "applyMethod": "pending-reboot"},
        {"name": "rds.force_ssl", "value": "1"},
    ]
    given = {"family": "postgres17", "parameters": parameters}
    edit.add("few", "aws:rds/parameterGroup:ParameterGroup", given)
    edit.set("database", "parameterGroupName", Ref("few", "name"))


# --- fronts ---------------------------------------------------------------------------------------


@also_sound(CHECKED)
def record_that_never_moves_kept_for_a_day(edit: Edit) -> None:
    edit.add(
        "mail-name",
        "aws:route53/record:Record",
        {
            "zoneId": "Z0123456789ABC",
            "name": "mail.example.com",
            "type": "CNAME",
            "ttl": 86400,
            "records": ["mail.example.net"],
        },
    )


@also_sound(HTTPS)
def limited_by_the_forwarded_address(edit: Edit) -> None:
    forwarded = {"headerName": "X-Forwarded-For", "fallbackBehavior": "NO_MATCH"}
    rate = {
        "limit": 2000,
        "aggregateKeyType": "FORWARDED_IP",
        "forwardedIpConfig": forwarded,
    }
    fronts.limited(edit, rate)


@also_sound(WEB)
def limited_by_address_without_cloudfront(edit: Edit) -> None:
    limited_by_the_forwarded_address(edit)
    edit.set("acl", "rules.0.statement", {"rateBasedStatement": {"limit": 2000}})


# --- networks of others ---------------------------------------------------------------------------


@innocent(undecided="What the other stack's subnets are, only that stack knows.")
def subnets_shared_by_another_account() -> None:
    """VPC and subnets come from a stack of the platform team, one by one."""
    network = pulumi.StackReference("acme/network/production")
    vpc = network.require_output("vpc")
    public = [network.require_output(f"public-{letter}") for letter in "ab"]
    private = [network.require_output(f"private-{letter}") for letter in "ab"]
    outside = bricks.balancer_group(vpc)
    inside = bricks.app_group(vpc, outside)
    front = bricks.balancer(public, outside)
    behind = bricks.targets(vpc)
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(private, bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def out_through_a_transit_gateway() -> None:
    """The fleet leaves by the company's transit gateway; visitors come by an internet gateway."""
    site = bricks.network(nat=False)
    transit = aws.ec2transitgateway.VpcAttachment(
        "transit",
        transit_gateway_id="tgw-0123456789abcdef0",
        vpc_id=site.vpc.id,
        subnet_ids=site.private_ids(),
    )
    for zone, table in zip(site.zones, site.tables, strict=True):
        aws.ec2.Route(
            f"transit-out-{zone[-1]}",
            route_table_id=table.id,
            destination_cidr_block=bricks.WORLD,
            transit_gateway_id=transit.transit_gateway_id,
        )
    bricks.web(site)


class Shop(pulumi.ComponentResource):
    """A component as a library of the company has it: everything is its child."""

    def __init__(self, name: str, *, zones: tuple[str, ...]) -> None:
        super().__init__("acme:index:Shop", name)
        site = bricks.network(zones)
        service = bricks.web(site, min_size=3, desired_capacity=3)
        self.url = service.front.dns_name
        self.register_outputs({"url": self.url})


@innocent()
def component_of_the_company() -> None:
    shop = Shop("shop", zones=bricks.ZONES)
    pulumi.export("url", shop.url)


@innocent()
def half_on_spot_by_attributes() -> None:
    """A base on demand, the rest on Spot, whatever type has two to four cores."""
    site = bricks.network(bricks.ZONES)
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    made_from = bricks.template(inside, bricks.profile(), instance_type=None)
    needs = {
        "memory_mib": {"min": 4096},
        "vcpu_count": {"min": 2, "max": 4},
        "burstable_performance": "excluded",
    }
    group = bricks.fleet(
        site.private_ids(),
        made_from,
        behind,
        min_size=6,
        desired_capacity=6,
        max_size=12,
        capacity_rebalance=True,
        mixed_instances_policy={
            "launch_template": {
                "launch_template_specification": {
                    "launch_template_id": made_from.id,
                    "version": bricks.version(made_from),
                },
                "overrides": [{"instance_requirements": needs}],
            },
            "instances_distribution": {
                "on_demand_base_capacity": 3,
                "on_demand_percentage_above_base_capacity": 50,
                "spot_allocation_strategy": "price-capacity-optimized",
            },
        },
    )
    bricks.delivery(front, behind, group)


@innocent()
def addresses_of_version_6_beside_version_4() -> None:
    """A dual-stack balancer before instances that have version 4 only."""
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", assign_generated_ipv6_cidr_block=True)
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    table = aws.ec2.RouteTable(
        "public-routes",
        vpc_id=vpc.id,
        routes=[
            {"cidr_block": bricks.WORLD, "gateway_id": gateway.id},
            {"ipv6_cidr_block": "::/0", "gateway_id": gateway.id},
        ],
    )
    site = bricks.Site(vpc, bricks.ZONES[:2])
    for index, zone in enumerate(site.zones):
        subnet = aws.ec2.Subnet(
            f"public-{zone[-1]}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{index}.0/24",
            ipv6_cidr_block=vpc.ipv6_cidr_block.apply(
                lambda block, index=index: f"{block.removesuffix('00::/56')}0{index}::/64"
            ),
            availability_zone=zone,
            map_public_ip_on_launch=True,
        )
        aws.ec2.RouteTableAssociation(
            f"public-way-{zone[-1]}", route_table_id=table.id, subnet_id=subnet.id
        )
        site.public.append(subnet)
    site.private = site.public
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 80,
                "to_port": 80,
                "cidr_blocks": [bricks.WORLD],
                "ipv6_cidr_blocks": ["::/0"],
            }
        ],
        egress=[bricks.ANY],
    )
    inside = bricks.app_group(vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside, ip_address_type="dualstack")
    behind = bricks.targets(vpc.id)
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)
