"""Providers, regions, options of resources, components of others, and networks that are looked up."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.neighbours import AUTOSCALER
from tests.policies.programs.innocents.networks import ZONES_OF_OTHERS

LOOKED_UP = "What is looked up is not of this stack."


@innocent(engine=True)
def provider_with_default_tags() -> None:
    """Every resource through a provider of the program's own, which adds tags."""
    provider = aws.Provider(
        "tagged",
        region="eu-west-1",
        default_tags={"tags": {"team": "shop", "environment": "production"}},
        allowed_account_ids=["123456789012"],
    )

    class Everything(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("acme:web:Everything", "everything", None, options)
            bricks.web(bricks.network())
            self.register_outputs({})

    options = pulumi.ResourceOptions(providers={"aws": provider})
    Everything()


@innocent(engine=True)
def assumed_role_in_the_provider() -> None:
    """The provider assumes a role, and takes its first credentials from the environment."""
    aws.Provider(
        "deployer",
        region="eu-west-1",
        assume_roles=[
            {"role_arn": "arn:aws:iam::123456789012:role/deployer", "session_name": "pulumi"}
        ],
    )
    bricks.web(bricks.network())


@innocent()
def certificate_for_the_edge() -> None:
    """CloudFront wants its certificate in us-east-1: a second provider, and an alias of the site."""
    edge = aws.Provider("edge", region="us-east-1")
    certificate = aws.acm.Certificate(
        "edge-certificate",
        domain_name="www.example.com",
        validation_method="DNS",
        opts=pulumi.ResourceOptions(provider=edge),
    )
    zone = aws.route53.get_zone(name="example.com")
    option = certificate.domain_validation_options[0]
    aws.route53.Record(
        "proof",
        zone_id=zone.zone_id,
        name=option.resource_record_name,
        type=option.resource_record_type,
        records=[option.resource_record_value],
        ttl=60,
    )
    proved = aws.acm.CertificateValidation(
        "proved",
        certificate_arn=certificate.arn,
        opts=pulumi.ResourceOptions(provider=edge),
    )
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 443)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.https(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)
    aws.cloudfront.Distribution(
        "distribution",
        enabled=True,
        aliases=["www.example.com"],
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
            "cache_policy_id": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={
            "acm_certificate_arn": proved.certificate_arn,
            "ssl_support_method": "sni-only",
            "minimum_protocol_version": "TLSv1.2_2021",
        },
    )


@innocent()
def guarded_by_options() -> None:
    """Protection, old names, retained data and slow creations change nothing of what is built."""
    site = bricks.network()
    service = bricks.web(
        site,
        opts=pulumi.ResourceOptions(
            protect=True,
            aliases=[pulumi.Alias(name="old-fleet")],
            ignore_changes=["desiredCapacity", "targetGroupArns"],
            custom_timeouts=pulumi.CustomTimeouts(create="20m"),
        ),
    )
    bricks.database(
        site,
        service.group,
        opts=pulumi.ResourceOptions(
            protect=True, retain_on_delete=True, delete_before_replace=True
        ),
    )


@innocent()
def every_resource_transformed() -> None:
    """A transformation of the component tags everything below it."""

    def tagged(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        if "tags" in getattr(args.resource, "__dict__", {}) or args.type_ == "aws:ec2/vpc:Vpc":
            return pulumi.ResourceTransformationResult(
                {**args.props, "tags": {"team": "shop"}}, args.opts
            )
        return None

    class Everything(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__(
                "acme:web:Everything",
                "everything",
                None,
                pulumi.ResourceOptions(transformations=[tagged]),
            )
            inner = pulumi.ResourceOptions(parent=self)
            aws.ec2.Vpc("other", cidr_block="10.77.0.0/16", opts=inner)
            self.register_outputs({})

    Everything()
    bricks.web(bricks.network())


def _in_vpc(vpc: Any, public: Any, private: Any) -> None:
    outside = bricks.balancer_group(vpc)
    inside = bricks.app_group(vpc, outside)
    front = bricks.balancer(public, outside)
    behind = bricks.targets(vpc)
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(private, bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent(undecided=ZONES_OF_OTHERS)
def subnets_looked_up_one_by_one() -> None:
    """Each subnet by its tags; the program even knows the zones, the pack does not."""
    vpc = aws.ec2.get_vpc(tags={"Name": "shared"})
    found = [
        aws.ec2.get_subnet(id=one, vpc_id=vpc.id)
        for one in ("subnet-0a00000000000000a", "subnet-0b00000000000000b")
    ]
    _in_vpc(vpc.id, [one.id for one in found], [one.id for one in found])


@innocent(undecided=ZONES_OF_OTHERS)
def resources_read_instead_of_created() -> None:
    """`Vpc.get` and `Subnet.get`: they are in the stack, but read."""
    vpc = aws.ec2.Vpc.get("vpc", "vpc-0a1b2c3d4e5f60718")
    private = [
        aws.ec2.Subnet.get(f"private-{letter}", f"subnet-0{letter}0000000000000{letter}0")
        for letter in "ab"
    ]
    public = [
        aws.ec2.Subnet.get(f"public-{letter}", f"subnet-0{letter}00000000000000{letter}")
        for letter in "ab"
    ]
    _in_vpc(vpc.id, [one.id for one in public], [one.id for one in private])


@innocent(undecided=LOOKED_UP)
def groups_and_role_of_the_platform_team() -> None:
    """Security groups and the deployments' role are looked up; the network is the program's."""
    site = bricks.network()
    outside = aws.ec2.get_security_group(name="web")
    front = bricks.balancer(
        site.public_ids(), bricks.balancer_group(site.vpc.id), security_groups=[outside.id]
    )
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    made_from = bricks.template(
        None, bricks.profile(), vpc_security_group_ids=[aws.ec2.get_security_group(name="app").id]
    )
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.tracking(group)
    topic = bricks.mail()
    alarm = bricks.errors(front, behind, topic)
    bricks.unhealthy(front, behind, topic)
    role = aws.iam.get_role(name="platform-codedeploy")
    bricks.deployment(
        bricks.application(),
        bricks.deployer(),
        group,
        behind,
        alarm,
        service_role_arn=role.arn,
    )


@innocent()
def fleet_in_another_region() -> None:
    """A second, small service in another region, where it has its own network, is not forgotten."""
    bricks.web(bricks.network())
    there = pulumi.ResourceOptions(provider=aws.Provider("frankfurt", region="eu-central-1"))
    vpc = aws.ec2.Vpc("far-vpc", cidr_block="10.50.0.0/16", opts=there)
    for letter in "ab":
        aws.ec2.Subnet(
            f"far-{letter}",
            vpc_id=vpc.id,
            cidr_block=f"10.50.{ord(letter) - 97}.0/24",
            availability_zone=f"eu-central-1{letter}",
            opts=there,
        )


@innocent(engine=True)
def values_through_apply() -> None:
    """Everything is handed on through `apply` and `Output.all`, one by one."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id.apply(lambda one: one))
    inside = bricks.app_group(site.vpc.id.apply(str), outside)
    front = bricks.balancer([one.apply(lambda name: name) for one in site.public_ids()], outside)
    behind = bricks.targets(site.vpc.id)
    arn = pulumi.Output.all(behind.arn, front.arn).apply(lambda both: both[0])
    bricks.http(front, {"type": "forward", "target_group_arn": arn})
    group = bricks.fleet(
        [one.apply(lambda name: name) for one in site.private_ids()],
        bricks.template(inside, bricks.profile()),
        behind,
        target_group_arns=[behind.arn.apply(lambda name: name)],
    )
    bricks.delivery(front, behind, group)


@innocent(
    advised={"eks-endpoint-limited": "As AWS creates a cluster."},
    undecided=AUTOSCALER,
)
def workload_that_is_no_web_service() -> None:
    """A Kubernetes cluster with a managed node group: its balancers are made by Kubernetes."""
    site = bricks.network()
    role = aws.iam.Role("cluster-role", assume_role_policy=bricks.trust("eks.amazonaws.com"))
    aws.iam.RolePolicyAttachment(
        "cluster-policy",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    )
    cluster = aws.eks.Cluster(
        "cluster", role_arn=role.arn, vpc_config={"subnet_ids": site.private_ids()}
    )
    nodes = aws.iam.Role("node-role", assume_role_policy=bricks.trust("ec2.amazonaws.com"))
    for number, name in enumerate(
        ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")
    ):
        aws.iam.RolePolicyAttachment(
            f"node-policy-{number}",
            role=nodes.name,
            policy_arn=f"arn:aws:iam::aws:policy/{name}",
        )
    aws.eks.NodeGroup(
        "nodes",
        cluster_name=cluster.name,
        node_role_arn=nodes.arn,
        subnet_ids=site.private_ids(),
        scaling_config={"min_size": 2, "max_size": 6, "desired_size": 2},
    )
