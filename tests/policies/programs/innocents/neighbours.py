"""Platforms beside and instead of a fleet, soundly."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.fleets import entrance

NO_MODEL = "The pack has no model of what stands in front."

AUTOSCALER = "Whether an autoscaler from elsewhere adds nodes is not in the program."


@innocent(undecided=NO_MODEL)
def classic_load_balancer() -> None:
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = aws.elb.LoadBalancer(
        "front",
        subnets=site.public_ids(),
        security_groups=[outside.id],
        cross_zone_load_balancing=True,
        connection_draining=True,
        connection_draining_timeout=30,
        listeners=[
            {
                "instance_port": 8080,
                "instance_protocol": "http",
                "lb_port": 80,
                "lb_protocol": "http",
            }
        ],
        health_check={
            "target": "HTTP:8080/health",
            "interval": 10,
            "timeout": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 3,
        },
    )
    inside = bricks.app_group(site.vpc.id, outside)
    group = bricks.fleet(
        site.private_ids(),
        bricks.template(inside, bricks.profile()),
        load_balancers=[front.name],
        health_check_type="ELB",
    )
    bricks.tracking(group)


@innocent()
def template_by_name() -> None:
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(
        site.private_ids(),
        made_from,
        behind,
        launch_template={"name": made_from.name, "version": made_from.latest_version.apply(str)},
    )
    bricks.delivery(front, behind, group)


@innocent(undecided=AUTOSCALER)
def kubernetes() -> None:
    """Nodes in three zones; load balancers are made from within the cluster."""
    site = bricks.network(bricks.ZONES)
    role = aws.iam.Role("cluster-role", assume_role_policy=bricks.trust("eks.amazonaws.com"))
    aws.iam.RolePolicyAttachment(
        "cluster-policy",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    )
    nodes = aws.iam.Role("node-role", assume_role_policy=bricks.trust("ec2.amazonaws.com"))
    for number, name in enumerate(
        ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")
    ):
        aws.iam.RolePolicyAttachment(
            f"node-policy-{number}", role=nodes.name, policy_arn=f"arn:aws:iam::aws:policy/{name}"
        )
    cluster = aws.eks.Cluster(
        "cluster",
        role_arn=role.arn,
        vpc_config={
            "subnet_ids": site.private_ids(),
            "endpoint_private_access": True,
            "endpoint_public_access": False,
        },
        enabled_cluster_log_types=["api", "audit"],
    )
    aws.eks.NodeGroup(
        "nodes",
        cluster_name=cluster.name,
        node_role_arn=nodes.arn,
        subnet_ids=site.private_ids(),
        scaling_config={"min_size": 3, "max_size": 9, "desired_size": 3},
        instance_types=["m7g.large"],
        update_config={"max_unavailable": 1},
    )


@innocent()
def app_runner() -> None:
    role = aws.iam.Role(
        "pull-role", assume_role_policy=bricks.trust("build.apprunner.amazonaws.com")
    )
    aws.iam.RolePolicyAttachment(
        "pull-policy",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AWSAppRunnerServicePolicyForECRAccess",
    )
    aws.apprunner.Service(
        "service",
        service_name="shop",
        source_configuration={
            "authentication_configuration": {"access_role_arn": role.arn},
            "image_repository": {
                "image_identifier": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1.4.2",
                "image_repository_type": "ECR",
                "image_configuration": {"port": "8080"},
            },
        },
    )


@innocent(
    advised={"beanstalk-deploys-in-batches": "A minute without service at a release is accepted."}
)
def beanstalk() -> None:
    site = bricks.network()
    app = aws.elasticbeanstalk.Application("shop")
    who = bricks.profile("app", bricks.SSM, "arn:aws:iam::aws:policy/AWSElasticBeanstalkWebTier")

    def setting(namespace: str, name: str, value: Any) -> dict[str, Any]:
        return {"namespace": namespace, "name": name, "value": value}

    aws.elasticbeanstalk.Environment(
        "web",
        application=app.name,
        solution_stack_name="64bit Amazon Linux 2023 v4.5.0 running Python 3.13",
        settings=[
            setting("aws:ec2:vpc", "VPCId", site.vpc.id),
            setting(
                "aws:ec2:vpc", "Subnets", pulumi.Output.all(*site.private_ids()).apply(",".join)
            ),
            setting("aws:autoscaling:launchconfiguration", "IamInstanceProfile", who.name),
            setting("aws:autoscaling:asg", "MinSize", "2"),
            setting("aws:autoscaling:asg", "MaxSize", "6"),
            setting("aws:elasticbeanstalk:environment", "LoadBalancerType", "application"),
        ],
    )


@innocent()
def batch_of_the_night() -> None:
    site = bricks.network()
    inside = aws.ec2.SecurityGroup("jobs", vpc_id=site.vpc.id, egress=[bricks.ANY])
    environment = aws.batch.ComputeEnvironment(
        "environment",
        type="MANAGED",
        compute_resources={
            "type": "FARGATE_SPOT",
            "max_vcpus": 64,
            "subnets": site.private_ids(),
            "security_group_ids": [inside.id],
        },
    )
    aws.batch.JobQueue(
        "queue",
        state="ENABLED",
        priority=1,
        compute_environment_orders=[{"order": 1, "compute_environment": environment.arn}],
    )
