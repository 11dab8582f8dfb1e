"""What breaks the rule about alarms."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, breaks, decides

decides("alarm-has-action", "alarm", "alarmActions", absent=BREAKS, unknown=BREAKS)


decides("alb-unhealthy-host-alarm", "unhealthy-hosts", "metricName", absent=BREAKS, unknown=BREAKS)


@breaks("alarm-has-action", ADVISORY)
def alarm_without_action(stack):
    stack.set("alarm", "alarmActions", ...)


@breaks("alb-unhealthy-host-alarm", ADVISORY)
def nobody_counts_hosts(stack):
    stack.drop("unhealthy-hosts")


@breaks("alb-unhealthy-host-alarm", ADVISORY)
def hosts_of_another_service_counted(stack):
    where = {"LoadBalancer": "app/other/1", "TargetGroup": "targetgroup/other/1"}
    stack.set("unhealthy-hosts", "metricName", "RequestCount")
    stack.set("unhealthy-hosts", "dimensions", where)


TOPIC = "aws:sns/topic:Topic"


def _told(stack):
    stack.add("on-call", TOPIC, {})
    stack.set("unhealthy-hosts", "alarmActions", [Ref("on-call", "arn")])


@breaks("alarm-topic-read", ADVISORY)
def alarm_that_nobody_reads(stack):
    _told(stack)


decides(
    "alarm-topic-read",
    "mail",
    "topic",
    absent=BREAKS,
    unknown=KEEPS,
    given=lambda stack: (_told(stack), _subscribe(stack)),
)


def _subscribe(stack):
    properties = {"topic": Ref("on-call", "arn"), "protocol": "email", "endpoint": "a@example.com"}
    stack.add("mail", "aws:sns/topicSubscription:TopicSubscription", properties)
