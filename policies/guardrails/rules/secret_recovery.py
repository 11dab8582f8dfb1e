"""The rule about secrets: one that was deleted by mistake can be restored."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.model import Level, Question, ResourceRule, Settings, Severity, Violation
from guardrails.resources import Resource
from guardrails.values import number


def _gone(secret: Resource, _: Settings) -> Iterator[Violation]:
    if number(secret.get("recoveryWindowInDays")) == 0:
        yield Violation(
            f'Secret "{secret.name}" is gone at once when it is deleted, also by mistake or by a '
            "replacement: recovery_window_in_days is 0.",
            secret,
        )


RECOVERABLE = ResourceRule(
    id="secret-recoverable",
    title="A secret that was deleted by mistake can be restored",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # within the window a stack that is created again cannot use the name
    production=Level.MANDATORY,
    controls={"Well-Architected": ("REL09-BP01",)},
    url="https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html",
    remedy="set recovery_window_in_days of the secret to 7 to 30, or leave it out (30).",
    steps=(
        "Leave recovery_window_in_days out: Secrets Manager keeps a deleted secret for 30 days.",
        "Let Pulumi name the secret: a stack that is created again then needs another name.",
    ),
    unknown="A number that the preview does not know is not judged.",
    types=tokens.SECRET,
    check=_gone,
)

RULES = (RECOVERABLE,)
