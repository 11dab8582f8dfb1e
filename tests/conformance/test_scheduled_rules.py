"""Rules of EventBridge that run by the clock (EventBridge guide, "Rules that run on a schedule")."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.conformance.cloud import Cloud
from tests.conformance.refusals import refused

RATE = 60.0


def queue(cloud: Cloud) -> tuple[str, str]:
    """A queue that EventBridge may send to: its URL and its ARN."""
    url = cloud.sqs.create_queue(QueueName=cloud.name("clock"))["QueueUrl"]
    cloud.afterwards(cloud.sqs.delete_queue, QueueUrl=url)
    found = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = found["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


@pytest.mark.row("X-SCHEDULEDRULE")
def test_a_rate_sends_an_event_each_time(cloud: Cloud) -> None:
    url, arn = queue(cloud)
    name = cloud.name("rate")
    rule = cloud.events.put_rule(Name=name, ScheduleExpression="rate(1 minute)")["RuleArn"]
    cloud.afterwards(cloud.events.delete_rule, Name=name)
    cloud.events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])
    cloud.afterwards(cloud.events.remove_targets, Rule=name, Ids=["q"])
    began, received = time.monotonic(), list[dict[str, Any]]()

    def two() -> bool:
        found = cloud.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        received.extend(json.loads(one["Body"]) for one in found.get("Messages", []))
        return len(received) >= 2

    cloud.until(two, 4 * RATE)
    assert time.monotonic() - began >= cloud.seconds(RATE) * 0.9
    first = received[0]
    told = (first["source"], first["detail-type"], first["resources"], first["detail"])
    assert told == ("aws.events", "Scheduled Event", [rule], {})
    assert cloud.events.describe_rule(Name=name)["ScheduleExpression"] == "rate(1 minute)"
    cloud.events.disable_rule(Name=name)
    cloud.pause(RATE)
    cloud.sqs.purge_queue(QueueUrl=url)
    cloud.pause(2 * RATE)
    assert "Messages" not in cloud.sqs.receive_message(QueueUrl=url)


@pytest.mark.row("X-SCHEDULEDRULE")
@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "cron(0 9 * * *)",
        "cron(0 9 ? * ? *)",
    ],
)
def test_what_is_no_schedule(cloud: Cloud, expression: str) -> None:
    rule = {"Name": cloud.name("none"), "ScheduleExpression": expression}
    assert refused(cloud.events.put_rule, **rule) == "ValidationException"
