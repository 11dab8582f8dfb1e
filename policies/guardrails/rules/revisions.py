"""Rules about the retention of revisions: new instances need the last good one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.rules.buckets import attached, revisions
from guardrails.values import UNKNOWN, dig, is_absent, items, show

# Storage classes without immediate access.
_ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")


def _expires(stack: Stack, _: Settings) -> Iterator[Violation]:
    for bucket in stack.of(tokens.BUCKET):
        keys = [revision.get("key") for revision in revisions(stack, bucket)]
        if not keys:
            continue
        for resource, rule in _lifecycle_rules(stack, bucket):
            end = "is not known" if rule is UNKNOWN else _end(rule)
            if end is not None and any(_may_apply(rule, key) for key in keys):
                yield Violation(
                    f'Bucket "{bucket.name}" loses revisions that are still needed: lifecycle rule '
                    f"{show(dig(rule, 'id'))} {end}.",
                    resource,
                )


def _lifecycle_rules(stack: Stack, bucket: Resource) -> Iterator[tuple[Resource, Any]]:
    """Yield each lifecycle rule of the bucket, with the resource that defines it."""
    sources = [
        *((one, "rules") for one in attached(stack, bucket, tokens.BUCKET_LIFECYCLE)),
        (bucket, "lifecycleRules"),
    ]
    for resource, prop in sources:
        rules = resource.get(prop)
        if rules is UNKNOWN and resource is not bucket:  # a bucket's own are computed
            yield resource, UNKNOWN
        for rule in items(rules):
            yield resource, rule


def _end(rule: Any) -> str | None:
    """Return how the rule ends the life of current objects, `None` if it does not."""
    if dig(rule, "status") == "Disabled" or dig(rule, "enabled") is False:
        return None
    expiration = dig(rule, "expiration")
    if expiration is UNKNOWN:
        return "expires them at a time that is not known"
    for name, unit in (("days", "day(s)"), ("date", "as date")):
        value = dig(expiration, name)
        if not is_absent(value) and value != 0:
            return f"expires them ({show(value)} {unit})"
    for transition in items(dig(rule, "transitions")):
        target = dig(transition, "storageClass")
        if target in (*_ARCHIVES, UNKNOWN):
            return f"archives them (storage class {show(target)})"
    return None


def _may_apply(rule: Any, key: Any) -> bool:
    """Return whether the rule may apply to the object: only another prefix rules that out."""
    prefixes = (
        dig(rule, "filter", "prefix"),
        dig(rule, "filter", "and", "prefix"),
        dig(rule, "prefix"),
    )
    given = [prefix for prefix in prefixes if isinstance(prefix, str) and prefix]
    return not given or not isinstance(key, str) or any(key.startswith(one) for one in given)


NEVER_EXPIRES = StackRule(
    id="s3-revision-never-expires",
    title="No lifecycle rule removes the last good revision",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("OPS06-BP01",)},
    url="https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html",
    remedy=(
        "let lifecycle rules expire noncurrent versions only, or exclude the revisions by a prefix."
    ),
    steps=(
        "Replace expiration by noncurrent_version_expiration.",
        "Give each revision its own key, derived from its content, so that none is overwritten.",
        "Delete old revisions by hand, or with a job that knows the last good one.",
    ),
    unknown=(
        "An unknown rule, expiration or storage class counts as one that removes revisions, an "
        "unknown prefix or key as one that matches."
    ),
    check=_expires,
)

RULES = (NEVER_EXPIRES,)
