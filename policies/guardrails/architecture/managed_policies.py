"""What AWS managed policies allow, as far as a rule asks for it.

From the AWS Managed Policy Reference Guide. A policy that is not listed allows something that the
pack does not know.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from guardrails.architecture.policy_documents import Statement

_AWS_MANAGED = re.compile(r"arn:aws[a-z-]*:iam::aws:policy/(?:[^/]+/)*(?P<name>[^/]+)")


def _allow(*actions: str, resources: tuple[str, ...] = ("*",)) -> tuple[Statement, ...]:
    return (Statement(allows=True, actions=actions, resources=resources),)


_CHANNELS = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
_MANAGED_INSTANCE = (
    "ssm:DescribeAssociation",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:DescribeDocument",
    "ssm:GetManifest",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutInventory",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
    *_CHANNELS,
    "ec2messages:*",
)
_CODEDEPLOY = (
    "autoscaling:CompleteLifecycleAction",
    "autoscaling:DeleteLifecycleHook",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLifecycleHooks",
    "autoscaling:PutLifecycleHook",
    "autoscaling:RecordLifecycleActionHeartbeat",
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:UpdateAutoScalingGroup",
    "autoscaling:EnableMetricsCollection",
    "autoscaling:Describe*",
    "autoscaling:SuspendProcesses",
    "autoscaling:ResumeProcesses",
    "autoscaling:AttachLoadBalancers",
    "autoscaling:AttachLoadBalancerTargetGroups",
    "autoscaling:PutScalingPolicy",
    "autoscaling:PutScheduledUpdateGroupAction",
    "autoscaling:PutNotificationConfiguration",
    "autoscaling:PutWarmPool",
    "autoscaling:DeleteAutoScalingGroup",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceStatus",
    "ec2:TerminateInstances",
    "tag:GetResources",
    "sns:Publish",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutMetricAlarm",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
    "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:DeregisterTargets",
)

_POLICIES = MappingProxyType(
    {
        "AdministratorAccess": _allow("*"),
        "PowerUserAccess": (
            Statement(
                allows=True,
                not_actions=("iam:*", "organizations:*", "account:*"),
                resources=("*",),
            ),
        ),
        "ReadOnlyAccess": _allow("*:Describe*", "*:Get*", "*:List*"),
        "AWSCodeDeployRole": _allow(*_CODEDEPLOY),
        "AWSCodeDeployRoleForECS": _allow(
            "ecs:*",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:ModifyRule",
            "lambda:InvokeFunction",
            "cloudwatch:DescribeAlarms",
            "sns:Publish",
            "s3:GetObject",
            "s3:GetObjectVersion",
        ),
        "AWSCodeDeployRoleForECSLimited": _allow("ecs:*", "cloudwatch:DescribeAlarms"),
        "AWSCodeDeployRoleForLambda": _allow(
            "cloudwatch:DescribeAlarms",
            "lambda:UpdateAlias",
            "lambda:GetAlias",
            "lambda:GetProvisionedConcurrencyConfig",
            "sns:Publish",
        ),
        "AWSCodeDeployRoleForLambdaLimited": _allow("cloudwatch:DescribeAlarms", "lambda:*"),
        "AWSCodeDeployFullAccess": _allow("codedeploy:*"),
        "AWSCodeDeployDeployerAccess": _allow("codedeploy:*"),
        "AWSCodeDeployReadOnlyAccess": _allow("codedeploy:Get*", "codedeploy:List*"),
        "AmazonEC2RoleforAWSCodeDeploy": _allow(
            "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"
        ),
        "AmazonEC2RoleforAWSCodeDeployLimited": _allow(
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:ListBucket",
            resources=("arn:aws:s3:::*/CodeDeploy/*",),
        ),
        "AmazonSSMManagedInstanceCore": _allow(*_MANAGED_INSTANCE),
        "AmazonSSMManagedEC2InstanceDefaultPolicy": _allow(*_MANAGED_INSTANCE),
        "AmazonEC2RoleforSSM": _allow(
            *_MANAGED_INSTANCE, "s3:GetObject", "s3:PutObject", "s3:ListBucket", "logs:*"
        ),
        "AmazonSSMFullAccess": _allow("ssm:*", "ec2messages:*", "ssmmessages:*", "logs:*"),
        "AmazonSSMReadOnlyAccess": _allow("ssm:Describe*", "ssm:Get*", "ssm:List*"),
        "AmazonSSMPatchAssociation": _allow("ssm:DescribeEffectivePatchesForPatchBaseline"),
        "AmazonS3FullAccess": _allow("s3:*", "s3-object-lambda:*"),
        "AmazonS3ReadOnlyAccess": _allow("s3:Get*", "s3:List*", "s3:Describe*"),
        "AutoScalingFullAccess": _allow(
            "autoscaling:*", "cloudwatch:PutMetricAlarm", "ec2:Describe*", "elasticloadbalancing:D*"
        ),
        "AmazonEC2FullAccess": _allow(
            "ec2:*", "elasticloadbalancing:*", "cloudwatch:*", "autoscaling:*"
        ),
        "AmazonEC2ReadOnlyAccess": _allow(
            "ec2:Describe*", "elasticloadbalancing:Describe*", "autoscaling:Describe*"
        ),
        "ElasticLoadBalancingFullAccess": _allow("elasticloadbalancing:*", "ec2:Describe*"),
        "AmazonSNSFullAccess": _allow("sns:*"),
        "CloudWatchAgentServerPolicy": _allow(
            "cloudwatch:PutMetricData", "ec2:Describe*", "logs:*", "xray:Put*", "ssm:GetParameter"
        ),
        "CloudWatchAgentAdminPolicy": _allow(
            "cloudwatch:PutMetricData", "logs:*", "ssm:GetParameter", "ssm:PutParameter"
        ),
        "CloudWatchFullAccess": _allow("cloudwatch:*", "logs:*", "sns:*", "autoscaling:Describe*"),
        "CloudWatchFullAccessV2": _allow("cloudwatch:*", "logs:*", "sns:Create*", "sns:List*"),
        "CloudWatchReadOnlyAccess": _allow("cloudwatch:Describe*", "cloudwatch:Get*", "logs:Get*"),
        "CloudWatchLogsFullAccess": _allow("logs:*", "cloudwatch:GenerateQuery"),
        "AWSXRayDaemonWriteAccess": _allow("xray:*"),
        "AWSXrayWriteOnlyAccess": _allow("xray:*"),
        "AmazonEC2ContainerRegistryReadOnly": _allow("ecr:*"),
        "AmazonEC2ContainerRegistryPullOnly": _allow("ecr:*"),
        "SecretsManagerReadWrite": _allow("secretsmanager:*", "kms:DescribeKey", "kms:List*"),
        "AmazonRDSReadOnlyAccess": _allow("rds:Describe*", "rds:List*"),
        "AmazonRDSFullAccess": _allow("rds:*"),
        "AmazonDynamoDBFullAccess": _allow("dynamodb:*"),
        "AmazonDynamoDBReadOnlyAccess": _allow("dynamodb:Get*", "dynamodb:List*"),
        "AmazonSQSFullAccess": _allow("sqs:*"),
        "AmazonElasticFileSystemClientReadWriteAccess": _allow("elasticfilesystem:Client*"),
        "AWSLambdaBasicExecutionRole": _allow("logs:*"),
        "AWSLambdaVPCAccessExecutionRole": _allow(
            "logs:*",
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ),
        "AmazonECSTaskExecutionRolePolicy": _allow(
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ),
        "AmazonEKSWorkerNodePolicy": _allow(
            "ec2:Describe*", "eks:DescribeCluster", "eks-auth:AssumeRoleForPodIdentity"
        ),
        "AmazonEKSWorkerNodeMinimalPolicy": _allow(
            "ec2:DescribeInstances", "eks-auth:AssumeRoleForPodIdentity"
        ),
        "AmazonEKS_CNI_Policy": _allow(
            "ec2:AssignPrivateIpAddresses",
            "ec2:AttachNetworkInterface",
            "ec2:CreateNetworkInterface",
            "ec2:CreateTags",
            "ec2:DeleteNetworkInterface",
            "ec2:Describe*",
            "ec2:DetachNetworkInterface",
            "ec2:ModifyNetworkInterfaceAttribute",
            "ec2:UnassignPrivateIpAddresses",
        ),
        "AWSBackupServiceRolePolicyForBackup": _allow(
            "backup:*",
            "dynamodb:StartAwsBackupJob",
            "ec2:CreateSnapshot",
            "elasticfilesystem:Backup",
            "rds:CreateDBSnapshot",
            "rds:CreateDBClusterSnapshot",
        ),
        "AWSBackupServiceRolePolicyForRestores": _allow("backup:*", "rds:Restore*"),
    }
)


_SERVICE_ROLE = frozenset(
    {
        "AWSCodeDeployRole",
        "AWSCodeDeployRoleForLambda",
        "AWSCodeDeployRoleForLambdaLimited",
        "AmazonEC2RoleforAWSCodeDeploy",
        "AmazonEC2RoleforAWSCodeDeployLimited",
        "AmazonEC2RoleforSSM",
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaVPCAccessExecutionRole",
        "AmazonECSTaskExecutionRolePolicy",
        "AWSBackupServiceRolePolicyForBackup",
        "AWSBackupServiceRolePolicyForRestores",
        "AmazonEC2ContainerServiceforEC2Role",
        "AmazonRDSEnhancedMonitoringRole",
    }
)
"""AWS managed policies with the path `service-role/`."""


def proper_arn(arn: str) -> str | None:
    """Return how an AWS managed policy is really named, where its ARN has another path."""
    found = _AWS_MANAGED.fullmatch(arn)
    if found is None:
        return None
    name, listed = found["name"], found["name"] in _SERVICE_ROLE
    prefix = arn.partition(":policy/")[0]
    wanted = f"{prefix}:policy/{'service-role/' if listed else ''}{name}"
    return wanted if (listed or name in _POLICIES) and arn != wanted else None


def managed_name(arn: str) -> str | None:
    """Return the name of the AWS managed policy that an ARN names, `None` if it is another's."""
    found = _AWS_MANAGED.fullmatch(arn)
    return found["name"] if found else None


def managed_statements(name: str) -> tuple[Statement, ...] | None:
    """Return what an AWS managed policy allows, `None` if the pack does not know it."""
    return _POLICIES.get(name)
