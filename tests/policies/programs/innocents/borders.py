"""Network ACLs, rules that overlap, functions by alias, containers that scale."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.routing import entrance, rule


def allow(number: int, first: int, last: int, source: str, protocol: str = "tcp") -> dict[str, Any]:
    return {
        "rule_no": number,
        "action": "allow",
        "protocol": protocol,
        "from_port": first,
        "to_port": last,
        "cidr_block": source,
    }


@innocent(engine=True)
def network_acls_around_both_tiers() -> None:
    """Replies have rules of their own: a network ACL does not remember connections."""
    site = bricks.network()
    bricks.web(site)
    aws.ec2.NetworkAcl(
        "public-border",
        vpc_id=site.vpc.id,
        subnet_ids=site.public_ids(),
        ingress=[
            {**allow(50, 0, 0, "203.0.113.0/24", "-1"), "action": "deny"},
            allow(100, 80, 80, bricks.WORLD),
            allow(110, 443, 443, "10.0.0.0/16"),
            allow(120, 1024, 65535, bricks.WORLD),
        ],
        egress=[
            allow(100, 8080, 8080, "10.0.0.0/16"),
            allow(110, 443, 443, bricks.WORLD),
            allow(120, 80, 80, bricks.WORLD),
            allow(130, 1024, 65535, bricks.WORLD),
        ],
    )
    border = aws.ec2.NetworkAcl("private-border", vpc_id=site.vpc.id)
    for letter, subnet in zip("ab", site.private, strict=True):
        aws.ec2.NetworkAclAssociation(
            f"private-border-{letter}", network_acl_id=border.id, subnet_id=subnet.id
        )
    for name, egress, first, last, source in (
        ("requests", False, 8080, 8080, "10.0.0.0/16"),
        ("replies", False, 32768, 65535, bricks.WORLD),
        ("out", True, 443, 443, bricks.WORLD),
        ("answers", True, 1024, 65535, bricks.WORLD),
    ):
        aws.ec2.NetworkAclRule(
            f"border-{name}",
            network_acl_id=border.id,
            egress=egress,
            rule_number=100 + first // 100,
            rule_action="allow",
            protocol="tcp",
            from_port=first,
            to_port=last,
            cidr_block=source,
        )


@innocent()
def the_default_network_acl_adopted() -> None:
    """As AWS makes it: everything passes."""
    site = bricks.network()
    everything = allow(100, 0, 0, bricks.WORLD, "-1")
    aws.ec2.DefaultNetworkAcl(
        "border",
        default_network_acl_id=site.vpc.default_network_acl_id,
        ingress=[everything],
        egress=[everything],
    )
    bricks.web(site)


@innocent()
def rules_that_overlap() -> None:
    """The narrower rule comes first; the method and the header decide where paths are the same."""
    shared = entrance()
    pages = shared.service("pages", 8080)
    api = shared.service("api", 9000)
    listener = bricks.http(shared.front, bricks.forward(pages))
    rule(listener, 10, bricks.forward(api), "to-second", path_pattern=["/api/v2/*"])
    aws.lb.ListenerRule(
        "to-readers",
        listener_arn=listener.arn,
        priority=20,
        conditions=[
            {"path_pattern": {"values": ["/api/*"]}},
            {"http_request_method": {"values": ["GET", "HEAD"]}},
        ],
        actions=[bricks.forward(pages)],
    )
    rule(listener, 30, bricks.forward(api), "to-api", path_pattern=["/api", "/api/*"])
    aws.lb.ListenerRule(
        "to-preview",
        listener_arn=listener.arn,
        priority=40,
        conditions=[{"http_header": {"http_header_name": "X-Preview", "values": ["yes"]}}],
        actions=[bricks.forward(api)],
    )


@innocent()
def reads_and_writes_apart() -> None:
    """GET goes to one fleet by a rule, the rest to another by default."""
    shared = entrance()
    writers = shared.service("writers", 8080)
    readers = shared.service("readers", 9000)
    listener = bricks.http(shared.front, bricks.forward(writers))
    aws.lb.ListenerRule(
        "to-readers",
        listener_arn=listener.arn,
        priority=10,
        conditions=[{"http_request_method": {"values": ["GET"]}}],
        actions=[bricks.forward(readers)],
    )


@innocent()
def lambda_by_its_alias() -> None:
    """The alias has a policy of its own, which the permission names by its qualifier."""
    site = bricks.network(nat=False)
    front = bricks.balancer(site.public_ids(), bricks.balancer_group(site.vpc.id))
    role = aws.iam.Role("function-role", assume_role_policy=bricks.trust("lambda.amazonaws.com"))
    function = aws.lambda_.Function(
        "function",
        role=role.arn,
        package_type="Image",
        image_uri="1.dkr.ecr.eu-west-1.amazonaws.com/f:1",
        publish=True,
    )
    live = aws.lambda_.Alias(
        "live", function_name=function.name, function_version=function.version, name="live"
    )
    behind = aws.lb.TargetGroup("function-targets", target_type="lambda")
    allowed = aws.lambda_.Permission(
        "balancer-may",
        action="lambda:InvokeFunction",
        function=function.name,
        qualifier=live.name,
        principal="elasticloadbalancing.amazonaws.com",
        source_arn=behind.arn,
    )
    aws.lb.TargetGroupAttachment(
        "function-attachment",
        target_group_arn=behind.arn,
        target_id=live.arn,
        opts=pulumi.ResourceOptions(depends_on=[allowed]),
    )
    bricks.http(front, bricks.forward(behind))


@innocent(undecided="The policy of the other team's function is not in the stack.")
def lambda_of_another_team() -> None:
    site = bricks.network(nat=False)
    front = bricks.balancer(site.public_ids(), bricks.balancer_group(site.vpc.id))
    behind = aws.lb.TargetGroup("function-targets", target_type="lambda")
    aws.lb.TargetGroupAttachment(
        "function-attachment",
        target_group_arn=behind.arn,
        target_id="arn:aws:lambda:eu-west-1:123456789012:function:report",
    )
    bricks.http(front, bricks.forward(behind))


@innocent(engine=True)
def containers_that_scale() -> None:
    """Application Auto Scaling holds the number of tasks between two and ten."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id, port=80, target_type="ip")
    listener = bricks.http(front, bricks.forward(behind))
    # The port of the target group is not used: ECS registers the container's own.
    inside = bricks.app_group(site.vpc.id, outside, 3000)
    cluster = aws.ecs.Cluster("cluster", name="shop")
    task = bricks.task(3000)
    service = aws.ecs.Service(
        "service",
        health_check_grace_period_seconds=60,
        cluster=cluster.arn,
        task_definition=task.arn,
        desired_count=1,
        launch_type="FARGATE",
        network_configuration={"subnets": site.private_ids(), "security_groups": [inside.id]},
        load_balancers=[
            {"target_group_arn": behind.arn, "container_name": "web", "container_port": 3000}
        ],
        deployment_circuit_breaker={"enable": True, "rollback": True},
        opts=pulumi.ResourceOptions(depends_on=[listener], ignore_changes=["desiredCount"]),
    )
    limits = aws.appautoscaling.Target(
        "limits",
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        resource_id=pulumi.Output.concat("service/", cluster.name, "/", service.name),
        min_capacity=2,
        max_capacity=10,
    )
    aws.appautoscaling.ScheduledAction(
        "night",
        service_namespace=limits.service_namespace,
        scalable_dimension=limits.scalable_dimension,
        resource_id=limits.resource_id,
        schedule="cron(0 22 * * ? *)",
        scalable_target_action={"min_capacity": 2, "max_capacity": 4},
    )


@innocent()
def one_endpoint_beside_the_gateways() -> None:
    """The agent's requests take the endpoint, which admits the instances; the rest the gateways."""
    site = bricks.network()
    service = bricks.web(site)
    guard = aws.ec2.SecurityGroup(
        "endpoints",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 443,
                "to_port": 443,
                "security_groups": [service.group.id],
            }
        ],
    )
    aws.ec2.VpcEndpoint(
        "commands",
        vpc_id=site.vpc.id,
        service_name="com.amazonaws.eu-west-1.codedeploy-commands-secure",
        vpc_endpoint_type="Interface",
        subnet_ids=site.private_ids(),
        security_group_ids=[guard.id],
        private_dns_enabled=True,
    )
