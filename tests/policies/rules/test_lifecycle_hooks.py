"""Lifecycle hooks: who completes them."""

from __future__ import annotations

import json

from guardrails.values import UNKNOWN

from tests.policies.draft import BY_ID, Draft, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "asg-launch-hook-completed"
HOOK = "aws:autoscaling/lifecycleHook:LifecycleHook"


def hooked(draft, **settings):
    """A hook of the group that holds new instances."""
    properties = {"autoscalingGroupName": UNKNOWN,
                  "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", **settings}  # fmt: skip
    return draft.add("boot", HOOK, properties, {"autoscalingGroupName": ["group"]})


def allowed(draft):
    """The instances may complete hooks."""
    statement = {"Effect": "Allow", "Action": "autoscaling:Complete*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return draft.add("hooks", "aws:iam/rolePolicy:RolePolicy", {"role": UNKNOWN, "policy": policy},
                     {"role": ["role"]})  # fmt: skip


def told(draft, *parts, mapped=True, may=True, **settings):
    """A hook that tells a queue, and what else is about it; a function reads it unless told otherwise."""
    draft.add("hooks", "aws:sqs/queue:Queue", {"sqsManagedSseEnabled": True})
    denied(hooked(draft, notificationTargetArn=UNKNOWN)).link(
        "boot", "notificationTargetArn", "hooks"
    )
    if mapped:
        trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                "Principal": {"Service": "lambda.amazonaws.com"}}]}  # fmt: skip
        action = "autoscaling:CompleteLifecycleAction" if may else "logs:PutLogEvents"
        statement = {"Effect": "Allow", "Action": [action, "sqs:*"], "Resource": "*"}
        draft.add("reader-role", "aws:iam/role:Role", {"assumeRolePolicy": json.dumps(trust)})
        draft.add("reader-policy", "aws:iam/rolePolicy:RolePolicy", {"role": UNKNOWN,
                  "policy": json.dumps({"Statement": [statement]})}, {"role": ["reader-role"]})  # fmt: skip
        draft.add(
            "reader", "aws:lambda/function:Function", {"role": UNKNOWN}, {"role": ["reader-role"]}
        )
        draft.add("mapping", "aws:lambda/eventSourceMapping:EventSourceMapping",
                  {"eventSourceArn": UNKNOWN, "functionName": UNKNOWN, **settings},
                  {"eventSourceArn": ["hooks"], "functionName": ["reader"]})  # fmt: skip
    return draft


def rule(draft, **given):
    """An EventBridge rule with a target, beside a hook that nobody else completes."""
    denied(hooked(draft)).add("launched", "aws:cloudwatch/eventRule:EventRule", given)
    target = {"rule": UNKNOWN, "arn": "arn:aws:lambda:eu-west-1:123456789012:function:boot"}
    return draft.add(
        "tells", "aws:cloudwatch/eventTarget:EventTarget", target, {"rule": ["launched"]}
    )


def denied(draft):
    """The instances may not complete hooks, whatever their other policies say."""
    statement = {"Effect": "Deny", "Action": "autoscaling:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return draft.add("no-hooks", "aws:iam/rolePolicy:RolePolicy", {"role": UNKNOWN, "policy": policy},
                     {"role": ["role"]})  # fmt: skip


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, hooked),
    (RULE, lambda d: denied(hooked(d))),
    (RULE, lambda d: hooked(d, defaultResult="ABANDON", heartbeatTimeout=120.0)),
    (RULE, lambda d: told(d, mapped=False)),
    (RULE, lambda d: told(d, may=False)),
    (RULE, lambda d: rule(d, scheduleExpression="rate(1 day)")),
    (RULE, lambda d: rule(d, eventPattern='{"source": ["aws.rds"]}')),
]

# A change that breaks nothing.
KEEPS = [
    lambda d: hooked(d, defaultResult="CONTINUE"),
    lambda d: hooked(d, notificationTargetArn="arn:aws:sqs:ap-northeast-2:123456789012:hooks"),
    lambda d: hooked(d).set("boot", "lifecycleTransition", "autoscaling:EC2_INSTANCE_TERMINATING"),
    lambda d: allowed(hooked(d)),
    lambda d: rule(d, eventPattern='{"source": ["aws.autoscaling"]}'),
    lambda d: rule(d, eventPattern='{"detail-type": ["EC2 Instance-launch Lifecycle Action"]}'),
    told,
    lambda d: allowed(hooked(d, notificationTargetArn=UNKNOWN)).link(
        "boot", "notificationTargetArn"
    ),
]


def test_the_message_names_the_queue_that_nobody_reads():
    (found,) = violations(told(Draft(), mapped=False), RULE)
    assert 'nobody in this stack reads queue "hooks"' in found.what
    assert not found.undecided


def test_the_message_names_the_reader_that_may_not_complete():
    (found,) = violations(told(Draft(), may=False), RULE)
    assert 'role "reader-role" is not allowed to autoscaling:CompleteLifecycleAction' in found.what


def test_a_switched_off_reader_reads_nothing():
    found = violations(told(Draft(), enabled=False), RULE)
    assert (
        not found
    )  # its role may still read the queue and complete the hook, by whatever runs with it


def test_a_topic_without_a_subscription_tells_nobody():
    draft = Draft().add("news", "aws:sns/topic:Topic", {})
    denied(hooked(draft, notificationTargetArn=UNKNOWN)).link(
        "boot", "notificationTargetArn", "news"
    )
    (found,) = violations(draft, RULE)
    assert 'nobody in this stack reads topic "news"' in found.what
    mail = {"topic": UNKNOWN, "protocol": "email", "endpoint": "a@example.com"}
    draft.add("mail", "aws:sns/topicSubscription:TopicSubscription", mail, {"topic": ["news"]})
    assert not violations(draft, RULE)


def test_the_message_names_time_and_effect():
    (found,) = violations(denied(hooked(Draft(), heartbeatTimeout=120.0)), RULE)
    text = BY_ID[RULE].text(found)
    assert 'holds each new instance of Auto Scaling group "group" for 120 s' in text
    assert not found.undecided
    assert "set the hook's default_result to CONTINUE" in text


def test_a_role_of_another_stack_is_not_decidable():
    draft = hooked(Draft()).set("template", "iamInstanceProfile", {"name": "elsewhere"})
    (found,) = violations(draft.link("template", "iamInstanceProfile"), RULE)
    assert found.undecided
