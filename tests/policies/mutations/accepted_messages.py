"""What AWS refuses about queues, topics, schedules, tables and log groups."""

from __future__ import annotations

import json

from tests.policies.mutations.registry import KEEPS, breaks, decides

HERE = "ap-northeast-2"


def rule(stack, expression="rate(1 hour)"):
    given = {"scheduleExpression": expression}
    stack.add("hourly", "aws:cloudwatch/eventRule:EventRule", given)


@breaks("messages-accepted")
def five_minute(stack):
    rule(stack, "rate(5 minute)")


@breaks("messages-accepted")
def ordered_queue_without_the_suffix(stack):
    stack.add("jobs", "aws:sqs/queue:Queue", {"name": "jobs", "fifoQueue": True})


@breaks("messages-accepted")
def logs_for_ten_days(stack):
    stack.add("notes", "aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 10})


decides(
    "messages-accepted", "jobs", "delaySeconds", absent=KEEPS, unknown=KEEPS,
    given=lambda stack: stack.add("jobs", "aws:sqs/queue:Queue", {"delaySeconds": 5}),
)  # fmt: skip


@breaks("messages-accepted")
def dead_letters_to_another_region(stack):
    arn = "arn:aws:sqs:us-east-1:123456789012:failed"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    stack.add("jobs", "aws:sqs/queue:Queue", {"region": HERE, "redrivePolicy": policy})
