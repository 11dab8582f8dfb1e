"""Policies of SNS topics."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from region.provider.handler import (
    Handler,
    document_text,
)
from region.provider.operation import Operation
from region.provider.resources.sns.common import topic_attributes
from region.provider.values import Properties


class TopicPolicy(Handler):
    """`aws.sns.TopicPolicy`."""

    resource_type = "aws:sns/topicPolicy:TopicPolicy"
    supported = frozenset({"arn", "policy"})
    documents = frozenset({"policy"})
    fixed_identity = True

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call SetTopicAttributes; the id is the topic's ARN."""
        self._put(op, inputs["arn"], inputs["policy"])
        return inputs["arn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call SetTopicAttributes again."""
        if old is not None:
            self._put(op, identity, new["policy"])

    def _put(self, op: Operation, arn: str, policy: Any) -> None:
        op.aws.sns.set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=document_text(policy)
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the topic's policy; a topic always has one, so AWS's default counts as gone."""
        attributes = topic_attributes(op, identity)
        if DEFAULT_POLICY_ID in attributes["Policy"]:
            return None
        return {"arn": identity, "policy": attributes["Policy"], "owner": attributes["Owner"]}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Restore AWS's default policy, as the real provider does."""
        owner = topic_attributes(op, identity)["Owner"]
        self._put(op, identity, _default_policy(identity, owner))


DEFAULT_POLICY_ID = "__default_policy_ID"


def _default_policy(arn: str, owner: str) -> Properties:
    """Return the default policy (SNS developer guide, "Amazon SNS default access policy")."""
    actions = ("Publish", "Subscribe", "GetTopicAttributes", "SetTopicAttributes", "DeleteTopic")
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
    }
    return {"Version": "2008-10-17", "Id": DEFAULT_POLICY_ID, "Statement": [statement]}
