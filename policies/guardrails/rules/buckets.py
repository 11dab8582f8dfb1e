"""Rules about S3 buckets, above all the one that holds the revisions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from guardrails import tokens
from guardrails.architecture.policy_documents import matches, same_partition
from guardrails.architecture.revision_store import BUCKET_KEYS, RevisionStore
from guardrails.model import Level, Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_true, items, show

_LINK = (
    "Unknown bucket names are resolved through the buckets they come from; an unknown setting is a "
    "violation."
)


def attached(stack: Stack, bucket: Resource, types: Sequence[str]) -> list[Resource]:
    """Return the resources of these types whose `bucket` is this bucket."""
    return [
        resource
        for resource in stack.of(types)
        if bucket in stack.linked(resource, "bucket", tokens.BUCKET, BUCKET_KEYS)
    ]


_SWITCHES = {
    "blockPublicAcls": "block_public_acls",
    "blockPublicPolicy": "block_public_policy",
    "ignorePublicAcls": "ignore_public_acls",
    "restrictPublicBuckets": "restrict_public_buckets",
}


def _public_access(stack: Stack, _: Settings) -> Iterator[Violation]:
    for bucket in stack.of(tokens.BUCKET):
        blocks = attached(stack, bucket, tokens.BUCKET_PUBLIC_ACCESS_BLOCK)
        if not blocks:
            yield Violation(f'Bucket "{bucket.name}" has no public access block.', bucket)
        for block in blocks:
            off = [
                f"{label} is {block.shown(name)}"
                for name, label in _SWITCHES.items()
                if not is_true(block.get(name))
            ]
            if off:
                yield Violation(
                    f'Bucket "{bucket.name}" can become public: {", ".join(off)}.',
                    block,
                    remedy=f'set all four switches of "{block.name}" to true.',
                )


PUBLIC_ACCESS = StackRule(
    id="s3-public-access-blocked",
    title="No bucket can become public",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "AWS Config": ("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",),
        "Security Hub": ("S3.8",),
        "Control Tower": ("CT.S3.PR.1",),
        "Well-Architected": ("SEC03-BP07", "SEC08-BP04"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-level-public-access-prohibited.html",
    remedy="add an aws.s3.BucketPublicAccessBlock with all four switches true.",
    steps=("Create an aws.s3.BucketPublicAccessBlock for the bucket, all four switches true.",),
    unknown=_LINK,
    check=_public_access,
)


def _versioned(stack: Stack, _: Settings) -> Iterator[Violation]:
    for bucket in stack.derived(RevisionStore).buckets:
        found = attached(stack, bucket, tokens.BUCKET_VERSIONING)
        states = [versioning.get("versioningConfiguration", "status") for versioning in found]
        if "Enabled" not in states:
            yield Violation(
                f'Bucket "{bucket.name}" holds revisions but is not versioned: versioning is '
                f"{show(states[0]) if states else 'not set'}.",
                bucket,
                remedy=(
                    f'set versioning_configuration.status of "{found[0].name}" to "Enabled".'
                    if found
                    else None
                ),
            )


VERSIONING = StackRule(
    id="s3-revision-bucket-versioning",
    title="A bucket that holds revisions is versioned",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("S3_BUCKET_VERSIONING_ENABLED",),
        "Security Hub": ("S3.14",),
        "Well-Architected": ("REL09-BP01", "OPS06-BP01"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-versioning-enabled.html",
    remedy='add an aws.s3.BucketVersioning with status "Enabled".',
    steps=(
        "Create an aws.s3.BucketVersioning for the bucket.",
        "Never let a lifecycle rule expire the last good revision: new instances need it.",
    ),
    unknown=_LINK,
    check=_versioned,
)


def _encrypted(stack: Stack, _: Settings) -> Iterator[Violation]:
    for bucket in stack.of(tokens.BUCKET):
        configurations = attached(stack, bucket, tokens.BUCKET_ENCRYPTION)
        if not any(_algorithm(configuration) for configuration in configurations):
            named = configurations[0].name if configurations else None
            yield Violation(
                f'Bucket "{bucket.name}" leaves its encryption to Amazon S3, which has encrypted every '
                "new object with AES256 since January 2023: a key of your own, and who may use it, is "
                "not decided.",
                bucket,
                remedy=(
                    "set rules[0].apply_server_side_encryption_by_default.sse_algorithm of "
                    f'"{named}" to AES256 or aws:kms.'
                    if named
                    else None
                ),
            )


def _algorithm(configuration: Resource) -> bool:
    rules = items(configuration.get("rules"))
    algorithms = [
        None if rule is UNKNOWN else _default_encryption(rule).get("sseAlgorithm") for rule in rules
    ]
    return any(isinstance(algorithm, str) for algorithm in algorithms)


def _default_encryption(rule: dict[str, Any]) -> dict[str, Any]:
    given = rule.get("applyServerSideEncryptionByDefault")
    return given if isinstance(given, dict) else {}


ENCRYPTION = StackRule(
    id="s3-encryption",
    title="Every bucket sets how it is encrypted",
    question=Question.CLOSED,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # nothing is stored unencrypted
    controls={
        "AWS Config": ("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",),
        "Control Tower": ("CT.S3.PR.7",),
        "Well-Architected": ("SEC08-BP02",),
    },
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html",
    remedy="add an aws.s3.BucketServerSideEncryptionConfiguration with AES256 or aws:kms.",
    steps=("Create an aws.s3.BucketServerSideEncryptionConfiguration for the bucket.",),
    unknown=_LINK,
    check=_encrypted,
)


def _tls_only(stack: Stack, _: Settings) -> Iterator[Violation]:
    for bucket in stack.of(tokens.BUCKET):
        policies = attached(stack, bucket, tokens.BUCKET_POLICY)
        documents = [policy.get("policy") for policy in policies]
        names = _arns(bucket)
        if not any(
            document is UNKNOWN or _denies_plain_http(document, names) for document in documents
        ):
            yield Violation(
                f'Bucket "{bucket.name}" accepts requests without TLS: '
                + ("its policy does not deny them." if documents else "it has no bucket policy."),
                bucket,
                remedy=(
                    f'add to policy "{policies[0].name}" a statement that denies s3:* to everybody '
                    "where aws:SecureTransport is false; a bucket has one policy."
                    if policies
                    else None
                ),
            )


def _arns(bucket: Resource) -> tuple[str, ...]:
    """Return the ARNs of a bucket as far as they are known."""
    name, arn = bucket.get("bucket"), bucket.get("arn")
    known = [arn if isinstance(arn, str) else ""]
    known += [f"arn:aws:s3:::{name}" if isinstance(name, str) and name else ""]
    return tuple(one for one in known if one)


def _denies_plain_http(document: Any, bucket: tuple[str, ...]) -> bool:
    try:
        policy = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return False
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    denials = [one for one in _list(statements) if isinstance(one, dict) and _is_tls_denial(one)]
    return any(_covers_objects(one.get("Resource"), bucket) for one in denials)


def _covers_objects(resource: Any, bucket: tuple[str, ...]) -> bool:
    """Return whether a statement is about every object of the bucket, as far as it is known."""
    if not bucket or resource is None:
        return True
    patterns = [one for one in _list(resource) if isinstance(one, str)]
    if len(patterns) < len(_list(resource)):
        return True
    return any(matches(patterns, f"{same_partition(arn)}/\0") for arn in bucket)


def _is_tls_denial(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    return (
        statement.get("Effect") == "Deny"
        and "*" in _list(named)
        and _is_without_tls(statement.get("Condition"))
        and any(action in ("s3:*", "*") for action in _list(statement.get("Action")))
    )


def _is_without_tls(condition: Any) -> bool:
    """Return whether a condition holds for every request without TLS, and tests nothing else."""
    if not isinstance(condition, dict) or len(condition) != 1:
        return False
    operator, tested = next(iter(condition.items()))
    if operator not in ("Bool", "BoolIfExists") or not isinstance(tested, dict) or len(tested) != 1:
        return False
    key, values = next(iter(tested.items()))
    return str(key).lower() == "aws:securetransport" and any(
        str(value).lower() == "false" for value in _list(values)
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


TLS_ONLY = StackRule(
    id="s3-tls-only",
    title="Buckets deny requests without TLS",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    controls={
        "AWS Config": ("S3_BUCKET_SSL_REQUESTS_ONLY",),
        "Security Hub": ("S3.5",),
        "Control Tower": ("CT.S3.PR.8",),
        "Well-Architected": ("SEC09-BP02",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-ssl-requests-only.html",
    remedy="add an aws.s3.BucketPolicy that denies s3:* where aws:SecureTransport is false.",
    steps=(
        'Deny Action "s3:*" to Principal "*" in an aws.s3.BucketPolicy.',
        'Give that statement the Condition {"Bool": {"aws:SecureTransport": "false"}}.',
    ),
    unknown=(
        "A policy document contains the bucket's ARN and is therefore unknown until the bucket "
        "exists: a policy with an unknown document is accepted in the preview, and the same "
        "mandatory rule decides at the end of the update, when the document is known."
    ),
    check=_tls_only,
)

RULES = (PUBLIC_ACCESS, VERSIONING, ENCRYPTION, TLS_ONLY)
