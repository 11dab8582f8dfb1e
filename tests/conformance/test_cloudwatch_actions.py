"""What alarms do: notifications, EC2 actions, composite alarms, suppressors and mute rules."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud
from tests.conformance.test_cloudwatch_alarms import ALARM, OK, Alarms


class Inbox:
    """A topic with a queue, and what alarms sent to it."""

    def __init__(self, cloud: Cloud) -> None:
        self._sqs = cloud.sqs
        name = cloud.name("inbox")
        self.topic = cloud.sns.create_topic(Name=name)["TopicArn"]
        self._queue = cloud.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._attribute("QueueArn")
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                }
            ],
        }
        cloud.sqs.set_queue_attributes(
            QueueUrl=self._queue, Attributes={"Policy": json.dumps(policy)}
        )
        cloud.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        cloud.afterwards(cloud.sns.delete_topic, TopicArn=self.topic)
        cloud.afterwards(cloud.sqs.delete_queue, QueueUrl=self._queue)
        self.received: list[dict[str, Any]] = []

    def _attribute(self, name: str) -> str:
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=[name])
        return str(found["Attributes"][name])

    def messages(self) -> list[dict[str, Any]]:
        """Return all messages so far."""
        found = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        for message in found.get("Messages", []):
            body = json.loads(message["Body"])["Message"]
            if body.startswith("{"):
                self.received.append(json.loads(body))
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return self.received

    def states(self, name: str) -> list[str]:
        """Return the states that an alarm told of."""
        return [
            str(message["NewStateValue"])
            for message in self.messages()
            if message["AlarmName"] == name
        ]


@pytest.fixture
def alarms(cloud: Cloud) -> Alarms:
    return Alarms(cloud)


@pytest.fixture
def inbox(cloud: Cloud) -> Inbox:
    return Inbox(cloud)


def ring(alarms: Alarms, name: str) -> None:
    """Set an alarm's state by hand."""
    alarms.api.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="drill")


@pytest.mark.slow
@pytest.mark.row("CW-A01", "CW-A02", "CW-A03")
def test_a_set_state_acts_and_does_not_last(cloud: Cloud, alarms: Alarms, inbox: Inbox) -> None:
    topic = [inbox.topic]
    name = alarms.put(
        cloud.name("quiet"), TreatMissingData="notBreaching", AlarmActions=topic, OKActions=topic
    )
    cloud.until(lambda: inbox.states(name) == [OK], 300, "a message that the alarm is OK")
    ring(alarms, name)
    cloud.until(lambda: inbox.states(name) == [OK, ALARM, OK], 300, "ALARM and OK again")
    alarms.api.disable_alarm_actions(AlarmNames=[name])
    ring(alarms, name)
    alarms.until(name, OK)
    cloud.pause(60)
    assert inbox.states(name) == [OK, ALARM, OK]
    history = alarms.api.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
    summaries = [item["HistorySummary"] for item in history["AlarmHistoryItems"]]
    assert summaries.count("Alarm updated from OK to ALARM") == 2


@pytest.mark.slow
@pytest.mark.row("CW-A04")
def test_composite_alarms(cloud: Cloud, alarms: Alarms, inbox: Inbox) -> None:
    a, b, quiet = (
        alarms.put(cloud.name("child"), TreatMissingData=treatment)
        for treatment in ("breaching", "notBreaching", "notBreaching")
    )

    def put(rule: str, **more: Any) -> str:
        name = cloud.name("composite")
        alarms.api.put_composite_alarm(
            AlarmName=name, AlarmRule=rule, AlarmActions=[inbox.topic], **more
        )
        cloud.afterwards(alarms.api.delete_alarms, AlarmNames=[name])
        return name

    both = put(f'ALARM("{a}") AND ALARM("{b}")')
    either = put(f"ALARM({a}) OR ALARM({b})")
    waiting = put(
        f"ALARM({a}) AND NOT ALARM({b})",
        ActionsSuppressor=quiet,
        ActionsSuppressorWaitPeriod=240,
        ActionsSuppressorExtensionPeriod=60,
    )
    alarms.until(either, ALARM)
    cloud.until(lambda: alarms.describe(waiting).get("ActionsSuppressedBy") == "WaitPeriod", 60)
    cloud.until(lambda: inbox.states(either) == [ALARM], 60)
    assert inbox.states(waiting) == []
    alarms.until(both, OK)
    cloud.until(lambda: inbox.states(waiting) == [ALARM], 400, "an action after the wait period")
    policy = "arn:aws:automate:ap-northeast-2:ec2:stop"
    with pytest.raises(ClientError):
        alarms.api.put_composite_alarm(AlarmName="no", AlarmRule="TRUE", AlarmActions=[policy])
    with pytest.raises(ClientError):
        alarms.api.delete_alarms(AlarmNames=[a])


@pytest.mark.row("CW-A08")
def test_mute_rules(cloud: Cloud, alarms: Alarms, inbox: Inbox) -> None:
    name = alarms.put(cloud.name("muted"), TreatMissingData="ignore", AlarmActions=[inbox.topic])
    rule = cloud.name("mute")
    schedule = {"Expression": f"at({datetime.now(UTC):%Y-%m-%dT%H:%M})", "Duration": "PT5M"}
    alarms.api.put_alarm_mute_rule(
        Name=rule, Rule={"Schedule": schedule}, MuteTargets={"AlarmNames": [name]}
    )
    cloud.afterwards(alarms.api.delete_alarm_mute_rule, AlarmMuteRuleName=rule)
    assert alarms.api.get_alarm_mute_rule(AlarmMuteRuleName=rule)["Status"] == "ACTIVE"
    ring(alarms, name)
    cloud.pause(60)
    assert alarms.state(name) == ALARM
    assert inbox.states(name) == []
