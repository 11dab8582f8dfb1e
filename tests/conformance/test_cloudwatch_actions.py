"""What alarms do: notifications, EC2 actions, composite alarms, suppressors and mute rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.alarms import ALARM, OK, Alarms
from tests.conformance.cloud import Cloud
from tests.conformance.inbox import TopicInbox


class AlarmInbox(TopicInbox):
    """A topic, and what alarms publish to it."""

    def states(self, name: str) -> list[str]:
        """Return the states that an alarm told of."""
        return [str(one["NewStateValue"]) for one in self.all() if one["AlarmName"] == name]


@pytest.fixture
def alarms(cloud: Cloud) -> Alarms:
    return Alarms(cloud)


@pytest.fixture
def inbox(cloud: Cloud) -> AlarmInbox:
    return AlarmInbox(cloud)


def ring(alarms: Alarms, name: str) -> None:
    """Set an alarm's state by hand."""
    alarms.api.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="drill")


@pytest.mark.slow
@pytest.mark.row("CW-A01", "CW-A02", "CW-A03")
def test_a_set_state_acts_and_does_not_last(
    cloud: Cloud, alarms: Alarms, inbox: AlarmInbox
) -> None:
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
def test_composite_alarms(cloud: Cloud, alarms: Alarms, inbox: AlarmInbox) -> None:
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
def test_mute_rules(cloud: Cloud, alarms: Alarms, inbox: AlarmInbox) -> None:
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
