"""Rules about alarms."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.alarms import Alarms
from guardrails.architecture.policy_documents import Statement, statements
from guardrails.architecture.serving import Serving
from guardrails.model import (
    Level,
    Question,
    ResourceRule,
    Scope,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, items, number


def _action(alarm: Resource, _: Settings) -> Iterator[Violation]:
    enabled = alarm.get("actionsEnabled")
    if enabled not in (None, True):
        yield Violation(
            f'Alarm "{alarm.name}" has its actions disabled: actions_enabled is '
            f"{alarm.shown('actionsEnabled')}.",
            alarm,
            remedy="set actions_enabled to true, or leave it out.",
        )
    elif not items(alarm.get("alarmActions")):
        yield Violation(
            f'Alarm "{alarm.name}" notifies nobody: alarm_actions is '
            f"{alarm.shown('alarmActions')}.",
            alarm,
        )


ALARM_ACTION = ResourceRule(
    id="alarm-has-action",
    title="An alarm has an action",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,
    controls={
        "AWS Config": ("CLOUDWATCH_ALARM_ACTION_CHECK",),
        "Checkov": ("CKV_AWS_319",),
        "Well-Architected": ("REL06-BP03", "REL11-BP06"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/cloudwatch-alarm-action-check.html",
    remedy="set alarm_actions to the ARN of an SNS topic or a scaling policy.",
    steps=(
        "Create an aws.sns.Topic with a subscription that somebody reads.",
        "Set the alarm's alarm_actions to the topic's ARN.",
    ),
    unknown=(
        "An action with an unknown ARN counts as an action: it is still to be created. An unknown "
        "list or switch is a violation."
    ),
    types=tokens.ALARM,
    check=_action,
)


def _unhealthy(stack: Stack, _: Settings) -> Iterator[Violation]:
    alarms = stack.derived(Alarms)
    every = stack.of(tokens.ALARM)
    targets = {
        target
        for fleet in stack.derived(Serving).fleets
        if not fleet.idle and not fleet.perhaps_idle
        for group in fleet.groups
        for target in group.target_groups
    }
    for target in stack.of(tokens.TARGET_GROUP):
        if target not in targets:
            continue
        watching = [one for one in every if alarms.watches_hosts_of(one, target)]
        if watching:
            yield from _told_in_vain(stack, target, watching)
        else:
            yield Violation(
                f'Nobody is told that target group "{target.name}" loses its redundancy: no alarm is '
                "on its healthy or unhealthy hosts.",
                target,
            )


def _told_in_vain(stack: Stack, target: Resource, watching: list[Resource]) -> Iterator[Violation]:
    """Yield that all alarms on the hosts of a target group go off too late to do anything."""
    first = watching[0]
    path = (f'target group "{target.name}"', f'alarm "{first.name}"')
    late = [seconds for one in watching if (seconds := _after(one)) is not None]
    if len(late) == len(watching) and min(late) > _LATEST:
        yield Violation(
            f'Somebody is told {min(late) / 3600:g} hours after target group "{target.name}" has '
            f'lost its redundancy: alarm "{first.name}" waits for that long (period x '
            "evaluation_periods).",
            first,
            path,
            "set period to 60 and evaluation_periods to 5.",
        )
    elif all(_too_late(stack, one, target) for one in watching):
        yield Violation(
            f'Nobody is told that target group "{target.name}" loses its redundancy: alarm '
            f'"{first.name}" goes off only when no healthy target is left.',
            first,
            path,
            "set threshold so that one lost target is told: UnHealthyHostCount above 0, or "
            "HealthyHostCount below the fleet's min_size.",
        )


_LATEST = 3600
"""Seconds: a second fault within this time meets a service without redundancy."""


def _after(alarm: Resource) -> float | None:
    """Return after how many seconds a metric alarm goes off, `None` where that is not known."""
    period, count = number(alarm.get("period")), number(alarm.get("evaluationPeriods"))
    some = number(alarm.get("datapointsToAlarm"))
    return None if period is None or count is None else period * (some or count)


def _too_late(stack: Stack, alarm: Resource, target: Resource) -> bool:
    """Return whether an alarm on hosts certainly waits until none is healthy."""
    threshold, comparison = number(alarm.get("threshold")), str(alarm.get("comparisonOperator"))
    if threshold is None or not is_absent(alarm.get("metricQueries")):
        return False
    if alarm.get("metricName") == "HealthyHostCount":
        least = 1 if comparison == "LessThanThreshold" else 0
        return comparison.startswith("LessThan") and threshold <= least
    groups = [one for one in stack.derived(Serving).groups if target in one.target_groups]
    smallest = [number(one.resource.get("minSize")) for one in groups]
    known = [size for size in smallest if size is not None]
    if not known or len(known) < len(smallest):
        return False
    return comparison == "GreaterThanThreshold" and threshold >= sum(known)


UNHEALTHY_HOSTS = StackRule(
    id="alb-unhealthy-host-alarm",
    title="An alarm watches the number of healthy targets",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # whoever watches elsewhere needs none
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "Well-Architected": ("REL11-BP01", "REL11-BP06"),
    },
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
    remedy=(
        "add an aws.cloudwatch.MetricAlarm on UnHealthyHostCount of the target group, with "
        "alarm_actions that somebody reads."
    ),
    steps=(
        "Set namespace AWS/ApplicationELB and metric_name UnHealthyHostCount or HealthyHostCount.",
        "Set the dimensions LoadBalancer and TargetGroup to the arn_suffix outputs.",
        "Do not name it in a deployment group: a deployment moves it.",
    ),
    unknown="An alarm whose target group is not known counts as one on this target group.",
    check=_unhealthy,
)


def _unread(stack: Stack, _: Settings) -> Iterator[Violation]:
    read = {
        topic
        for types, prop in ((tokens.TOPIC_SUBSCRIPTION, "topic"), (tokens.CHAT, "snsTopicArns"))
        for reader in stack.of(types)
        if not _filtered(reader)
        for topic in stack.references(reader, prop, tokens.TOPIC, _TOPIC_KEYS).any
    }
    told: dict[Resource, Resource] = {}
    for types, prop in ((tokens.ALARM, "alarmActions"), (tokens.DATABASE_EVENTS, "snsTopic")):
        for one in stack.of(types):
            for topic in stack.references(one, prop, tokens.TOPIC, _TOPIC_KEYS).any:
                told.setdefault(topic, one)
    for topic, teller in told.items():
        closed = _closed(stack, topic) if teller.type in tokens.ALARM else None
        if closed is not None:
            yield _silenced(topic, teller, *closed)
        elif topic not in read:
            kind = "alarm" if teller.type in tokens.ALARM else "event subscription"
            yield Violation(
                f'Nobody in this stack reads topic "{topic.name}", to which {kind} "{teller.name}" '
                "sends.",
                topic,
                (f'{kind} "{teller.name}"', f'topic "{topic.name}"', "no subscription"),
                _without_filter(stack, topic),
            )


_TOPIC_KEYS = ("arn", "id")


def _filtered(reader: Resource) -> bool:
    """Return whether a subscription passes over alarms: their messages have no attributes."""
    policy, scope = reader.get("filterPolicy"), reader.setting("filterPolicyScope")
    by_attributes = is_absent(scope) or scope == "MessageAttributes"
    return isinstance(policy, str) and policy not in ("", "{}") and by_attributes


def _without_filter(stack: Stack, topic: Resource) -> str | None:
    for one in stack.of(tokens.TOPIC_SUBSCRIPTION):
        if topic in stack.references(one, "topic", tokens.TOPIC, _TOPIC_KEYS).any:
            return (
                f'remove filter_policy of subscription "{one.name}": messages of alarms have no '
                'attributes, and it drops them; or set filter_policy_scope to "MessageBody".'
            )
    return None


_CLOUDWATCH = "cloudwatch.amazonaws.com"


def _closed(stack: Stack, topic: Resource) -> tuple[str, str] | None:
    """Return why CloudWatch cannot publish to a topic, and what lets it; None if it may.

    CloudWatch user guide, "Notifying users on alarm changes": the policies of topic and key name it.
    """
    if str(topic.get("kmsMasterKeyId")).endswith("alias/aws/sns"):
        return (
            "it is encrypted with the key that AWS manages for SNS, which CloudWatch may not use",
            (
                "set kms_master_key_id to an aws.kms.Key whose policy allows kms:Decrypt and "
                f"kms:GenerateDataKey* to {_CLOUDWATCH}"
            ),
        )
    key = _closed_key(stack, topic)
    if key is not None:
        return (
            f'it is encrypted with key "{key.name}", whose policy does not let CloudWatch use it',
            f"allow kms:Decrypt and kms:GenerateDataKey* to the Service {_CLOUDWATCH} in the key's policy",
        )
    holders = [topic] + [
        one
        for one in stack.of(tokens.TOPIC_POLICY)
        if topic in stack.references(one, "arn", tokens.TOPIC, _TOPIC_KEYS).any
    ]
    for holder in holders:
        known = None if holder.left_out("policy") else statements(holder.get("policy"))
        if known and not any(_admits(one) for one in known):
            return (
                f'the policy of "{holder.name}" does not allow {_CLOUDWATCH} to publish',
                f"allow sns:Publish to the Service {_CLOUDWATCH} in policy",
            )
    return None


def _closed_key(stack: Stack, topic: Resource) -> Resource | None:
    """Return the key of a topic if its policy is known and names neither CloudWatch nor everybody."""
    for key in stack.references(topic, "kmsMasterKeyId", tokens.KMS_KEY, _KEY_NAMES).resources:
        holders = [key] + [
            one
            for one in stack.of(tokens.KMS_KEY_POLICY)
            if key in stack.references(one, "keyId", tokens.KMS_KEY, _KEY_NAMES).any
        ]
        known = [
            statements(one.get("policy")) for one in holders if not one.left_out("policy")
        ]  # without one, services that call for themselves may not use the key
        granted = [given for listed in known for given in listed or ()]
        if None not in known and not any(map(_admits, granted)):
            return key
    return None


_KEY_NAMES = ("arn", "keyId", "id")


def _admits(given: Statement) -> bool:
    """Return whether a statement lets CloudWatch publish; what is not known counts as letting."""
    if not given.allows or given.principals is None:
        return given.allows
    named = [one for names in given.principals.values() for one in names]
    return any(one is UNKNOWN or one in (_CLOUDWATCH, "*") for one in named)


def _silenced(topic: Resource, alarm: Resource, why: str, remedy: str) -> Violation:
    return Violation(
        f'What alarm "{alarm.name}" sends does not arrive in topic "{topic.name}": {why}.',
        topic,
        (f'alarm "{alarm.name}"', f'topic "{topic.name}"'),
        f"{remedy}.",
    )


TOPIC_READ = StackRule(
    id="alarm-topic-read",
    title="Notifications of alarms and database events arrive, and somebody reads them",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # somebody may subscribe by hand
    controls={"Well-Architected": ("REL11-BP06", "OPS08-BP04")},
    url="https://docs.aws.amazon.com/sns/latest/dg/sns-create-subscribe-endpoint-to-topic.html",
    remedy=(
        "create an aws.sns.TopicSubscription for the topic, or an aws.chatbot configuration that "
        "lists it; accept it with an exception where people subscribe by hand."
    ),
    steps=(
        "Create an aws.sns.TopicSubscription with topic=topic.arn, protocol and endpoint.",
        "Confirm a subscription by mail: until then nothing arrives.",
        f"Name {_CLOUDWATCH} in the policy of an encrypted topic's key, and in one of the topic.",
    ),
    unknown="Unknown ARNs are resolved through the topics they come from. Other topics are not judged.",
    check=_unread,
)

RULES = (ALARM_ACTION, UNHEALTHY_HOSTS, TOPIC_READ)
