"""Rules about events and queues: what is sent arrives, and stays until somebody has worked it off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.policy_documents import Statement, statements
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, number

_ARN = ("arn", "id")
_EVENTS, _TOPICS = "events.amazonaws.com", "sns.amazonaws.com"
_SEND, _CALL = "sqs:SendMessage", "lambda:InvokeFunction"

# --- who may send ---------------------------------------------------------------------------------


def _senders(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    """Yield what sends by a policy of its target: the resource, where it names that, and as whom."""
    for one in stack.of(tokens.EVENT_TARGET):
        if is_absent(one.get("roleArn")):  # else a role sends, by a policy of its own
            yield one, "arn", _EVENTS
    for one in stack.of(tokens.TOPIC_SUBSCRIPTION):
        if one.get("protocol") in ("sqs", "lambda"):
            yield one, "endpoint", _TOPICS


def _documents(stack: Stack, queue: Resource) -> list[Any]:
    """Return the policies of a queue."""
    own = [] if queue.left_out("policy") else [queue.get("policy")]
    apart = [
        one.get("policy")
        for one in stack.of(tokens.QUEUE_POLICY)
        if queue in stack.references(one, "queueUrl", tokens.QUEUE, ("url", "id")).any
    ]
    return [*own, *apart]


def _admits(given: Statement, service: str) -> bool:
    """Return whether a statement lets a service send, or may do so."""
    named = given.principals or {}
    who = [one for kind in ("Service", "AWS", "*") for one in named.get(kind, ())]
    meant = any(one is UNKNOWN or one in (service, "*") for one in who)
    return given.allows and meant and given.covers(_SEND) is not False


def _queue_refuses(stack: Stack, queue: Resource, service: str) -> str | None:
    documents = _documents(stack, queue)
    if not documents:
        return f'queue "{queue.name}" has no policy, so only its own account may send'
    read = [None if one is UNKNOWN else statements(one) for one in documents]
    if None in read or any(_admits(one, service) for given in read for one in given or ()):
        return None
    return f'the policy of queue "{queue.name}" does not allow {_SEND} to {service}'


def _function_refuses(stack: Stack, function: Resource, service: str) -> str | None:
    for one in stack.of(tokens.LAMBDA_PERMISSION):
        found = stack.references(
            one, "function", tokens.LAMBDA_FUNCTION, ("name", "arn", "id", "functionName")
        )
        may = one.get("principal") in (service, "*", UNKNOWN)
        if may and (function in found.any or found.untraced):
            return None
    return f'function "{function.name}" has no permission for {service}'


def _arrive(stack: Stack, _: Settings) -> Iterator[Violation]:
    for sender, prop, service in _senders(stack):
        queues = stack.references(sender, prop, tokens.QUEUE, _ARN).resources
        functions = stack.references(sender, prop, tokens.LAMBDA_FUNCTION, _ARN).resources
        for target, refuses, remedy in (
            *((one, _queue_refuses, _QUEUE_REMEDY) for one in queues),
            *((one, _function_refuses, _FUNCTION_REMEDY) for one in functions),
        ):
            reason = refuses(stack, target, service)
            if reason is not None:
                yield Violation(
                    f'Nothing that "{sender.name}" sends arrives: {reason}.',
                    sender,
                    (service, f'"{sender.name}"', reason),
                    remedy.format(service=service),
                )


_QUEUE_REMEDY = (
    "add an aws.sqs.QueuePolicy that allows sqs:SendMessage to {service}, with a Condition ArnEquals "
    "aws:SourceArn on the ARN of the topic or rule."
)
_FUNCTION_REMEDY = (
    "add an aws.lambda_.Permission for {service} to the function, with source_arn set to the ARN of the "
    "topic or rule."
)

ARRIVES = StackRule(
    id="events-reach-target",
    title="What a topic or a rule sends may enter its queue or call its function",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL04-BP02", "SEC03-BP02")},
    url="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
    remedy=(
        "add an aws.sqs.QueuePolicy or an aws.lambda_.Permission that names the service that sends."
    ),
    steps=(
        "Allow sqs:SendMessage on the queue to sns.amazonaws.com or events.amazonaws.com.",
        "Or create an aws.lambda_.Permission with the principal and the action lambda:InvokeFunction.",
    ),
    unknown=(
        "A policy that is not known yet counts as one that allows it. Targets of another stack are not "
        "judged."
    ),
    check=_arrive,
)

# --- how long messages stay -----------------------------------------------------------------------

_VISIBILITY_SECONDS = 30
"""The default of Amazon SQS."""


_RETENTION_SECONDS = 345600
"""The default of Amazon SQS: four days."""


def _retention(queue: Resource) -> float | None:
    given = queue.setting("messageRetentionSeconds")
    return _RETENTION_SECONDS if is_absent(given) else number(given)


def _all_kept(stack: Stack, settings: Settings) -> Iterator[Violation]:
    for queue in stack.of(tokens.QUEUE):
        yield from _kept(queue, settings)
        for dead in stack.sources(queue, "redrivePolicy", tokens.QUEUE):
            alive, kept = _retention(queue), _retention(dead)
            if alive is not None and kept is not None and kept < alive:
                yield Violation(
                    f'What fails in queue "{queue.name}" is lost before somebody looks: its dead-letter '
                    f'queue "{dead.name}" keeps messages for {kept:g} s, counted from when they were '
                    f"sent, and they may have spent {alive:g} s in the first queue.",
                    dead,
                    (f'queue "{queue.name}"', f'dead-letter queue "{dead.name}"'),
                    f'set message_retention_seconds of "{dead.name}" to 1209600, the longest.',
                )


def _kept(queue: Resource, _: Settings) -> Iterator[Violation]:
    kept = number(queue.get("messageRetentionSeconds"))
    given = queue.get("visibilityTimeoutSeconds")
    taken = _VISIBILITY_SECONDS if is_absent(given) else number(given)
    if kept is not None and taken is not None and kept <= taken:
        yield Violation(
            f'Queue "{queue.name}" loses every message whose first reader fails: message_retention_seconds '
            f"is {kept:g}, and for {taken:g} s (visibility_timeout_seconds) nobody else sees it.",
            queue,
        )


KEEPS_MESSAGES = StackRule(
    id="queue-keeps-messages",
    title="A queue keeps a message longer than one attempt takes",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL04-BP02", "REL05-BP04")},
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html",
    remedy="leave message_retention_seconds out (four days), or set it to several visibility timeouts.",
    steps=(
        "Set message_retention_seconds to at least the time in which you repair a reader.",
        "Set that of a dead-letter queue above that of its source: the age of a message goes on.",
    ),
    unknown="Times that are not known are not judged.",
    check=_all_kept,
)

RULES = (ARRIVES, KEEPS_MESSAGES)
