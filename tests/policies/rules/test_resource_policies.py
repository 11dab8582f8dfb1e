"""Policies of keys, queues, topics and secrets."""

from __future__ import annotations

import json

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

KEY, TOPIC = "aws:kms/key:Key", "aws:sns/topicPolicy:TopicPolicy"


def policy(kind, principal, **more):
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "x:*",
        "Resource": "*",
        **more,
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return lambda draft: draft.add("further", kind, {"policy": text})


BREAKS: list[tuple[str, object]] = []  # the mutations break it

REFUSED = {
    "resource-policy-not-public": [
        policy(KEY, "*"),
        policy(TOPIC, {"AWS": ["*"]}),
        policy("aws:secretsmanager/secretPolicy:SecretPolicy", {"AWS": "*"}),
    ]
}

SOUND = {
    "resource-policy-not-public": [
        policy(KEY, {"AWS": "arn:aws:iam::123456789012:root"}),
        policy(TOPIC, {"Service": "cloudwatch.amazonaws.com"}),
        policy(TOPIC, {"AWS": "*"}, Condition={"StringEquals": {"aws:SourceOwner": "1"}}),
        policy(KEY, "*", Effect="Deny"),
        lambda draft: draft.add("further", KEY, {"policy": UNKNOWN}),
    ]
}
