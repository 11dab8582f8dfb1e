"""Services of containers in components, and on what another stack owns."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.components import LISTS, Vpc, execution, sg
from tests.policies.programs.innocents.components import _opts as parent_of


class FargateService(pulumi.ComponentResource):
    def __init__(
        self,
        name,
        *,
        vpc,
        cluster,
        image,
        port,
        listener,
        priority,
        host,
        alb_sg,
        execution,
        desired=2,
        env=None,
    ):
        super().__init__("acme:app:FargateService", name)
        o = parent_of(self)
        logs = aws.cloudwatch.LogGroup(f"{name}-logs", retention_in_days=30, opts=o)
        self.group = aws.ec2.SecurityGroup(f"{name}-sg", vpc_id=vpc.vpc_id, opts=o)
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-in",
            security_group_id=self.group.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=alb_sg.id,
            opts=o,
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-out",
            security_group_id=self.group.id,
            ip_protocol="-1",
            cidr_ipv4="0.0.0.0/0",
            opts=o,
        )
        tg = aws.lb.TargetGroup(
            f"{name}-tg",
            vpc_id=vpc.vpc_id,
            port=port,
            protocol="HTTP",
            target_type="ip",
            deregistration_delay=30,
            health_check={
                "path": "/healthz",
                "matcher": "200",
                "interval": 15,
                "timeout": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 2,
            },
            opts=o,
        )
        rule = aws.lb.ListenerRule(
            f"{name}-rule",
            listener_arn=listener.arn,
            priority=priority,
            conditions=[{"host_header": {"values": [host]}}],
            actions=[{"type": "forward", "target_group_arn": tg.arn}],
            opts=o,
        )
        role = aws.iam.Role(
            f"{name}-task", assume_role_policy=bricks.trust("ecs-tasks.amazonaws.com"), opts=o
        )
        task = aws.ecs.TaskDefinition(
            f"{name}-td",
            family=name,
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu="512",
            memory="1024",
            execution_role_arn=execution.arn,
            task_role_arn=role.arn,
            container_definitions=pulumi.Output.json_dumps(
                [
                    {
                        "name": name,
                        "image": image,
                        "essential": True,
                        "portMappings": [{"containerPort": port, "protocol": "tcp"}],
                        "environment": [{"name": k, "value": v} for k, v in (env or {}).items()],
                        "logConfiguration": {
                            "logDriver": "awslogs",
                            "options": {
                                "awslogs-group": logs.name,
                                "awslogs-region": "eu-west-1",
                                "awslogs-stream-prefix": name,
                            },
                        },
                    }
                ]
            ),
            opts=o,
        )
        self.service = aws.ecs.Service(
            f"{name}-svc",
            name=name,
            cluster=cluster.arn,
            task_definition=task.arn,
            desired_count=desired,
            launch_type="FARGATE",
            availability_zone_rebalancing="ENABLED",
            network_configuration={
                "subnets": vpc.private_subnet_ids,
                "security_groups": [self.group.id],
                "assign_public_ip": False,
            },
            load_balancers=[
                {"target_group_arn": tg.arn, "container_name": name, "container_port": port}
            ],
            deployment_circuit_breaker={"enable": True, "rollback": True},
            health_check_grace_period_seconds=60,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[rule], ignore_changes=["desiredCount"]
            ),
        )
        t = aws.appautoscaling.Target(
            f"{name}-scale",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", cluster.name, "/", self.service.name),
            min_capacity=desired,
            max_capacity=10,
            opts=o,
        )
        aws.appautoscaling.Policy(
            f"{name}-cpu",
            service_namespace=t.service_namespace,
            scalable_dimension=t.scalable_dimension,
            resource_id=t.resource_id,
            policy_type="TargetTrackingScaling",
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": {
                    "predefined_metric_type": "ECSServiceAverageCPUUtilization"
                },
                "target_value": 60,
            },
            opts=o,
        )


@innocent(may_ask=LISTS)
def three_fargate_services_as_components() -> None:
    vpc = Vpc("main")
    door = sg("alb", vpc.vpc_id, (80, "0.0.0.0/0"), (443, "0.0.0.0/0"))
    alb = aws.lb.LoadBalancer(
        "alb-front",
        load_balancer_type="application",
        subnets=vpc.public_subnet_ids,
        security_groups=[door.id],
        drop_invalid_header_fields=True,
    )
    cert = pulumi.Config("programs").get("certificate") or bricks.CERTIFICATE
    https = aws.lb.Listener(
        "https",
        load_balancer_arn=alb.arn,
        port=443,
        protocol="HTTPS",
        ssl_policy=bricks.TLS,
        certificate_arn=cert,
        default_actions=[
            {
                "type": "redirect",
                "redirect": {
                    "host": "www.example.com",
                    "port": "443",
                    "protocol": "HTTPS",
                    "status_code": "HTTP_302",
                },
            }
        ],
    )
    aws.lb.Listener(
        "http",
        load_balancer_arn=alb.arn,
        port=80,
        protocol="HTTP",
        default_actions=[bricks.TO_HTTPS],
    )
    cluster = aws.ecs.Cluster(
        "apps", name="apps", settings=[{"name": "containerInsights", "value": "enhanced"}]
    )
    ex = execution()
    for i, n in enumerate(("www", "api", "admin")):
        FargateService(
            n,
            vpc=vpc,
            cluster=cluster,
            image=f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{n}:2.{i}.0",
            port=8000 + i,
            listener=https,
            priority=10 * (i + 1),
            host=f"{n}.example.com",
            alb_sg=door,
            execution=ex,
        )


@innocent()
def everything_from_the_platform_stack() -> None:
    """Network, balancer, listener, cluster and roles of another stack."""
    net = pulumi.StackReference("acme/platform/prod")
    vpc_id = net.require_output("vpcId")
    subnets = net.require_output("privateSubnetIds")
    g = aws.ec2.SecurityGroup("app", vpc_id=vpc_id)
    aws.vpc.SecurityGroupIngressRule(
        "in",
        security_group_id=g.id,
        ip_protocol="tcp",
        from_port=8080,
        to_port=8080,
        referenced_security_group_id=net.get_output("albSecurityGroupId"),
    )
    aws.vpc.SecurityGroupEgressRule(
        "out", security_group_id=g.id, ip_protocol="-1", cidr_ipv4="0.0.0.0/0"
    )
    tg = bricks.targets(vpc_id, "app-targets", target_type="ip")
    rule = aws.lb.ListenerRule(
        "rule",
        listener_arn=net.get_output("httpsListenerArn"),
        priority=20,
        conditions=[{"path_pattern": {"values": ["/orders", "/orders/*"]}}],
        actions=[bricks.forward(tg)],
    )
    ex = execution()
    td = aws.ecs.TaskDefinition(
        "td",
        family="orders",
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu="256",
        memory="512",
        execution_role_arn=ex.arn,
        container_definitions=bricks.containers(
            name="orders", image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:9"
        ),
    )
    aws.ecs.Service(
        "orders",
        cluster=net.get_output("clusterArn"),
        task_definition=td.arn,
        desired_count=3,
        launch_type="FARGATE",
        network_configuration={"subnets": subnets, "security_groups": [g.id]},
        load_balancers=[
            {"target_group_arn": tg.arn, "container_name": "orders", "container_port": 8080}
        ],
        deployment_circuit_breaker={"enable": True, "rollback": True},
        health_check_grace_period_seconds=60,
        opts=pulumi.ResourceOptions(depends_on=[rule]),
    )
