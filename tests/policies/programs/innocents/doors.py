"""Other ways to write security groups."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent


def behind_groups(
    site: bricks.Site,
    outside: aws.ec2.SecurityGroup,
    *inside: aws.ec2.SecurityGroup,
    port: int = 80,
) -> None:
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind), port=port)
    made_from = bricks.template(
        None, bricks.profile(), vpc_security_group_ids=[one.id for one in inside]
    )
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


def _empty(site: bricks.Site, name: str) -> aws.ec2.SecurityGroup:
    return aws.ec2.SecurityGroup(name, vpc_id=site.vpc.id)


@innocent(engine=True)
def classic_rules() -> None:
    """`ec2.SecurityGroupRule`, which most programs still use."""
    site = bricks.network()
    outside, inside = _empty(site, "balancer"), _empty(site, "app")
    aws.ec2.SecurityGroupRule(
        "from-world",
        type="ingress",
        security_group_id=outside.id,
        protocol="tcp",
        from_port=80,
        to_port=80,
        cidr_blocks=[bricks.WORLD],
        ipv6_cidr_blocks=["::/0"],
    )
    aws.ec2.SecurityGroupRule(
        "to-app",
        type="egress",
        security_group_id=outside.id,
        protocol="tcp",
        from_port=8080,
        to_port=8080,
        source_security_group_id=inside.id,
    )
    aws.ec2.SecurityGroupRule(
        "from-balancer",
        type="ingress",
        security_group_id=inside.id,
        protocol="tcp",
        from_port=8080,
        to_port=8080,
        source_security_group_id=outside.id,
    )
    aws.ec2.SecurityGroupRule(
        "to-world",
        type="egress",
        security_group_id=inside.id,
        protocol="-1",
        from_port=0,
        to_port=0,
        cidr_blocks=[bricks.WORLD],
    )
    behind_groups(site, outside, inside)


def separate(
    site: bricks.Site, **visitors: Any
) -> tuple[aws.ec2.SecurityGroup, aws.ec2.SecurityGroup]:
    """Create the two security groups, each rule apart; `visitors` says who may come, else all."""
    outside, inside = _empty(site, "balancer"), _empty(site, "app")
    aws.vpc.SecurityGroupIngressRule(
        "from-world",
        security_group_id=outside.id,
        ip_protocol="tcp",
        from_port=80,
        to_port=80,
        **(visitors or {"cidr_ipv4": bricks.WORLD}),
    )
    aws.vpc.SecurityGroupEgressRule(
        "to-app",
        security_group_id=outside.id,
        ip_protocol="tcp",
        from_port=8080,
        to_port=8080,
        referenced_security_group_id=inside.id,
    )
    aws.vpc.SecurityGroupIngressRule(
        "from-balancer",
        security_group_id=inside.id,
        ip_protocol="tcp",
        from_port=8080,
        to_port=8080,
        referenced_security_group_id=outside.id,
    )
    aws.vpc.SecurityGroupEgressRule(
        "to-world", security_group_id=inside.id, ip_protocol="-1", cidr_ipv4=bricks.WORLD
    )
    return outside, inside


@innocent()
def separate_rules() -> None:
    site = bricks.network()
    outside, inside = separate(site)
    behind_groups(site, outside, inside)


@innocent()
def application_speaks_https_only() -> None:
    """The instances may only leave on 443: packages, AWS, and nothing else."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = aws.ec2.SecurityGroup(
        "app",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 8080, "to_port": 8080, "security_groups": [outside.id]}
        ],
        egress=[
            {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [bricks.WORLD]}
        ],
    )
    behind_groups(site, outside, inside)


def admitting(site: bricks.Site, **entry: Any) -> aws.ec2.SecurityGroup:
    return aws.ec2.SecurityGroup(
        "app",
        vpc_id=site.vpc.id,
        ingress=[{"protocol": "tcp", "from_port": 8080, "to_port": 8080, **entry}],
        egress=[bricks.ANY],
    )


@innocent()
def admits_the_balancers_subnets() -> None:
    """By address instead of by group: the balancer's subnets are 10.0.0.0/24 and 10.0.1.0/24."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    behind_groups(site, outside, admitting(site, cidr_blocks=["10.0.0.0/23"]))


@innocent()
def admits_a_range_of_ports() -> None:
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = admitting(site, from_port=8000, to_port=8999, security_groups=[outside.id])
    behind_groups(site, outside, inside)


@innocent()
def admits_the_balancer_on_every_port() -> None:
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = admitting(site, protocol="-1", from_port=0, to_port=0, security_groups=[outside.id])
    behind_groups(site, outside, inside)


@innocent(engine=True)
def two_groups_and_talk_among_peers() -> None:
    """Instances gossip with each other; a second group admits the balancer."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    peers = aws.ec2.SecurityGroup(
        "peers",
        vpc_id=site.vpc.id,
        ingress=[{"protocol": "tcp", "from_port": 7946, "to_port": 7946, "self": True}],
        egress=[bricks.ANY],
    )
    behind_groups(site, outside, peers, admitting(site, security_groups=[outside.id]))


@innocent()
def protocol_by_number() -> None:
    site = bricks.network()
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        ingress=[{"protocol": "6", "from_port": 80, "to_port": 80, "cidr_blocks": [bricks.WORLD]}],
        egress=[bricks.ANY],
    )
    behind_groups(site, outside, admitting(site, security_groups=[outside.id]))


@innocent()
def open_for_an_office_only() -> None:
    """A staging site that only two offices may see."""
    site = bricks.network()
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 80,
                "to_port": 80,
                "cidr_blocks": ["198.51.100.0/24", "203.0.113.7/32"],
            }
        ],
        egress=[bricks.ANY],
    )
    behind_groups(site, outside, admitting(site, security_groups=[outside.id]))


@innocent()
def another_port_for_visitors() -> None:
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 8080)
    behind_groups(site, outside, admitting(site, security_groups=[outside.id]), port=8080)


@innocent()
def port_of_the_check_written_out() -> None:
    """The health check's port is the targets' port, as a number."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = admitting(site, security_groups=[outside.id])
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id, health_check={**bricks.HEALTH, "port": "8080"})
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)
