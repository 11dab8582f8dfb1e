"""Container platforms as they are in public use: several services, crosswalk-like networks, clusters."""

from __future__ import annotations

import base64
import json
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent

REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def execution_role(name: str = "execution") -> aws.iam.Role:
    role = aws.iam.Role(f"{name}-role", assume_role_policy=bricks.trust("ecs-tasks.amazonaws.com"))
    aws.iam.RolePolicyAttachment(f"{name}-policy", role=role.name, policy_arn=EXECUTION)
    return role


def _task(name: str, port: int, role: aws.iam.Role, **more: Any) -> aws.ecs.TaskDefinition:
    logs = aws.cloudwatch.LogGroup(f"{name}-logs", name=f"/shop/{name}", retention_in_days=30)

    def definitions(group: str) -> str:
        one = {
            "name": name,
            "image": f"{REGISTRY}/{name}:2026-11-02",
            "essential": True,
            "portMappings": [{"containerPort": port, "protocol": "tcp"}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": group,
                    "awslogs-region": "eu-west-1",
                    "awslogs-stream-prefix": "ecs",
                },
            },
        }
        return json.dumps([one])

    arguments = {
        "family": name,
        "requires_compatibilities": ["FARGATE"],
        "network_mode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "runtime_platform": {"cpu_architecture": "ARM64", "operating_system_family": "LINUX"},
        "execution_role_arn": role.arn,
        "container_definitions": logs.name.apply(definitions),
        **more,
    }
    return aws.ecs.TaskDefinition(f"{name}-task", **arguments)


def _service(
    task: aws.ecs.TaskDefinition,
    cluster: aws.ecs.Cluster,
    site: bricks.Site,
    group: aws.ec2.SecurityGroup,
    *,
    name: str,
    behind: aws.lb.TargetGroup | None = None,
    port: int | None = None,
    **more: Any,
) -> aws.ecs.Service:
    arguments: dict[str, Any] = {
        "cluster": cluster.arn,
        "task_definition": task.arn,
        "desired_count": 2,
        "launch_type": "FARGATE",
        "network_configuration": {
            "subnets": site.private_ids(),
            "security_groups": [group.id],
            "assign_public_ip": False,
        },
        "deployment_circuit_breaker": {"enable": True, "rollback": True},
        **more,
    }
    if behind is not None:
        arguments["load_balancers"] = [
            {"target_group_arn": behind.arn, "container_name": name, "container_port": port}
        ]
        arguments.setdefault("health_check_grace_period_seconds", 60)
    return aws.ecs.Service(name, **arguments)


def _scaled(name: str, cluster: aws.ecs.Cluster, service: aws.ecs.Service) -> None:
    """Let a service follow its CPU, as the examples of the provider do."""
    target = aws.appautoscaling.Target(
        f"{name}-scaling",
        min_capacity=2,
        max_capacity=10,
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        resource_id=pulumi.Output.format("service/{0}/{1}", cluster.name, service.name),
    )
    aws.appautoscaling.Policy(
        f"{name}-cpu",
        policy_type="TargetTrackingScaling",
        resource_id=target.resource_id,
        scalable_dimension=target.scalable_dimension,
        service_namespace=target.service_namespace,
        target_tracking_scaling_policy_configuration={
            "predefined_metric_specification": {
                "predefined_metric_type": "ECSServiceAverageCPUUtilization"
            },
            "target_value": 60,
            "scale_in_cooldown": 300,
            "scale_out_cooldown": 60,
        },
    )


IP = {"target_type": "ip"}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@innocent()
def three_services_behind_one_balancer() -> None:
    """A page, an API by its path and a worker; the worker is asked by nobody."""
    site = bricks.network(bricks.ZONES)
    outside = bricks.balancer_group(site.vpc.id, 80, 443)
    front = bricks.balancer(site.public_ids(), outside)
    cluster = aws.ecs.Cluster(
        "cluster", settings=[{"name": "containerInsights", "value": "enabled"}]
    )
    role = execution_role()
    page = bricks.targets(site.vpc.id, "page-targets", port=3000, **IP)
    api = bricks.targets(site.vpc.id, "api-targets", port=8000, **IP)
    bricks.http(front, bricks.TO_HTTPS)
    listener = bricks.https(front, bricks.forward(page))
    rule = aws.lb.ListenerRule(
        "api-rule",
        listener_arn=listener.arn,
        priority=10,
        conditions=[{"path_pattern": {"values": ["/api", "/api/*"]}}],
        actions=[bricks.forward(api)],
    )
    waits = pulumi.ResourceOptions(depends_on=[listener, rule], ignore_changes=["desiredCount"])
    for name, port, behind in (("page", 3000, page), ("api", 8000, api)):
        group = bricks.app_group(site.vpc.id, outside, port, f"{name}-group")
        task = _task(name, port, role)
        service = _service(
            task, cluster, site, group, name=name, behind=behind, port=port, opts=waits
        )
        _scaled(name, cluster, service)
    jobs = aws.sqs.Queue("jobs", visibility_timeout_seconds=120)
    own = aws.iam.Role("worker-role", assume_role_policy=bricks.trust("ecs-tasks.amazonaws.com"))
    aws.iam.RolePolicy(
        "worker-reads",
        role=own.id,
        policy=jobs.arn.apply(
            lambda arn: bricks.document(
                {
                    "Effect": "Allow",
                    "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
                    "Resource": arn,
                }
            )
        ),
    )
    idle = aws.ec2.SecurityGroup("worker-group", vpc_id=site.vpc.id, egress=[bricks.ANY])
    task = _task("worker", 9000, role, task_role_arn=own.arn)
    _service(task, cluster, site, idle, name="worker", desired_count=1)


@innocent()
def services_that_find_each_other() -> None:
    """Service Connect: the page asks the API by a name of the cluster, past no balancer."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    space = aws.servicediscovery.HttpNamespace("shop")
    cluster = aws.ecs.Cluster("cluster", service_connect_defaults={"namespace": space.arn})
    role = execution_role()
    page = bricks.targets(site.vpc.id, "page-targets", port=3000, **IP)
    listener = bricks.http(front, bricks.forward(page))
    group = bricks.app_group(site.vpc.id, outside, 3000, "page-group")
    inside = bricks.app_group(site.vpc.id, group, 8000, "api-group")
    _service(
        _task("page", 3000, role),
        cluster,
        site,
        group,
        name="page",
        behind=page,
        port=3000,
        service_connect_configuration={"enabled": True, "namespace": space.arn},
        opts=pulumi.ResourceOptions(depends_on=[listener]),
    )
    api = json.dumps(
        [
            {
                "name": "api",
                "image": f"{REGISTRY}/api:7",
                "portMappings": [{"name": "api", "containerPort": 8000, "appProtocol": "http"}],
            }
        ]
    )
    _service(
        _task("api", 8000, role, container_definitions=api),
        cluster,
        site,
        inside,
        name="api",
        service_connect_configuration={
            "enabled": True,
            "namespace": space.arn,
            "services": [{"port_name": "api", "client_alias": [{"port": 8000, "dns_name": "api"}]}],
        },
    )


@innocent()
def registered_in_a_private_zone() -> None:
    """Cloud Map keeps a private zone with an A record per task; visitors come by the balancer."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    space = aws.servicediscovery.PrivateDnsNamespace("space", name="shop.local", vpc=site.vpc.id)
    registry = aws.servicediscovery.Service(
        "registry",
        dns_config={
            "namespace_id": space.id,
            "dns_records": [{"ttl": 10, "type": "A"}],
            "routing_policy": "MULTIVALUE",
        },
        health_check_custom_config={},
    )
    cluster = aws.ecs.Cluster("cluster")
    behind = bricks.targets(site.vpc.id, "page-targets", port=3000, **IP)
    listener = bricks.http(front, bricks.forward(behind))
    group = bricks.app_group(site.vpc.id, outside, 3000, "page-group")
    _service(
        _task("page", 3000, execution_role()),
        cluster,
        site,
        group,
        name="page",
        behind=behind,
        port=3000,
        service_registries={"registry_arn": registry.arn},
        opts=pulumi.ResourceOptions(depends_on=[listener]),
    )


@innocent()
def secrets_and_a_database_for_containers() -> None:
    """WordPress-like: the password is made by RDS, and a task gets it by its ARN."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    inside = bricks.app_group(site.vpc.id, outside, 80, "blog-group")
    database = bricks.database(site, inside)
    role = execution_role()
    secret = database.master_user_secrets.apply(lambda made: made[0].secret_arn)
    aws.iam.RolePolicy(
        "reads-the-password",
        role=role.id,
        policy=secret.apply(
            lambda arn: bricks.document(
                {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
            )
        ),
    )

    def definitions(given: list[Any]) -> str:
        return json.dumps(
            [
                {
                    "name": "blog",
                    "image": "wordpress:6.8.1",
                    "portMappings": [{"containerPort": 80}],
                    "environment": [{"name": "WORDPRESS_DB_HOST", "value": given[0]}],
                    "secrets": [
                        {"name": "WORDPRESS_DB_PASSWORD", "valueFrom": f"{given[1]}:password::"}
                    ],
                }
            ]
        )

    task = _task(
        "blog",
        80,
        role,
        container_definitions=pulumi.Output.all(database.address, secret).apply(definitions),
    )
    behind = bricks.targets(site.vpc.id, "blog-targets", port=80, **IP)
    listener = bricks.http(front, bricks.forward(behind))
    cluster = aws.ecs.Cluster("cluster")
    _service(
        task,
        cluster,
        site,
        inside,
        name="blog",
        behind=behind,
        port=80,
        opts=pulumi.ResourceOptions(depends_on=[listener]),
    )


@innocent()
def hosts_with_ports_of_the_host() -> None:
    """Three hosts at least and two tasks on fixed ports, one stopped before the next starts."""
    site = bricks.network(bricks.ZONES)
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    inside = bricks.app_group(site.vpc.id, outside, 8080)
    behind = bricks.targets(site.vpc.id)
    listener = bricks.http(front, bricks.forward(behind))
    cluster = aws.ecs.Cluster("cluster")
    who = bricks.profile(
        "host",
        "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
        bricks.SSM,
    )
    boot = cluster.name.apply(
        lambda name: _encoded(f"#!/bin/bash\necho ECS_CLUSTER={name} >> /etc/ecs/ecs.config\n")
    )
    template = bricks.template(inside, who, "hosts-template", user_data=boot)
    hosts = bricks.fleet(
        site.private_ids(),
        template,
        name="hosts",
        min_size=3,
        desired_capacity=None,
        protect_from_scale_in=True,
        tags=[{"key": "AmazonECSManaged", "value": "true", "propagate_at_launch": True}],
    )
    provider = aws.ecs.CapacityProvider(
        "provider",
        auto_scaling_group_provider={
            "auto_scaling_group_arn": hosts.arn,
            "managed_scaling": {"status": "ENABLED", "target_capacity": 100},
            "managed_termination_protection": "ENABLED",
        },
    )
    providers = aws.ecs.ClusterCapacityProviders(
        "providers", cluster_name=cluster.name, capacity_providers=[provider.name]
    )
    task = aws.ecs.TaskDefinition(
        "task",
        family="web",
        network_mode="bridge",
        container_definitions=bricks.containers(
            memory=512, portMappings=[{"containerPort": 8080, "hostPort": 8080}]
        ),
    )
    aws.ecs.Service(
        "service",
        cluster=cluster.arn,
        task_definition=task.arn,
        desired_count=2,
        deployment_circuit_breaker={"enable": True, "rollback": True},
        deployment_minimum_healthy_percent=50,
        deployment_maximum_percent=100,
        capacity_provider_strategies=[{"capacity_provider": provider.name, "weight": 1}],
        load_balancers=[
            {"target_group_arn": behind.arn, "container_name": "web", "container_port": 8080}
        ],
        health_check_grace_period_seconds=60,
        opts=pulumi.ResourceOptions(depends_on=[listener, providers]),
    )
