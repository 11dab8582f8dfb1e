"""Fleets and networks as they are in public use: both kinds of zones, mixed instances, blue and green."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.neighbours import AUTOSCALER
from tests.policies.programs.innocents.networks import ZONES_OF_OTHERS


@innocent()
def name_inside_and_outside() -> None:
    """Split view: the public zone leads visitors to the balancer, the private one the own instances."""
    site = bricks.network()
    service = bricks.web(site)
    for label, more in (("outside", {}), ("inside", {"vpcs": [{"vpc_id": site.vpc.id}]})):
        zone = aws.route53.Zone(f"{label}-zone", name="example.com", **more)
        aws.route53.Record(
            f"{label}-name",
            zone_id=zone.zone_id,
            name="www.example.com",
            type="A",
            aliases=[
                {
                    "name": service.front.dns_name,
                    "zone_id": service.front.zone_id,
                    "evaluate_target_health": True,
                }
            ],
        )


@innocent()
def private_name_of_an_internal_balancer() -> None:
    """A service of the company: only the network asks for it, by a private zone."""
    site = bricks.network()
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["10.0.0.0/8"]}
        ],
        egress=[bricks.ANY],
    )
    front = bricks.balancer(site.private_ids(), outside, internal=True)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    inside = bricks.app_group(site.vpc.id, outside)
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)
    zone = aws.route53.Zone("zone", name="corp.example.com", vpcs=[{"vpc_id": site.vpc.id}])
    aws.route53.Record(
        "name",
        zone_id=zone.zone_id,
        name="orders.corp.example.com",
        type="CNAME",
        ttl=60,
        records=[front.dns_name],
    )


@innocent()
def public_balancer_asked_by_cloudfront_only() -> None:
    """A private name of the balancer for the own jobs; visitors come by CloudFront's own name."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 443)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.https(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)
    aws.cloudfront.Distribution(
        "edge",
        enabled=True,
        origins=[
            {
                "domain_name": front.dns_name,
                "origin_id": "front",
                "custom_origin_config": {
                    "http_port": 80,
                    "https_port": 443,
                    "origin_protocol_policy": "https-only",
                    "origin_ssl_protocols": ["TLSv1.2"],
                },
            }
        ],
        default_cache_behavior={
            "target_origin_id": "front",
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
            "cached_methods": ["GET", "HEAD"],
            "cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        },
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={"cloudfront_default_certificate": True},
    )
    zone = aws.route53.Zone("zone", name="shop.internal", vpcs=[{"vpc_id": site.vpc.id}])
    aws.route53.Record(
        "name",
        zone_id=zone.zone_id,
        name="front.shop.internal",
        type="A",
        aliases=[
            {"name": front.dns_name, "zone_id": front.zone_id, "evaluate_target_health": False}
        ],
    )


@innocent()
def mixed_instances_with_a_price() -> None:
    """On-demand below, Spot above, up to what on-demand costs; types of one size."""
    site = bricks.network(bricks.ZONES)
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    template = bricks.template(inside, bricks.profile())
    group = bricks.fleet(
        site.private_ids(),
        template,
        behind,
        min_size=3,
        max_size=12,
        desired_capacity=None,
        capacity_rebalance=True,
        mixed_instances_policy={
            "launch_template": {
                "launch_template_specification": {
                    "launch_template_id": template.id,
                    "version": bricks.version(template),
                },
                "overrides": [
                    {"instance_type": kind} for kind in ("m7g.large", "m6g.large", "c7g.large")
                ],
            },
            "instances_distribution": {
                "on_demand_base_capacity": 3,
                "on_demand_percentage_above_base_capacity": 25,
                "spot_allocation_strategy": "price-capacity-optimized",
                "spot_max_price": "0.0816",
            },
        },
    )
    bricks.delivery(front, behind, group)


@innocent()
def bastion_with_a_fixed_address() -> None:
    """A jump host with an Elastic IP and a name of its own beside the service's."""
    site = bricks.network()
    service = bricks.web(site)
    zone = aws.route53.Zone("zone", name="example.com")
    aws.route53.Record(
        "www",
        zone_id=zone.zone_id,
        name="www.example.com",
        type="A",
        aliases=[
            {
                "name": service.front.dns_name,
                "zone_id": service.front.zone_id,
                "evaluate_target_health": True,
            }
        ],
    )
    guard = aws.ec2.SecurityGroup(
        "bastion-group",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["198.51.100.0/24"]}
        ],
        egress=[bricks.ANY],
    )
    bastion = aws.ec2.Instance(
        "bastion",
        ami=bricks.IMAGE,
        instance_type="t4g.nano",
        subnet_id=site.public[0].id,
        vpc_security_group_ids=[guard.id],
        iam_instance_profile=bricks.profile("bastion", bricks.SSM).name,
        metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
        root_block_device={"encrypted": True},
    )
    address = aws.ec2.Eip("bastion-address", domain="vpc", instance=bastion.id)
    aws.route53.Record(
        "bastion-name",
        zone_id=zone.zone_id,
        name="bastion.example.com",
        type="A",
        ttl=300,
        records=[address.public_ip],
    )


@innocent()
def network_balancer_with_addresses_in_dns() -> None:
    """Fixed addresses, one per zone, in one A record: partners have them in their firewalls."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 443)
    addresses = [aws.ec2.Eip(f"fixed-{letter}", domain="vpc") for letter in "ab"]
    front = aws.lb.LoadBalancer(
        "partners",
        load_balancer_type="network",
        security_groups=[outside.id],
        enable_cross_zone_load_balancing=True,
        subnet_mappings=[
            {"subnet_id": subnet.id, "allocation_id": address.id}
            for subnet, address in zip(site.public, addresses, strict=True)
        ],
    )
    behind = aws.lb.TargetGroup(
        "tls",
        vpc_id=site.vpc.id,
        port=8443,
        protocol="TCP",
        deregistration_delay=30,
        health_check={**bricks.HEALTH, "protocol": "HTTPS", "path": "/health"},
    )
    aws.lb.Listener(
        "tcp",
        load_balancer_arn=front.arn,
        port=443,
        protocol="TCP",
        default_actions=[bricks.forward(behind)],
    )
    inside = bricks.app_group(site.vpc.id, outside, 8443)
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.tracking(group)
    topic = bricks.mail()
    aws.cloudwatch.MetricAlarm(
        "unhealthy",
        namespace="AWS/NetworkELB",
        metric_name="UnHealthyHostCount",
        dimensions={"LoadBalancer": front.arn_suffix, "TargetGroup": behind.arn_suffix},
        statistic="Maximum",
        comparison_operator="GreaterThanThreshold",
        threshold=0,
        period=60,
        evaluation_periods=3,
        treat_missing_data="notBreaching",
        alarm_actions=[topic.arn],
    )
    resets = aws.cloudwatch.MetricAlarm(
        "resets",
        namespace="AWS/NetworkELB",
        metric_name="TCP_Target_Reset_Count",
        dimensions={"LoadBalancer": front.arn_suffix},
        statistic="Sum",
        comparison_operator="GreaterThanThreshold",
        threshold=50,
        period=60,
        evaluation_periods=2,
        treat_missing_data="notBreaching",
        alarm_actions=[topic.arn],
    )
    bricks.deployment(bricks.application(), bricks.deployer(), group, behind, resets)
    zone = aws.route53.Zone("zone", name="example.com")
    aws.route53.Record(
        "name",
        zone_id=zone.zone_id,
        name="partners.example.com",
        type="A",
        ttl=60,
        records=[one.public_ip for one in addresses],
    )


@innocent(undecided=AUTOSCALER)
def nodes_with_a_template_and_their_add_ons() -> None:
    """EKS as in most examples: the launch template, add-ons, IAM for pods, access by entries."""
    site = bricks.network(bricks.ZONES)
    role = aws.iam.Role("cluster-role", assume_role_policy=bricks.trust("eks.amazonaws.com"))
    attached = aws.iam.RolePolicyAttachment(
        "cluster-policy",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    )
    cluster = aws.eks.Cluster(
        "cluster",
        role_arn=role.arn,
        version="1.34",
        access_config={"authentication_mode": "API"},
        vpc_config={
            "subnet_ids": site.private_ids(),
            "endpoint_private_access": True,
            "endpoint_public_access": True,
            "public_access_cidrs": ["198.51.100.0/24"],
        },
        opts=pulumi.ResourceOptions(depends_on=[attached]),
    )
    nodes = aws.iam.Role(
        "node-role",
        assume_role_policy=bricks.trust("ec2.amazonaws.com"),
        managed_policy_arns=[
            "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
            "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
            "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
        ],
    )
    template = aws.ec2.LaunchTemplate(
        "node-template",
        metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 2},
        block_device_mappings=[bricks.ENCRYPTED_ROOT],
        update_default_version=True,
    )
    aws.eks.NodeGroup(
        "nodes",
        cluster_name=cluster.name,
        node_role_arn=nodes.arn,
        subnet_ids=site.private_ids(),
        launch_template={"id": template.id, "version": bricks.version(template)},
        ami_type="BOTTLEROCKET_ARM_64",
        instance_types=["m7g.large", "m6g.large"],
        capacity_type="SPOT",
        scaling_config={"min_size": 3, "max_size": 12, "desired_size": 3},
        opts=pulumi.ResourceOptions(ignore_changes=["scalingConfig.desiredSize"]),
    )
    for name in ("vpc-cni", "coredns", "kube-proxy", "eks-pod-identity-agent"):
        aws.eks.Addon(f"addon-{name}", cluster_name=cluster.name, addon_name=name)


@innocent(undecided=AUTOSCALER)
def nodes_whose_network_has_a_role_of_its_own() -> None:
    """The CNI runs with a role of its service account: nodes do without AmazonEKS_CNI_Policy."""
    site = bricks.network()
    role = aws.iam.Role("cluster-role", assume_role_policy=bricks.trust("eks.amazonaws.com"))
    aws.iam.RolePolicyAttachment(
        "cluster-policy",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    )
    cluster = aws.eks.Cluster(
        "cluster",
        role_arn=role.arn,
        vpc_config={
            "subnet_ids": site.private_ids(),
            "endpoint_private_access": True,
            "endpoint_public_access": False,
        },
    )
    nodes = aws.iam.Role("node-role", assume_role_policy=bricks.trust("ec2.amazonaws.com"))
    for number, name in enumerate(
        ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")
    ):
        aws.iam.RolePolicyAttachment(
            f"node-policy-{number}", role=nodes.name, policy_arn=f"arn:aws:iam::aws:policy/{name}"
        )
    pods = aws.iam.Role(
        "cni-role",
        assume_role_policy=bricks.document(
            {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            }
        ),
    )
    aws.iam.RolePolicyAttachment(
        "cni-policy", role=pods.name, policy_arn="arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
    )
    aws.eks.Addon("agent", cluster_name=cluster.name, addon_name="eks-pod-identity-agent")
    aws.eks.PodIdentityAssociation(
        "cni",
        cluster_name=cluster.name,
        namespace="kube-system",
        service_account="aws-node",
        role_arn=pods.arn,
    )
    aws.eks.NodeGroup(
        "nodes",
        cluster_name=cluster.name,
        node_role_arn=nodes.arn,
        subnet_ids=site.private_ids(),
        scaling_config={"min_size": 2, "max_size": 6, "desired_size": 2},
    )


@innocent()
def snapshots_by_a_tag() -> None:
    """DLM copies what has the tag: the volumes of a server and one beside it."""
    site = bricks.network()
    bricks.web(site)
    role = aws.iam.Role("copies-role", assume_role_policy=bricks.trust("dlm.amazonaws.com"))
    aws.iam.RolePolicyAttachment(
        "copies-policy",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole",
    )
    aws.ebs.Volume(
        "archive",
        availability_zone="eu-west-1a",
        size=100,
        encrypted=True,
        tags={"backup": "daily", "team": "shop"},
    )
    aws.dlm.LifecyclePolicy(
        "copies",
        description="daily",
        execution_role_arn=role.arn,
        state="ENABLED",
        policy_details={
            "resource_types": ["VOLUME"],
            "target_tags": {"backup": "daily"},
            "schedules": [
                {
                    "name": "daily",
                    "create_rule": {"interval": 24, "interval_unit": "HOURS", "times": "03:00"},
                    "retain_rule": {"count": 14},
                }
            ],
        },
    )


@innocent()
def operators_from_the_office_only() -> None:
    """People may assume a role, and only from the office; what AWS does for them is let through."""
    bricks.web(bricks.network())
    operators = aws.iam.Role(
        "operators",
        assume_role_policy=bricks.document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            }
        ),
    )
    aws.iam.RolePolicy(
        "from-the-office",
        role=operators.id,
        policy=bricks.document(
            {"Effect": "Allow", "Action": "autoscaling:Describe*", "Resource": "*"},
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {
                    "NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24"]},
                    "Bool": {"aws:ViaAWSService": "false"},
                },
            },
        ),
    )


@innocent(undecided=ZONES_OF_OTHERS)
def default_network_looked_up() -> None:
    """The first example of many guides: the default VPC, its subnets, an image of the catalogue."""
    vpc = aws.ec2.get_vpc(default=True)
    subnets = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc.id]}])
    outside = bricks.balancer_group(vpc.id)
    inside = bricks.app_group(vpc.id, outside)
    front = bricks.balancer(subnets.ids, outside)  # type: ignore[arg-type]
    behind = bricks.targets(vpc.id)
    bricks.http(front, bricks.forward(behind))
    image = aws.ec2.get_ami(
        most_recent=True,
        owners=["amazon"],
        filters=[{"name": "name", "values": ["al2023-ami-2023.*-arm64"]}],
    )
    template = bricks.template(inside, bricks.profile(), image_id=image.id)
    group = bricks.fleet(subnets.ids, template, behind)
    bricks.delivery(front, behind, group)
