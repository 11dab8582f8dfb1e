"""What IAM and AWS KMS refuse."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides


def document(*statements, version="2012-10-17"):
    return json.dumps({"Version": version, "Statement": list(statements)})


READS = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::exports/*"}
KEY = "aws:kms/key:Key"


def _policy(stack, text):
    stack.add("further", "aws:iam/rolePolicy:RolePolicy", {"role": Ref("role"), "policy": text})


@breaks("iam-accepted")
def policy_with_todays_version(stack):
    _policy(stack, document(READS, version="2026-11-26"))


@breaks("iam-accepted")
def policy_with_a_principal(stack):
    _policy(stack, document({**READS, "Principal": "*"}))


@breaks("iam-accepted")
def key_that_nobody_administers(stack):
    only = {
        "Effect": "Allow",
        "Principal": {"Service": "rds.amazonaws.com"},
        "Action": "kms:*",
        "Resource": "*",
    }
    stack.add("key", KEY, {"enableKeyRotation": True, "policy": document(only)})


def long_policy(number):
    """Return a policy of so many times a hundred characters, about."""
    names = [f"arn:aws:s3:::exports-{one:04}-{'x' * 76}/*" for one in range(number)]
    return document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": names})


@breaks("iam-accepted-together")
def two_policies_that_do_not_fit_together(stack):
    _policy(stack, long_policy(45))
    stack.add(
        "another", "aws:iam/rolePolicy:RolePolicy", {"role": Ref("role"), "policy": long_policy(60)}
    )


decides("iam-accepted-together", "role", "maxSessionDuration", absent=KEEPS, unknown=KEEPS)
decides("iam-accepted", "role", "maxSessionDuration", absent=KEEPS, unknown=KEEPS)
