"""What is sent has to arrive, and to stay."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.events import QUEUE, sent_to_a_queue

FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"


def to_a_function(draft, **permission):
    draft.add("resize", FUNCTION, {"name": "resize"})
    draft.add("orders", "aws:sns/topic:Topic", {})
    draft.add(
        "orders-to-resize",
        "aws:sns/topicSubscription:TopicSubscription",
        {"topic": Ref("orders", "arn"), "protocol": "lambda", "endpoint": Ref("resize", "arn")},
    )
    if permission:
        given = {"action": "lambda:InvokeFunction", "sourceAccount": "123456789012", **permission}
        draft.add("may", PERMISSION, given)
    return draft


def to_a_queue(policy):
    draft = Draft()
    sent_to_a_queue(draft)
    return draft.set("jobs", "policy", policy)


BREAKS = [("events-reach-target", to_a_function)]


def test_a_permission_lets_a_topic_call():
    rule = "events-reach-target"
    mine = {"principal": "sns.amazonaws.com", "function": Ref("resize", "name")}
    assert not violations(to_a_function(Draft(), **mine), rule)
    assert violations(to_a_function(Draft(), **{**mine, "principal": "s3.amazonaws.com"}), rule)
    assert violations(to_a_function(Draft(), **{**mine, "function": "another"}), rule)


def test_a_policy_that_is_not_known_yet_counts_as_one_that_allows():
    assert not violations(to_a_queue(UNKNOWN), "events-reach-target")
    denied = (
        '{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}}'
    )
    assert violations(to_a_queue(denied), "events-reach-target")


def test_a_role_that_sends_is_no_matter_of_the_queue():
    draft = Draft().add("jobs", QUEUE, {})
    given = {"rule": "hourly", "arn": Ref("jobs", "arn")}
    kind = "aws:cloudwatch/eventTarget:EventTarget"
    assert violations(draft.add("target", kind, given), "events-reach-target")
    draft.set("target", "roleArn", "arn:aws:iam::123456789012:role/sender")
    assert not violations(draft, "events-reach-target")


def test_the_default_visibility_is_thirty_seconds():
    for seconds, broken in ((30, True), (31, False)):
        draft = Draft().add("jobs", QUEUE, {"messageRetentionSeconds": seconds})
        assert bool(violations(draft, "queue-keeps-messages")) == broken
