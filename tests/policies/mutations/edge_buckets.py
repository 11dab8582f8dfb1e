"""What breaks the rules about CloudFront before a bucket."""

from __future__ import annotations

from typing import Any

from tests.policies.draft import Ref
from tests.policies.mutations.accepted_identities import document
from tests.policies.mutations.edge import distribution
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

TLS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::pages", "arn:aws:s3:::pages/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def reading(source: str = "*") -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::pages/*",
        "Condition": {
            "ArnLike": {"AWS:SourceArn": f"arn:aws:cloudfront::123456789012:distribution/{source}"}
        },
    }


def site(stack, *, signing="always", source="*", page: str | None = "index.html"):
    """Serve a closed bucket of pages by CloudFront."""
    stack.add("pages", "aws:s3/bucket:Bucket", {"bucket": "pages"})
    block = {"bucket": Ref("pages"), **dict.fromkeys(SWITCHES, True)}
    stack.add("pages-block", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", block)
    encrypted = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
    stack.add(
        "pages-encryption",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {"bucket": Ref("pages"), "rules": encrypted},
    )
    stack.add(
        "pages-policy",
        "aws:s3/bucketPolicy:BucketPolicy",
        {"bucket": Ref("pages"), "policy": document(reading(source), TLS)},
    )
    stack.add(
        "control",
        "aws:cloudfront/originAccessControl:OriginAccessControl",
        {
            "originAccessControlOriginType": "s3",
            "signingBehavior": signing,
            "signingProtocol": "sigv4",
        },
    )
    origin = {
        "originId": "shop",
        "domainName": Ref("pages", "bucketRegionalDomainName"),
        "originAccessControlId": Ref("control"),
    }
    more = {} if page is None else {"defaultRootObject": page}
    distribution(stack, origins=[origin], aliases=["www.example.com"], **more)


@breaks("cloudfront-reads-bucket")
def bucket_for_another_distribution(stack):
    site(stack, source="E1AAAAAAAAAAAA")


@breaks("cloudfront-reads-bucket")
def pages_asked_without_a_signature(stack):
    site(stack, signing="never")
    stack.set("pages-policy", "policy", document(TLS))


@breaks("cloudfront-front-page")
def site_without_a_front_page(stack):
    site(stack, page=None)


@breaks("cloudfront-front-page")
def front_page_that_begins_with_a_slash(stack):
    site(stack, page="/index.html")


decides(
    "cloudfront-reads-bucket",
    "control",
    "signingBehavior",
    absent=KEEPS,
    unknown=KEEPS,
    given=site,
)
decides(
    "cloudfront-front-page", "edge", "defaultRootObject", absent=BREAKS, unknown=KEEPS, given=site
)
