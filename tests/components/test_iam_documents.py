"""Policy documents."""

from __future__ import annotations

import json

import pytest

from components.iam_documents import (
    access_log_delivery,
    flow_log_permissions,
    flow_log_trust,
    managed_policy_arn,
    tls_only,
    trust,
)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("ap-northeast-2", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_arns_have_the_regions_partition(region, partition):
    assert managed_policy_arn(region, "X") == f"arn:{partition}:iam::aws:policy/X"


def test_documents_are_json_with_the_current_version():
    for document in (trust("ec2.amazonaws.com"), tls_only("arn:aws:s3:::b")):
        assert json.loads(document)["Version"] == "2012-10-17"


@pytest.mark.parametrize(("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn")])
def test_the_flow_logs_role_is_narrow_in_every_partition(region, partition):
    account = "123456789012"
    (trusting,) = json.loads(flow_log_trust(account=account, region=region))["Statement"]
    source = f"arn:{partition}:ec2:{region}:{account}:vpc-flow-log/*"
    assert trusting["Condition"]["ArnLike"] == {"aws:SourceArn": source}
    group = f"arn:{partition}:logs:{region}:{account}:log-group:flows"
    granted = flow_log_permissions(group_arn=group, account=account, region=region)
    write, find = json.loads(granted)["Statement"]
    assert write["Resource"] == [group, f"{group}:*"]
    assert find["Action"] == "logs:DescribeLogGroups"
    assert find["Resource"].startswith(f"arn:{partition}:logs:{region}:{account}:")


def test_access_logs_are_delivered_for_one_account_and_with_tls_only():
    document = json.loads(access_log_delivery(bucket_arn="arn:aws:s3:::b", account="1"))
    deliver, refuse = document["Statement"]
    assert deliver["Resource"] == "arn:aws:s3:::b/AWSLogs/1/*"
    assert [refuse] == json.loads(tls_only("arn:aws:s3:::b"))["Statement"]
