"""Rules about alarms."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.model import Level, Question, ResourceRule, Settings, Severity, Violation
from guardrails.resources import Resource
from guardrails.values import items


def _action(alarm: Resource, _: Settings) -> Iterator[Violation]:
    enabled = alarm.get("actionsEnabled")
    if enabled not in (None, True):
        yield Violation(
            f'Alarm "{alarm.name}" has its actions disabled: actions_enabled is '
            f"{alarm.shown('actionsEnabled')}.",
            alarm,
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

RULES = (ALARM_ACTION,)
