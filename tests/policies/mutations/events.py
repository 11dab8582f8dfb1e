"""What breaks the rules about events and queues."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.mutations.accepted_functions import function
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

QUEUE = "aws:sqs/queue:Queue"
TOPIC = "aws:sns/topic:Topic"


def sent_to_a_queue(stack):
    """A topic sends to a queue; the policy that admits it is missing."""
    stack.add("orders", TOPIC, {})
    stack.add("jobs", QUEUE, {"visibilityTimeoutSeconds": 60, "messageRetentionSeconds": 86400})
    stack.add(
        "orders-to-jobs",
        "aws:sns/topicSubscription:TopicSubscription",
        {"topic": Ref("orders", "arn"), "protocol": "sqs", "endpoint": Ref("jobs", "arn")},
    )


@breaks("events-reach-target")
def topic_to_a_queue_without_a_policy(stack):
    sent_to_a_queue(stack)


@breaks("events-reach-target")
def rule_to_a_queue_that_admits_a_topic(stack):
    admitted = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": '
        '"sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*", "Condition": '
        '{"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:123456789012:orders"}}}]}'
    )
    stack.add("jobs", QUEUE, {"policy": admitted})
    stack.add(
        "hourly", "aws:cloudwatch/eventRule:EventRule", {"scheduleExpression": "rate(1 hour)"}
    )
    target = {"rule": Ref("hourly", "name"), "arn": Ref("jobs", "arn")}
    stack.add("hourly-to-jobs", "aws:cloudwatch/eventTarget:EventTarget", target)


def admitted(stack):
    sent_to_a_queue(stack)
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": '
        '"sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}]}'
    )
    stack.set("jobs", "policy", policy)


decides("events-reach-target", "jobs", "policy", absent=BREAKS, unknown=KEEPS, given=admitted)


@breaks("queue-keeps-messages")
def queue_that_forgets_within_an_attempt(stack):
    times = {"visibilityTimeoutSeconds": 300, "messageRetentionSeconds": 60}
    stack.add("jobs", QUEUE, times)


decides(
    "queue-keeps-messages",
    "jobs",
    "messageRetentionSeconds",
    absent=KEEPS,
    unknown=KEEPS,
    given=sent_to_a_queue,
)


@breaks("events-reach-target")
def bucket_that_may_not_call(stack):
    function(stack)
    told = {"lambdaFunctionArn": Ref("report", "arn"), "events": ["s3:ObjectCreated:*"]}
    given = {"bucket": Ref("bucket"), "lambdaFunctions": [told]}
    stack.add("notification", "aws:s3/bucketNotification:BucketNotification", given)


@breaks("queue-keeps-messages")
def queue_that_is_its_own_dead_letter_queue(stack):
    arn = "arn:aws:sqs:ap-northeast-2:123456789012:jobs"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    stack.add("jobs", QUEUE, {"name": "jobs", "redrivePolicy": policy})
