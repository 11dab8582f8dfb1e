"""What AWS refuses about queues, topics, schedules, tables and log groups, and what it takes."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.rules.cases import alone, test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

RULE = "messages-accepted"
QUEUE, TOPIC = "aws:sqs/queue:Queue", "aws:sns/topic:Topic"
EVENTS, CALL = "aws:cloudwatch/eventRule:EventRule", "aws:scheduler/schedule:Schedule"
TABLE, LOGS = "aws:dynamodb/table:Table", "aws:cloudwatch/logGroup:LogGroup"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
ARN = "arn:aws:sns:eu-west-1:123456789012:orders"
DEAD = "arn:aws:sqs:ap-northeast-2:123456789012:failed"
KEYS = [{"name": "id", "type": "S"}]
PAID = {"billingMode": "PAY_PER_REQUEST"}


def redrive(count):
    return json.dumps({"deadLetterTargetArn": DEAD, "maxReceiveCount": count})


def failing(ordered):
    def change(draft):
        draft.add("failed", QUEUE, {"fifoQueue": ordered})
        draft.add("jobs", QUEUE, {"redrivePolicy": Ref("failed", "arn")})

    return change


def subscribed(topic, queue, protocol="sqs"):
    def change(draft):
        draft.add("orders", TOPIC, {"fifoTopic": topic})
        draft.add("jobs", QUEUE, {"fifoQueue": queue})
        given = {
            "topic": Ref("orders", "arn"),
            "protocol": protocol,
            "endpoint": Ref("jobs", "arn"),
        }
        draft.add("subscription", SUBSCRIPTION, given)

    return change


def scheduled(expression, kind=EVENTS):
    return alone(kind, scheduleExpression=expression)


REFUSED = {
    RULE: [
        alone(QUEUE, name="jobs.fifo"),
        alone(QUEUE, name="jobs.work"),
        alone(QUEUE, name="j" * 81),
        alone(TOPIC, name="orders", fifoTopic=True),
        alone(QUEUE, delaySeconds=901),
        alone(QUEUE, visibilityTimeoutSeconds=43201),
        alone(QUEUE, messageRetentionSeconds=59),
        alone(QUEUE, receiveWaitTimeSeconds=21),
        alone(QUEUE, redrivePolicy=redrive(0)),
        alone(QUEUE, redrivePolicy="three"),
        failing(ordered=True),
        subscribed(topic=False, queue=True),
        subscribed(topic=True, queue=True, protocol="lambda"),
        alone(SUBSCRIPTION, topic=ARN, protocol="mail", endpoint="a@example.com"),
        alone(SUBSCRIPTION, topic=ARN, protocol="email", endpoint="operations"),
        scheduled("rate(1 minutes)"),
        scheduled("rate(5 minute)"),
        scheduled("rate(0 minutes)"),
        scheduled("rate(30 seconds)"),
        scheduled("cron(0 10 1 * MON *)", CALL),
        scheduled("rate(0 minutes)", CALL),
        scheduled("cron(0 10 * * * *)"),
        scheduled("cron(0 10 * * *)"),
        scheduled("cron(0 25 * * ? *)"),
        scheduled("0 10 * * ? *"),
        alone(EVENTS, eventPattern="{source: shop}"),
        alone(EVENTS, eventPattern='"shop"'),
        alone(EVENTS, name="nothing"),
        alone(TABLE, hashKey="owner", attributes=KEYS, **PAID),
        alone(TABLE, hashKey="id", attributes=[*KEYS, {"name": "age", "type": "N"}], **PAID),
        alone(TABLE, hashKey="id", attributes=[{"name": "id", "type": "STRING"}], **PAID),
        alone(TABLE, hashKey="id", attributes=KEYS),
        alone(TABLE, hashKey="id", attributes=KEYS, readCapacity=5, writeCapacity=5, **PAID),
        alone(LOGS, retentionInDays=10),
        alone(LOGS, name="/shop web"),
        alone("aws:kms/alias:Alias", name="shop", targetKeyId="k"),
        alone("aws:kms/alias:Alias", name="alias/aws/shop", targetKeyId="k"),
        alone("aws:kms/key:Key", deletionWindowInDays=3),
        alone("aws:secretsmanager/secret:Secret", recoveryWindowInDays=3),
    ]
}

SOUND = {
    RULE: [
        alone(QUEUE, name="jobs.fifo", fifoQueue=True, delaySeconds=900),
        alone(QUEUE, redrivePolicy=redrive(1000), messageRetentionSeconds=1209600),
        failing(ordered=False),
        subscribed(topic=True, queue=True),
        subscribed(topic=True, queue=False),
        scheduled("rate(1 minute)"),
        scheduled("rate(5 minutes)"),
        scheduled("cron(0/15 8-18 ? * MON-FRI *)"),
        scheduled("cron(0 9 L * ? *)"),
        scheduled("at(2030-01-01T00:00:00)", CALL),
        scheduled("rate(1 minutes)", CALL),
        alone(EVENTS, eventPattern='{"source": ["aws.ec2"]}'),
        alone(TABLE, hashKey="id", attributes=KEYS, **PAID),
        alone(TABLE, hashKey="id", attributes=KEYS, readCapacity=5, writeCapacity=5),
        alone(LOGS, name="/aws/lambda/shop", retentionInDays=14),
        alone("aws:secretsmanager/secret:Secret", recoveryWindowInDays=0),
    ]
}
