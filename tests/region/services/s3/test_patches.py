"""Bucket policies that deny unencrypted transport."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

BUCKET = "releases"


def deny(**condition):
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
        **condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def s3(aws):
    aws.s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"}
    )
    return aws.s3


def test_calls_over_the_loopback_device_count_as_encrypted(s3):
    policy = deny(Condition={"Bool": {"aws:SecureTransport": "false"}})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    s3.put_object(Bucket=BUCKET, Key="app.zip", Body=b"zip")
    assert s3.get_object(Bucket=BUCKET, Key="app.zip")["Body"].read() == b"zip"


def test_other_denials_hold(s3):
    s3.put_bucket_policy(Bucket=BUCKET, Policy=deny())
    with pytest.raises(ClientError, match="Forbidden"):
        s3.put_object(Bucket=BUCKET, Key="app.zip", Body=b"zip")
