"""IAM and bucket policies as plain data. Pure.

Least privilege: every statement names its actions, and its resources by ARN.
"""

from __future__ import annotations

import json
from typing import Any

REVISION_PREFIX = "revisions/"
"""Where revisions are kept in the bucket; instances may read this prefix and nothing else of it."""

ACCESS_LOG_PREFIX = "AWSLogs/"
"""Where load balancers write in their bucket: this, then the account's id."""


ALARM_SOURCES = ("cloudwatch", "budgets")
"""Services that publish to the topic of the alarms."""


def partition_of(region: str) -> str:
    """The ARN partition that a Region belongs to (AWS General Reference, "ARN format")."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def managed_policy_arn(region: str, path: str) -> str:
    """ARN of a policy that AWS manages, such as `service-role/AWSCodeDeployRole`."""
    return f"arn:{partition_of(region)}:iam::aws:policy/{path}"


def trust(service: str) -> str:
    """Who may assume a role: one AWS service."""
    return _document(
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    )


def instance_permissions(*, bucket_arn: str, secret_arn: str, region: str) -> str:
    """What an instance may do: read revisions, the agent's installer and the database's password.

    The two S3 permissions are those that CodeDeploy's guide names ("Create an IAM instance
    profile"); versions are pinned, hence GetObjectVersion.
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
    """What Session Manager needs of an instance, and no more (Systems Manager user guide, "Add
    Session Manager permissions to an existing IAM role").

    The managed policy AmazonSSMManagedInstanceCore would also let the instance read every parameter
    of the account. The actions' channels are no resources that a statement could name.
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
    """Who may publish to the topic of the alarms: CloudWatch and Budgets, for this account only,
    and nobody without TLS (SNS developer guide, "Example cases for Amazon SNS access control";
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
            "Sid": "RefusePlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": topic_arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def alarm_key(*, account: str, region: str) -> str:
    """Who may use the topic's key: the account by its own policies, and the two services that
    publish. A key whose policy leaves the account out cannot be managed any more (KMS developer
    guide, "Default key policy").
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
    """Who may assume the flow logs' role: the service, for this account's flow logs only (VPC user
    guide, "IAM role for publishing flow logs to CloudWatch Logs": the confused deputy).
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
    """What the flow logs' role may do: write into its one log group, and find it.

    The guide's actions without CreateLogGroup, because the group is the stack's own. Groups can
    only be looked for among all.
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
    """A bucket policy that refuses every unencrypted request (AWS Config rule
    s3-bucket-ssl-requests-only).
    """
    return _document(_refuse_plain_http(bucket_arn))


def access_log_delivery(*, bucket_arn: str, account: str) -> str:
    """A bucket policy that lets load balancers of the account write access logs, over TLS only.

    The service principal is right in every Region; the account ids per Region, of Regions from
    before August 2022, are the older way (ELB user guide, "Enable access logs for your Application
    Load Balancer").
    """
    return _document(
        {
            "Sid": "WriteAccessLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{bucket_arn}/{ACCESS_LOG_PREFIX}{account}/*",
        },
        _refuse_plain_http(bucket_arn),
    )


def _refuse_plain_http(bucket_arn: str) -> dict[str, Any]:
    return {
        "Sid": "RefusePlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
