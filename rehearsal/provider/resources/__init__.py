"""The handlers of all implemented resource types."""

from __future__ import annotations

from rehearsal.provider.registry import Handler
from rehearsal.provider.resources import (
    autoscaling,
    budgets,
    cloudwatch,
    codedeploy,
    deployment_config,
    iam,
    instance,
    launch_template,
    lb,
    nat,
    network,
    notifications,
    rds_groups,
    rds_instance,
    routing,
    s3,
    s3_lifecycle,
    s3_object,
    scaling_policy,
    security,
    target_group,
)

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
    security.SecurityGroup,
    security.IngressRule,
    security.EgressRule,
    iam.Role,
    iam.RolePolicy,
    iam.RolePolicyAttachment,
    iam.InstanceProfile,
    s3.Bucket,
    s3.BucketVersioning,
    s3.BucketPublicAccessBlock,
    s3.BucketEncryption,
    s3.BucketPolicy,
    s3_lifecycle.BucketLifecycle,
    s3_object.BucketObject,
    instance.Instance,
    launch_template.LaunchTemplate,
    autoscaling.Group,
    scaling_policy.Policy,
    lb.LoadBalancer,
    target_group.TargetGroup,
    lb.Listener,
    rds_groups.SubnetGroup,
    rds_groups.ParameterGroup,
    rds_instance.Instance,
    codedeploy.Application,
    codedeploy.DeploymentGroup,
    deployment_config.DeploymentConfig,
    cloudwatch.MetricAlarm,
    cloudwatch.Dashboard,
    cloudwatch.LogGroup,
    notifications.Topic,
    notifications.TopicPolicy,
    notifications.TopicSubscription,
    notifications.Key,
    budgets.Budget,
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
