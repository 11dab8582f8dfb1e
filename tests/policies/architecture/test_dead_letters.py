"""Where the messages go that nobody could work off."""

from __future__ import annotations

import json

import pytest

from tests.policies.draft import Draft, Ref, violations

QUEUE, REDRIVE = "aws:sqs/queue:Queue", "aws:sqs/redrivePolicy:RedrivePolicy"


def apart(queue, **more):
    """A queue whose redrive policy is a resource of its own, which names the other one or itself."""
    draft = Draft()
    draft.add("failed", QUEUE, more)
    draft.add("jobs", QUEUE, {})
    return draft.add(
        "redrive", REDRIVE, {"queueUrl": Ref("jobs", "id"), "redrivePolicy": Ref(queue, "arn")}
    )


def test_a_redrive_policy_may_be_a_resource_of_its_own():
    (found,) = violations(apart("jobs"), "queue-keeps-messages")
    assert found.resource.name == "redrive"
    assert not violations(apart("failed"), "queue-keeps-messages")
    assert violations(apart("failed", messageRetentionSeconds=3600.0), "queue-keeps-messages")
    assert violations(apart("failed", fifoQueue=True), "messages-accepted")


@pytest.mark.parametrize(("region", "told"), [("us-east-1", 1), ("ap-northeast-2", 0)])
def test_a_dead_letter_queue_is_in_the_same_region(region, told):
    draft = Draft()
    draft.add("failed", QUEUE, {"region": region})
    draft.add("jobs", QUEUE, {"region": "ap-northeast-2", "redrivePolicy": Ref("failed", "arn")})
    assert len(violations(draft, "messages-accepted")) == told


def test_the_own_name_is_read_from_an_arn():
    draft = Draft()
    arn = "arn:aws:sqs:ap-northeast-2:123456789012:jobs"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    draft.add("jobs", QUEUE, {"name": "jobs", "redrivePolicy": policy})
    draft.add("others", QUEUE, {"name": "others", "redrivePolicy": policy})
    assert [one.resource.name for one in violations(draft, "queue-keeps-messages")] == ["jobs"]
