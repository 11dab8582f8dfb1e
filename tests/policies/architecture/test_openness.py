"""Whether a condition keeps anybody out."""

from __future__ import annotations

import pytest
from guardrails.architecture.openness import admits_everybody
from guardrails.values import UNKNOWN

OPEN = [
    None,
    {},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    {"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "::/0"]}},
    {"StringLike": {"aws:PrincipalArn": "*"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}},
    {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}},
    {"StringEqualsIfExists": {"aws:SourceAccount": "123456789012"}},
    {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}},
    {"Null": {"aws:PrincipalOrgID": "false"}},
    {"StringLike": {"aws:Referer": "https://www.example.com/*", "aws:UserAgent": "shop"}},
]

CLOSED = [
    UNKNOWN,
    {"StringEquals": {"aws:SourceAccount": UNKNOWN}},
    {"StringEquals": {"AWS:SourceOwner": "123456789012"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-1"}, "Bool": {"aws:SecureTransport": "true"}},
    {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:exports"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/*"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}},
    {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    {"StringEquals": {"something:New": "x"}},
    "not a condition",
]


@pytest.mark.parametrize("condition", OPEN, ids=str)
def test_strangers_fulfil_it(condition):
    assert admits_everybody(condition)


@pytest.mark.parametrize("condition", CLOSED, ids=str)
def test_strangers_do_not_fulfil_it(condition):
    assert not admits_everybody(condition)
