"""What breaks the rule about policies of keys, queues, topics and secrets."""

from __future__ import annotations

import json

from tests.policies.mutations.registry import KEEPS, breaks, decides

OPEN = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sqs:*", "Resource": "*"}
        ],
    }
)


@breaks("resource-policy-not-public")
def queue_for_everybody(stack):
    stack.add("jobs", "aws:sqs/queue:Queue", {"policy": OPEN})


decides(
    "resource-policy-not-public",
    "jobs",
    "policy",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: stack.add("jobs", "aws:sqs/queue:Queue", {"policy": "{}"}),
)
