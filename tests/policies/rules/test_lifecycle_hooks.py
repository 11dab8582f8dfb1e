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
]

# A change that breaks nothing.
KEEPS = [
    lambda d: hooked(d, defaultResult="CONTINUE"),
    lambda d: hooked(d, notificationTargetArn="arn:aws:sqs:ap-northeast-2:123456789012:hooks"),
    lambda d: hooked(d).set("boot", "lifecycleTransition", "autoscaling:EC2_INSTANCE_TERMINATING"),
    lambda d: allowed(hooked(d)),
    lambda d: hooked(d).add(
        "launched", "aws:cloudwatch/eventRule:EventRule", {"eventPattern": "{}"}
    ),
]


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
