"""Rules about the retention of revisions: new instances need the last good one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails.architecture.revision_store import (
    ARCHIVES,
    RevisionStore,
    archives_versions,
    changes_with_content,
    keeps_versions,
    means_newest,
    revision_key,
)
from guardrails.model import Level, Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, show


def _expires(stack: Stack, _: Settings) -> Iterator[Violation]:
    store = stack.derived(RevisionStore)
    for bucket in store.buckets:
        keys = [revision_key(revision) for revision in store.revisions(bucket)]
        for resource, rule in store.lifecycle_rules(bucket):
            end = "is not known" if rule is UNKNOWN else _end(rule)
            if end is not None and any(_may_apply(rule, key) for key in keys):
                yield Violation(
                    f'Bucket "{bucket.name}" loses revisions that are still needed: lifecycle rule '
                    f"{show(dig(rule, 'id'))} {end}.",
                    resource,
                )


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
        if target in (*ARCHIVES, UNKNOWN):
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
        "Give each revision its own key, derived from its content, so that none is overwritten.",
        "Then replace expiration by noncurrent_version_expiration.",
        "Delete old revisions by hand, or with a job that knows the last good one.",
    ),
    unknown=(
        "An unknown rule, expiration or storage class counts as one that removes revisions, an "
        "unknown prefix or key as one that matches."
    ),
    check=_expires,
)


def _versions_kept(stack: Stack, bucket: Resource, revision: Resource) -> Iterator[Violation]:
    """Yield the lifecycle rules that remove overwritten versions of a revision."""
    key = revision_key(revision)
    for resource, rule in stack.derived(RevisionStore).lifecycle_rules(bucket):
        if rule is UNKNOWN or not _may_apply(rule, key):
            continue  # a rule that is not known is s3-revision-never-expires' to report
        if keeps_versions(rule):
            archive = archives_versions(rule)
            if archive is None:
                continue
            what = f"archives noncurrent versions (storage class {show(archive)})"
        else:
            days = dig(rule, "noncurrentVersionExpiration", "noncurrentDays")
            what = f"expires noncurrent versions ({show(days)} day(s))"
        yield Violation(
            f'Bucket "{bucket.name}" loses the last good revision: each revision overwrites key '
            f"{show(key)}, and lifecycle rule {show(dig(rule, 'id'))} {what}.",
            resource,
            (f"revision {show(key)}", "its previous version", f"rule {show(dig(rule, 'id'))}"),
        )


def _versions(stack: Stack, _: Settings) -> Iterator[Violation]:
    store = stack.derived(RevisionStore)
    for bucket in store.buckets:
        for revision in store.revisions(bucket):
            if not changes_with_content(revision_key(revision)):
                yield from _versions_kept(stack, bucket, revision)


VERSIONS_KEPT = StackRule(
    id="s3-revision-versions-kept",
    title="Overwritten revisions are kept",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("OPS06-BP01",)},
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html",
    remedy=(
        "give each revision a key of its own, or set newer_noncurrent_versions in "
        "noncurrent_version_expiration to the number of revisions to keep."
    ),
    steps=(
        "Derive the key from the content, for example revisions/<digest>.zip.",
        "Or set newer_noncurrent_versions, so that the last revisions stay whatever their age.",
    ),
    unknown="An unknown key counts as one of its own; an unknown rule is reported elsewhere.",
    check=_versions,
)


def _fixed_key(stack: Stack, _: Settings) -> Iterator[Violation]:
    store = stack.derived(RevisionStore)
    for bucket in store.buckets:
        if not store.versioned(bucket):
            continue  # s3-revision-bucket-versioning reports it
        for revision in store.revisions(bucket):
            key = revision_key(revision)
            if changes_with_content(key):
                continue
            if means_newest(key):
                yield Violation(
                    f'Revision "{revision.name}" is always uploaded to {show(key)}: an instance '
                    "that is launched before its deployment succeeds gets a revision that nobody "
                    "has tried, and a rollback gets the same one again.",
                    revision,
                )
            elif not any(_versions_kept(stack, bucket, revision)):
                yield Violation(
                    f'revision "{revision.name}" is always uploaded to {show(key)}: it can be '
                    "rolled back only if each deployment names the object's version, which is not "
                    "in this stack.",
                    revision,
                    remedy="derive the key from the content, for example revisions/<digest>.zip.",
                    undecided=True,
                )


FIXED_KEY = StackRule(
    id="s3-revision-immutable",
    title="A revision does not change under its key",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    # A deployment that names the object's version is safe, and the stack does not show it.
    level=Level.ADVISORY,
    production=Level.MANDATORY,
    controls={"Well-Architected": ("REL08-BP04",)},
    url="https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_S3Location.html",
    remedy="derive the key from the revision's content, for example revisions/<digest>.zip.",
    steps=(
        "Compute a digest of the archive and make it part of the key.",
        "Keep the objects of earlier revisions: retain_on_delete on the bucket object.",
    ),
    unknown=(
        "An unknown key comes from something and counts as one that changes. A fixed key in a "
        "versioned bucket is not decidable, unless it says that it is the newest."
    ),
    check=_fixed_key,
)


def _destroyed(stack: Stack, _: Settings) -> Iterator[Violation]:
    for bucket in stack.derived(RevisionStore).buckets:
        given = bucket.get("forceDestroy")
        if is_true(given) or given is UNKNOWN:
            yield Violation(
                f'Bucket "{bucket.name}" is deleted with every revision in it: force_destroy is '
                f"{show(given)}.",
                bucket,
            )


BUCKET_KEPT = StackRule(
    id="s3-revision-bucket-kept",
    title="The bucket of revisions is not deleted with them",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    # A stack for trials is destroyed as a whole.
    level=Level.ADVISORY,
    production=Level.MANDATORY,
    controls={"Well-Architected": ("REL09-BP01",)},
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjects.html",
    remedy="set the bucket's force_destroy to false.",
    steps=(
        "Set force_destroy to false or leave it out.",
        "A replacement of the bucket then fails instead of removing what the fleet still needs.",
    ),
    unknown="An unknown switch is a violation: it is a plain setting.",
    check=_destroyed,
)

RULES = (NEVER_EXPIRES, VERSIONS_KEPT, FIXED_KEY, BUCKET_KEPT)
