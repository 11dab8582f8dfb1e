"""The handlers of all implemented resource types."""

from __future__ import annotations

from region.provider.handler import Handler
from region.provider.resources.autoscaling import group, policy
from region.provider.resources.budgets import budget
from region.provider.resources.cloudwatch import cloudwatch
from region.provider.resources.codedeploy import application, deployment_config
from region.provider.resources.ec2 import (
    instance,
    launch_template,
    nat,
    network,
    routing,
    security_groups,
)
from region.provider.resources.iam import iam
from region.provider.resources.lb import load_balancer, target_group
from region.provider.resources.rds import groups
from region.provider.resources.rds import instance as rds_instance
from region.provider.resources.s3 import bucket, bucket_object, lifecycle
from region.provider.resources.sns import sns

_TYPES: tuple[type[Handler], ...] = (
    network.Vpc,
    network.InternetGateway,
    network.Subnet,
    routing.RouteTable,
    routing.Route,
    routing.RouteTableAssociation,
    routing.VpcEndpoint,
    nat.Eip,
    nat.NatGateway,
    security_groups.SecurityGroup,
    security_groups.IngressRule,
    security_groups.EgressRule,
    iam.Role,
    iam.RolePolicy,
    iam.RolePolicyAttachment,
    iam.InstanceProfile,
    bucket.Bucket,
    bucket.BucketVersioning,
    bucket.BucketPublicAccessBlock,
    bucket.BucketEncryption,
    bucket.BucketPolicy,
    lifecycle.BucketLifecycle,
    bucket_object.BucketObject,
    instance.Instance,
    launch_template.LaunchTemplate,
    group.Group,
    policy.Policy,
    load_balancer.LoadBalancer,
    target_group.TargetGroup,
    load_balancer.Listener,
    groups.SubnetGroup,
    groups.ParameterGroup,
    rds_instance.Instance,
    application.Application,
    application.DeploymentGroup,
    deployment_config.DeploymentConfig,
    cloudwatch.MetricAlarm,
    cloudwatch.Dashboard,
    cloudwatch.LogGroup,
    sns.Topic,
    sns.TopicPolicy,
    sns.TopicSubscription,
    sns.Key,
    budget.Budget,
)

_NO_DOMAIN = (
    "it has no name service and no authority that a client trusts; rehearse without a domain"
)
UNPLAYABLE: dict[str, str] = {
    "aws:ec2/flowLog:FlowLog": (
        "no packet of it passes a network that could be recorded; rehearse without flow logs"
    ),
    "aws:acm/certificate:Certificate": _NO_DOMAIN,
    "aws:acm/certificateValidation:CertificateValidation": _NO_DOMAIN,
    "aws:route53/record:Record": _NO_DOMAIN,
}
"""Types that are left out on purpose, by token, with the reason and the remedy."""


def all_handlers() -> dict[str, Handler]:
    """One handler per type token (``aws:ec2/vpc:Vpc``)."""
    return {cls.resource_type: cls() for cls in _TYPES}
