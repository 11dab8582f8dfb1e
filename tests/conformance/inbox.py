"""A queue that SNS and EventBridge may send to."""

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

    def all(self) -> list[dict[str, Any]]:
        """Return the bodies of all messages so far."""
        found = self.cloud.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        self.received += [json.loads(one["Body"]) for one in found.get("Messages", [])]
        return self.received
