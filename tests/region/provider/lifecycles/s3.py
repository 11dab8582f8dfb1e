"""Buckets and their objects."""

from __future__ import annotations

import json

from region.provider.values import Asset
from tests.region.provider.lifecycles.case import Case
from tests.region.provider.lifecycles.documents import OTHER_POLICY, POLICY

BUCKET_POLICY, OTHER_BUCKET_POLICY = (
    {**policy, "Statement": [{**policy["Statement"][0], "Principal": "*"}]}
    for policy in (POLICY, OTHER_POLICY)
)


CASES = [
    Case(
        "aws:s3/bucket:Bucket",
        lambda _: {"forceDestroy": True, "tags": {"a": "1"}},
        lambda _: {"tags": {"b": "2"}},
        lambda _: {"bucket": "another-one"},
        ("arn", "bucketDomainName", "bucketRegionalDomainName", "bucketRegion", "hostedZoneId"),
    ),
    Case(
        "aws:s3/bucketVersioning:BucketVersioning",
        lambda w: {"bucket": w.bucket, "versioningConfiguration": {"status": "Enabled"}},
        lambda _: {"versioningConfiguration": {"status": "Suspended"}},
        lambda _: {"bucket": "another-one"},
    ),
    Case(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        lambda w: {"bucket": w.bucket, "blockPublicAcls": True},
        lambda _: {"blockPublicPolicy": True},
    ),
    Case(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        lambda w: {
            "bucket": w.bucket,
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
        },
        lambda _: {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]},
    ),
    Case(
        "aws:s3/bucketPolicy:BucketPolicy",
        lambda w: {"bucket": w.bucket, "policy": json.dumps(BUCKET_POLICY)},
        lambda _: {"policy": json.dumps(OTHER_BUCKET_POLICY)},
    ),
    Case(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        lambda w: {
            "bucket": w.bucket,
            "rules": [
                {
                    "id": "uploads",
                    "status": "Enabled",
                    "filter": {"prefix": "a/"},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        },
        lambda _: {
            "rules": [
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"prefix": "b/"},
                    "expiration": {"days": 90},
                    "noncurrentVersionExpiration": {"noncurrentDays": 1},
                }
            ]
        },
        lambda _: {"bucket": "another-one"},
    ),
    Case(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        lambda w: {
            "bucket": w.bucket,
            "key": "a/b.txt",
            "source": Asset(hash="", text="one"),
            "contentType": "text/plain",
            "tags": {"a": "1"},
        },
        lambda _: {"source": Asset(hash="2", text="two")},
        lambda _: {"key": "c"},
        ("arn", "etag", "versionId"),
    ),
]
