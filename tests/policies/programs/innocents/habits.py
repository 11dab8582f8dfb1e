"""Habits of other people: argument objects, prefixes, loops, other stacks, older and newer resources."""

from __future__ import annotations

import base64
import json

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.networks import ZONES_OF_OTHERS

GOLDEN = "What the image contains is not in this stack."


def _entrance(site: bricks.Site) -> tuple[aws.lb.LoadBalancer, aws.ec2.SecurityGroup]:
    outside = bricks.balancer_group(site.vpc.id)
    return bricks.balancer(site.public_ids(), outside), bricks.app_group(site.vpc.id, outside)


@innocent()
def everything_by_argument_objects() -> None:
    """No dictionary anywhere: the typed classes of the SDK."""
    site = bricks.network()
    front, inside = _entrance(site)
    behind = aws.lb.TargetGroup(
        "web",
        aws.lb.TargetGroupArgs(
            vpc_id=site.vpc.id,
            port=8080,
            protocol="HTTP",
            deregistration_delay=30,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                path="/health", interval=10, timeout=5, healthy_threshold=2, unhealthy_threshold=3
            ),
        ),
    )
    aws.lb.Listener(
        "http",
        aws.lb.ListenerArgs(
            load_balancer_arn=front.arn,
            port=80,
            protocol="HTTP",
            default_actions=[
                aws.lb.ListenerDefaultActionArgs(
                    type="forward",
                    forward=aws.lb.ListenerDefaultActionForwardArgs(
                        target_groups=[
                            aws.lb.ListenerDefaultActionForwardTargetGroupArgs(
                                arn=behind.arn, weight=1
                            )
                        ]
                    ),
                )
            ],
        ),
    )
    made_from = bricks.template(inside, bricks.profile())
    group = aws.autoscaling.Group(
        "fleet",
        aws.autoscaling.GroupArgs(
            vpc_zone_identifiers=site.private_ids(),
            min_size=2,
            max_size=6,
            desired_capacity=2,
            health_check_type="ELB",
            health_check_grace_period=300,
            default_instance_warmup=60,
            target_group_arns=[behind.arn],
            launch_template=aws.autoscaling.GroupLaunchTemplateArgs(
                id=made_from.id, version=bricks.version(made_from)
            ),
            instance_maintenance_policy=aws.autoscaling.GroupInstanceMaintenancePolicyArgs(
                min_healthy_percentage=100, max_healthy_percentage=200
            ),
            tags=[
                aws.autoscaling.GroupTagArgs(key="Name", value="web", propagate_at_launch=True),
            ],
        ),
        pulumi.ResourceOptions(ignore_changes=["desiredCapacity"]),
    )
    bricks.delivery(front, behind, group)


@innocent()
def names_by_prefixes() -> None:
    """Every name has a prefix, so that a replacement can stand beside what it replaces."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, name_prefix="balancer-")
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside, name_prefix="shop-")
    behind = bricks.targets(site.vpc.id, name_prefix="shop-")
    bricks.http(front, bricks.forward(behind))
    made_from = bricks.template(inside, bricks.profile(), name_prefix="shop-")
    group = bricks.fleet(site.private_ids(), made_from, behind, name_prefix="shop-")
    bricks.delivery(front, behind, group)


@innocent()
def rules_of_the_older_kind() -> None:
    """`aws.ec2.SecurityGroupRule`, one per direction, as most programs of 2020 have them."""
    site = bricks.network()
    outside = aws.ec2.SecurityGroup("balancer", vpc_id=site.vpc.id)
    inside = aws.ec2.SecurityGroup("app", vpc_id=site.vpc.id)
    shared = {"protocol": "tcp"}
    aws.ec2.SecurityGroupRule(
        "visitors",
        type="ingress",
        security_group_id=outside.id,
        from_port=80,
        to_port=80,
        cidr_blocks=[bricks.WORLD],
        **shared,
    )
    aws.ec2.SecurityGroupRule(
        "to-app",
        type="egress",
        security_group_id=outside.id,
        from_port=8080,
        to_port=8080,
        source_security_group_id=inside.id,
        **shared,
    )
    aws.ec2.SecurityGroupRule(
        "from-balancer",
        type="ingress",
        security_group_id=inside.id,
        from_port=8080,
        to_port=8080,
        source_security_group_id=outside.id,
        **shared,
    )
    aws.ec2.SecurityGroupRule(
        "app-out",
        type="egress",
        security_group_id=inside.id,
        from_port=0,
        to_port=0,
        protocol="-1",
        cidr_blocks=[bricks.WORLD],
    )
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def balancer_by_mappings_of_subnets() -> None:
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = aws.lb.LoadBalancer(
        "front",
        security_groups=[outside.id],
        subnet_mappings=[{"subnet_id": one} for one in site.public_ids()],
        drop_invalid_header_fields=True,
    )
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def containers_beside_the_fleet() -> None:
    """One load balancer: the site by instances, the API by containers, moved step by step."""
    site = bricks.network()
    service = bricks.web(site)
    api = bricks.targets(site.vpc.id, "api", port=9000, target_type="ip")
    aws.lb.ListenerRule(
        "to-api",
        listener_arn=service.listener.arn,
        priority=10,
        conditions=[{"path_pattern": {"values": ["/api", "/api/*"]}}],
        actions=[bricks.forward(api)],
    )
    guard = aws.ec2.SecurityGroup(
        "api-containers",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 9000,
                "to_port": 9000,
                "security_groups": service.front.security_groups,
            }
        ],
        egress=[bricks.ANY],
    )
    aws.ecs.Service(
        "api-service",
        cluster=aws.ecs.Cluster("cluster").arn,
        task_definition=bricks.task(9000).arn,
        desired_count=3,
        launch_type="FARGATE",
        network_configuration={"subnets": site.private_ids(), "security_groups": [guard.id]},
        load_balancers=[
            {"target_group_arn": api.arn, "container_name": "web", "container_port": 9000}
        ],
        deployment_circuit_breaker={"enable": True, "rollback": True},
        health_check_grace_period_seconds=60,
    )


@innocent(undecided=ZONES_OF_OTHERS)
def fleet_on_the_network_of_another_stack() -> None:
    network = pulumi.StackReference("acme/network/production")
    vpc_id = network.require_output("vpcId")
    outside = bricks.balancer_group(vpc_id)
    inside = bricks.app_group(vpc_id, outside)
    front = bricks.balancer(network.require_output("publicSubnetIds"), outside)  # type: ignore[arg-type]
    behind = bricks.targets(vpc_id)
    bricks.http(front, bricks.forward(behind))
    made_from = bricks.template(inside, bricks.profile())
    group = bricks.fleet(network.require_output("privateSubnetIds"), made_from, behind)
    bricks.delivery(front, behind, group)


@innocent(undecided=GOLDEN)
def golden_image_with_the_agent() -> None:
    """Packer puts the agent into the image; nothing is left to do at the start."""
    site = bricks.network()
    front, inside = _entrance(site)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    image = aws.ec2.get_ami(most_recent=True, owners=["self"], name_regex="^shop-.*")
    made_from = bricks.template(
        inside, bricks.profile(), image_id=image.id, user_data=None, instance_type="m7g.large"
    )
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


@innocent()
def canary_fleet_behind_the_same_listener() -> None:
    site = bricks.network()
    front, inside = _entrance(site)
    stable, canary = (bricks.targets(site.vpc.id, name) for name in ("stable", "canary"))
    bricks.http(
        front,
        {
            "type": "forward",
            "forward": {
                "target_groups": [
                    {"arn": stable.arn, "weight": 95},
                    {"arn": canary.arn, "weight": 5},
                ],
                "stickiness": {"enabled": True, "duration": 600},
            },
        },
    )
    made_from = bricks.template(inside, bricks.profile())
    app, role, topic = bricks.application(), bricks.deployer(), bricks.mail()
    for name, behind in (("stable", stable), ("canary", canary)):
        group = bricks.fleet(site.private_ids(), made_from, behind, name=f"{name}-fleet")
        bricks.tracking(group, f"{name}-cpu")
        alarm = bricks.errors(front, behind, topic, f"{name}-errors")
        bricks.unhealthy(front, behind, topic, f"{name}-unhealthy")
        bricks.deployment(app, role, group, behind, alarm, name=f"{name}-deployment")


@innocent()
def public_instances_without_translation() -> None:
    """No NAT gateway: instances have public addresses, and only the load balancer gets in."""
    site = bricks.network(nat=False)
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    made_from = bricks.template(
        None,
        bricks.profile(),
        network_interfaces=[
            {
                "device_index": 0,
                "associate_public_ip_address": "true",
                "delete_on_termination": "true",
                "security_groups": [inside.id],
            }
        ],
    )
    group = bricks.fleet(site.public_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


@innocent()
def start_by_cloud_config() -> None:
    """YAML of cloud-init with files, a swap file and the agent."""
    site = bricks.network()
    front, inside = _entrance(site)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    text = "\n".join(
        (
            "#cloud-config",
            "packages: [ruby, wget]",
            "write_files:",
            "  - path: /etc/shop/settings.json",
            f"    content: '{json.dumps({'port': 8080, 'region': 'eu-west-1'})}'",
            "runcmd:",
            "  - ./install-codedeploy-agent auto",
        )
    )
    made_from = bricks.template(
        inside, bricks.profile(), user_data=base64.b64encode(text.encode()).decode()
    )
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


@innocent()
def start_with_the_address_of_the_database() -> None:
    """`Output.format` and `Output.json_dumps`, as the documentation asks for."""
    site = bricks.network()
    front, inside = _entrance(site)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    database = bricks.database(site, inside)
    text = pulumi.Output.format(
        "#!/bin/sh\nexport DATABASE_HOST={0} DATABASE_PORT={1}\n./install-codedeploy-agent auto\n",
        database.address,
        database.port,
    )
    encoded = text.apply(lambda given: base64.b64encode(given.encode()).decode())
    aws.ssm.Parameter(
        "settings",
        name="/shop/settings",
        type="SecureString",
        value=pulumi.Output.json_dumps({"host": database.address, "name": "shop"}),
    )
    made_from = bricks.template(inside, bricks.profile(), user_data=encoded)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


@innocent()
def releases_by_a_forge() -> None:
    """The provider of GitHub's tokens, and a role for one repository; its ARN comes by `apply`."""
    bricks.web(bricks.network())
    forge = aws.iam.OpenIdConnectProvider(
        "forge",
        url="https://token.actions.githubusercontent.com",
        client_id_lists=["sts.amazonaws.com"],
    )
    condition = {
        "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
        "StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/shop:*"},
    }
    role = aws.iam.Role(
        "releases",
        assume_role_policy=forge.arn.apply(
            lambda arn: bricks.document(
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": arn},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": condition,
                }
            )
        ),
    )
    aws.iam.RolePolicy(
        "may-deploy",
        role=role.id,
        policy=bricks.document(
            {
                "Effect": "Allow",
                "Action": ["codedeploy:CreateDeployment", "codedeploy:GetDeployment*"],
                "Resource": "arn:aws:codedeploy:eu-west-1:123456789012:*",
            }
        ),
    )


@innocent()
def people_by_saml() -> None:
    bricks.web(bricks.network())
    provider = "arn:aws:iam::123456789012:saml-provider/company"
    aws.iam.Role(
        "operators",
        assume_role_policy=bricks.document(
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithSAML",
                "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            }
        ),
    )


@innocent()
def replica_for_reports_only_reads() -> None:
    site = bricks.network()
    service = bricks.web(site)
    first = bricks.database(site, service.group, identifier="shop")
    settings = aws.rds.ParameterGroup(
        "reports-settings",
        family="postgres17",
        parameters=[
            {"name": "default_transaction_read_only", "value": "1"},
            {"name": "statement_timeout", "value": "600000"},
        ],
    )
    aws.rds.Instance(
        "reports",
        replicate_source_db=first.identifier,
        instance_class="db.t4g.medium",
        parameter_group_name=settings.name,
        vpc_security_group_ids=first.vpc_security_group_ids,
        storage_encrypted=True,
        skip_final_snapshot=True,
        copy_tags_to_snapshot=True,
    )


@innocent()
def keys_by_service() -> None:
    """A key for the database and one for disks, each with its alias and rotation."""
    site = bricks.network()
    service = bricks.web(site)
    keys = {
        name: aws.kms.Key(name, enable_key_rotation=True, deletion_window_in_days=30)
        for name in ("database-key", "logs-key")
    }
    for name, key in keys.items():
        aws.kms.Alias(f"{name}-alias", name=f"alias/shop/{name}", target_key_id=key.key_id)
    bricks.database(site, service.group, kms_key_id=keys["database-key"].arn)


@innocent()
def network_by_numbers() -> None:
    """Subnets by arithmetic over the VPC's range, with `get_availability_zones_output`."""
    names = aws.get_availability_zones_output(state="available").names
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.20.0.0/16", enable_dns_hostnames=True)
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    outside = aws.ec2.RouteTable(
        "outside", vpc_id=vpc.id, routes=[{"cidr_block": bricks.WORLD, "gateway_id": gateway.id}]
    )
    site = bricks.Site(vpc, bricks.ZONES[:2])
    for number in range(2):
        public = aws.ec2.Subnet(
            f"public-{number}",
            vpc_id=vpc.id,
            cidr_block=f"10.20.{number * 16}.0/20",
            availability_zone=names[number],
        )
        private = aws.ec2.Subnet(
            f"private-{number}",
            vpc_id=vpc.id,
            cidr_block=f"10.20.{128 + number * 16}.0/20",
            availability_zone=names[number],
        )
        nat = aws.ec2.NatGateway(
            f"nat-{number}",
            subnet_id=public.id,
            allocation_id=aws.ec2.Eip(f"address-{number}", domain="vpc").id,
            opts=pulumi.ResourceOptions(depends_on=[gateway]),
        )
        inside = aws.ec2.RouteTable(
            f"inside-{number}",
            vpc_id=vpc.id,
            routes=[{"cidr_block": bricks.WORLD, "nat_gateway_id": nat.id}],
        )
        for name, subnet, table in (("out", public, outside), ("in", private, inside)):
            aws.ec2.RouteTableAssociation(
                f"{name}-{number}", subnet_id=subnet.id, route_table_id=table.id
            )
        site.public.append(public)
        site.private.append(private)
    bricks.web(site)


@innocent()
def errors_watched_everywhere() -> None:
    """Metric math, percentiles and a dashboard's worth of alarms."""
    site = bricks.network()
    service = bricks.web(site)
    dimensions = {
        "LoadBalancer": service.front.arn_suffix,
        "TargetGroup": service.targets.arn_suffix,
    }
    aws.cloudwatch.MetricAlarm(
        "slow",
        namespace="AWS/ApplicationELB",
        metric_name="TargetResponseTime",
        dimensions=dimensions,
        extended_statistic="p99",
        comparison_operator="GreaterThanThreshold",
        threshold=0.5,
        period=60,
        evaluation_periods=5,
        treat_missing_data="notBreaching",
        alarm_actions=[service.topic.arn],
    )
    aws.cloudwatch.MetricAlarm(
        "share-of-errors",
        comparison_operator="GreaterThanThreshold",
        threshold=1,
        evaluation_periods=2,
        treat_missing_data="notBreaching",
        alarm_actions=[service.topic.arn],
        metric_queries=[
            {
                "id": "share",
                "expression": "100 * errors / MAX([requests, 1])",
                "label": "percent of errors",
                "return_data": True,
            },
            *(
                {
                    "id": name,
                    "metric": {
                        "namespace": "AWS/ApplicationELB",
                        "metric_name": metric,
                        "dimensions": dimensions,
                        "period": 60,
                        "stat": "Sum",
                    },
                }
                for name, metric in (
                    ("errors", "HTTPCode_Target_5XX_Count"),
                    ("requests", "RequestCount"),
                )
            ),
        ],
    )


@innocent()
def shop_in_a_component_with_a_provider() -> None:
    """A component that gets a provider of its own, which its children take over."""
    own = aws.Provider("ireland", region="eu-west-1")

    class Shop(pulumi.ComponentResource):
        def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
            super().__init__("acme:shop:Shop", name, None, opts)
            child = pulumi.ResourceOptions(parent=self)
            self.store = aws.s3.Bucket("exports", opts=child)
            aws.s3.BucketPublicAccessBlock(
                "exports-block",
                bucket=self.store.id,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
                opts=child,
            )
            aws.s3.BucketPolicy(
                "exports-tls",
                bucket=self.store.id,
                policy=self.store.arn.apply(
                    lambda arn: bricks.document(
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [arn, f"{arn}/*"],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    )
                ),
                opts=child,
            )
            self.register_outputs({})

    Shop("shop", pulumi.ResourceOptions(provider=own, providers={"aws": own}))
    bricks.web(bricks.network())


@innocent(undecided="Whether anybody sends requests to the group is not in the program.")
def queue_and_workers_without_a_balancer() -> None:
    """Workers scale with their queue, on Spot; the web is another stack's."""
    site = bricks.network()
    guard = aws.ec2.SecurityGroup("workers", vpc_id=site.vpc.id, egress=[bricks.ANY])
    dead = aws.sqs.Queue("dead", sqs_managed_sse_enabled=True, message_retention_seconds=1209600)
    queue = aws.sqs.Queue(
        "jobs",
        sqs_managed_sse_enabled=True,
        visibility_timeout_seconds=120,
        redrive_policy=dead.arn.apply(
            lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
        ),
    )
    made_from = bricks.template(guard, bricks.profile())
    group = bricks.fleet(site.private_ids(), made_from, min_size=0, desired_capacity=0)
    aws.autoscaling.Policy(
        "backlog",
        autoscaling_group_name=group.name,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "customized_metric_specification": {
                "namespace": "AWS/SQS",
                "metric_name": "ApproximateNumberOfMessagesVisible",
                "statistic": "Average",
                "metric_dimensions": [{"name": "QueueName", "value": queue.name}],
            },
            "target_value": 0.5,
        },
    )


@innocent()
def cache_without_servers_and_a_table() -> None:
    site = bricks.network()
    service = bricks.web(site)
    guard = aws.ec2.SecurityGroup(
        "cache-guard",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 6379,
                "to_port": 6380,
                "security_groups": [service.group.id],
            }
        ],
    )
    aws.elasticache.ServerlessCache(
        "sessions",
        engine="valkey",
        name="sessions",
        security_group_ids=[guard.id],
        subnet_ids=site.private_ids(),
    )
    aws.dynamodb.Table(
        "carts",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True},
        deletion_protection_enabled=True,
    )
