"""The load balancer: listener, target group, health check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.tags import Tags

MAX_NAME = 32 - len("-targets") - 8
"""Names of load balancers and target groups have at most 32 characters (ELB API reference,
CreateTargetGroup), of which Pulumi's random suffix takes 8."""

DEREGISTRATION_SECONDS = 10
"""How long a leaving target may finish its requests. The default of 300 would make each batch of a
deployment wait five minutes; the application's requests take milliseconds."""


@dataclass(frozen=True, kw_only=True)
class BalancerArgs:
    """`subnet_ids` by zone; `protect` refuses deletion."""

    vpc_id: pulumi.Input[str]
    subnet_ids: Mapping[str, pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    app_port: int
    listener_port: int
    health_path: str
    protect: bool
    tags: Tags

    def __post_init__(self) -> None:
        """Refuses what an Application Load Balancer does."""
        if len(self.subnet_ids) < 2:
            raise ValueError(
                f"a load balancer over {len(self.subnet_ids)} zone(s) is refused by AWS; "
                "give it subnets in at least 2"
            )


class Balancer(Component):
    """An internet-facing Application Load Balancer over all zones."""

    dns_name: pulumi.Output[str]
    target_group_arn: pulumi.Output[str]
    target_group_name: pulumi.Output[str]
    request_label: pulumi.Output[str]
    load_balancer_suffix: pulumi.Output[str]
    target_group_suffix: pulumi.Output[str]
    """The ends of both ARNs, by which CloudWatch knows them."""

    def __init__(
        self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__(
            "balancer:Balancer",
            name,
            {"listenerPort": args.listener_port, "healthPath": args.health_path},
            opts,
        )
        if len(name) > MAX_NAME:
            raise ValueError(f'"{name}" is too long for AWS; use at most {MAX_NAME} characters')
        balancer = aws.lb.LoadBalancer(
            f"{name}-alb",
            load_balancer_type="application",
            internal=False,
            subnets=list(args.subnet_ids.values()),
            security_groups=[args.security_group_id],
            drop_invalid_header_fields=True,  # Security Hub ELB.4
            enable_deletion_protection=args.protect,
            tags=dict(args.tags),
            opts=self.child(),
        )
        targets = self._target_group(name, args)
        aws.lb.Listener(
            f"{name}-http",
            load_balancer_arn=balancer.arn,
            port=args.listener_port,
            protocol="HTTP",
            default_actions=[
                aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=targets.arn)
            ],
            tags=dict(args.tags),
            opts=self.child(),
        )
        self.dns_name = balancer.dns_name
        self.target_group_arn = targets.arn
        self.target_group_name = targets.name
        self.load_balancer_suffix = balancer.arn_suffix
        self.target_group_suffix = targets.arn_suffix
        self.request_label = pulumi.Output.concat(balancer.arn_suffix, "/", targets.arn_suffix)
        self.finish({"dnsName": self.dns_name, "targetGroupArn": self.target_group_arn})

    def _target_group(self, name: str, args: BalancerArgs) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            # No fixed name: a replacement needs the old and the new group side by side
            # (pulumi/pulumi-aws#4220).
            f"{name}-targets",
            vpc_id=args.vpc_id,
            port=args.app_port,
            protocol="HTTP",
            # CodeDeploy's traffic control works on instances only (its guide, "Integrating with
            # Elastic Load Balancing").
            target_type="instance",
            load_balancing_algorithm_type="least_outstanding_requests",
            deregistration_delay=DEREGISTRATION_SECONDS,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                enabled=True,
                protocol="HTTP",
                path=args.health_path,
                port="traffic-port",
                interval=5,
                timeout=2,
                healthy_threshold=2,
                unhealthy_threshold=2,
                matcher="200",
            ),
            tags=dict(args.tags),
            opts=self.child(),
        )
