"""The handlers of all supported resource types.

The handler of `aws:<module>/<noun>:<Type>` is the class `<Type>` in `<module>/<noun>.py`, the noun in
snake case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from region.provider.handler import Handler
from region.provider.resources.acm.certificate import Certificate
from region.provider.resources.autoscaling.attachment import Attachment
from region.provider.resources.autoscaling.group import Group
from region.provider.resources.autoscaling.lifecycle_hook import LifecycleHook
from region.provider.resources.autoscaling.notification import Notification
from region.provider.resources.autoscaling.policy import Policy
from region.provider.resources.autoscaling.schedule import Schedule
from region.provider.resources.autoscaling.tag import Tag
from region.provider.resources.autoscaling.traffic_source_attachment import TrafficSourceAttachment
from region.provider.resources.budgets.budget import Budget
from region.provider.resources.cloudwatch.composite_alarm import CompositeAlarm
from region.provider.resources.cloudwatch.dashboard import Dashboard
from region.provider.resources.cloudwatch.log_group import LogGroup
from region.provider.resources.cloudwatch.metric_alarm import MetricAlarm
from region.provider.resources.codedeploy.application import Application
from region.provider.resources.codedeploy.deployment_config import DeploymentConfig
from region.provider.resources.codedeploy.deployment_group import DeploymentGroup
from region.provider.resources.ec2.eip import Eip
from region.provider.resources.ec2.instance import Instance as Ec2Instance
from region.provider.resources.ec2.internet_gateway import InternetGateway
from region.provider.resources.ec2.launch_template import LaunchTemplate
from region.provider.resources.ec2.nat_gateway import NatGateway
from region.provider.resources.ec2.network_acl import NetworkAcl
from region.provider.resources.ec2.route import Route
from region.provider.resources.ec2.route_table import RouteTable
from region.provider.resources.ec2.route_table_association import RouteTableAssociation
from region.provider.resources.ec2.security_group import SecurityGroup
from region.provider.resources.ec2.subnet import Subnet
from region.provider.resources.ec2.vpc import Vpc
from region.provider.resources.ec2.vpc_endpoint import VpcEndpoint
from region.provider.resources.fis.experiment_template import ExperimentTemplate
from region.provider.resources.iam.instance_profile import InstanceProfile
from region.provider.resources.iam.role import Role
from region.provider.resources.iam.role_policy import RolePolicy
from region.provider.resources.iam.role_policy_attachment import RolePolicyAttachment
from region.provider.resources.kms.key import Key
from region.provider.resources.lb.listener import Listener
from region.provider.resources.lb.listener_certificate import ListenerCertificate
from region.provider.resources.lb.listener_rule import ListenerRule
from region.provider.resources.lb.load_balancer import LoadBalancer
from region.provider.resources.lb.target_group import TargetGroup
from region.provider.resources.rds.instance import Instance as RdsInstance
from region.provider.resources.rds.parameter_group import ParameterGroup
from region.provider.resources.rds.snapshot import Snapshot
from region.provider.resources.rds.subnet_group import SubnetGroup
from region.provider.resources.s3.bucket import Bucket
from region.provider.resources.s3.bucket_lifecycle_configuration import BucketLifecycleConfiguration
from region.provider.resources.s3.bucket_objectv2 import BucketObjectv2
from region.provider.resources.s3.bucket_policy import BucketPolicy
from region.provider.resources.s3.bucket_public_access_block import BucketPublicAccessBlock
from region.provider.resources.s3.bucket_server_side_encryption_configuration import (
    BucketServerSideEncryptionConfiguration,
)
from region.provider.resources.s3.bucket_versioning import BucketVersioning
from region.provider.resources.sns.topic import Topic
from region.provider.resources.sns.topic_policy import TopicPolicy
from region.provider.resources.sns.topic_subscription import TopicSubscription
from region.provider.resources.vpc.security_group_egress_rule import SecurityGroupEgressRule
from region.provider.resources.vpc.security_group_ingress_rule import SecurityGroupIngressRule

_HANDLERS: Final[tuple[type[Handler], ...]] = (
    Certificate,
    Attachment,
    Group,
    LifecycleHook,
    Notification,
    Policy,
    Schedule,
    Tag,
    TrafficSourceAttachment,
    Budget,
    CompositeAlarm,
    Dashboard,
    LogGroup,
    MetricAlarm,
    Application,
    DeploymentConfig,
    DeploymentGroup,
    Eip,
    Ec2Instance,
    InternetGateway,
    LaunchTemplate,
    NatGateway,
    NetworkAcl,
    Route,
    RouteTable,
    RouteTableAssociation,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcEndpoint,
    ExperimentTemplate,
    InstanceProfile,
    Role,
    RolePolicy,
    RolePolicyAttachment,
    Key,
    Listener,
    ListenerCertificate,
    ListenerRule,
    LoadBalancer,
    TargetGroup,
    RdsInstance,
    ParameterGroup,
    Snapshot,
    SubnetGroup,
    Bucket,
    BucketLifecycleConfiguration,
    BucketObjectv2,
    BucketPolicy,
    BucketPublicAccessBlock,
    BucketServerSideEncryptionConfiguration,
    BucketVersioning,
    Topic,
    TopicPolicy,
    TopicSubscription,
    SecurityGroupEgressRule,
    SecurityGroupIngressRule,
)

_NO_DOMAIN: Final = (
    "the local region has no DNS and no certificate authority that a client trusts; rehearse "
    "without a domain"
)
UNSUPPORTED_BY_DESIGN: Final[Mapping[str, str]] = {
    "aws:ec2/flowLog:FlowLog": (
        "no packets cross a network that it could record; rehearse without flow logs"
    ),
    "aws:acm/certificateValidation:CertificateValidation": _NO_DOMAIN,
    "aws:route53/record:Record": _NO_DOMAIN,
}
"""Types that are left out on purpose, by token, with the reason and the remedy."""


def all_handlers() -> dict[str, Handler]:
    """Return one handler per type token (`aws:ec2/vpc:Vpc`)."""
    return {handler.resource_type: handler() for handler in _HANDLERS}
