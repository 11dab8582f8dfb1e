"""What AWS refuses about queues, topics and their subscriptions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.dead_letters import DeadLetters, is_ordered, said_by
from guardrails.architecture.regions import Regions
from guardrails.refusals import FindTogether, JointRefusal, alone, among, between, label, matching
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_true, number, show

_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
_SNS = "https://docs.aws.amazon.com/sns/latest/api/"

_FIFO = ".fifo"
_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.fifo)?")


def _suffix(prop: str, longest: int) -> FindTogether:
    def find(_: Stack, one: Resource) -> Iterator[str]:
        name, ordered = one.get("name"), one.setting(prop)
        if not isinstance(name, str) or not name or one.left_out("name"):
            return
        if ordered is not UNKNOWN and name.endswith(_FIFO) != is_true(ordered):
            yield f"name is {show(name)}, {label(prop)} {'true' if is_true(ordered) else 'not set'}"
        if len(name) > longest:
            yield f"name {show(name)} has {len(name)} characters, {longest} at most"
        elif not _NAME.fullmatch(name):
            yield f"name is {show(name)}"

    return find


def _receives(queue: Resource) -> str | None:
    given = None if queue.left_out("redrivePolicy") else queue.get("redrivePolicy")
    try:
        count = (
            number(dig(json.loads(given), "maxReceiveCount")) if isinstance(given, str) else None
        )
    except ValueError:
        return f"redrive_policy is {show(given)}"
    if count is not None and not 1 <= count <= 1000:
        return f"maxReceiveCount of redrive_policy is {count:g}"
    return None


def _ordered_only(queue: Resource) -> Iterator[str]:
    """Find what only a FIFO queue has, in one that certainly is none."""
    if is_ordered(queue) is not False:
        return
    for prop in ("contentBasedDeduplication", "deduplicationScope", "fifoThroughputLimit"):
        given = queue.setting(prop)
        if given is not False and not queue.left_out(prop) and given is not UNKNOWN:
            yield f"{label(prop)} is {show(given)}, fifo_queue is not true"


def _dead_letters(stack: Stack, holder: Resource) -> Iterator[DeadLetters]:
    """Yield what a queue or redrive policy says; that it is the queue itself is another fault."""
    yield from (one for one in said_by(stack, holder) if not one.is_own)


def _other_kind(stack: Stack, holder: Resource) -> Iterator[str]:
    for found in _dead_letters(stack, holder):
        own, theirs = is_ordered(found.queue), found.ordered()
        if None not in (own, theirs) and own != theirs:
            kinds = {True: "a FIFO queue", False: "a standard queue"}
            yield (
                f'"{found.queue.name}" is {kinds[bool(own)]}, its dead-letter queue {found.called} '
                f"{kinds[bool(theirs)]}"
            )


def _elsewhere(stack: Stack, holder: Resource) -> Iterator[str]:
    regions = stack.derived(Regions)
    for found in _dead_letters(stack, holder):
        here, there = regions.of(found.queue), found.region(regions)
        if here and there and here != there:
            yield (
                f'"{found.queue.name}" is in {here}, its dead-letter queue {found.called} in {there}'
            )


def _subscribed(stack: Stack, subscription: Resource) -> Iterator[str]:
    topics = stack.references(subscription, "topic", tokens.TOPIC, ("arn", "id")).resources
    queues = stack.references(subscription, "endpoint", tokens.QUEUE, ("arn", "id")).resources
    for topic in topics:
        ordered = is_ordered(topic)
        if ordered and subscription.get("protocol") not in ("sqs", UNKNOWN):
            yield f'topic "{topic.name}" is a FIFO topic, protocol is {subscription.shown("protocol")}'
        for queue in queues:
            if ordered is False and is_ordered(queue):
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


def _number(path: str, low: float, high: float, says: str, remedy: str) -> JointRefusal:
    return JointRefusal(
        types=tokens.QUEUE,
        says=says,
        source=_SQS,
        remedy=remedy,
        find=alone(between(path, low, high, 0)),  # 0 is what the provider leaves to SQS
    )


TABLE = (
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
    JointRefusal(
        types=tokens.TOPIC,
        says="InvalidParameter: DisplayName: up to 100 characters.",
        source="https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html",
        remedy="shorten display_name.",
        find=alone(matching("displayName", r"(?s).+", 100)),
    ),
    JointRefusal(
        types=tokens.TOPIC,
        says="InvalidParameter: SignatureVersion: 1 or 2.",
        source="https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html",
        remedy="set signature_version to 2.",
        find=alone(between("signatureVersion", 1, 2, 0)),  # 0 is what the provider leaves to SNS
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
    _number(
        "maxMessageSize",
        1024,
        1048576,
        "MaximumMessageSize: 1024 to 1048576 bytes, 1 MiB.",
        "set max_message_size to 1024 to 1048576.",
    ),
    _number(
        "kmsDataKeyReusePeriodSeconds",
        60,
        86400,
        "KmsDataKeyReusePeriodSeconds: 60 to 86400 seconds, 24 hours.",
        "set kms_data_key_reuse_period_seconds to 60 to 86400.",
    ),
    JointRefusal(
        types=tokens.QUEUE,
        says="InvalidAttributeName: deduplication is for FIFO queues.",
        source=_SQS,
        remedy="set fifo_queue to true and let name end with .fifo, or leave the attribute out.",
        find=alone(_ordered_only),
    ),
    JointRefusal(
        types=tokens.QUEUE,
        says="RedrivePolicy: a JSON object whose maxReceiveCount is 1 to 1000.",
        source=_SQS,
        remedy="set maxReceiveCount of redrive_policy to 1 to 1000.",
        find=alone(_receives),
    ),
    JointRefusal(
        types=(*tokens.QUEUE, *tokens.QUEUE_REDRIVE),
        says="The dead-letter queue of a FIFO queue must also be a FIFO queue, and the other way round.",
        source=_SQS,
        remedy="set fifo_queue of both queues to the same value.",
        find=_other_kind,
    ),
    JointRefusal(
        types=(*tokens.QUEUE, *tokens.QUEUE_REDRIVE),
        says="RedrivePolicy: Dead letter target does not exist: it has to be in the queue's own Region.",
        source=_SQS,
        remedy="set deadLetterTargetArn of redrive_policy to a queue of the same Region and account.",
        find=_elsewhere,
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
)
