"""Which services a trust policy lets assume its role."""

from __future__ import annotations

import json

import pytest

from region.services.roles import trusts

SERVICE = "codedeploy.amazonaws.com"


def policy(**statement: object) -> str:
    given = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**given, **statement}]})


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"Principal": {"Service": ["ec2.amazonaws.com", SERVICE]}},
        {"Principal": {"Service": "codedeploy.ap-northeast-2.amazonaws.com"}},
        {"Principal": "*"},
        {"Action": ["sts:TagSession", "sts:*"]},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}},
    ],
)
def test_what_lets_it(statement):
    assert trusts(policy(**statement), SERVICE)


@pytest.mark.parametrize(
    "statement",
    [
        {"Principal": {"Service": "ec2.amazonaws.com"}},
        {"Principal": {"AWS": "*"}},
        {"Action": "sts:TagSession"},
        {"Effect": "Deny"},
    ],
)
def test_what_does_not(statement):
    assert not trusts(policy(**statement), SERVICE)


def test_a_denial_beats_what_allows():
    both = json.loads(policy())["Statement"] + json.loads(policy(Effect="Deny"))["Statement"]
    assert not trusts(json.dumps({"Statement": both}), SERVICE)
    assert trusts(json.dumps({"Statement": both[0]}), SERVICE)
    assert not trusts("{}", SERVICE)
