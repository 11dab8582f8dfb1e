"""Calls about what does not exist: AWS's own error code for each, or an empty answer where AWS has that."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud

ACCOUNT = "123456789012"
INSTANCE = "i-0123456789abcdef0"
TARGET_GROUP = "targetgroup/none/0123456789abcdef"
LOAD_BALANCER = "loadbalancer/app/none/0123456789abcdef"
LISTENER = "listener/app/none/0123456789abcdef/0123456789abcdef"
RULE = "listener-rule/app/none/0123456789abcdef/0123456789abcdef/0123456789abcdef"
DEPLOYMENT = "d-ABCDEFGH1"

Case = tuple[str, dict[str, Any], str]
"""An operation, its parameters, and the code of AWS's error; empty where AWS succeeds."""


def some_id(prefix: str) -> str:
    return f"{prefix}-0123456789abcdef0"


EC2: list[Case] = [
    ("describe_instances", {"InstanceIds": [INSTANCE]}, "InvalidInstanceID.NotFound"),
    ("describe_instances", {"InstanceIds": ["bogus"]}, "InvalidInstanceID.Malformed"),
    ("terminate_instances", {"InstanceIds": ["bogus"]}, "InvalidInstanceID.Malformed"),
    ("terminate_instances", {"InstanceIds": [INSTANCE]}, "InvalidInstanceID.NotFound"),
    ("describe_security_groups", {"GroupIds": ["bogus"]}, "InvalidGroupId.Malformed"),
    ("describe_security_groups", {"GroupIds": [some_id("sg")]}, "InvalidGroup.NotFound"),
    ("describe_vpcs", {"VpcIds": [some_id("vpc")]}, "InvalidVpcID.NotFound"),
    ("describe_subnets", {"SubnetIds": [some_id("subnet")]}, "InvalidSubnetID.NotFound"),
    ("describe_nat_gateways", {"NatGatewayIds": [some_id("nat")]}, "NatGatewayNotFound"),
    ("describe_network_acls", {"NetworkAclIds": [some_id("acl")]}, "InvalidNetworkAclID.NotFound"),
    ("describe_availability_zones", {"ZoneNames": ["ap-northeast-2x"]}, "InvalidParameterValue"),
    ("describe_regions", {"RegionNames": ["xx-north-1"]}, "InvalidParameterValue"),
    (
        "delete_launch_template",
        {"LaunchTemplateId": some_id("lt")},
        "InvalidLaunchTemplateId.NotFound",
    ),
    (
        "delete_launch_template",
        {"LaunchTemplateName": "none"},
        "InvalidLaunchTemplateName.NotFoundException",
    ),
    (
        "modify_launch_template",
        {"LaunchTemplateId": some_id("lt"), "DefaultVersion": "1"},
        "InvalidLaunchTemplateId.NotFound",
    ),
    (
        "create_tags",
        {"Resources": [INSTANCE], "Tags": [{"Key": "a", "Value": "b"}]},
        "InvalidInstanceID.NotFound",
    ),
    ("delete_key_pair", {"KeyName": "none"}, ""),
    ("delete_key_pair", {}, "MissingParameter"),
    (
        "create_launch_template_version",
        {"LaunchTemplateData": {"InstanceType": "t4g.nano"}},
        "MissingParameter",
    ),
    (
        "delete_managed_prefix_list",
        {"PrefixListId": some_id("pl")},
        "InvalidPrefixListID.NotFound",
    ),
    (
        "describe_image_attribute",
        {"ImageId": some_id("ami"), "Attribute": "description"},
        "InvalidAMIID.NotFound",
    ),
    ("modify_subnet_attribute", {"SubnetId": some_id("subnet")}, "InvalidSubnetID.NotFound"),
    ("modify_vpc_attribute", {"VpcId": some_id("vpc")}, "InvalidVpcID.NotFound"),
    ("create_default_subnet", {}, "MissingParameter"),
    ("describe_flow_logs", {"FlowLogIds": [some_id("fl")]}, "InvalidFlowLogId.NotFound"),
    ("describe_hosts", {"HostIds": [some_id("h")]}, "InvalidHostID.NotFound"),
    (
        "describe_managed_prefix_lists",
        {"PrefixListIds": [some_id("pl")]},
        "InvalidPrefixListID.NotFound",
    ),
    (
        "describe_vpc_peering_connections",
        {"VpcPeeringConnectionIds": [some_id("pcx")]},
        "InvalidVpcPeeringConnectionID.NotFound",
    ),
    ("describe_vpn_gateways", {"VpnGatewayIds": [some_id("vgw")]}, "InvalidVpnGatewayID.NotFound"),
]
BALANCERS: list[Case] = [
    ("describe_load_balancers", {"Names": ["none"]}, "LoadBalancerNotFound"),
    ("describe_load_balancers", {"LoadBalancerArns": ["bogus"]}, "ValidationError"),
    ("describe_target_health", {"TargetGroupArn": LOAD_BALANCER}, "ValidationError"),
    ("describe_target_health", {"TargetGroupArn": TARGET_GROUP}, "TargetGroupNotFound"),
    ("describe_tags", {"ResourceArns": [LOAD_BALANCER]}, "LoadBalancerNotFound"),
    ("describe_tags", {"ResourceArns": [TARGET_GROUP]}, "TargetGroupNotFound"),
    ("describe_tags", {"ResourceArns": [LISTENER]}, "ListenerNotFound"),
    ("describe_tags", {"ResourceArns": [RULE]}, "RuleNotFound"),
    ("describe_rules", {"ListenerArn": LISTENER}, "ListenerNotFound"),
    ("delete_load_balancer", {"LoadBalancerArn": LOAD_BALANCER}, ""),
    ("delete_target_group", {"TargetGroupArn": TARGET_GROUP}, ""),
    ("delete_listener", {"ListenerArn": LISTENER}, "ListenerNotFound"),
    ("describe_ssl_policies", {"Names": ["bogus"]}, "SSLPolicyNotFound"),
]
GROUP_TAG = {"ResourceId": "none", "ResourceType": "auto-scaling-group", "Key": "a"}
GROUPS: list[Case] = [
    ("describe_load_balancers", {"AutoScalingGroupName": "none"}, "ValidationError"),
    ("describe_auto_scaling_groups", {"AutoScalingGroupNames": ["none"]}, ""),
    ("describe_lifecycle_hooks", {"AutoScalingGroupName": "none"}, "ValidationError"),
    ("delete_auto_scaling_group", {"AutoScalingGroupName": "none"}, "ValidationError"),
    ("delete_launch_configuration", {"LaunchConfigurationName": "none"}, "ValidationError"),
    ("create_or_update_tags", {"Tags": [{**GROUP_TAG, "Value": "b"}]}, "ValidationError"),
    ("delete_tags", {"Tags": [GROUP_TAG]}, "ValidationError"),
]
DEPLOYMENTS: list[Case] = [
    ("get_application", {"applicationName": "none"}, "ApplicationDoesNotExistException"),
    ("get_deployment", {"deploymentId": DEPLOYMENT}, "DeploymentDoesNotExistException"),
    ("get_deployment", {"deploymentId": "bogus"}, "InvalidDeploymentIdException"),
    ("list_deployment_targets", {"deploymentId": DEPLOYMENT}, "DeploymentDoesNotExistException"),
]
DATABASES: list[Case] = [
    (
        "restore_db_instance_from_db_snapshot",
        {"DBInstanceIdentifier": "none"},
        "InvalidParameterCombination",
    ),
    ("describe_db_instances", {"DBInstanceIdentifier": "none"}, "DBInstanceNotFound"),
    ("describe_db_parameter_groups", {"DBParameterGroupName": "none"}, "DBParameterGroupNotFound"),
    (
        "modify_db_subnet_group",
        {"DBSubnetGroupName": "none", "SubnetIds": [some_id("subnet")]},
        "DBSubnetGroupNotFoundFault",
    ),
    (
        "create_db_subnet_group",
        {
            "DBSubnetGroupName": "none",
            "DBSubnetGroupDescription": "none",
            "SubnetIds": [some_id("subnet")],
        },
        "InvalidSubnet",
    ),
    ("list_tags_for_resource", {"ResourceName": "db:none"}, "DBInstanceNotFound"),
    (
        "add_tags_to_resource",
        {"ResourceName": "snapshot:none", "Tags": [{"Key": "a", "Value": "b"}]},
        "DBSnapshotNotFound",
    ),
]
ALARMS: list[Case] = [
    ("describe_alarms", {"AlarmNames": ["none"]}, ""),
    (
        "set_alarm_state",
        {"AlarmName": "none", "StateValue": "OK", "StateReason": "x"},
        "ResourceNotFound",
    ),
    ("list_tags_for_resource", {"ResourceARN": "alarm:none"}, "ResourceNotFoundException"),
]

NO_ROLE = f"arn:aws:iam::{ACCOUNT}:role/none"
IDENTITIES: list[Case] = [
    ("list_instance_profiles_for_role", {"RoleName": "none"}, "NoSuchEntity"),
    (
        "list_entities_for_policy",
        {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/none"},
        "NoSuchEntity",
    ),
    ("create_service_linked_role", {"AWSServiceName": "none"}, "InvalidInput"),
    ("get_role", {"RoleName": "none"}, "NoSuchEntity"),
    ("list_attached_role_policies", {"RoleName": "none"}, "NoSuchEntity"),
    ("get_instance_profile", {"InstanceProfileName": "none"}, "NoSuchEntity"),
    ("get_policy", {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/none"}, "NoSuchEntity"),
]
PARAMETERS: list[Case] = [
    ("get_parameter", {"Name": "/none"}, "ParameterNotFound"),
    ("get_parameters", {"Names": ["/none"]}, ""),
    (
        "list_tags_for_resource",
        {"ResourceType": "Parameter", "ResourceId": "/none"},
        "InvalidResourceId",
    ),
    ("send_command", {"DocumentName": "none", "InstanceIds": [INSTANCE]}, "InvalidDocument"),
    (
        "send_command",
        {
            "DocumentName": "AWS-RunShellScript",
            "InstanceIds": [INSTANCE],
            "Parameters": {"commands": ["true"]},
        },
        "InvalidInstanceId",
    ),
]
EXPERIMENTS: list[Case] = [
    ("get_experiment", {"id": "EXPnone1234"}, "ResourceNotFoundException"),
    ("get_experiment_template", {"id": "EXTnone1234"}, "ResourceNotFoundException"),
    ("get_action", {"id": "aws:ec2:bogus"}, "ResourceNotFoundException"),
    (
        "tag_resource",
        {"resourceArn": "experiment/EXPnone1234", "tags": {"a": "b"}},
        "ResourceNotFoundException",
    ),
]
RULES: list[Case] = [
    ("describe_rule", {"Name": "none"}, "ResourceNotFoundException"),
    ("list_targets_by_rule", {"Rule": "none"}, "ResourceNotFoundException"),
]
KEY = "12345678-1234-1234-1234-123456789012"
KEYS: list[Case] = [
    ("list_grants", {"KeyId": KEY}, "NotFoundException"),
    ("describe_key", {"KeyId": "alias/none"}, "NotFoundException"),
    ("generate_random", {}, "ValidationException"),
]
LOGS: list[Case] = [
    ("describe_metric_filters", {"logGroupName": "none"}, "ResourceNotFoundException"),
    (
        "delete_metric_filter",
        {"logGroupName": "none", "filterName": "none"},
        "ResourceNotFoundException",
    ),
    ("put_resource_policy", {"policyName": "none"}, "InvalidParameterException"),
    (
        "tag_resource",
        {"resourceArn": "log-group:none", "tags": {"a": "b"}},
        "ResourceNotFoundException",
    ),
    ("list_tags_for_resource", {"resourceArn": "log-group:none"}, "ResourceNotFoundException"),
]
BUCKETS: list[Case] = [
    (
        "put_bucket_versioning",
        {"Bucket": "haproof-none", "VersioningConfiguration": {"Status": "Enabled"}},
        "NoSuchBucket",
    ),
]
BUDGETS: list[Case] = [
    (
        "describe_notifications_for_budget",
        {"AccountId": ACCOUNT, "BudgetName": "none"},
        "NotFoundException",
    ),
]
SECRETS: list[Case] = [
    ("list_secret_version_ids", {"SecretId": "none"}, "ResourceNotFoundException")
]
TOPICS: list[Case] = [
    ("list_subscriptions_by_topic", {"TopicArn": "none"}, "InvalidParameter"),
    ("get_topic_attributes", {"TopicArn": "none"}, "InvalidParameter"),
    ("publish", {"Message": "to nobody"}, "InvalidParameter"),
]


def whole(cloud: Cloud, service: str, value: Any) -> Any:
    """Complete the ARNs of a case, which depend on the account and the region."""
    if isinstance(value, dict):
        return {name: whole(cloud, service, one) for name, one in value.items()}
    if isinstance(value, list):
        return [whole(cloud, service, one) for one in value]
    shown = {"elbv2": "elasticloadbalancing"}.get(service, service)
    parts = (
        "targetgroup/",
        "loadbalancer/",
        "listener",
        "db:",
        "snapshot:",
        "alarm:",
        "experiment/",
        "log-group:",
    )
    if isinstance(value, str) and value.startswith(parts):
        return f"arn:aws:{shown}:{cloud.region}:{ACCOUNT}:{value}"
    return value


def cases(service: str, given: list[Case]) -> list[Any]:
    return [pytest.param(service, *case, id=f"{service}.{case[0]}-{case[2]}") for case in given]


@pytest.mark.row("X-absent")
@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        *cases("ec2", EC2),
        *cases("elbv2", BALANCERS),
        *cases("autoscaling", GROUPS),
        *cases("codedeploy", DEPLOYMENTS),
        *cases("rds", DATABASES),
        *cases("cloudwatch", ALARMS),
        *cases("iam", IDENTITIES),
        *cases(
            "sts", [("assume_role", {"RoleArn": NO_ROLE, "RoleSessionName": "xx"}, "AccessDenied")]
        ),
        *cases("ssm", PARAMETERS),
        *cases("fis", EXPERIMENTS),
        *cases("events", RULES),
        *cases("kms", KEYS),
        *cases("logs", LOGS),
        *cases("s3", BUCKETS),
        *cases("budgets", BUDGETS),
        *cases("secretsmanager", SECRETS),
        *cases("sns", TOPICS),
    ],
)
def test_what_does_not_exist(
    cloud: Cloud, service: str, operation: str, parameters: dict[str, Any], code: str
) -> None:
    call = getattr(cloud.client(service), operation)
    given = whole(cloud, service, parameters)
    if not code:
        call(**given)
        return
    with pytest.raises(ClientError) as error:
        call(**given)
    assert error.value.response["Error"]["Code"] == code
