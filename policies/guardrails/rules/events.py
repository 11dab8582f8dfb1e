"""Rules about events and queues: what is sent arrives, and stays until it has been processed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.dead_letters import dead_letters
from guardrails.architecture.keys import KEYS, admitted_by
from guardrails.architecture.policy_documents import Statement, statements
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number

_ARN = ("arn", "id")
_EVENTS, _TOPICS = "events.amazonaws.com", "sns.amazonaws.com"
_STORAGE, _LOGS = "s3.amazonaws.com", "logs.amazonaws.com"
_SEND, _CALL, _PUBLISH = "sqs:SendMessage", "lambda:InvokeFunction", "sns:Publish"

_NOTIFIED = (
    ("lambdaFunctions", "lambdaFunctionArn"),
    ("queues", "queueArn"),
    ("topics", "topicArn"),
)
"""Whom a bucket notifies about its objects: the property, and where its entries name the ARN."""

# --- who may send ---------------------------------------------------------------------------------


def _senders(stack: Stack) -> Iterator[tuple[Resource, str, Any, str]]:
    """Yield what sends by its target's policy: where it names the target, the value, and its principal."""
    for one in stack.of(tokens.EVENT_TARGET):
        if is_absent(one.get("roleArn")):  # else a role sends, by a policy of its own
            yield one, "arn", None, _EVENTS
    for one in stack.of(tokens.TOPIC_SUBSCRIPTION):
        if one.get("protocol") in ("sqs", "lambda"):
            yield one, "endpoint", None, _TOPICS
    for one in stack.of(tokens.BUCKET_NOTIFICATION):
        for prop, key in _NOTIFIED:
            entries = [] if one.left_out(prop) else items(one.get(prop))
            if entries:
                yield one, prop, [dig(entry, key) for entry in entries], _STORAGE
    for one in stack.of(tokens.LOG_SUBSCRIPTION):
        if is_absent(one.get("roleArn")):
            yield one, "destinationArn", None, _LOGS


def _documents(stack: Stack, target: Resource) -> list[Any]:
    """Return the policies of a queue or topic."""
    own = [] if target.left_out("policy") else [target.get("policy")]
    queue = target.type in tokens.QUEUE
    kind = tokens.QUEUE if queue else tokens.TOPIC
    types, prop = (tokens.QUEUE_POLICY, "queueUrl") if queue else (tokens.TOPIC_POLICY, "arn")
    apart = [
        one.get("policy")
        for one in stack.of(types)
        if target in stack.references(one, prop, kind, ("url", "id", "arn")).any
    ]
    return [*own, *apart]


def _admits(given: Statement, service: str, action: str) -> bool:
    """Return whether a statement lets a service send, or may do so."""
    named = given.principals or {}
    who = [one for kind in ("Service", "AWS", "*") for one in named.get(kind, ())]
    meant = any(one is UNKNOWN or one in (service, "*") for one in who)
    return given.allows and meant and given.covers(action) is not False


def _holder_refuses(stack: Stack, target: Resource, service: str) -> str | None:
    queue = target.type in tokens.QUEUE
    title, action = (
        (f'queue "{target.name}"', _SEND) if queue else (f'topic "{target.name}"', _PUBLISH)
    )
    documents = _documents(stack, target)
    if not documents:
        return f"{title} has no policy, so only its own account may send"
    read = [None if one is UNKNOWN else statements(one) for one in documents]
    if None in read or any(_admits(one, service, action) for given in read for one in given or ()):
        return None
    return f"the policy of {title} does not allow {action} to {service}"


def _key_refuses(stack: Stack, target: Resource, service: str) -> str | None:
    """Return why a service may not encrypt what it sends to a queue or topic, `None` if it may."""
    if target.left_out("kmsMasterKeyId"):
        return None
    title = f'{"queue" if target.type in tokens.QUEUE else "topic"} "{target.name}"'
    given = str(target.get("kmsMasterKeyId"))
    if given.endswith(_AWS_KEYS):
        return f"{title} is encrypted with {given}, which {service} may not use"
    for key in stack.references(target, "kmsMasterKeyId", tokens.KMS_KEY, KEYS).resources:
        if not admitted_by(stack, key, service.__eq__):
            return f'the policy of KMS key "{key.name}", which encrypts {title}, does not admit {service}'
    return None


_AWS_KEYS = ("alias/aws/sqs", "alias/aws/sns")
"""Keys of AWS, whose policies nobody changes: they admit the callers of one account only."""


def _is_named(principal: Any, service: str) -> bool:
    """Return whether a principal is, or may be, a service; that of logs may name its Region."""
    if principal in (service, "*", UNKNOWN):
        return True
    first, _, rest = service.partition(".")
    return (
        service == _LOGS
        and str(principal).startswith(f"{first}.")
        and str(principal).endswith(rest)
    )


def _function_refuses(stack: Stack, function: Resource, service: str) -> str | None:
    for one in stack.of(tokens.LAMBDA_PERMISSION):
        found = stack.references(
            one, "function", tokens.LAMBDA_FUNCTION, ("name", "arn", "id", "functionName")
        )
        may = _is_named(one.get("principal"), service)
        acts = one.get("action") in (_CALL, "lambda:*", UNKNOWN)
        if may and acts and (function in found.any or found.untraced):
            return None
    return f'function "{function.name}" has no permission for {service}'


def _unread(stack: Stack) -> Iterator[Violation]:
    """Yield mappings that are switched off while nothing else reads their queue."""
    mappings = stack.of(tokens.EVENT_SOURCE)

    def queues(one: Resource) -> set[Resource]:
        return set(stack.references(one, "eventSourceArn", tokens.QUEUE, _ARN).resources)

    read = {queue for one in mappings if one.get("enabled") is not False for queue in queues(one)}
    for one in mappings:
        if one.get("enabled") is not False:
            continue
        for queue in queues(one) - read:
            yield Violation(
                f'Nobody works off what is in queue "{queue.name}": event source mapping "{one.name}" is '
                "switched off (enabled is false).",
                one,
                (f'queue "{queue.name}"', f'event source mapping "{one.name}"'),
                f'set enabled of "{one.name}" to true, or leave it out.',
            )


def _silent(stack: Stack) -> Iterator[Violation]:
    """Yield rules that are switched off and have targets: that may be meant."""
    for rule in stack.of(tokens.EVENT_RULE):
        if rule.get("state") != "DISABLED" and rule.get("isEnabled") is not False:
            continue
        for target in stack.of(tokens.EVENT_TARGET):
            if rule in stack.references(target, "rule", tokens.EVENT_RULE, ("name", "id")).any:
                yield Violation(
                    f'whether rule "{rule.name}" is to send nothing is not known: it is switched off, and '
                    f'"{target.name}" is its target.',
                    rule,
                    (f'rule "{rule.name}"', f'target "{target.name}"'),
                    f'set state of "{rule.name}" to "ENABLED", or accept it with an exception.',
                    undecided=True,
                )
                break


def _arrive(stack: Stack, _: Settings) -> Iterator[Violation]:
    yield from _unread(stack)
    yield from _silent(stack)
    for sender, prop, value, service in _senders(stack):
        for types, refuses, remedy in (
            (tokens.QUEUE, _holder_refuses, _QUEUE_REMEDY),
            (tokens.TOPIC, _holder_refuses, _TOPIC_REMEDY),
            (tokens.LAMBDA_FUNCTION, _function_refuses, _FUNCTION_REMEDY),
            ((*tokens.QUEUE, *tokens.TOPIC), _key_refuses, _KEY_REMEDY),
        ):
            for target in stack.references(sender, prop, types, _ARN, value=value).resources:
                reason = refuses(stack, target, service)
                if reason is not None:
                    yield Violation(
                        f'Nothing that "{sender.name}" sends arrives: {reason}.',
                        sender,
                        (service, f'"{sender.name}"', reason),
                        remedy.format(service=service),
                    )


_KEY_REMEDY = (
    "set kms_master_key_id to an aws.kms.Key whose policy allows kms:GenerateDataKey* and kms:Decrypt to "
    "{service}, or to nothing and sqs_managed_sse_enabled of the queue to true."
)
_TOPIC_REMEDY = (
    "add an aws.sns.TopicPolicy that allows sns:Publish to {service}, with a Condition on "
    "aws:SourceArn or aws:SourceAccount."
)
_QUEUE_REMEDY = (
    "add an aws.sqs.QueuePolicy that allows sqs:SendMessage to {service}, with a Condition ArnEquals "
    "aws:SourceArn on the ARN of the topic or rule."
)
_FUNCTION_REMEDY = (
    "add an aws.lambda_.Permission for {service} to the function, with source_arn set to the ARN of the "
    "topic, rule, bucket or log group that sends."
)

ARRIVES = StackRule(
    id="events-reach-target",
    title="A topic, rule, bucket or log may send to its queue or topic, or invoke its function",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL04-BP02", "SEC03-BP02")},
    url="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
    remedy=(
        "add an aws.sqs.QueuePolicy, aws.sns.TopicPolicy or aws.lambda_.Permission that names the service "
        "that sends."
    ),
    steps=(
        "Allow sqs:SendMessage on the queue to sns.amazonaws.com or events.amazonaws.com.",
        "Or create an aws.lambda_.Permission with the principal and the action lambda:InvokeFunction.",
    ),
    unknown=(
        "A policy that is not known yet counts as one that allows it. Targets of another stack are not "
        "judged. Whether a rule that is switched off is meant to be is undecided."
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
    for one in dead_letters(stack):
        queue, dead = one.queue, one.target
        if one.is_own:
            yield Violation(
                f'What fails in queue "{queue.name}" comes back to it for ever: it is its own dead-letter '
                "queue, and nobody looks at a message that no reader can work off.",
                one.holder,
                (f'queue "{queue.name}"', "redrive_policy", f'queue "{queue.name}"'),
                "set deadLetterTargetArn of redrive_policy to the ARN of another queue, which only holds "
                "what has failed.",
            )
        elif dead is not None:
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
    title="A queue keeps a message until it is worked off, or where what failed is kept",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL04-BP02", "REL05-BP04")},
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html",
    remedy="leave message_retention_seconds out (four days), or set it to several visibility timeouts.",
    steps=(
        "Set message_retention_seconds to at least the time in which you repair a reader.",
        "Set that of a dead-letter queue above that of its source: the age of a message goes on.",
        "Give what fails a queue of its own, by redrive_policy.",
    ),
    unknown="Times that are not known are not judged.",
    check=_all_kept,
)

RULES = (ARRIVES, KEEPS_MESSAGES)
