"""What IAM, AWS KMS, AWS Lambda and Amazon S3 refuse."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.accepted_identities import KEY, READS, document
from tests.policies.rules.cases import alone, test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

ROLE, FUNCTION = "aws:iam/role:Role", "aws:lambda/function:Function"
SERVICE = {"Effect": "Allow", "Principal": {"Service": "rds.amazonaws.com"}, "Action": "kms:*"}
PERSON = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:role/security"}}
POLICY = "aws:iam/policy:Policy"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"},
    "Action": "sts:AssumeRole",
}

REFUSED = {
    "iam-accepted": [
        alone(POLICY, policy=document(READS, version="2026-01-01")),
        alone(POLICY, policy=document({**READS, "Effect": "allow"})),
        alone(POLICY, policy=document({**READS, "Principal": "*"})),
        alone(ROLE, assumeRolePolicy=document({**TRUST, "Resource": "*"})),
        alone(ROLE, maxSessionDuration=86400.0),
        alone(KEY, policy=document(SERVICE)),
        alone(KEY, policy=document({**PERSON, "Action": "kms:Decrypt"})),
    ],
    "lambda-accepted": [
        alone(FUNCTION, runtime="python3.7"),
        alone(
            "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
            functionName="shop",
            qualifier="$LATEST",
        ),
        alone(FUNCTION, memorySize=64.0),
        alone(FUNCTION, vpcConfig={"subnetIds": ["subnet-1"], "securityGroupIds": []}),
    ],
}

SOUND = {
    "iam-accepted": [
        alone(POLICY, policy=document(READS)),
        alone(POLICY, policy=UNKNOWN),
        alone(POLICY, policy=document(READS, version="2008-10-17")),
        alone(ROLE, assumeRolePolicy=document(TRUST), maxSessionDuration=43200.0),
        alone(KEY, policy=document(SERVICE, {**PERSON, "Action": "kms:Put*"})),
        alone(KEY, policy=document({**PERSON, "Action": ["kms:*"]})),
        alone(KEY),
    ],
    "lambda-accepted": [
        alone(FUNCTION, runtime="python3.13", timeout=900.0, memorySize=10240.0),
        alone(FUNCTION, vpcConfig=UNKNOWN),
    ],
}
