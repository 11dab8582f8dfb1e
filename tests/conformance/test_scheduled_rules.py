"""Rules of EventBridge that run by the clock (EventBridge guide, "Rules that run on a schedule")."""

from __future__ import annotations

import time

import pytest

from tests.conformance.cloud import Cloud
from tests.conformance.inbox import Inbox
from tests.conformance.refusals import refused

RATE = 60.0


@pytest.mark.row("X-SCHEDULEDRULE")
def test_a_rate_sends_an_event_each_time(cloud: Cloud) -> None:
    inbox = Inbox(cloud)
    name = cloud.name("rate")
    rule = cloud.events.put_rule(Name=name, ScheduleExpression="rate(1 minute)")["RuleArn"]
    cloud.afterwards(cloud.events.delete_rule, Name=name)
    cloud.events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": inbox.arn}])
    cloud.afterwards(cloud.events.remove_targets, Rule=name, Ids=["q"])
    began = time.monotonic()
    cloud.until(lambda: len(inbox.all()) >= 2, 4 * RATE)
    assert time.monotonic() - began >= cloud.seconds(RATE) * 0.9
    first = inbox.received[0]
    told = (first["source"], first["detail-type"], first["resources"], first["detail"])
    assert told == ("aws.events", "Scheduled Event", [rule], {})
    assert cloud.events.describe_rule(Name=name)["ScheduleExpression"] == "rate(1 minute)"
    cloud.events.disable_rule(Name=name)
    cloud.pause(RATE)
    cloud.sqs.purge_queue(QueueUrl=inbox.url)
    cloud.pause(2 * RATE)
    assert "Messages" not in cloud.sqs.receive_message(QueueUrl=inbox.url)


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
