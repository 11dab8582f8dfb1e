"""What AWS refuses about queues, topics, schedules, tables, log groups, keys, secrets and parameters."""

from __future__ import annotations

from guardrails.refusals import joint_refusal_rule
from guardrails.refused import (
    event_refusals,
    message_refusals,
    parameter_refusals,
    record_refusals,
    schedule_refusals,
)

MESSAGES = joint_refusal_rule(
    (
        *message_refusals.TABLE,
        *schedule_refusals.TABLE,
        *event_refusals.TABLE,
        *record_refusals.TABLE,
        *parameter_refusals.TABLE,
    ),
    id="messages-accepted",
    title="AWS accepts every queue, topic, schedule, table, log group, key, secret and parameter",
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    remedy="correct the resource as the message says.",
)

RULES = (MESSAGES,)
