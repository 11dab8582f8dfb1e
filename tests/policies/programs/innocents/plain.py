"""The ordinary web service, with the choices that every team makes for itself."""

from __future__ import annotations

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent


@innocent(engine=True)
def plain_web_service() -> None:
    site = bricks.network()
    service = bricks.web(site)
    bricks.database(site, service.group)


@innocent()
def three_zones() -> None:
    bricks.web(bricks.network(bricks.ZONES), min_size=3, desired_capacity=3, max_size=9)


@innocent(engine=True)
def https_with_redirect() -> None:
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 80, 443)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.https(front, bricks.forward(behind))
    bricks.http(front, bricks.TO_HTTPS)
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def https_only() -> None:
    """Nothing listens on 80, and nothing is open there: a browser is told by HSTS preload."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 443)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.https(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent(engine=True)
def internal_service() -> None:
    """Only the company's networks reach it: the balancer is internal, in the private subnets."""
    site = bricks.network()
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["10.0.0.0/8"]}
        ],
        egress=[bricks.ANY],
    )
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.private_ids(), outside, internal=True)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def everything_on_one_module_alias() -> None:
    """`aws.alb` registers the same resources under other type tokens."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = aws.alb.LoadBalancer(
        "front",
        subnets=site.public_ids(),
        security_groups=[outside.id],
        drop_invalid_header_fields=True,
    )
    behind = aws.alb.TargetGroup(
        "web",
        vpc_id=site.vpc.id,
        port=8080,
        protocol="HTTP",
        deregistration_delay=30,
        health_check=bricks.HEALTH,
    )
    aws.alb.Listener(
        "http",
        load_balancer_arn=front.arn,
        port=80,
        protocol="HTTP",
        default_actions=[{"type": "forward", "target_group_arn": behind.arn}],
    )
    made_from = bricks.template(inside, bricks.profile())
    group = bricks.fleet(
        site.private_ids(),
        made_from,
        name="fleet",
        target_group_arns=[behind.arn],
        health_check_type="ELB",
    )
    bricks.delivery(front, behind, group)


@innocent(engine=True)
def single_server() -> None:
    """A trial on one server, which claims nothing."""
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    table = aws.ec2.RouteTable(
        "routes",
        vpc_id=vpc.id,
        routes=[{"cidr_block": bricks.WORLD, "gateway_id": gateway.id}],
    )
    subnets = [
        aws.ec2.Subnet(
            f"subnet-{zone[-1]}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{index}.0/24",
            availability_zone=zone,
        )
        for index, zone in enumerate(bricks.ZONES[:2])
    ]
    for subnet, letter in zip(subnets, "ab", strict=True):
        aws.ec2.RouteTableAssociation(f"way-{letter}", route_table_id=table.id, subnet_id=subnet.id)
    open_web = aws.ec2.SecurityGroup(
        "web",
        vpc_id=vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": [bricks.WORLD]}
            for port in (80, 443)
        ],
        egress=[bricks.ANY],
    )
    server = aws.ec2.Instance(
        "server",
        ami=bricks.IMAGE,
        instance_type="t4g.small",
        subnet_id=subnets[0].id,
        vpc_security_group_ids=[open_web.id],
        iam_instance_profile=bricks.profile().name,
        metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
        root_block_device={"encrypted": True},
        user_data=bricks.BOOT,
    )
    aws.ec2.Eip("address", instance=server.id, domain="vpc")
    guard = aws.ec2.SecurityGroup(
        "guard",
        vpc_id=vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 5432,
                "to_port": 5432,
                "security_groups": [open_web.id],
            }
        ],
    )
    aws.rds.Instance(
        "database",
        engine="postgres",
        instance_class="db.t4g.micro",
        allocated_storage=20,
        username="shop",
        manage_master_user_password=True,
        storage_encrypted=True,
        backup_retention_period=7,
        db_subnet_group_name=aws.rds.SubnetGroup(
            "database-subnets", subnet_ids=[one.id for one in subnets]
        ).name,
        vpc_security_group_ids=[guard.id],
    )
