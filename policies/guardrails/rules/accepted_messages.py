"""What AWS refuses about queues, topics, schedules, tables and log groups."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.refusals import (
    JointRefusal,
    alone,
    among,
    between,
    joint_refusal_rule,
    matching,
)
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show

_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
_SNS = "https://docs.aws.amazon.com/sns/latest/api/"
_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"
_DYNAMO = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"
_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"

# --- queues and topics ----------------------------------------------------------------------------

_FIFO = ".fifo"
_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.fifo)?")


def _suffix(prop: str, longest: int) -> Any:
    def find(_: Stack, one: Resource) -> Iterator[str]:
        name, ordered = one.get("name"), one.setting(prop)
        if not isinstance(name, str) or not name or one.left_out("name"):
            return
        if ordered is not UNKNOWN and name.endswith(_FIFO) != is_true(ordered):
            yield f"name is {show(name)}, {_python(prop)} {'true' if is_true(ordered) else 'not set'}"
        if len(name) > longest:
            yield f"name {show(name)} has {len(name)} characters, {longest} at most"
        elif not _NAME.fullmatch(name):
            yield f"name is {show(name)}"

    return find


def _python(prop: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", prop).lower()


def _receives(queue: Resource) -> str | None:
    given = queue.get("redrivePolicy")
    try:
        count = (
            number(dig(json.loads(given), "maxReceiveCount")) if isinstance(given, str) else None
        )
    except ValueError:
        return f"redrive_policy is {show(given)}"
    if count is not None and not 1 <= count <= 1000:
        return f"maxReceiveCount of redrive_policy is {count:g}"
    return None


def _ordered(one: Resource, prop: str) -> bool | None:
    given = one.setting(prop)
    return None if given is UNKNOWN else is_true(given)


def _other_kind(stack: Stack, queue: Resource) -> Iterator[str]:
    own = _ordered(queue, "fifoQueue")
    for dead in stack.sources(queue, "redrivePolicy", tokens.QUEUE):
        theirs = _ordered(dead, "fifoQueue")
        if None not in (own, theirs) and own != theirs and dead is not queue:
            kinds = {True: "a FIFO queue", False: "a standard queue"}
            yield f'it is {kinds[bool(own)]}, its dead-letter queue "{dead.name}" {kinds[bool(theirs)]}'


def _subscribed(stack: Stack, subscription: Resource) -> Iterator[str]:
    topics = stack.references(subscription, "topic", tokens.TOPIC, ("arn", "id")).resources
    queues = stack.references(subscription, "endpoint", tokens.QUEUE, ("arn", "id")).resources
    for topic in topics:
        ordered = _ordered(topic, "fifoTopic")
        if ordered and subscription.get("protocol") not in ("sqs", UNKNOWN):
            yield f'topic "{topic.name}" is a FIFO topic, protocol is {subscription.shown("protocol")}'
        for queue in queues:
            if ordered is False and _ordered(queue, "fifoQueue"):
                yield f'topic "{topic.name}" is a standard topic, queue "{queue.name}" a FIFO queue'


_PROTOCOLS = (
    "sqs", "sms", "lambda", "firehose", "application", "email", "email-json", "http", "https",
)  # fmt: skip


def _address(subscription: Resource) -> str | None:
    protocol, endpoint = subscription.get("protocol"), subscription.get("endpoint")
    if not isinstance(endpoint, str) or not endpoint:
        return None
    begins = {"email": r".+@.+", "email-json": r".+@.+", "http": "http://.+", "https": "https://.+"}
    form = begins.get(
        str(protocol), "arn:.+" if protocol in ("sqs", "lambda", "firehose") else ".+"
    )
    if re.fullmatch(form, endpoint):
        return None
    return f"protocol is {show(protocol)}, endpoint {show(endpoint)}"


# --- schedules ------------------------------------------------------------------------------------

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_HIGHEST = ((59, 0), (23, 0), (31, 1))


def _schedule(one: Resource) -> str | None:
    given = one.get("scheduleExpression")
    if not isinstance(given, str) or not given:
        return None
    problem = _why_not(given, at=one.type in tokens.SCHEDULED_CALL)
    return f"schedule_expression is {show(given)}: {problem}" if problem else None


def _why_not(given: str, *, at: bool) -> str | None:
    if at and given.startswith("at("):
        return None
    if given.startswith("rate("):
        return _rate(given)
    if not given.startswith("cron(") or not given.endswith(")"):
        return "it begins with cron( or rate("
    return _cron(given.removeprefix("cron(").removesuffix(")").split())


def _rate(given: str) -> str | None:
    rate = _RATE.fullmatch(given)
    if rate is None or int(rate[1]) == 0:
        return "a rate is a positive number and minute(s), hour(s) or day(s)"
    if bool(rate[3]) != (int(rate[1]) != 1):
        return "a value of 1 has a singular unit, any other value a plural one"
    return None


def _cron(fields: list[str]) -> str | None:
    if len(fields) != _FIELDS:
        return f"cron has six fields, here are {len(fields)}"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "one of day-of-month and day-of-week is ?, the other one not"
    for field, (highest, lowest) in zip(fields, _HIGHEST, strict=False):
        numbers = [int(one) for one in re.findall(r"(?<![/\d])\d+", field)]
        if any(not lowest <= one <= highest for one in numbers):
            return f"{field} is outside {lowest} to {highest}"
    return None


_FIELDS = 6


def _pattern(rule: Resource) -> str | None:
    given = rule.get("eventPattern")
    if not isinstance(given, str) or not given:
        return None
    try:
        value = json.loads(given)
    except ValueError:
        return f"event_pattern {show(given)} is not JSON"
    return None if isinstance(value, dict) else f"event_pattern {show(given)} is no object"


def _idle_rule(rule: Resource) -> str | None:
    if is_absent(rule.get("eventPattern")) and is_absent(rule.get("scheduleExpression")):
        return "neither event_pattern nor schedule_expression is set"
    return None


# --- tables ---------------------------------------------------------------------------------------


def _keys(table: Resource) -> Iterator[str]:
    """Yield the keys that are not declared, and the attributes that are no key."""
    declared = [dig(one, "name") for one in items(table.get("attributes"))]
    indexes = [
        *items(table.get("globalSecondaryIndexes")),
        *items(table.get("localSecondaryIndexes")),
    ]
    if UNKNOWN in (*declared, *indexes) or table.get("attributes") is UNKNOWN:
        return
    if not is_absent(table.get("restoreSourceName")) or not is_absent(table.get("importTable")):
        return
    used = [table.get("hashKey"), table.get("rangeKey")]
    for index in indexes:
        used += [dig(index, "hashKey"), dig(index, "rangeKey")]
        used += [dig(one, "attributeName") for one in items(dig(index, "keySchemas"))]
    named = [one for one in used if not is_absent(one)]
    if UNKNOWN in named:
        return
    for name in dict.fromkeys(one for one in named if one not in declared):
        yield f"attributes does not declare key {show(name)}"
    for name in (one for one in declared if one not in named):
        yield f"attributes declares {show(name)}, which is no key of the table or of an index"


def _capacity(table: Resource) -> str | None:
    mode = table.get("billingMode")
    given = [table.get("readCapacity"), table.get("writeCapacity")]
    if mode in (None, "", "PROVISIONED") and any(is_absent(one) for one in given):
        return f"billing_mode is {show(mode or 'PROVISIONED')}, read_capacity or write_capacity not set"
    if mode == "PAY_PER_REQUEST" and any((number(one) or 0) > 0 for one in given):
        return "billing_mode is PAY_PER_REQUEST, read_capacity or write_capacity is set"
    return None


# --- logs -----------------------------------------------------------------------------------------

_RETENTIONS = (
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip


def _retention(group: Resource) -> str | None:
    days = number(group.get("retentionInDays"))
    if days is None or days in _RETENTIONS:
        return None
    return f"retention_in_days is {days:g}"


def _number(path: str, low: float, high: float, says: str, remedy: str) -> JointRefusal:
    return JointRefusal(
        types=tokens.QUEUE,
        says=says,
        source=_SQS,
        remedy=remedy,
        find=alone(between(path, low, high)),
    )


_TABLE = (
    JointRefusal(
        types=tokens.QUEUE,
        says=(
            "InvalidParameterValue: a queue's name has up to 80 letters, digits, hyphens and "
            "underscores; that of a FIFO queue, and no other, ends with .fifo."
        ),
        source=_SQS,
        remedy="let name end with .fifo exactly where fifo_queue is true, or leave name to Pulumi.",
        find=_suffix("fifoQueue", 80),
    ),
    JointRefusal(
        types=tokens.TOPIC,
        says=(
            "InvalidParameter: a topic's name has up to 256 letters, digits, hyphens and underscores; "
            "that of a FIFO topic, and no other, ends with .fifo."
        ),
        source=f"{_SNS}API_CreateTopic.html",
        remedy="let name end with .fifo exactly where fifo_topic is true, or leave name to Pulumi.",
        find=_suffix("fifoTopic", 256),
    ),
    _number(
        "delaySeconds",
        0,
        900,
        "DelaySeconds: 0 to 900 seconds.",
        "set delay_seconds to at most 900.",
    ),
    _number(
        "visibilityTimeoutSeconds",
        0,
        43200,
        "VisibilityTimeout: 0 to 43200 seconds, 12 hours.",
        "set visibility_timeout_seconds to at most 43200.",
    ),
    _number(
        "messageRetentionSeconds",
        60,
        1209600,
        "MessageRetentionPeriod: 60 to 1209600 seconds, 14 days.",
        "set message_retention_seconds to 60 to 1209600.",
    ),
    _number(
        "receiveWaitTimeSeconds",
        0,
        20,
        "ReceiveMessageWaitTimeSeconds: 0 to 20 seconds.",
        "set receive_wait_time_seconds to at most 20.",
    ),
    JointRefusal(
        types=tokens.QUEUE,
        says="RedrivePolicy: a JSON object whose maxReceiveCount is 1 to 1000.",
        source=_SQS,
        remedy="set maxReceiveCount of redrive_policy to 1 to 1000.",
        find=alone(_receives),
    ),
    JointRefusal(
        types=tokens.QUEUE,
        says="The dead-letter queue of a FIFO queue must also be a FIFO queue, and the other way round.",
        source=_SQS,
        remedy="set fifo_queue of both queues to the same value.",
        find=_other_kind,
    ),
    JointRefusal(
        types=tokens.TOPIC_SUBSCRIPTION,
        says="InvalidParameter: FIFO topics send to queues only, and FIFO queues take from FIFO topics.",
        source="https://docs.aws.amazon.com/sns/latest/dg/sns-fifo-topics.html",
        remedy="subscribe a queue of the topic's kind: set fifo_topic and fifo_queue to the same value.",
        find=_subscribed,
    ),
    JointRefusal(
        types=tokens.TOPIC_SUBSCRIPTION,
        says="InvalidParameter: Does not support this protocol string.",
        source=f"{_SNS}API_Subscribe.html",
        remedy='set protocol to "sqs", "lambda", "email", "https" or another one that SNS has.',
        find=alone(among("protocol", *_PROTOCOLS)),
    ),
    JointRefusal(
        types=tokens.TOPIC_SUBSCRIPTION,
        says="InvalidParameter: the endpoint of a subscription has the form of its protocol.",
        source=f"{_SNS}API_Subscribe.html",
        remedy="set endpoint to what protocol asks for: an ARN, an address or a URL.",
        find=alone(_address),
    ),
    JointRefusal(
        types=(*tokens.EVENT_RULE, *tokens.SCHEDULED_CALL),
        says="ValidationException: Parameter ScheduleExpression is not valid.",
        source=_EVENTS,
        remedy='write schedule_expression as "rate(5 minutes)" or "cron(0 10 * * ? *)".',
        find=alone(_schedule),
    ),
    JointRefusal(
        types=tokens.EVENT_RULE,
        says="InvalidEventPatternException: Event pattern is not valid.",
        source="https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html",
        remedy="set event_pattern to a JSON object, for example by json.dumps.",
        find=alone(_pattern),
    ),
    JointRefusal(
        types=tokens.EVENT_RULE,
        says="ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.",
        source="https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html",
        remedy="set event_pattern or schedule_expression.",
        find=alone(_idle_rule),
    ),
    JointRefusal(
        types=tokens.TABLE,
        says=(
            "ValidationException: AttributeDefinitions hold exactly the attributes that are keys of "
            "the table or of its indexes."
        ),
        source=_DYNAMO,
        remedy="declare in attributes the keys of the table and of its indexes, and nothing else.",
        find=alone(_keys),
    ),
    JointRefusal(
        types=tokens.TABLE,
        says="ValidationException: AttributeType is S, N or B.",
        source=_DYNAMO,
        remedy='set type of the attribute to "S", "N" or "B".',
        find=alone(among("attributes.*.type", "S", "N", "B")),
    ),
    JointRefusal(
        types=tokens.TABLE,
        says="ValidationException: capacity units go with the billing mode PROVISIONED, and only with it.",
        source=_DYNAMO,
        remedy='set billing_mode to "PAY_PER_REQUEST" without capacities, or set both capacities.',
        find=alone(_capacity),
    ),
    JointRefusal(
        types=tokens.LOG_GROUP,
        says=f"RetentionInDays: {', '.join(str(one) for one in _RETENTIONS[1:])}.",
        source=f"{_LOGS}API_PutRetentionPolicy.html",
        remedy="set retention_in_days to one of these values, for example 14.",
        find=alone(_retention),
    ),
    JointRefusal(
        types=tokens.LOG_GROUP,
        says="LogGroupName: 1 to 512 letters, digits and _ - / . # characters.",
        source=f"{_LOGS}API_CreateLogGroup.html",
        remedy="rename the log group.",
        find=alone(matching("name", r"[.\-_/#A-Za-z0-9]+", 512)),
    ),
    JointRefusal(
        types=tokens.KMS_ALIAS,
        says="ValidationException: an alias begins with alias/, and alias/aws/ is reserved.",
        source="https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html",
        remedy="set name to alias/ and a name of your own.",
        find=alone(matching("name", r"alias/(?!aws/)[A-Za-z0-9:/_-]+", 256)),
    ),
    JointRefusal(
        types=tokens.KMS_KEY,
        says="PendingWindowInDays: 7 to 30.",
        source="https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html",
        remedy="set deletion_window_in_days to 7 to 30.",
        find=alone(between("deletionWindowInDays", 7, 30)),
    ),
    JointRefusal(
        types=tokens.SECRET,
        says="RecoveryWindowInDays: 7 to 30; 0 deletes at once.",
        source="https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html",
        remedy="set recovery_window_in_days to 7 to 30.",
        find=alone(between("recoveryWindowInDays", 7, 30, 0)),
    ),
)

MESSAGES = joint_refusal_rule(
    _TABLE,
    id="messages-accepted",
    title="AWS accepts every queue, topic, schedule, table, log group, key and secret",
    url=_SQS,
    remedy="correct the resource as the message says.",
)

RULES = (MESSAGES,)
