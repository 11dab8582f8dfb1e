"""The Application Load Balancer: listeners, target group, health check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.config.constants import HTTPS_PORT
from components.health_check import DEFAULT_TIMING, HealthCheckTiming
from components.tags import Tags
from policies.availability import names, target_groups, zones

SUFFIX = len("-targets") + 8
"""What is added to the component's name: the resource's own, and Pulumi's random suffix."""

DEREGISTRATION_DELAY_SECONDS = 10
"""How long a deregistering target may finish its requests. The default of 300 would make each batch
of a deployment wait five minutes; the application's requests take milliseconds."""

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.3 and 1.2 with forward secrecy, and the hybrid key exchange if the client supports it: what
AWS recommends, while the API's default still accepts TLS 1.0 (ELB user guide, "Security policies
for your Application Load Balancer"; Security Hub ELB.17)."""


@dataclass(frozen=True, kw_only=True)
class AccessLogBucket:
    """Where access logs are written.

    Attributes:
        name: The bucket's name.
        ready: What must exist before ELB may write to the bucket.
    """

    name: pulumi.Input[str]
    ready: tuple[pulumi.Resource, ...]


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """Arguments of `LoadBalancer`.

    Attributes:
        vpc_id: The VPC of the target group.
        subnet_ids: The public subnets by zone, at least two.
        security_group_id: The load balancer's security group.
        app_port: The port that the application listens on.
        listener_port: The port of the HTTP listener.
        health_path: The path of the health check.
        certificate_arn: The certificate of an HTTPS listener, to which the HTTP listener then
            redirects; None for HTTP only.
        access_logs: Where access logs are written; None for no access logs.
        health_check: The timing of the health check.
        deregistration_delay_seconds: How long a target that leaves may finish its requests.
        protect: Whether deletion protection is on.
        tags: Tags of every resource.
    """

    vpc_id: pulumi.Input[str]
    subnet_ids: Mapping[str, pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    app_port: int
    listener_port: int
    health_path: str
    certificate_arn: pulumi.Input[str] | None = None
    access_logs: AccessLogBucket | None = None
    health_check: HealthCheckTiming = DEFAULT_TIMING
    deregistration_delay_seconds: int = DEREGISTRATION_DELAY_SECONDS
    protect: bool
    tags: Tags

    def __post_init__(self) -> None:
        """Reject what AWS would reject."""
        if self.certificate_arn is not None and self.listener_port == HTTPS_PORT:
            raise ValueError(
                f"port {HTTPS_PORT} cannot both serve HTTPS and redirect to it; "
                "set listener_port to 80"
            )
        count = len(self.subnet_ids)
        if (problem := zones.too_few_zones(count)) is not None:
            raise ValueError(f"the load balancer spans {count} zone(s); {problem}")
        if (problem := target_groups.bad_drain(self.deregistration_delay_seconds)) is not None:
            raise ValueError(f"deregistration delay: {problem}")
        problems = target_groups.refused_check(
            self.health_check.interval,
            self.health_check.timeout,
            self.health_check.healthy_threshold,
            self.health_check.unhealthy_threshold,
        )
        if (problem := next(problems, None)) is not None:
            raise ValueError(f"AWS rejects the health check: {problem}")
        if (problem := target_groups.bad_failure(self.health_check.fails_after)) is not None:
            raise ValueError(f"health check: {problem}")


class LoadBalancer(Component):
    """An internet-facing Application Load Balancer in all zones."""

    dns_name: pulumi.Output[str]
    zone_id: pulumi.Output[str]
    """The Route 53 zone of `dns_name`, for an alias record."""

    target_group_arn: pulumi.Output[str]
    target_group_name: pulumi.Output[str]
    resource_label: pulumi.Output[str]
    """How target tracking names the pair: load balancer suffix, slash, target group suffix."""

    load_balancer_arn_suffix: pulumi.Output[str]
    target_group_arn_suffix: pulumi.Output[str]
    """The last parts of both ARNs, which CloudWatch uses as dimensions."""

    def __init__(
        self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        if (problem := names.bad_name("target group", name, SUFFIX)) is not None:
            raise ValueError(problem)
        super().__init__(
            "network:LoadBalancer",
            name,
            {
                "listenerPort": args.listener_port,
                "healthPath": args.health_path,
                "https": args.certificate_arn is not None,
            },
            opts,
        )
        self._name = name
        self._args = args
        balancer = self._load_balancer()
        targets = self._target_group(name, args)
        self._listeners(balancer, targets)
        self.dns_name = balancer.dns_name
        self.zone_id = balancer.zone_id
        self.target_group_arn = targets.arn
        self.target_group_name = targets.name
        self.load_balancer_arn_suffix = balancer.arn_suffix
        self.target_group_arn_suffix = targets.arn_suffix
        self.resource_label = pulumi.Output.concat(balancer.arn_suffix, "/", targets.arn_suffix)
        self.register({"dnsName": self.dns_name, "targetGroupArn": self.target_group_arn})

    def _load_balancer(self) -> aws.lb.LoadBalancer:
        args, logs = self._args, self._args.access_logs
        return aws.lb.LoadBalancer(
            f"{self._name}-alb",
            load_balancer_type="application",
            internal=False,
            subnets=list(args.subnet_ids.values()),
            security_groups=[args.security_group_id],
            drop_invalid_header_fields=True,  # Security Hub ELB.4
            # The default, set explicitly so that a change shows up in review (Security Hub ELB.12).
            # Not "strictest", which also rejects clients that are merely careless.
            desync_mitigation_mode="defensive",
            # Lets an operator, or AWS, remove an impaired zone from DNS at once; off by default,
            # free, works with cross-zone load balancing (Application Recovery Controller developer
            # guide, "Zonal shift").
            enable_zonal_shift=True,
            access_logs=(
                aws.lb.LoadBalancerAccessLogsArgs(bucket=logs.name, enabled=True) if logs else None
            ),
            enable_deletion_protection=args.protect,
            tags=dict(args.tags),
            opts=self.child(depends_on=logs.ready if logs else ()),
        )

    def _listeners(self, balancer: aws.lb.LoadBalancer, targets: aws.lb.TargetGroup) -> None:
        args = self._args
        forward = aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=targets.arn)
        http_action = forward
        if args.certificate_arn is not None:
            aws.lb.Listener(
                f"{self._name}-https",
                load_balancer_arn=balancer.arn,
                port=HTTPS_PORT,
                protocol="HTTPS",
                ssl_policy=TLS_POLICY,
                certificate_arn=args.certificate_arn,
                default_actions=[forward],
                tags=dict(args.tags),
                opts=self.child(),
            )
            # Permanent, so that browsers cache it (Security Hub ELB.1). Host, path and query stay.
            http_action = aws.lb.ListenerDefaultActionArgs(
                type="redirect",
                redirect=aws.lb.ListenerDefaultActionRedirectArgs(
                    protocol="HTTPS", port=str(HTTPS_PORT), status_code="HTTP_301"
                ),
            )
        aws.lb.Listener(
            f"{self._name}-http",
            load_balancer_arn=balancer.arn,
            port=args.listener_port,
            protocol="HTTP",
            default_actions=[http_action],
            tags=dict(args.tags),
            opts=self.child(),
        )

    def _target_group(self, name: str, args: LoadBalancerArgs) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            # No fixed name: during a replacement the old and the new group exist side by side
            # (pulumi/pulumi-aws#4220).
            f"{name}-targets",
            vpc_id=args.vpc_id,
            port=args.app_port,
            protocol="HTTP",
            # CodeDeploy's traffic control works on instances only (its guide, "Integrating with
            # Elastic Load Balancing").
            target_type="instance",
            load_balancing_algorithm_type="least_outstanding_requests",
            deregistration_delay=args.deregistration_delay_seconds,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                enabled=True,
                protocol="HTTP",
                path=args.health_path,
                port="traffic-port",
                interval=args.health_check.interval,
                timeout=args.health_check.timeout,
                healthy_threshold=args.health_check.healthy_threshold,
                unhealthy_threshold=args.health_check.unhealthy_threshold,
                matcher="200",
            ),
            tags=dict(args.tags),
            opts=self.child(),
        )
