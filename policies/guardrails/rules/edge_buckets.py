"""Rules about CloudFront before a bucket: it may read the bucket, and visitors get the front page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from guardrails import tokens
from guardrails.architecture.policy_documents import Statement, matches, statements
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.rules.buckets import attached
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, leaves, show

_CDN = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/"
_CONTROL = ("aws:cloudfront/originAccessControl:OriginAccessControl",)
_BUCKET_KEYS = ("bucketRegionalDomainName", "bucketDomainName")
_SERVICE = "cloudfront.amazonaws.com"
_READ = "s3:GetObject"


def bucket_origins(stack: Stack, distribution: Resource) -> Iterator[tuple[Any, Resource]]:
    """Yield each origin that is certainly a bucket of this stack, asked as S3 and not as a website."""
    buckets = stack.sources(distribution, "origins", tokens.BUCKET)
    origins = [
        one
        for one in items(distribution.get("origins"))
        if is_absent(dig(one, "customOriginConfig")) and is_absent(dig(one, "vpcOriginConfig"))
    ]
    for origin in origins:
        name = dig(origin, "domainName")
        named = [one for one in buckets if name in [one.get(key) for key in _BUCKET_KEYS]]
        meant = named if name is not UNKNOWN else buckets if len(origins) == 1 else []
        if len(meant) == 1:
            yield origin, meant[0]


# --- who reads the bucket -------------------------------------------------------------------------


def _unsigned(stack: Stack, distribution: Resource, origin: Any) -> str | None:
    """Return why CloudFront asks a bucket without saying who it is, `None` if it may say so."""
    identity = dig(origin, "s3OriginConfig", "originAccessIdentity")
    control = dig(origin, "originAccessControlId")
    if is_absent(control):
        return "the origin has no origin_access_control_id" if is_absent(identity) else None
    controls = stack.references(distribution, "origins", _CONTROL, ("id",), value=control)
    for one in controls.resources:
        if one.get("signingBehavior") == "never":
            return f'signing_behavior of "{one.name}" is "never"'
    return None


def _names(condition: Any) -> Iterator[Any]:
    """Yield the ARNs that a condition asks of the source."""
    for tested in condition.values() if isinstance(condition, Mapping) else ():
        for key, given in tested.items() if isinstance(tested, Mapping) else ():
            if str(key).lower() == "aws:sourcearn":
                yield from leaves(given)


def _admits(given: Statement, distribution: Resource) -> bool | None:
    """Return whether a statement lets a distribution read, `None` if that is not known."""
    if not given.allows or given.covers(_READ) is False:
        return False
    principals = given.principals or {}
    named = [one for kind in principals.values() for one in kind]
    if "*" in named or "AWS" in principals or "CanonicalUser" in principals or UNKNOWN in named:
        return None  # everybody, or an identity: which one is not looked for
    if _SERVICE not in named:
        return False
    wanted = list(_names(given.condition))
    arn = distribution.get("arn")
    if not wanted or UNKNOWN in wanted:
        return True
    if isinstance(arn, str):
        return matches(wanted, arn)
    # It does not exist yet, so that nobody can have written down what its ARN will be.
    return any("*" in str(one) for one in wanted)


def _is_blocked(stack: Stack, bucket: Resource) -> bool:
    """Return whether no policy can let everybody read a bucket."""
    blocks = attached(stack, bucket, tokens.BUCKET_PUBLIC_ACCESS_BLOCK)
    return any(
        is_true(one.get("blockPublicPolicy")) or is_true(one.get("restrictPublicBuckets"))
        for one in blocks
    )


def _unread(stack: Stack, _: Settings) -> Iterator[Violation]:
    for distribution in stack.of(tokens.DISTRIBUTION):
        for origin, bucket in bucket_origins(stack, distribution):
            policies = attached(stack, bucket, tokens.BUCKET_POLICY)
            unsigned = _unsigned(stack, distribution, origin)
            path = (
                f'distribution "{distribution.name}"',
                f"origin {show(dig(origin, 'originId'))}",
                f'bucket "{bucket.name}"',
            )
            documents = [statements(one.get("policy")) for one in policies]
            known = bucket.left_out("policy") and None not in documents
            given = [one for document in documents for one in document or ()]
            admitted = [_admits(one, distribution) for one in given]
            private = _is_blocked(stack, bucket) or (known and None not in admitted)
            if unsigned is not None and private:
                yield Violation(
                    f'CloudFront gets no object of bucket "{bucket.name}", which is private: {unsigned}.',
                    distribution,
                    path,
                    (
                        "set origin_access_control_id of the origin to an "
                        'aws.cloudfront.OriginAccessControl with signing_behavior "always".'
                    ),
                )
            elif unsigned is None and known and all(one is False for one in admitted):
                lets = f'policy "{policies[0].name}" does not let' if policies else "no policy lets"
                yield Violation(
                    f'CloudFront gets no object of bucket "{bucket.name}", which is private: {lets} '
                    f'distribution "{distribution.name}" read it.',
                    policies[0] if policies else bucket,
                    path,
                )


READS = StackRule(
    id="cloudfront-reads-bucket",
    title="CloudFront may read the bucket behind it",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("CLOUDFRONT_S3_ORIGIN_ACCESS_CONTROL_ENABLED",),
        "Security Hub": ("CloudFront.13",),
        "Well-Architected": ("SEC03-BP07",),
    },
    url=f"{_CDN}private-content-restricting-access-to-s3.html",
    remedy=(
        "allow s3:GetObject on the objects of the bucket to the Service cloudfront.amazonaws.com, with "
        "the condition StringEquals AWS:SourceArn set to the arn of this distribution, in an "
        "aws.s3.BucketPolicy."
    ),
    steps=(
        "Create an aws.cloudfront.OriginAccessControl, and name it in origin_access_control_id.",
        "Allow s3:GetObject to cloudfront.amazonaws.com in the bucket policy, for this distribution.",
    ),
    unknown=(
        "A policy that the preview does not know is judged at the end of the update; a bucket of another "
        "stack, one that admits everybody, and one with an origin access identity are not judged."
    ),
    check=_unread,
)

# --- the front page -------------------------------------------------------------------------------

_PAGE = "index.html"


def _answered(behavior: Any) -> bool:
    """Return whether a function may choose what visitors get for a path."""
    given = (dig(behavior, "functionAssociations"), dig(behavior, "lambdaFunctionAssociations"))
    return any(not is_absent(one) for one in given)


def _has_pages(stack: Stack, bucket: Resource, distribution: Resource) -> bool:
    """Return whether a bucket is certainly a site, and no store of pictures."""
    keys = [one.get("key") for one in attached(stack, bucket, tokens.BUCKET_OBJECT)]
    names = [str(one) for one in items(distribution.get("aliases"))]
    return _PAGE in keys or any(one.startswith("www.") for one in names)


def _without_page(stack: Stack, _: Settings) -> Iterator[Violation]:
    for distribution in stack.of(tokens.DISTRIBUTION):
        page, behavior = (
            distribution.get("defaultRootObject"),
            distribution.get("defaultCacheBehavior"),
        )
        if page is UNKNOWN or _answered(behavior):
            continue
        replaced = [
            dig(one, "errorCode") for one in items(distribution.get("customErrorResponses"))
        ]
        wanted = dig(behavior, "targetOriginId")
        for origin, bucket in bucket_origins(stack, distribution):
            if dig(origin, "originId") != wanted or replaced:
                continue
            path = (f'distribution "{distribution.name}"', "/", f'bucket "{bucket.name}"')
            if isinstance(page, str) and page.startswith("/"):
                yield Violation(
                    f'Whoever asks distribution "{distribution.name}" for / gets an error: '
                    f"default_root_object is {show(page)}, and no object begins with a slash.",
                    distribution,
                    path,
                    f'set default_root_object to "{page.lstrip("/")}".',
                )
            elif is_absent(page) and _has_pages(stack, bucket, distribution):
                yield Violation(
                    f'Whoever asks distribution "{distribution.name}" for / gets an error: '
                    "default_root_object is not set, and S3 has no object of an empty name.",
                    distribution,
                    path,
                )


FRONT_PAGE = StackRule(
    id="cloudfront-front-page",
    title="CloudFront has a front page where it serves a site from a bucket",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("CLOUDFRONT_DEFAULT_ROOT_OBJECT_CONFIGURED",),
        "Security Hub": ("CloudFront.1",),
        "Control Tower": ("CT.CLOUDFRONT.PR.1",),
        "Checkov": ("CKV_AWS_305",),
        "Well-Architected": ("REL02-BP01",),
    },
    url=f"{_CDN}DefaultRootObject.html",
    remedy='set default_root_object to "index.html".',
    steps=(
        'Set default_root_object="index.html", without a slash.',
        "For pages in folders let a CloudFront function add index.html to the path.",
    ),
    unknown=(
        "What a function answers is not judged. A bucket without a page of this stack, under a name that "
        "does not begin with www., may hold pictures only, and is not judged."
    ),
    check=_without_page,
)

RULES = (READS, FRONT_PAGE)
