"""Subscriptions to SNS topics. The region sends no messages to them."""

from __future__ import annotations

from collections.abc import Iterable

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import (
    Handler,
)
from region.provider.operation import Operation
from region.provider.values import Properties

PROTOCOLS = ("email", "email-json", "http", "https", "sms", "sqs")


class TopicSubscription(Handler):
    """`aws.sns.TopicSubscription`."""

    resource_type = "aws:sns/topicSubscription:TopicSubscription"
    supported = frozenset({"topic", "protocol", "endpoint"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the protocol needs nothing else in the region."""
        yield from checks.one_of("protocol", inputs.get("protocol"), PROTOCOLS)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call Subscribe; the id is the subscription's ARN."""
        response = op.aws.sns.subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            ReturnSubscriptionArn=True,
        )
        return response["SubscriptionArn"]

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the subscription."""
        attributes = op.aws.sns.get_subscription_attributes(SubscriptionArn=identity)["Attributes"]
        return {
            "topic": attributes["TopicArn"],
            "protocol": attributes["Protocol"],
            "endpoint": attributes["Endpoint"],
            "arn": identity,
            "ownerId": attributes.get("Owner", op.account),
            "pendingConfirmation": attributes.get("PendingConfirmation") == "true",
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call Unsubscribe."""
        op.aws.sns.unsubscribe(SubscriptionArn=identity)
