"""What AWS refuses about queues, topics, schedules, tables and log groups."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides


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
