"""Queues that SNS and EventBridge may send to, and what has arrived in them."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.cloud import Cloud


class Inbox:
    """A queue that keeps what arrived in it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.received = cloud, list[dict[str, Any]]()
        name = cloud.name("inbox")
        self.url = cloud.sqs.create_queue(QueueName=name)["QueueUrl"]
        cloud.afterwards(cloud.sqs.delete_queue, QueueUrl=self.url)
        attributes = cloud.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = attributes["Attributes"]["QueueArn"]
        services = ["sns.amazonaws.com", "events.amazonaws.com"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": services},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        cloud.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def new(self) -> list[dict[str, Any]]:
        """Return the bodies of the messages since the last look."""
        sqs, seen = self.cloud.sqs, len(self.received)
        while found := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for one in found:
                self.received.append(json.loads(one["Body"]))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=one["ReceiptHandle"])
        return self.received[seen:]

    def all(self) -> list[dict[str, Any]]:
        """Return the bodies of all messages so far."""
        self.new()
        return self.received


class TopicInbox(Inbox):
    """A topic, and what is published to it; the messages are JSON objects."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.topic = cloud.sns.create_topic(Name=cloud.name("topic"))["TopicArn"]
        cloud.afterwards(cloud.sns.delete_topic, TopicArn=self.topic)
        cloud.sns.subscribe(
            TopicArn=self.topic,
            Protocol="sqs",
            Endpoint=self.arn,
            Attributes={"RawMessageDelivery": "true"},
        )
