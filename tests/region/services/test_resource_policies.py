"""What the policy of a queue or topic lets a service do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from region.services import resource_policies

QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:inbox"
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:news"
ALLOW = {
    "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": QUEUE,
}


def admits(*statements: dict[str, Any]) -> bool:
    return resource_policies.admits(
        json.dumps({"Statement": list(statements)}),
        service="sns.amazonaws.com",
        action="sqs:SendMessage",
        resource=QUEUE,
        context={"aws:SourceArn": TOPIC, "aws:SourceAccount": "123456789012"},
    )


@pytest.mark.parametrize(
    ("change", "admitted"),
    [
        ({}, True),
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, False),
        ({"Principal": {"Service": ["events.amazonaws.com"]}}, False),
        ({"Action": ["SQS:Send*"]}, True),
        ({"Action": "sqs:ReceiveMessage"}, False),
        ({"Resource": "arn:aws:sqs:*:*:in?ox"}, True),
        ({"Resource": "arn:aws:sqs:*:*:[i]nbox"}, False),
        ({"Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}}}, True),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:sns:*:*:*"}}}, True),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:old"}}}, False),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": ["1", "123456789012"]}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:SourceAccount": "123456789012"}}}, False),
        ({"Condition": {"StringEquals": {"aws:SourceOrgID": "o-1"}}}, False),
        ({"Condition": {"StringEqualsIfExists": {"aws:SourceOrgID": "o-1"}}}, True),
        ({"Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01"}}}, True),
    ],
    ids=str,
)
def test_one_statement(change: dict[str, Any], admitted: bool) -> None:
    assert admits(ALLOW | change) == admitted


def test_a_denial_counts_more_and_no_policy_admits_nobody() -> None:
    deny = ALLOW | {"Effect": "Deny"}
    elsewhere = {"Condition": {"ArnNotEquals": {"aws:SourceArn": TOPIC}}}
    assert not admits()
    assert not admits(ALLOW, deny)
    assert admits(ALLOW, deny | elsewhere)
