"""What is not a fleet behind an Application Load Balancer."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent


@innocent(engine=True)
def lambda_behind_the_balancer() -> None:
    """Lambda runs in several zones by itself (its developer guide, "Resilience")."""
    site = bricks.network(nat=False)
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    function = bricks.function()
    behind = aws.lb.TargetGroup("function-targets", target_type="lambda")
    allowed = aws.lambda_.Permission(
        "balancer-may",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="elasticloadbalancing.amazonaws.com",
        source_arn=behind.arn,
    )
    aws.lb.TargetGroupAttachment(
        "function-attachment",
        target_group_arn=behind.arn,
        target_id=function.arn,
        opts=pulumi.ResourceOptions(depends_on=[allowed]),
    )
    bricks.http(front, bricks.forward(behind))


@innocent()
def lambda_for_one_path() -> None:
    """The web service, and a function for one path of it."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    web = bricks.targets(site.vpc.id)
    listener = bricks.http(front, bricks.forward(web))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), web)
    bricks.delivery(front, web, group)
    role = aws.iam.Role("function-role", assume_role_policy=bricks.trust("lambda.amazonaws.com"))
    function = aws.lambda_.Function(
        "function",
        role=role.arn,
        image_uri="1.dkr.ecr.eu-west-1.amazonaws.com/f:1",
        package_type="Image",
    )
    behind = aws.lb.TargetGroup("function-targets", target_type="lambda")
    aws.lambda_.Permission(
        "balancer-may",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="elasticloadbalancing.amazonaws.com",
        source_arn=behind.arn,
    )
    aws.lb.TargetGroupAttachment(
        "function-attachment", target_group_arn=behind.arn, target_id=function.arn
    )
    aws.lb.ListenerRule(
        "to-function",
        listener_arn=listener.arn,
        priority=10,
        conditions=[{"path_pattern": {"values": ["/thumbnails/*"]}}],
        actions=[bricks.forward(behind)],
    )


@innocent(engine=True)
def containers_on_fargate() -> None:
    """ECS registers its tasks by address, spreads them over the zones and rolls back by itself."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id, target_type="ip")
    listener = bricks.http(front, bricks.forward(behind))
    cluster = aws.ecs.Cluster("cluster")
    role = aws.iam.Role("task-role", assume_role_policy=bricks.trust("ecs-tasks.amazonaws.com"))
    aws.iam.RolePolicyAttachment(
        "task-policy",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    )
    task = aws.ecs.TaskDefinition(
        "task",
        family="web",
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu="512",
        memory="1024",
        execution_role_arn=role.arn,
        container_definitions=json.dumps(
            [{"name": "web", "image": "web:1", "portMappings": [{"containerPort": 8080}]}]
        ),
    )
    aws.ecs.Service(
        "service",
        cluster=cluster.arn,
        task_definition=task.arn,
        desired_count=2,
        launch_type="FARGATE",
        network_configuration={"subnets": site.private_ids(), "security_groups": [inside.id]},
        load_balancers=[
            {"target_group_arn": behind.arn, "container_name": "web", "container_port": 8080}
        ],
        deployment_circuit_breaker={"enable": True, "rollback": True},
        health_check_grace_period_seconds=60,
        opts=pulumi.ResourceOptions(depends_on=[listener]),
    )


@innocent()
def containers_on_own_instances() -> None:
    """The fleet is ECS's capacity: ECS registers the containers on ports that it chooses."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    # ECS overrides the group's port per container; the health check goes to that port.
    behind = bricks.targets(site.vpc.id, port=80)
    listener = bricks.http(front, bricks.forward(behind))
    inside = aws.ec2.SecurityGroup(
        "hosts",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 32768,
                "to_port": 60999,
                "security_groups": [outside.id],
            }
        ],
        egress=[bricks.ANY],
    )
    who = bricks.profile(
        "hosts",
        bricks.SSM,
        "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
    )
    made_from = bricks.template(
        inside, who, boot="#!/bin/sh\necho ECS_CLUSTER=shop >> /etc/ecs/ecs.config\n"
    )
    hosts = bricks.fleet(site.private_ids(), made_from, protect_from_scale_in=True)
    provider = aws.ecs.CapacityProvider(
        "hosts-provider",
        auto_scaling_group_provider={
            "auto_scaling_group_arn": hosts.arn,
            "managed_scaling": {"status": "ENABLED", "target_capacity": 80},
            "managed_termination_protection": "ENABLED",
        },
    )
    cluster = aws.ecs.Cluster("cluster", name="shop")
    aws.ecs.ClusterCapacityProviders(
        "providers", cluster_name=cluster.name, capacity_providers=[provider.name]
    )
    task = aws.ecs.TaskDefinition(
        "task",
        family="web",
        container_definitions=json.dumps(
            [
                {
                    "name": "web",
                    "image": "web:1",
                    "memory": 512,
                    "portMappings": [{"containerPort": 8080, "hostPort": 0}],
                }
            ]
        ),
    )
    aws.ecs.Service(
        "service",
        health_check_grace_period_seconds=60,
        cluster=cluster.arn,
        task_definition=task.arn,
        desired_count=4,
        load_balancers=[
            {"target_group_arn": behind.arn, "container_name": "web", "container_port": 8080}
        ],
        ordered_placement_strategies=[
            {"type": "spread", "field": "attribute:ecs.availability-zone"}
        ],
        deployment_circuit_breaker={"enable": True, "rollback": True},
        opts=pulumi.ResourceOptions(depends_on=[listener]),
    )


@innocent(engine=True)
def network_balancer_beside_it() -> None:
    """Devices speak MQTT, which has no HTTP: the check can only be a connection."""
    site = bricks.network()
    bricks.web(site)
    doors = aws.ec2.SecurityGroup(
        "devices",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 1883, "to_port": 1883, "cidr_blocks": [bricks.WORLD]}
        ],
        egress=[bricks.ANY],
    )
    front = aws.lb.LoadBalancer(
        "devices-front",
        load_balancer_type="network",
        subnets=site.public_ids(),
        security_groups=[doors.id],
        enable_cross_zone_load_balancing=True,
    )
    behind = aws.lb.TargetGroup(
        "brokers",
        vpc_id=site.vpc.id,
        port=1883,
        protocol="TCP",
        deregistration_delay=60,
        health_check={"protocol": "TCP", "port": "traffic-port", "interval": 10},
    )
    aws.lb.Listener(
        "mqtt",
        load_balancer_arn=front.arn,
        port=1883,
        protocol="TCP",
        default_actions=[bricks.forward(behind)],
    )
    inside = bricks.app_group(site.vpc.id, doors, 1883, "broker")
    made_from = bricks.template(inside, bricks.profile("broker"), "broker-template")
    group = bricks.fleet(site.private_ids(), made_from, behind, name="broker-fleet")
    bricks.tracking(group, "broker-cpu")
    topic = aws.sns.get_topic(name="on-call")
    resets = aws.cloudwatch.MetricAlarm(
        "resets",
        namespace="AWS/NetworkELB",
        metric_name="TCP_Target_Reset_Count",
        dimensions={"LoadBalancer": front.arn_suffix, "TargetGroup": behind.arn_suffix},
        statistic="Sum",
        comparison_operator="GreaterThanThreshold",
        threshold=100,
        period=60,
        evaluation_periods=2,
        treat_missing_data="notBreaching",
        alarm_actions=[topic.arn],
    )
    bricks.unhealthy(front, behind, topic.arn, "broker-unhealthy")
    bricks.deployment(
        bricks.application("brokers-application"),
        bricks.deployer("brokers-codedeploy"),
        group,
        behind,
        resets,
        name="brokers-deployment",
    )


@innocent()
def fixed_addresses_before_the_balancer() -> None:
    """A Network Load Balancer with fixed addresses in front of the Application Load Balancer."""
    site = bricks.network()
    service = bricks.web(site)
    addresses = [aws.ec2.Eip(f"fixed-{letter}", domain="vpc") for letter in "ab"]
    front = aws.lb.LoadBalancer(
        "fixed-front",
        load_balancer_type="network",
        subnet_mappings=[
            {"subnet_id": subnet.id, "allocation_id": address.id}
            for subnet, address in zip(site.public, addresses, strict=True)
        ],
    )
    behind = aws.lb.TargetGroup(
        "to-balancer",
        vpc_id=site.vpc.id,
        target_type="alb",
        port=80,
        protocol="TCP",
        health_check={"protocol": "HTTP", "path": "/health", "matcher": "200"},
    )
    aws.lb.TargetGroupAttachment(
        "balancer-attachment",
        target_group_arn=behind.arn,
        target_id=service.front.arn,
        port=80,
    )
    aws.lb.Listener(
        "fixed-tcp",
        load_balancer_arn=front.arn,
        port=80,
        protocol="TCP",
        default_actions=[bricks.forward(behind)],
    )


@innocent()
def grpc_service() -> None:
    """gRPC needs HTTPS at the entrance, and its codes in the matcher (ELB user guide)."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 443)
    inside = bricks.app_group(site.vpc.id, outside, 50051)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(
        site.vpc.id,
        port=50051,
        protocol_version="GRPC",
        health_check={
            "protocol": "HTTP",
            "path": "/grpc.health.v1.Health/Check",
            "matcher": "0",
            "interval": 10,
            "timeout": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 2,
        },
    )
    bricks.https(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def encrypted_up_to_the_instance() -> None:
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 443)
    inside = bricks.app_group(site.vpc.id, outside, 8443)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(
        site.vpc.id,
        port=8443,
        protocol="HTTPS",
        health_check={**bricks.HEALTH, "protocol": "HTTPS"},
    )
    bricks.https(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def a_tool_server_beside_the_fleet() -> None:
    """A build server is one instance on purpose; nobody's request depends on it."""
    site = bricks.network()
    bricks.web(site)
    tools = aws.ec2.SecurityGroup("tools-group", vpc_id=site.vpc.id, egress=[bricks.ANY])
    aws.ec2.Instance(
        "tools",
        ami=bricks.IMAGE,
        instance_type="t4g.large",
        subnet_id=site.private[0].id,
        vpc_security_group_ids=[tools.id],
        iam_instance_profile=bricks.profile("tools").name,
        metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
        root_block_device={"encrypted": True, "volume_size": 100},
    )
