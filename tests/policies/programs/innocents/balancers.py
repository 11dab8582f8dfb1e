"""Load balancers of other kinds, of others, and rules that ask for everything."""

from __future__ import annotations

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.routing import NOT_FOUND, rule

BALANCER_OF_OTHERS = "The load balancer is not of this stack, so what it has is not in the preview."


def network_front(
    site: bricks.Site, port: int, protocol: str, group: aws.ec2.SecurityGroup | None, **more: object
) -> tuple[aws.lb.LoadBalancer, aws.lb.TargetGroup]:
    front = aws.lb.LoadBalancer(
        "front",
        load_balancer_type="network",
        subnets=site.public_ids(),
        enable_cross_zone_load_balancing=True,
        **({"security_groups": [group.id]} if group is not None else {}),
    )
    behind = aws.lb.TargetGroup(
        "web",
        vpc_id=site.vpc.id,
        port=port,
        protocol=protocol,
        deregistration_delay=60,
        **more,
    )
    return front, behind


def watched_network_service(
    site: bricks.Site,
    front: aws.lb.LoadBalancer,
    behind: aws.lb.TargetGroup,
    inside: aws.ec2.SecurityGroup,
) -> None:
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.tracking(group)
    topic = bricks.mail()
    resets = aws.cloudwatch.MetricAlarm(
        "resets",
        namespace="AWS/NetworkELB",
        metric_name="TCP_Target_Reset_Count",
        dimensions={"LoadBalancer": front.arn_suffix},
        statistic="Sum",
        comparison_operator="GreaterThanThreshold",
        threshold=100,
        period=60,
        evaluation_periods=2,
        treat_missing_data="notBreaching",
        alarm_actions=[topic.arn],
    )
    aws.cloudwatch.MetricAlarm(
        "unhealthy",
        namespace="AWS/NetworkELB",
        metric_name="UnHealthyHostCount",
        dimensions={"LoadBalancer": front.arn_suffix, "TargetGroup": behind.arn_suffix},
        statistic="Maximum",
        comparison_operator="GreaterThanThreshold",
        threshold=0,
        period=60,
        evaluation_periods=5,
        alarm_actions=[topic.arn],
    )
    bricks.deployment(bricks.application(), bricks.deployer(), group, behind, resets)


@innocent(engine=True)
def tls_ends_at_a_network_balancer() -> None:
    """Without client addresses the instances see those of the load balancer, in its subnets."""
    site = bricks.network()
    front, behind = network_front(
        site,
        8080,
        "TCP",
        None,
        preserve_client_ip="false",
        health_check={"protocol": "HTTP", "path": "/health", "interval": 10},
    )
    aws.lb.Listener(
        "tls",
        load_balancer_arn=front.arn,
        port=443,
        protocol="TLS",
        certificate_arn=bricks.CERTIFICATE,
        ssl_policy=bricks.TLS,
        default_actions=[bricks.forward(behind)],
    )
    inside = aws.ec2.SecurityGroup(
        "app",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 8080, "to_port": 8080, "cidr_blocks": ["10.0.0.0/16"]}
        ],
        egress=[bricks.ANY],
    )
    watched_network_service(site, front, behind, inside)


@innocent()
def names_by_udp() -> None:
    """DNS servers: UDP, which cannot be asked; their health is asked by HTTP."""
    site = bricks.network()
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "udp", "from_port": 53, "to_port": 53, "cidr_blocks": [bricks.WORLD]}
        ],
        egress=[bricks.ANY],
    )
    front, behind = network_front(
        site,
        53,
        "UDP",
        outside,
        health_check={"protocol": "HTTP", "path": "/ready", "port": "8053", "interval": 10},
    )
    aws.lb.Listener(
        "names",
        load_balancer_arn=front.arn,
        port=53,
        protocol="UDP",
        default_actions=[bricks.forward(behind)],
    )
    inside = aws.ec2.SecurityGroup(
        "app",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "udp", "from_port": 53, "to_port": 53, "security_groups": [outside.id]},
            {
                "protocol": "tcp",
                "from_port": 8053,
                "to_port": 8053,
                "security_groups": [outside.id],
            },
        ],
        egress=[bricks.ANY],
    )
    watched_network_service(site, front, behind, inside)


@innocent(
    undecided=BALANCER_OF_OTHERS,
    advised={"alb-unhealthy-host-alarm": "The platform team counts the hosts."},
)
def rule_on_a_shared_balancer() -> None:
    """The platform team's load balancer and listener are looked up; the program adds its rule."""
    site = bricks.network()
    shared = aws.lb.get_load_balancer(name="platform")
    listener = aws.lb.get_listener(load_balancer_arn=shared.arn, port=443)
    inside = aws.ec2.SecurityGroup(
        "app",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 8080,
                "to_port": 8080,
                "security_groups": shared.security_groups,
            }
        ],
        egress=[bricks.ANY],
    )
    behind = bricks.targets(site.vpc.id)
    aws.lb.ListenerRule(
        "to-shop",
        listener_arn=listener.arn,
        priority=40,
        conditions=[{"host_header": {"values": ["shop.example.com"]}}],
        actions=[bricks.forward(behind)],
    )
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.tracking(group)
    topic = bricks.mail()
    suffixes = {"LoadBalancer": shared.arn_suffix, "TargetGroup": behind.arn_suffix}
    alarm = aws.cloudwatch.MetricAlarm(
        "errors",
        namespace="AWS/ApplicationELB",
        metric_name="HTTPCode_Target_5XX_Count",
        dimensions=suffixes,
        statistic="Sum",
        comparison_operator="GreaterThanThreshold",
        threshold=10,
        period=60,
        evaluation_periods=2,
        treat_missing_data="notBreaching",
        alarm_actions=[topic.arn],
    )
    bricks.deployment(bricks.application(), bricks.deployer(), group, behind, alarm)


@innocent()
def rules_by_everything_that_a_rule_can_ask() -> None:
    """Query strings, methods, headers and addresses decide; weights and cookies as well."""
    site = bricks.network()
    service = bricks.web(site)
    behind = service.targets
    aws.lb.ListenerRule(
        "preview",
        listener_arn=service.listener.arn,
        priority=5,
        conditions=[
            {"query_strings": [{"key": "preview", "value": "1"}]},
            {"http_request_method": {"values": ["GET", "HEAD"]}},
        ],
        actions=[
            {
                "type": "forward",
                "forward": {
                    "target_groups": [{"arn": behind.arn, "weight": 1}],
                    "stickiness": {"enabled": True, "duration": 600},
                },
            }
        ],
    )
    aws.lb.ListenerRule(
        "no-robots",
        listener_arn=service.listener.arn,
        priority=6,
        conditions=[{"http_header": {"http_header_name": "User-Agent", "values": ["*bot*"]}}],
        actions=[NOT_FOUND],
    )
    rule(
        service.listener,
        7,
        NOT_FOUND,
        "not-from-there",
        source_ip=["192.0.2.0/24"],
    )
