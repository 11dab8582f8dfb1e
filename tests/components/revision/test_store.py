"""The bucket of revisions."""

from __future__ import annotations

import json


def test_no_lifecycle_rule_can_expire_a_revision(either):
    lifecycle = either.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    assert lifecycle.inputs["bucket"] == "web-revision-bucket-id"
    for rule in lifecycle.inputs["rules"]:
        assert rule["status"] == "Enabled"
        assert set(rule) <= {"id", "status", "filter", "abortIncompleteMultipartUpload"}
    versioning = either.one("aws:s3/bucketVersioning:BucketVersioning")
    assert versioning.urn in lifecycle.dependencies


def test_the_bucket_is_private_versioned_encrypted_and_tls_only(either):
    private = either.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    assert [value for key, value in private.items() if key != "bucket"] == [True] * 4
    versioning = either.one("aws:s3/bucketVersioning:BucketVersioning").inputs
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    (statement,) = json.loads(either.one("aws:s3/bucketPolicy:BucketPolicy").inputs["policy"])[
        "Statement"
    ]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_revision_is_uploaded_to_a_hardened_bucket_and_kept_when_replaced(either):
    revision = either.one("aws:s3/bucketObjectv2:BucketObjectv2")
    assert revision.retain_on_delete is True
    digest = revision.inputs["sourceHash"]
    assert revision.inputs["key"] == f"revisions/{digest}.zip"
    guards = {
        either.one(kind).urn
        for kind in (
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            "aws:s3/bucketVersioning:BucketVersioning",
            "aws:s3/bucketPolicy:BucketPolicy",
        )
    }
    assert guards <= set(revision.dependencies)
