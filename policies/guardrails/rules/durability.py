"""The rule about commits: what the database acknowledged is on its disk."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from guardrails import tokens
from guardrails.model import Question, ResourceRule, Settings, Severity, Violation
from guardrails.resources import Resource
from guardrails.values import dig, items

_DURABLE = MappingProxyType(
    {
        "synchronous_commit": ("on", "local", "remote_write", "remote_apply", "1", "true"),
        "innodb_flush_log_at_trx_commit": ("1",),
    }
)
"""Parameters, and the values with which an acknowledged commit is on the disk."""


def _lost(group: Resource, _: Settings) -> Iterator[Violation]:
    for given in items(group.get("parameters")):
        name, value = dig(given, "name"), dig(given, "value")
        durable = _DURABLE.get(name) if isinstance(name, str) else None
        if durable and isinstance(value, str | float | int):
            said = f"{value:g}" if isinstance(value, int | float) else value.lower()
            if said not in durable:
                yield Violation(
                    f'Parameter group "{group.name}" lets the database acknowledge commits that are not on '
                    f"its disk yet: {name} is {said}. A failover loses them, also to a standby.",
                    group,
                    remedy=f"remove {name} from parameters: its default, {durable[0]}, writes each commit.",
                )


DURABLE = ResourceRule(
    id="rds-commits-durable",
    title="An acknowledged commit is on the disk",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={
        "Trusted Advisor": ("Amazon RDS innodb_flush_log_at_trx_commit parameter is not 1",),
        "Well-Architected": ("REL09-BP01",),
    },
    url="https://docs.aws.amazon.com/awssupport/latest/user/fault-tolerance-checks.html",
    remedy="remove synchronous_commit or innodb_flush_log_at_trx_commit from parameters.",
    steps=(
        "Leave both at their defaults for the whole database.",
        "Set synchronous_commit in the session that writes what may be lost.",
    ),
    unknown="A value that is not known is not judged.",
    types=(*tokens.PARAMETER_GROUP, *tokens.CLUSTER_PARAMETER_GROUP),
    check=_lost,
)

RULES = (DURABLE,)
