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
    network,
    notifications,
    rds_groups,
    rds_instance,
    routing,
    s3,
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


def all_handlers() -> dict[str, Handler]:
    """One handler per type token (``aws:ec2/vpc:Vpc``)."""
    return {cls.resource_type: cls() for cls in _TYPES}
