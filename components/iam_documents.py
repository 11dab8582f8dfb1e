"""IAM and bucket policies as plain data. Pure.

Least privilege: every statement names its actions, and its resources by ARN.
"""

from __future__ import annotations

import json
from typing import Any

REVISION_PREFIX = "revisions/"
"""The prefix of revisions in their bucket; instances may read nothing else in it."""

ACCESS_LOG_PREFIX = "AWSLogs/"
"""The prefix under which load balancers write logs, followed by the account id."""

ALARM_SOURCES = ("cloudwatch", "budgets")
"""Services that publish to the alarm topic."""


def partition_of(region: str) -> str:
    """Return the ARN partition of a Region (AWS General Reference, "ARN format")."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def managed_policy_arn(region: str, path: str) -> str:
    """Return the ARN of an AWS managed policy such as `service-role/AWSCodeDeployRole`."""
    return f"arn:{partition_of(region)}:iam::aws:policy/{path}"


def trust(service: str) -> str:
    """Build a trust policy that lets one AWS service assume the role."""
    return _document(
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    )


def instance_permissions(*, bucket_arn: str, secret_arn: str, region: str) -> str:
    """Build the instances' policy: read revisions, the agent's installer and the database secret.

    The two S3 permissions are those in CodeDeploy's guide ("Create an IAM instance profile");
    deployments pin the object version, hence GetObjectVersion.
    """
    installer = f"arn:{partition_of(region)}:s3:::aws-codedeploy-{region}/*"
    return _document(
        {
            "Sid": "ReadRevisions",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": f"{bucket_arn}/{REVISION_PREFIX}*",
        },
        {
            "Sid": "ReadAgentInstaller",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": installer,
        },
        {
            "Sid": "ReadDatabasePassword",
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": secret_arn,
        },
    )


def session_permissions() -> str:
    """Build the policy for Session Manager, with only what it needs.

    From the Systems Manager user guide, "Add Session Manager permissions to an existing IAM role".
    The managed policy AmazonSSMManagedInstanceCore would also let the instance read every parameter
    of the account. The channels that the actions open are not resources that a statement can name.
    """
    return _document(
        {
            "Sid": "OpenSessions",
            "Effect": "Allow",
            "Action": [
                "ssm:UpdateInstanceInformation",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            "Resource": "*",
        }
    )


def alarm_topic(*, topic_arn: str, account: str) -> str:
    """Build the alarm topic's policy: CloudWatch and Budgets may publish, with TLS only.

    Both for this account only (SNS developer guide, "Example cases for Amazon SNS access control";
    AWS Budgets, "Creating an Amazon SNS topic for budget notifications").
    """
    return _document(
        *(
            {
                "Sid": f"PublishFrom{service.capitalize()}",
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            }
            for service in ALARM_SOURCES
        ),
        {
            "Sid": "DenyPlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": topic_arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def alarm_key(*, account: str, region: str) -> str:
    """Build the topic's key policy: the account through IAM, and the services that publish.

    A key whose policy leaves out the account can no longer be managed (KMS developer guide, "Default
    key policy").
    """
    return _document(
        {
            "Sid": "ManageByIam",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition_of(region)}:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        *(
            {
                "Sid": f"PublishFrom{service.capitalize()}",
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            }
            for service in ALARM_SOURCES
        ),
    )


def flow_log_trust(*, account: str, region: str) -> str:
    """Build the trust policy of the flow logs' role, for this account's flow logs only.

    The conditions prevent the confused deputy problem (VPC user guide, "IAM role for publishing flow
    logs to CloudWatch Logs").
    """
    source = f"arn:{partition_of(region)}:ec2:{region}:{account}:vpc-flow-log/*"
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": source},
            },
        }
    )


def flow_log_permissions(*, group_arn: str, account: str, region: str) -> str:
    """Build the policy of the flow logs' role: find its one log group and write to it.

    The guide's actions without CreateLogGroup, because the stack creates the group. Describing log
    groups cannot be restricted to one of them.
    """
    groups = f"arn:{partition_of(region)}:logs:{region}:{account}:log-group:*"
    return _document(
        {
            "Sid": "WriteRecords",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": [group_arn, f"{group_arn}:*"],
        },
        {
            "Sid": "FindGroup",
            "Effect": "Allow",
            "Action": "logs:DescribeLogGroups",
            "Resource": groups,
        },
    )


def tls_only(bucket_arn: str) -> str:
    """Build a bucket policy that denies plain HTTP (AWS Config s3-bucket-ssl-requests-only)."""
    return _document(_deny_plain_http(bucket_arn))


def access_log_delivery(*, bucket_arn: str, account: str) -> str:
    """Build a bucket policy that lets the account's load balancers write access logs, TLS only.

    The service principal works in every Region; account ids per Region, for Regions from before
    August 2022, are the older way (ELB user guide, "Enable access logs for your Application Load
    Balancer").
    """
    return _document(
        {
            "Sid": "WriteAccessLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{bucket_arn}/{ACCESS_LOG_PREFIX}{account}/*",
        },
        _deny_plain_http(bucket_arn),
    )


def _deny_plain_http(bucket_arn: str) -> dict[str, Any]:
    return {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
