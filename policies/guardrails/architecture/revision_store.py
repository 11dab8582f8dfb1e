"""The revision store: which buckets hold revisions, under which keys, and how long they stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.deployments import Deployments
from guardrails.architecture.given import given
from guardrails.architecture.permissions import UNNAMED, Target
from guardrails.resources import Resource, Stack, identities
from guardrails.values import UNKNOWN, dig, is_absent, items, number

BUCKET_KEYS = ("bucket", "id", "arn")
_KEY_KEYS = ("arn", "keyId", "id")

ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
"""Storage classes whose objects have to be restored before anybody reads them."""
_ARCHIVE = re.compile(r"\.(?:zip|tar|tgz|tar\.gz)$", re.IGNORECASE)
_ARCHIVE_TYPES = ("zip", "tar", "gzip", "octet-stream")
# What makes a key change with its content: a digest, a version, a date or a build number.
_CHANGES = re.compile(
    r"(?=[0-9a-f]*\d)[0-9a-f]{7,}|\d+\.\d+|\d{6,}|(?:^|[-_/.v])\d+(?=[-_/.]|$)", re.IGNORECASE
)
_NEWEST = re.compile(
    r"(?:^|[^a-z])(?:latest|newest|current|head|main|master|live)(?:[^a-z]|$)", re.IGNORECASE
)


class RevisionStore:
    """The buckets of a stack from which its instances get their revisions."""

    def __init__(self, stack: Stack) -> None:
        """Find the revisions: archives that the stack uploads, if it deploys to servers."""
        self._stack = stack
        self._revisions: dict[Resource, list[Resource]] = {}
        if not stack.derived(Deployments).servers:
            return
        functions = self._of_functions()
        for uploaded in stack.of(tokens.BUCKET_OBJECT):
            if uploaded in functions or not _is_archive(uploaded):
                continue
            for bucket in stack.linked(uploaded, "bucket", tokens.BUCKET, BUCKET_KEYS):
                self._revisions.setdefault(bucket, []).append(uploaded)

    @property
    def buckets(self) -> tuple[Resource, ...]:
        """The buckets that hold revisions."""
        return tuple(self._revisions)

    def revisions(self, bucket: Resource) -> list[Resource]:
        """Return the revisions that the stack uploads to the bucket."""
        return self._revisions.get(bucket, [])

    def attached(self, bucket: Resource, types: tuple[str, ...]) -> list[Resource]:
        """Return the resources of these types whose `bucket` is this bucket."""
        return [
            one
            for one in self._stack.of(types)
            if bucket in self._stack.linked(one, "bucket", tokens.BUCKET, BUCKET_KEYS)
        ]

    def versioned(self, bucket: Resource) -> bool:
        """Return whether the bucket keeps every version of an object."""
        return "Enabled" in (
            one.get("versioningConfiguration", "status")
            for one in self.attached(bucket, tokens.BUCKET_VERSIONING)
        )

    def lifecycle_rules(self, bucket: Resource) -> Iterator[tuple[Resource, Any]]:
        """Yield each lifecycle rule of the bucket, with the resource that defines it."""
        sources = [
            *((one, "rules") for one in self.attached(bucket, tokens.BUCKET_LIFECYCLE)),
            (bucket, "lifecycleRules"),
        ]
        for resource, prop in sources:
            rules = resource.get(prop)
            if rules is UNKNOWN and resource is not bucket:  # a bucket's own are computed
                yield resource, UNKNOWN
            for rule in items(rules):
                yield resource, rule

    def target(self, revision: Resource) -> Target:
        """Return a revision as something that a role may read."""
        (bucket, *_) = self._stack.linked(revision, "bucket", tokens.BUCKET, BUCKET_KEYS)
        names = identities(bucket, ("bucket", "id")) or {UNNAMED}
        # Its own ARN where it is known: other partitions have another prefix.
        known = identities(bucket, ("arn",)) or {f"arn:aws:s3:::{name}" for name in names}
        key = revision_key(revision)
        path = key if isinstance(key, str) else UNNAMED
        arns = tuple(f"{arn}/{path}" for arn in sorted(known))
        return Target(f'the revisions in bucket "{bucket.name}"', arns, bucket)

    def encryption_keys(self, revision: Resource) -> Iterator[Target]:
        """Yield the customer-managed KMS keys under which a revision is encrypted."""
        own = given(revision, "kmsKeyId")  # S3 fills in the bucket's
        if own is not None:
            yield from self._keys(revision, "kmsKeyId", own)
            return
        if given(revision, "serverSideEncryption") == "AES256":
            return
        for bucket in self._stack.linked(revision, "bucket", tokens.BUCKET, BUCKET_KEYS):
            for configuration in self.attached(bucket, tokens.BUCKET_ENCRYPTION):
                for rule in items(configuration.get("rules")):
                    default = dig(rule, "applyServerSideEncryptionByDefault")
                    named = dig(default, "kmsMasterKeyId")
                    if dig(default, "sseAlgorithm") in ("aws:kms", "aws:kms:dsse"):
                        yield from self._keys(configuration, "rules", named)

    def _keys(self, resource: Resource, prop: str, value: Any) -> Iterator[Target]:
        if is_absent(value) or (isinstance(value, str) and value.endswith("alias/aws/s3")):
            return  # AWS's own key: whoever may read the object may decrypt it
        found = self._stack.references(resource, prop, tokens.KMS_KEY, _KEY_KEYS, value=[value])
        for key in found.any:
            known = identities(key, ("arn",)) or {f"arn:aws:kms:::key/{UNNAMED}"}
            yield Target(f'KMS key "{key.name}"', tuple(sorted(known)), key)
        for name in found.foreign:
            yield Target(f"KMS key {name}", (name,))

    def _of_functions(self) -> set[Resource]:
        """Return the archives that are the code of a Lambda function."""
        found: set[Resource] = set()
        for function in self._stack.of(tokens.LAMBDA_FUNCTION):
            for prop in ("s3Key", "s3ObjectVersion"):
                found |= set(
                    self._stack.linked(function, prop, tokens.BUCKET_OBJECT, ("key", "id"))
                )
        return found


def revision_key(revision: Resource) -> Any:
    """Return the key of an object; without one it is the resource's name."""
    key = revision.get("key")
    return revision.name if is_absent(key) else key


def changes_with_content(key: Any) -> bool:
    """Return whether each revision has a key of its own; an unknown key comes from something."""
    return not isinstance(key, str) or bool(_CHANGES.search(_ARCHIVE.sub("", key)))


def means_newest(key: Any) -> bool:
    """Return whether a key says that it stands for whatever was uploaded last."""
    return isinstance(key, str) and bool(_NEWEST.search(key))


def keeps_versions(rule: Any) -> bool:
    """Return whether a lifecycle rule leaves noncurrent versions, or a number of them."""
    if dig(rule, "status") == "Disabled" or dig(rule, "enabled") is False:
        return True
    expiration = dig(rule, "noncurrentVersionExpiration")
    days = [dig(expiration, name) for name in ("noncurrentDays", "days")]
    if expiration is not UNKNOWN and all(is_absent(one) for one in days):
        return True
    return (number(dig(expiration, "newerNoncurrentVersions")) or 0) >= 1


def archives_versions(rule: Any) -> str | None:
    """Return the archive to which a rule moves noncurrent versions, if it does."""
    if dig(rule, "status") == "Disabled" or dig(rule, "enabled") is False:
        return None
    for transition in items(dig(rule, "noncurrentVersionTransitions")):
        kept = number(dig(transition, "newerNoncurrentVersions")) or 0
        if dig(transition, "storageClass") in ARCHIVES and kept < 1:
            return str(dig(transition, "storageClass"))
    return None


def _is_archive(uploaded: Resource) -> bool:
    key = revision_key(uploaded)
    kind = uploaded.get("contentType")
    named = isinstance(key, str) and not _ARCHIVE.search(key)
    typed = isinstance(kind, str) and any(kind.endswith(one) for one in _ARCHIVE_TYPES)
    return typed or not named
