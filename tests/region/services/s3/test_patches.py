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


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("releases", "InvalidArgument"),
        ("releases/", "InvalidArgument"),
        ("/", "InvalidArgument"),
        ("releases/absent", "NoSuchKey"),
        ("absent/key", "NoSuchBucket"),
    ],
)
def test_a_copy_has_a_source(s3, source, code):
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="whole")["UploadId"]
    part = {"Bucket": BUCKET, "Key": "whole", "UploadId": upload, "PartNumber": 1}
    for call, given in (
        (s3.upload_part_copy, part),
        (s3.copy_object, {"Bucket": BUCKET, "Key": "b"}),
    ):
        with pytest.raises(ClientError) as error:
            call(**given, CopySource=source)
        assert error.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"CopySourceRange": "bytes=0-9"}, "InvalidRange"),
        ({"CopySourceRange": "bytes=2-1"}, "InvalidRange"),
        ({"CopySourceRange": "0-1"}, "InvalidArgument"),
        ({"UploadId": "absent"}, "NoSuchUpload"),
    ],
)
def test_a_part_is_copied_from_what_the_source_has(s3, given, code):
    s3.put_object(Bucket=BUCKET, Key="source", Body=b"abc")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="whole")["UploadId"]
    part = {"Bucket": BUCKET, "Key": "whole", "UploadId": upload, "PartNumber": 1}
    part |= {"CopySource": f"{BUCKET}/source"}
    assert s3.upload_part_copy(**part, CopySourceRange="bytes=1-2")["CopyPartResult"]["ETag"]
    with pytest.raises(ClientError) as error:
        s3.upload_part_copy(**part | given)
    assert error.value.response["Error"]["Code"] == code


def test_buckets_come_in_pages(s3):
    for name in ("b-two", "a-one"):
        s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"}
        )
    first = s3.list_buckets(MaxBuckets=2)
    assert [one["Name"] for one in first["Buckets"]] == ["a-one", "b-two"]
    second = s3.list_buckets(MaxBuckets=2, ContinuationToken=first["ContinuationToken"])
    assert [one["Name"] for one in second["Buckets"]] == [BUCKET]
    assert "ContinuationToken" not in second


def test_ownership_controls_have_a_rule(s3):
    with pytest.raises(ClientError, match="MalformedXML"):
        s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls={"Rules": []})
