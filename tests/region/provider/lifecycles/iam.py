"""Roles and their policies."""

from __future__ import annotations

import json
from typing import Any

from tests.region.provider.lifecycles.case import Case
from tests.region.provider.lifecycles.documents import OTHER_POLICY, POLICY


def trust(service: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
            }
        ],
    }


TRUST, OTHER_TRUST = trust("ec2.amazonaws.com"), trust("codedeploy.amazonaws.com")


CASES = [
    Case(
        "aws:iam/role:Role",
        lambda _: {"assumeRolePolicy": json.dumps(TRUST), "tags": {"a": "1"}},
        lambda _: {
            "assumeRolePolicy": json.dumps(OTHER_TRUST),
            "maxSessionDuration": 7200,
            "tags": {"b": "1"},
        },
        lambda _: {"path": "/x/"},
        ("arn", "uniqueId", "createDate"),
    ),
    Case(
        "aws:iam/rolePolicy:RolePolicy",
        lambda w: {"role": w.role(), "policy": json.dumps(POLICY)},
        lambda _: {"policy": json.dumps(OTHER_POLICY)},
        lambda w: {"role": w.role("2")},
        ("name",),
    ),
    Case(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        lambda w: {
            "role": w.role(),
            "policyArn": w.harness.context.aws.iam.create_policy(
                PolicyName="own", PolicyDocument=json.dumps(POLICY)
            )["Policy"]["Arn"],
        },
        replace=lambda w: {"role": w.role("2")},
    ),
    Case(
        "aws:iam/instanceProfile:InstanceProfile",
        lambda w: {"role": w.role(), "tags": {"a": "1"}},
        lambda w: {"role": w.role("2"), "tags": {"a": "2"}},
        lambda _: {"name": "given"},
        ("arn", "uniqueId"),
    ),
]
