"""The parts that most of the programs share, as somebody would keep them in a module of helpers.

Every helper takes further arguments of its main resource, so that a program can do one thing its own way.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
WORLD = "0.0.0.0/0"
ANY = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [WORLD]}
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/" + "2" * 36
IMAGE = "ami-0aa11bb22cc33dd44"
TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"


@dataclass
class Site:
    """A VPC with public and private subnets."""

    vpc: aws.ec2.Vpc
    zones: tuple[str, ...]
    public: list[aws.ec2.Subnet] = field(default_factory=list[aws.ec2.Subnet])
    private: list[aws.ec2.Subnet] = field(default_factory=list[aws.ec2.Subnet])
    tables: list[aws.ec2.RouteTable] = field(default_factory=list[aws.ec2.RouteTable])

    def public_ids(self) -> list[pulumi.Output[str]]:
        return [one.id for one in self.public]

    def private_ids(self) -> list[pulumi.Output[str]]:
        return [one.id for one in self.private]


def network(zones: tuple[str, ...] = ZONES[:2], *, nat: bool = True) -> Site:
    """Create a VPC with a public and a private subnet, and a NAT gateway, per zone."""
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", enable_dns_hostnames=True)
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    outside = aws.ec2.RouteTable("public-routes", vpc_id=vpc.id)
    aws.ec2.Route(
        "public-out",
        route_table_id=outside.id,
        destination_cidr_block=WORLD,
        gateway_id=gateway.id,
    )
    site = Site(vpc, zones)
    for index, zone in enumerate(zones):
        letter = zone[-1]
        public = aws.ec2.Subnet(
            f"public-{letter}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{index}.0/24",
            availability_zone=zone,
        )
        aws.ec2.RouteTableAssociation(
            f"public-way-{letter}", route_table_id=outside.id, subnet_id=public.id
        )
        private = aws.ec2.Subnet(
            f"private-{letter}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{index + 10}.0/24",
            availability_zone=zone,
        )
        table = aws.ec2.RouteTable(f"routes-{letter}", vpc_id=vpc.id)
        aws.ec2.RouteTableAssociation(
            f"private-way-{letter}", route_table_id=table.id, subnet_id=private.id
        )
        if nat:
            address = aws.ec2.Eip(f"address-{letter}", domain="vpc")
            way_out = aws.ec2.NatGateway(
                f"nat-{letter}", allocation_id=address.id, subnet_id=public.id
            )
            aws.ec2.Route(
                f"private-out-{letter}",
                route_table_id=table.id,
                destination_cidr_block=WORLD,
                nat_gateway_id=way_out.id,
            )
        site.public.append(public)
        site.private.append(private)
        site.tables.append(table)
    return site


def balancer_group(vpc_id: pulumi.Input[str], *ports: int, **more: Any) -> aws.ec2.SecurityGroup:
    """Create the security group of a public load balancer."""
    return aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=vpc_id,
        ingress=[
            {"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": [WORLD]}
            for port in ports or (80,)
        ],
        egress=[ANY],
        **more,
    )


def opening(port: int, **source: object) -> list[dict[str, object]]:
    """Return an inline rule for one port, as it is on the wire."""
    return [{"protocol": "tcp", "fromPort": port, "toPort": port, **source}]


def app_group(
    vpc_id: pulumi.Input[str], source: aws.ec2.SecurityGroup, port: int = 8080, name: str = "app"
) -> aws.ec2.SecurityGroup:
    """Create the security group of instances that only the load balancer may reach."""
    return aws.ec2.SecurityGroup(
        name,
        vpc_id=vpc_id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": port,
                "to_port": port,
                "security_groups": [source.id],
            }
        ],
        egress=[ANY],
    )


def balancer(
    subnets: list[pulumi.Output[str]],
    group: aws.ec2.SecurityGroup,
    name: str = "front",
    **more: Any,
) -> aws.lb.LoadBalancer:
    arguments = {
        "load_balancer_type": "application",
        "subnets": subnets,
        "security_groups": [group.id],
        "drop_invalid_header_fields": True,
        "enable_zonal_shift": True,
        **more,
    }
    return aws.lb.LoadBalancer(name, **arguments)


HEALTH = {
    "protocol": "HTTP",
    "path": "/health",
    "matcher": "200",
    "interval": 10,
    "timeout": 5,
    "healthy_threshold": 2,
    "unhealthy_threshold": 3,
}


def targets(
    vpc_id: pulumi.Input[str], name: str = "web", /, port: int = 8080, **more: Any
) -> aws.lb.TargetGroup:
    arguments = {
        "vpc_id": vpc_id,
        "port": port,
        "protocol": "HTTP",
        "target_type": "instance",
        "deregistration_delay": 30,
        "health_check": HEALTH,
        **more,
    }
    return aws.lb.TargetGroup(name, **arguments)


def forward(group: aws.lb.TargetGroup) -> dict[str, Any]:
    return {"type": "forward", "target_group_arn": group.arn}


TO_HTTPS = {
    "type": "redirect",
    "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"},
}


def http(
    front: aws.lb.LoadBalancer, *actions: dict[str, Any], name: str = "http", port: int = 80
) -> aws.lb.Listener:
    return aws.lb.Listener(
        name,
        load_balancer_arn=front.arn,
        port=port,
        protocol="HTTP",
        default_actions=list(actions),
    )


def https(
    front: aws.lb.LoadBalancer, *actions: dict[str, Any], name: str = "https", port: int = 443
) -> aws.lb.Listener:
    return aws.lb.Listener(
        name,
        load_balancer_arn=front.arn,
        port=port,
        protocol="HTTPS",
        ssl_policy=TLS,
        certificate_arn=CERTIFICATE,
        default_actions=list(actions),
    )


def trust(service: str) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    )


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


SSM = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
CODEDEPLOY = "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRole"
AGENT = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
BACKUP = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"


def function_role() -> aws.iam.Role:
    return aws.iam.Role("function-role", assume_role_policy=trust("lambda.amazonaws.com"))


def function(role: aws.iam.Role | None = None, **more: Any) -> aws.lambda_.Function:
    """Create a function that somebody has uploaded, with a role that may nothing unless one is given."""
    role = role or function_role()
    return aws.lambda_.Function(
        "function",
        role=role.arn,
        runtime="python3.13",
        handler="main.handler",
        s3_bucket="code-of-functions",
        s3_key="main.zip",
        **more,
    )


def sending(queue: aws.sqs.Queue, service: str, source_arn: pulumi.Output[str]) -> None:
    """Let a topic or a rule, by its service, send to a queue."""

    def allowed(arns: list[str]) -> str:
        return document(
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sqs:SendMessage",
                "Resource": arns[0],
                "Condition": {"ArnEquals": {"aws:SourceArn": arns[1]}},
            }
        )

    aws.sqs.QueuePolicy(
        "jobs-policy",
        queue_url=queue.id,
        policy=pulumi.Output.all(queue.arn, source_arn).apply(allowed),
    )


def profile(name: str = "app", *arns: str) -> aws.iam.InstanceProfile:
    """Create an instance role with managed policies, by default Session Manager and reading S3."""
    role = aws.iam.Role(f"{name}-role", assume_role_policy=trust("ec2.amazonaws.com"))
    for index, arn in enumerate(arns or (SSM, AGENT)):
        aws.iam.RolePolicyAttachment(f"{name}-policy-{index}", role=role.name, policy_arn=arn)
    return aws.iam.InstanceProfile(f"{name}-profile", role=role.name)


def daily_backup(days: int) -> tuple[aws.backup.Plan, aws.iam.Role]:
    """Create a vault and a plan that copies every day and keeps copies for `days`, and its role."""
    vault = aws.backup.Vault("vault")
    plan = aws.backup.Plan(
        "plan",
        rules=[
            {
                "rule_name": "daily",
                "target_vault_name": vault.name,
                "schedule": "cron(0 3 * * ? *)",
                "lifecycle": {"delete_after": days},
            }
        ],
    )
    role = aws.iam.Role("backup-role", assume_role_policy=trust("backup.amazonaws.com"))
    aws.iam.RolePolicyAttachment("backup-policy", role=role.name, policy_arn=BACKUP)
    return plan, role


def containers(**more: Any) -> str:
    """Return the container definitions of a web service: its one container."""
    one = {"name": "web", "image": "web:1", "portMappings": [{"containerPort": 8080}], **more}
    return json.dumps([one])


def task(port: int = 8080) -> aws.ecs.TaskDefinition:
    """Create the task definition of a web service on Fargate."""
    return aws.ecs.TaskDefinition(
        "task",
        family="web",
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu="512",
        memory="1024",
        container_definitions=containers(portMappings=[{"containerPort": port}]),
    )


BOOT = "#!/bin/sh\ndnf -y install ruby wget\n./install-codedeploy-agent auto\n"

ENCRYPTED_ROOT = {
    "device_name": "/dev/xvda",
    "ebs": {"encrypted": "true", "volume_type": "gp3", "volume_size": 20},
}


def template(
    group: aws.ec2.SecurityGroup | None,
    who: aws.iam.InstanceProfile,
    name: str = "template",
    boot: str = BOOT,
    **more: Any,
) -> aws.ec2.LaunchTemplate:
    arguments = {
        "image_id": IMAGE,
        "instance_type": "m7g.large",
        "iam_instance_profile": {"name": who.name},
        "user_data": base64.b64encode(boot.encode()).decode(),
        "metadata_options": {
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
        },
        "block_device_mappings": [ENCRYPTED_ROOT],
        "monitoring": {"enabled": True},
        "update_default_version": True,
        **({"vpc_security_group_ids": [group.id]} if group is not None else {}),
        **more,
    }
    return aws.ec2.LaunchTemplate(name, **arguments)


def version(made_from: aws.ec2.LaunchTemplate) -> pulumi.Output[str]:
    return made_from.latest_version.apply(lambda number: str(int(number)))


def fleet(
    subnets: Any,
    made_from: aws.ec2.LaunchTemplate | None,
    *behind: aws.lb.TargetGroup,
    name: str = "fleet",
    **more: Any,
) -> aws.autoscaling.Group:
    """Create a group of two to six instances that the load balancer's health check replaces."""
    arguments = {
        "vpc_zone_identifiers": subnets,
        "min_size": 2,
        "max_size": 6,
        "desired_capacity": 2,
        "health_check_type": "ELB" if behind else "EC2",
        "health_check_grace_period": 300,
        "default_instance_warmup": 60,
        "instance_maintenance_policy": {
            "min_healthy_percentage": 100,
            "max_healthy_percentage": 200,
        },
        "opts": pulumi.ResourceOptions(ignore_changes=["desiredCapacity"]),
        **more,
    }
    if behind and "target_group_arns" not in arguments:
        arguments["target_group_arns"] = [one.arn for one in behind]
    if made_from is not None and "mixed_instances_policy" not in arguments:
        arguments.setdefault("launch_template", {"id": made_from.id, "version": version(made_from)})
    arguments = {key: value for key, value in arguments.items() if value is not None}
    return aws.autoscaling.Group(name, **arguments)


def tracking(
    group: aws.autoscaling.Group, name: str = "cpu", target: float = 50
) -> aws.autoscaling.Policy:
    return aws.autoscaling.Policy(
        name,
        autoscaling_group_name=group.name,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "predefined_metric_specification": {
                "predefined_metric_type": "ASGAverageCPUUtilization"
            },
            "target_value": target,
        },
    )


def mail() -> aws.sns.Topic:
    topic = aws.sns.Topic("operations")
    aws.sns.TopicSubscription(
        "operations-mail", topic=topic.arn, protocol="email", endpoint="operations@example.com"
    )
    return topic


def errors(
    front: aws.lb.LoadBalancer,
    group: aws.lb.TargetGroup,
    topic: aws.sns.Topic,
    name: str = "errors",
    /,
    **more: Any,
) -> aws.cloudwatch.MetricAlarm:
    """Create an alarm on the responses with 5xx that visitors get from the application."""
    arguments = {
        "namespace": "AWS/ApplicationELB",
        "metric_name": "HTTPCode_Target_5XX_Count",
        "dimensions": {"LoadBalancer": front.arn_suffix, "TargetGroup": group.arn_suffix},
        "statistic": "Sum",
        "comparison_operator": "GreaterThanThreshold",
        "threshold": 10,
        "period": 60,
        "evaluation_periods": 2,
        "treat_missing_data": "notBreaching",
        "alarm_actions": [topic.arn],
        **more,
    }
    return aws.cloudwatch.MetricAlarm(name, **arguments)


def unhealthy(
    front: aws.lb.LoadBalancer,
    group: aws.lb.TargetGroup,
    topic: aws.sns.Topic | str,
    name: str = "unhealthy",
) -> aws.cloudwatch.MetricAlarm:
    """Create an alarm on the silent loss of redundancy."""
    return aws.cloudwatch.MetricAlarm(
        name,
        namespace="AWS/ApplicationELB",
        metric_name="UnHealthyHostCount",
        dimensions={"LoadBalancer": front.arn_suffix, "TargetGroup": group.arn_suffix},
        statistic="Maximum",
        comparison_operator="GreaterThanThreshold",
        threshold=0,
        period=60,
        evaluation_periods=5,
        treat_missing_data="notBreaching",
        alarm_actions=[topic if isinstance(topic, str) else topic.arn],
    )


def deployer(
    name: str = "codedeploy", policy: pulumi.Input[str] = CODEDEPLOY, **more: Any
) -> aws.iam.Role:
    role = aws.iam.Role(
        f"{name}-role", assume_role_policy=trust("codedeploy.amazonaws.com"), **more
    )
    aws.iam.RolePolicyAttachment(f"{name}-policy", role=role.name, policy_arn=policy)
    return role


def application(name: str = "application") -> aws.codedeploy.Application:
    return aws.codedeploy.Application(name, compute_platform="Server")


def by_zones(name: str) -> aws.codedeploy.DeploymentConfig:
    """Create a configuration that keeps half of the fleet, and lets alarms see the first zone."""
    return aws.codedeploy.DeploymentConfig(
        name,
        compute_platform="Server",
        minimum_healthy_hosts={"type": "FLEET_PERCENT", "value": 50},
        zonal_config={"first_zone_monitor_duration_in_seconds": 240},
    )


def deployment(
    app: aws.codedeploy.Application,
    role: aws.iam.Role,
    group: aws.autoscaling.Group,
    behind: aws.lb.TargetGroup,
    *alarms: aws.cloudwatch.MetricAlarm,
    name: str = "deployment",
    **more: Any,
) -> aws.codedeploy.DeploymentGroup:
    """Create a deployment group that deploys in place, zone by zone, watching the first one."""
    if "deployment_config_name" not in more:
        more["deployment_config_name"] = by_zones(f"{name}-pace").deployment_config_name
    arguments = {
        "app_name": app.name,
        "deployment_group_name": name,
        "service_role_arn": role.arn,
        "autoscaling_groups": [group.name],
        "deployment_style": {
            "deployment_type": "IN_PLACE",
            "deployment_option": "WITH_TRAFFIC_CONTROL",
        },
        "load_balancer_info": {"target_group_infos": [{"name": behind.name}]},
        "alarm_configuration": {"enabled": True, "alarms": [one.name for one in alarms]},
        "auto_rollback_configuration": {
            "enabled": True,
            "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
        },
        **more,
    }
    return aws.codedeploy.DeploymentGroup(name, **arguments)


@dataclass
class Service:
    """What a web service consists of."""

    front: aws.lb.LoadBalancer
    targets: aws.lb.TargetGroup
    fleet: aws.autoscaling.Group
    template: aws.ec2.LaunchTemplate
    group: aws.ec2.SecurityGroup
    topic: aws.sns.Topic
    errors: aws.cloudwatch.MetricAlarm
    listener: aws.lb.Listener


def delivery(
    front: aws.lb.LoadBalancer,
    behind: aws.lb.TargetGroup,
    group: aws.autoscaling.Group,
    **more: Any,
) -> tuple[aws.sns.Topic, aws.cloudwatch.MetricAlarm]:
    """Create scaling policy, alarms and deployment group of a fleet."""
    tracking(group)
    topic = mail()
    alarm = errors(front, behind, topic)
    unhealthy(front, behind, topic)
    deployment(application(), deployer(), group, behind, alarm, **more)
    return topic, alarm


def web(site: Site, front_more: dict[str, Any] | None = None, **more: Any) -> Service:
    """Create a whole web service: balancer, fleet and deployments; `more` goes to the fleet."""
    outside = balancer_group(site.vpc.id)
    inside = app_group(site.vpc.id, outside)
    front = balancer(site.public_ids(), outside, **(front_more or {}))
    behind = targets(site.vpc.id)
    listener = http(front, forward(behind))
    made_from = template(inside, profile())
    group = fleet(site.private_ids(), made_from, behind, **more)
    topic, alarm = delivery(front, behind, group)
    return Service(front, behind, group, made_from, inside, topic, alarm, listener)


def database(
    site: Site, source: aws.ec2.SecurityGroup, name: str = "database", **more: Any
) -> aws.rds.Instance:
    """Create a PostgreSQL database with a standby that only the application reaches."""
    guard = aws.ec2.SecurityGroup(
        f"{name}-guard",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 5432,
                "to_port": 5432,
                "security_groups": [source.id],
            }
        ],
    )
    subnets = aws.rds.SubnetGroup(f"{name}-subnets", subnet_ids=site.private_ids())
    arguments = {
        "engine": "postgres",
        "engine_version": "17",
        "instance_class": "db.t4g.medium",
        "allocated_storage": 50,
        "max_allocated_storage": 500,
        "db_name": "shop",
        "username": "shop",
        "manage_master_user_password": True,
        "db_subnet_group_name": subnets.name,
        "vpc_security_group_ids": [guard.id],
        "multi_az": True,
        "storage_encrypted": True,
        "backup_retention_period": 14,
        "copy_tags_to_snapshot": True,
        "deletion_protection": True,
        "skip_final_snapshot": False,
        "final_snapshot_identifier": f"{name}-last",
        **more,
    }
    return aws.rds.Instance(name, **arguments)


def closed_bucket(name: str, *, versioned: bool = False) -> aws.s3.Bucket:
    """Create a bucket that is private, encrypted and takes requests by TLS only."""
    bucket = aws.s3.Bucket(name)
    aws.s3.BucketPublicAccessBlock(
        f"{name}-block",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
    )
    aws.s3.BucketPolicy(
        f"{name}-tls",
        bucket=bucket.id,
        policy=bucket.arn.apply(
            lambda arn: document(
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arn, f"{arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            )
        ),
    )
    if versioned:
        aws.s3.BucketVersioning(
            f"{name}-versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"}
        )
    return bucket
