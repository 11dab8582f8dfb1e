"""Who is notified of a lifecycle hook: what reads a queue or topic, and may complete the hook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.answers import Answer, any_of, no, yes
from guardrails.architecture.permissions import ROLE_KEYS, Permissions
from guardrails.architecture.policy_documents import statements
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent

_COMPLETE = "autoscaling:CompleteLifecycleAction"
_RECEIVE = "sqs:ReceiveMessage"
_ARN = ("arn", "id")
_FUNCTION_KEYS = ("arn", "id", "name", "functionName")


def completed_by_told(stack: Stack, owner: Resource, prop: str, target: Any) -> Answer:
    """Answer whether a reader of a hook's notification target may complete it.

    `owner` holds the target's ARN in its top-level property `prop`. A target of another stack counts
    as one that does; without a target there is nothing to say.
    """
    if is_absent(target):
        return no("")
    found = [
        (reaches, stack.references(owner, prop, types, _ARN, value=[target]))
        for types, reaches in (
            (tokens.QUEUE, _by_queue),
            (tokens.TOPIC, _by_topic),
            (tokens.LAMBDA_FUNCTION, _by_function),
        )
    ]
    own = [(reaches, one) for reaches, refs in found for one in refs.any]
    if not own:
        return yes("a notification target of another stack")
    return any_of(reaches(stack, one) for reaches, one in own)


def completed_by_rules(stack: Stack) -> Answer:
    """Answer whether an EventBridge rule about Auto Scaling notifies something that may complete hooks."""
    for rule in stack.of(tokens.EVENT_RULE):
        for target in stack.of(tokens.EVENT_TARGET):
            about = stack.references(target, "rule", tokens.EVENT_RULE, ("name", "id")).any
            if rule in about and _hears_of_hooks(rule):
                return yes(f'rule "{rule.name}"')
    return no("")


def _hears_of_hooks(rule: Resource) -> bool:
    """Return whether a rule may match the events of hooks; not one that runs by the clock alone."""
    pattern = rule.get("eventPattern")
    if is_absent(pattern):
        return False
    try:
        wanted = json.loads(pattern) if isinstance(pattern, str) else UNKNOWN
    except ValueError:
        return False
    source = dig(wanted, "source")
    return is_absent(source) or source is UNKNOWN or "aws.autoscaling" in json.dumps(source)


def _by_queue(stack: Stack, queue: Resource) -> Answer:
    label = f'queue "{queue.name}"'
    readers = list(_mapped(stack, queue))
    if None in readers or _admits_readers(stack, queue) or _granted_elsewhere(stack):
        return yes(label)
    if readers:
        return any_of(_by_function(stack, one) for one in readers if one is not None).after(label)
    permissions = stack.derived(Permissions)
    reads: list[Resource] = []
    for role in stack.of(tokens.ROLE):
        receives = permissions.may(role, _RECEIVE)
        if not receives.is_no and not permissions.may(role, _COMPLETE).is_no:
            return yes(label, f'role "{role.name}"')
        reads += [role] if receives.is_yes else []
    if reads:
        why = f'role "{reads[0].name}", which may read {label}, is not allowed to {_COMPLETE}'
        return no(why, label)
    return no(
        f"nobody in this stack reads {label}: no event source mapping is on it, and no role may {_RECEIVE}",
        label,
    )


def _mapped(stack: Stack, queue: Resource) -> Iterator[Resource | None]:
    """Yield the functions that read a queue, None for one of another stack."""
    for one in stack.of(tokens.EVENT_SOURCE):
        read = stack.references(one, "eventSourceArn", tokens.QUEUE, _ARN).any
        if queue in read and one.get("enabled") is not False:
            found = stack.references(one, "functionName", tokens.LAMBDA_FUNCTION, _FUNCTION_KEYS)
            yield from found.any or (None,)


def _admits_readers(stack: Stack, queue: Resource) -> bool:
    """Return whether a policy of the queue lets anybody read it, or may."""
    holders = [queue] + [
        one
        for one in stack.of(tokens.QUEUE_POLICY)
        if queue in stack.references(one, "queueUrl", tokens.QUEUE, ("url", "id", "arn")).any
    ]
    documents = [one.get("policy") for one in holders if not one.left_out("policy")]
    read = [statements(one) for one in documents]
    return None in read or any(
        one.allows and one.covers(_RECEIVE) is not False for given in read for one in given or ()
    )


def _granted_elsewhere(stack: Stack) -> bool:
    """Return whether the stack lets a user, or a role of another stack, read queues."""
    types = (*tokens.USER_POLICY, *tokens.GROUP_POLICY, *tokens.ROLE_POLICY, *tokens.MANAGED_POLICY)
    for one in stack.of(types):
        if (
            one.type in tokens.ROLE_POLICY
            and stack.references(one, "role", tokens.ROLE, ROLE_KEYS).any
        ):
            continue
        if one.type in tokens.MANAGED_POLICY and _is_attached(stack, one):
            continue  # judged with the role of this stack that has it
        given = statements(one.get("policy")) or ()
        if any(statement.allows and statement.covers(_RECEIVE) for statement in given):
            return True
    return False


def _is_attached(stack: Stack, policy: Resource) -> bool:
    return any(one.type in tokens.ROLE_POLICY_ATTACHMENT for one in stack.users(policy))


def _by_topic(stack: Stack, topic: Resource) -> Answer:
    label = f'topic "{topic.name}"'
    answers: list[Answer] = []
    for one in stack.of(tokens.TOPIC_SUBSCRIPTION):
        if topic not in stack.references(one, "topic", tokens.TOPIC, _ARN).any:
            continue
        if one.get("protocol") not in ("lambda", "sqs"):
            answers.append(yes(label, f'subscription "{one.name}"'))
            continue
        functions = stack.references(one, "endpoint", tokens.LAMBDA_FUNCTION, _ARN)
        queues = stack.references(one, "endpoint", tokens.QUEUE, _ARN)
        answers += [_by_function(stack, function) for function in functions.any]
        answers += [_by_queue(stack, queue) for queue in queues.any]
        if not functions.any and not queues.any:
            answers.append(yes(label, f'subscription "{one.name}"'))
    nobody = f"nobody in this stack reads {label}: it has no subscription"
    return any_of(answers, none=nobody).after(label)


def _by_function(stack: Stack, function: Resource) -> Answer:
    roles = stack.references(function, "role", tokens.ROLE, ROLE_KEYS)
    label = f'function "{function.name}"'
    if not roles.any:
        return yes(label)  # a role of another stack may
    permissions = stack.derived(Permissions)
    return any_of(permissions.may(role, _COMPLETE) for role in roles.any).after(label)
