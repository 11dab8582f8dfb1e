"""Other ways out, other targets, other alarms, and several balancers."""

from __future__ import annotations

import base64

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.routing import NOT_FOUND, entrance, rule


@innocent()
def network_balancer_before_the_application_balancer() -> None:
    """For fixed addresses, or another protocol."""
    site = bricks.network()
    service = bricks.web(site)
    nlb = aws.lb.LoadBalancer(
        "nlb",
        load_balancer_type="network",
        subnets=site.public_ids(),
        security_groups=[
            aws.ec2.SecurityGroup(
                "nlb-sg",
                vpc_id=site.vpc.id,
                ingress=[
                    {
                        "protocol": "tcp",
                        "from_port": 80,
                        "to_port": 80,
                        "cidr_blocks": [bricks.WORLD],
                    }
                ],
                egress=[bricks.ANY],
            ).id
        ],
    )
    tg = aws.lb.TargetGroup(
        "to-alb",
        vpc_id=site.vpc.id,
        port=80,
        protocol="TCP",
        target_type="alb",
        health_check={"protocol": "HTTP", "path": "/health", "matcher": "200"},
    )
    aws.lb.TargetGroupAttachment(
        "alb",
        target_group_arn=tg.arn,
        target_id=service.front.arn,
        port=80,
        opts=pulumi.ResourceOptions(depends_on=[service.listener]),
    )
    aws.lb.Listener(
        "nlb-80",
        load_balancer_arn=nlb.arn,
        port=80,
        protocol="TCP",
        default_actions=[bricks.forward(tg)],
    )


@innocent()
def old_servers_behind_one_path() -> None:
    """By their addresses, in the company's own network."""
    site = bricks.network()
    service = bricks.web(site)
    tg = bricks.targets(site.vpc.id, "onprem", 8443, target_type="ip")
    for n, ip in enumerate(("10.1.0.10", "10.2.0.10")):
        aws.lb.TargetGroupAttachment(
            f"onprem-{n}", target_group_arn=tg.arn, target_id=ip, port=8443, availability_zone="all"
        )
    rule(service.listener, 5, bricks.forward(tg), "to-onprem", path_pattern=["/legacy/*"])


@innocent()
def instances_that_translate_addresses() -> None:
    """One per zone, which pass on what is not for themselves."""
    site = bricks.network(nat=False)
    bricks.web(site)
    guard = aws.ec2.SecurityGroup(
        "nat-guard",
        vpc_id=site.vpc.id,
        ingress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["10.0.0.0/16"]}],
        egress=[bricks.ANY],
    )
    who = bricks.profile("nat")
    for letter, pub, table in zip("ab", site.public, site.tables, strict=True):
        i = aws.ec2.Instance(
            f"nat-{letter}",
            ami=bricks.IMAGE,
            instance_type="t4g.nano",
            subnet_id=pub.id,
            source_dest_check=False,
            associate_public_ip_address=True,
            vpc_security_group_ids=[guard.id],
            iam_instance_profile=who.name,
            metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
            root_block_device={"encrypted": True},
        )
        aws.ec2.Route(
            f"out-{letter}",
            route_table_id=table.id,
            destination_cidr_block=bricks.WORLD,
            network_interface_id=i.primary_network_interface_id,
        )


@innocent()
def interfaces_attached_when_instances_start() -> None:
    """The route stays, and the instance behind it may change."""
    site = bricks.network(nat=False)
    bricks.web(site)
    for letter, pub, table in zip("ab", site.public, site.tables, strict=True):
        eni = aws.ec2.NetworkInterface(f"eni-{letter}", subnet_id=pub.id, source_dest_check=False)
        aws.ec2.LaunchTemplate(
            f"nat-{letter}",
            image_id=bricks.IMAGE,
            instance_type="t4g.nano",
            metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
            block_device_mappings=[bricks.ENCRYPTED_ROOT],
            iam_instance_profile={"name": bricks.profile(f"nat-{letter}").name},
            user_data=eni.id.apply(lambda x: base64.b64encode(f"eni_id={x}".encode()).decode()),
        )
        aws.ec2.Route(
            f"out-{letter}",
            route_table_id=table.id,
            destination_cidr_block=bricks.WORLD,
            network_interface_id=eni.id,
        )


@innocent()
def out_through_a_firewall_of_another_stack() -> None:
    site = bricks.network(nat=False)
    bricks.web(site)
    for letter, table in zip("ab", site.tables, strict=True):
        aws.ec2.Route(
            f"out-{letter}",
            route_table_id=table.id,
            destination_cidr_block=bricks.WORLD,
            vpc_endpoint_id=f"vpce-0{letter}23456789abcdef0",
        )


@innocent()
def two_balancers_two_services() -> None:
    site = bricks.network()
    for n, port in (("shop", 8080), ("admin", 9000)):
        outside = aws.ec2.SecurityGroup(
            f"{n}-balancer",
            vpc_id=site.vpc.id,
            ingress=[
                {
                    "protocol": "tcp",
                    "from_port": 80,
                    "to_port": 80,
                    "cidr_blocks": [bricks.WORLD if n == "shop" else "203.0.113.0/24"],
                }
            ],
            egress=[bricks.ANY],
        )
        inside = bricks.app_group(site.vpc.id, outside, port, f"{n}-app")
        front = bricks.balancer(site.public_ids(), outside, f"{n}-front")
        t = bricks.targets(site.vpc.id, f"{n}-targets", port)
        bricks.http(front, bricks.forward(t), name=f"{n}-http")
        g = bricks.fleet(
            site.private_ids(),
            bricks.template(inside, bricks.profile(n), f"{n}-template"),
            t,
            name=f"{n}-fleet",
        )
        bricks.tracking(g, f"{n}-cpu")
        topic = aws.sns.get_topic(name="on-call")
        al = bricks.errors(front, t, topic, f"{n}-errors")
        bricks.unhealthy(front, t, topic.arn, f"{n}-unhealthy")
        bricks.deployment(
            bricks.application(f"{n}-application"),
            bricks.deployer(f"{n}-deployer"),
            g,
            t,
            al,
            name=f"{n}-deployment",
        )


@innocent()
def alarms_of_every_service() -> None:
    """By the dimensions, units and periods of each."""
    site = bricks.network()
    service = bricks.web(site, enabled_metrics=["GroupInServiceInstances"])
    db = bricks.database(site, service.group)

    def alarm(n, ns, m, d, **k):
        aws.cloudwatch.MetricAlarm(
            n,
            namespace=ns,
            metric_name=m,
            dimensions=d,
            **{
                "statistic": "Average",
                "comparison_operator": "GreaterThanThreshold",
                "threshold": 80,
                "period": 60,
                "evaluation_periods": 3,
                "alarm_actions": [service.topic.arn],
                **k,
            },
        )

    alarm(
        "db-cpu",
        "AWS/RDS",
        "CPUUtilization",
        {"DBInstanceIdentifier": db.identifier},
        unit="Percent",
    )
    alarm(
        "db-space",
        "AWS/RDS",
        "FreeStorageSpace",
        {"DBInstanceIdentifier": db.identifier},
        comparison_operator="LessThanThreshold",
        threshold=10e9,
        unit="Bytes",
    )
    alarm("fleet-cpu", "AWS/EC2", "CPUUtilization", {"AutoScalingGroupName": service.fleet.name})
    alarm(
        "size",
        "AWS/AutoScaling",
        "GroupInServiceInstances",
        {"AutoScalingGroupName": service.fleet.name},
        comparison_operator="LessThanThreshold",
        threshold=2,
    )
    q = aws.sqs.Queue("q")
    alarm(
        "age",
        "AWS/SQS",
        "ApproximateAgeOfOldestMessage",
        {"QueueName": q.name},
        statistic="Maximum",
        threshold=600,
    )
    alarm(
        "p99",
        "AWS/ApplicationELB",
        "TargetResponseTime",
        {"LoadBalancer": service.front.arn_suffix, "TargetGroup": service.targets.arn_suffix},
        statistic=None,
        extended_statistic="p99",
        threshold=0.5,
        unit="Seconds",
    )
    alarm(
        "zone",
        "AWS/ApplicationELB",
        "UnHealthyHostCount",
        {
            "LoadBalancer": service.front.arn_suffix,
            "TargetGroup": service.targets.arn_suffix,
            "AvailabilityZone": "eu-west-1a",
        },
        statistic="Maximum",
        threshold=0,
    )
    alarm(
        "own",
        "Shop",
        "Orders",
        {"Shop": "web"},
        period=10,
        comparison_operator="LessThanThreshold",
        threshold=1,
    )
    alarm(
        "disk",
        "CWAgent",
        "disk_used_percent",
        {"AutoScalingGroupName": service.fleet.name, "path": "/"},
    )
    alarm(
        "nat",
        "AWS/NATGateway",
        "ErrorPortAllocation",
        {"NatGatewayId": "nat-0123456789abcdef0"},
        statistic="Sum",
        threshold=0,
    )
    aws.cloudwatch.MetricAlarm(
        "band",
        comparison_operator="GreaterThanUpperThreshold",
        evaluation_periods=2,
        threshold_metric_id="e1",
        metric_queries=[
            {
                "id": "e1",
                "expression": "ANOMALY_DETECTION_BAND(m1)",
                "label": "x",
                "return_data": True,
            },
            {
                "id": "m1",
                "return_data": True,
                "metric": {
                    "metric_name": "RequestCount",
                    "namespace": "AWS/ApplicationELB",
                    "period": 60,
                    "stat": "Sum",
                    "dimensions": {"LoadBalancer": service.front.arn_suffix},
                },
            },
        ],
        alarm_actions=[service.topic.arn],
    )


@innocent(may_ask="Whether visitors need other paths is not in the program.")
def only_paths_and_nothing_else() -> None:
    shared = entrance()
    a = shared.service("api", 8080)
    listener = bricks.http(shared.front, NOT_FOUND)
    rule(listener, 1, bricks.forward(a), "to-api", path_pattern=["/api/*", "/health"])


@innocent(
    may_ask="Whose default group it is was not followed.",
    advised={"vpc-default-sg-closed": "The database is meant to have it."},
)
def database_in_the_default_group() -> None:
    site = bricks.network()
    service = bricks.web(site)
    aws.ec2.DefaultSecurityGroup(
        "default",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 5432,
                "to_port": 5432,
                "security_groups": [service.group.id],
            }
        ],
        egress=[bricks.ANY],
    )
    sub = aws.rds.SubnetGroup("s", subnet_ids=site.private_ids())
    aws.rds.Instance(
        "db",
        engine="postgres",
        instance_class="db.t4g.medium",
        allocated_storage=50,
        username="shop",
        manage_master_user_password=True,
        db_subnet_group_name=sub.name,
        multi_az=True,
        storage_encrypted=True,
        backup_retention_period=14,
        deletion_protection=True,
        final_snapshot_identifier="db-last",
    )


@innocent()
def databases_of_other_makers() -> None:
    site = bricks.network()
    service = bricks.web(site)
    for n, e, p in (("ora", "oracle-se2", 1521), ("ms", "sqlserver-se", 1433)):
        g = bricks.app_group(site.vpc.id, service.group, p, f"{n}-guard")
        aws.rds.Instance(
            n,
            engine=e,
            engine_version="19.0.0.0.ru-2025-01.rur-2025-01.r1"
            if n == "ora"
            else "16.00.4165.4.v1",
            license_model="license-included",
            instance_class="db.m6i.large",
            allocated_storage=200,
            storage_type="gp3",
            username="admin1",
            manage_master_user_password=True,
            db_subnet_group_name=aws.rds.SubnetGroup(f"{n}-s", subnet_ids=site.private_ids()).name,
            vpc_security_group_ids=[g.id],
            multi_az=True,
            storage_encrypted=True,
            backup_retention_period=14,
            deletion_protection=True,
            final_snapshot_identifier=f"{n}-last",
            backup_window="01:00-02:00",
            maintenance_window="sat:03:00-sat:04:00",
            enabled_cloudwatch_logs_exports=["alert", "listener"]
            if n == "ora"
            else ["error", "agent"],
        )
