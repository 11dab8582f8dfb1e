"""What SNS, KMS, Secrets Manager, Parameter Store, S3 and EventBridge refuse, and what they take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud
from tests.conformance.refusals import code_of


@pytest.fixture
def topic(cloud: Cloud) -> str:
    arn = cloud.sns.create_topic(Name=cloud.name("topic"))["TopicArn"]
    cloud.afterwards(cloud.sns.delete_topic, TopicArn=arn)
    return arn


@pytest.fixture
def key(cloud: Cloud) -> Iterator[str]:
    made = cloud.kms.create_key()["KeyMetadata"]["KeyId"]
    yield made
    if cloud.kms.describe_key(KeyId=made)["KeyMetadata"]["KeyState"] != "PendingDeletion":
        cloud.kms.schedule_key_deletion(KeyId=made, PendingWindowInDays=7)


@pytest.mark.row("X-constraints")
@pytest.mark.parametrize(
    ("operation", "wrong"),
    [
        ("subscribe", {"Protocol": "pigeon", "Endpoint": "x"}),
        (
            "subscribe",
            {
                "Protocol": "email",
                "Endpoint": "a@example.com",
                "Attributes": {"FilterPolicy": "{bad"},
            },
        ),
        ("publish", {"Message": ""}),
        ("publish", {"Message": "x", "Subject": "two\nlines"}),
        ("publish", {"Message": "x", "Subject": "s" * 101}),
        ("publish", {"Message": "no JSON", "MessageStructure": "json"}),
        ("publish", {"Message": '{"sqs": "x"}', "MessageStructure": "json"}),
        ("set_topic_attributes", {"AttributeName": "Bogus", "AttributeValue": "1"}),
        ("confirm_subscription", {"Token": "of nobody"}),
    ],
    ids=str,
)
def test_what_a_topic_refuses(
    cloud: Cloud, topic: str, operation: str, wrong: dict[str, Any]
) -> None:
    assert code_of(cloud, "sns", operation, {"TopicArn": topic, **wrong}) == "InvalidParameter"


@pytest.mark.row("X-constraints")
def test_a_dead_subscriber_is_no_fault_of_the_publishers(cloud: Cloud, topic: str) -> None:
    gone, alive = (cloud.sqs.create_queue(QueueName=cloud.name("queue"))["QueueUrl"] for _ in "ab")
    cloud.afterwards(cloud.sqs.delete_queue, QueueUrl=alive)
    for url in (gone, alive):
        arn = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = arn["Attributes"]["QueueArn"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        cloud.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    cloud.sqs.delete_queue(QueueUrl=gone)
    assert cloud.sns.publish(TopicArn=topic, Message="hello")["MessageId"]
    got = cloud.sqs.receive_message(QueueUrl=alive, WaitTimeSeconds=5)["Messages"]
    assert json.loads(got[0]["Body"])["Message"] == "hello"
    with pytest.raises(ClientError, match="Topic does not exist"):
        cloud.sns.publish(TopicArn=f"{topic}-none", Message="hello")


@pytest.mark.row("X-constraints")
def test_a_key_does_what_its_state_allows(cloud: Cloud, key: str) -> None:
    kms = cloud.kms
    secret = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    uses = [
        ("encrypt", {"KeyId": key, "Plaintext": b"x"}),
        ("decrypt", {"CiphertextBlob": secret}),
        ("generate_data_key", {"KeyId": key, "KeySpec": "AES_256"}),
    ]
    kms.disable_key(KeyId=key)
    assert {code_of(cloud, "kms", *use) for use in uses} == {"DisabledException"}
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"x"
    days = {"KeyId": key, "PendingWindowInDays": 5}
    assert code_of(cloud, "kms", "schedule_key_deletion", days) == "ValidationException"
    never = "KMSInvalidStateException"
    assert code_of(cloud, "kms", "cancel_key_deletion", {"KeyId": key}) == never
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (answer["KeyState"], answer["PendingWindowInDays"]) == ("PendingDeletion", 7)
    again = {"KeyId": key, "PendingWindowInDays": 8}
    uses += [("schedule_key_deletion", again), ("enable_key", {"KeyId": key})]
    assert {code_of(cloud, "kms", *use) for use in uses} == {never}
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"


@pytest.mark.row("X-constraints")
def test_policies_and_aliases_of_a_key(cloud: Cloud, key: str) -> None:
    policy = {"KeyId": key, "PolicyName": "default", "Policy": "{"}
    assert code_of(cloud, "kms", "put_key_policy", policy) == "MalformedPolicyDocumentException"
    alias = {"AliasName": "alias/aws/own", "TargetKeyId": key}
    assert code_of(cloud, "kms", "create_alias", alias) == "NotAuthorizedException"


@pytest.mark.row("X-constraints")
def test_a_secret_that_is_about_to_be_deleted(cloud: Cloud) -> None:
    secrets, name = cloud.secretsmanager, cloud.name("secret")
    secrets.create_secret(Name=name, SecretString="a")
    cloud.afterwards(secrets.delete_secret, SecretId=name, ForceDeleteWithoutRecovery=True)
    both = {"SecretId": name, "SecretString": "b", "SecretBinary": b"b"}
    code = code_of(cloud, "secretsmanager", "put_secret_value", both)
    assert code == "InvalidParameterException"
    bad = {"SecretId": name, "ResourcePolicy": "{bad"}
    code = code_of(cloud, "secretsmanager", "put_resource_policy", bad)
    assert code == "MalformedPolicyDocumentException"
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    refused = {
        code_of(cloud, "secretsmanager", operation, parameters)
        for operation, parameters in (
            ("put_secret_value", {"SecretId": name, "SecretString": "b"}),
            ("update_secret", {"SecretId": name, "SecretString": "b"}),
            ("create_secret", {"Name": name, "SecretString": "b"}),
            ("get_secret_value", {"SecretId": name}),
        )
    }
    assert refused == {"InvalidRequestException"}
    secrets.restore_secret(SecretId=name)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "a"


@pytest.mark.row("X-constraints")
def test_a_parameter_keeps_its_type_and_has_15_levels(cloud: Cloud) -> None:
    name = f"/{cloud.name('parameter')}/a"
    given = {"Name": name, "Value": "1", "Type": "String"}
    cloud.ssm.put_parameter(**given)
    cloud.afterwards(cloud.ssm.delete_parameter, Name=name)
    cloud.ssm.put_parameter(Name=name, Value="2", Overwrite=True)
    other = given | {"Type": "SecureString", "Overwrite": True}
    assert code_of(cloud, "ssm", "put_parameter", other) == "HierarchyTypeMismatchException"
    deep = given | {"Name": "/a" * 16}
    code = code_of(cloud, "ssm", "put_parameter", deep)
    assert code == "HierarchyLevelLimitExceededException"
    cloud.ssm.put_parameter(**given | {"Name": "/a" * 15})
    cloud.afterwards(cloud.ssm.delete_parameter, Name="/a" * 15)


@pytest.mark.row("X-constraints")
def test_a_new_bucket_has_no_access_control_lists(cloud: Cloud) -> None:
    s3, name = cloud.s3, cloud.name("bucket")
    place = {"CreateBucketConfiguration": {"LocationConstraint": cloud.region}}
    public = {"Bucket": name, "ACL": "public-read", **place}
    code = code_of(cloud, "s3", "create_bucket", public)
    assert code == "InvalidBucketAclWithObjectOwnership"
    s3.create_bucket(Bucket=name, **place)
    cloud.afterwards(s3.delete_bucket, Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"1", ACL="bucket-owner-full-control")
    cloud.afterwards(s3.delete_object, Bucket=name, Key="k")
    rules = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    for operation, more in (
        ("put_object", {"Key": "l", "Body": b"1"}),
        ("put_object_acl", {"Key": "k"}),
        ("put_bucket_acl", {}),
    ):
        parameters = {"Bucket": name, "ACL": "public-read", **more}
        assert code_of(cloud, "s3", operation, parameters) == "AccessControlListNotSupported"


@pytest.mark.row("X-constraints")
@pytest.mark.parametrize("name", ["Upper-Case", "two..dots", "192.168.5.4", "xn--a", "a-s3alias"])
def test_names_of_buckets(cloud: Cloud, name: str) -> None:
    place = {"LocationConstraint": cloud.region}
    wrong = {"Bucket": name, "CreateBucketConfiguration": place}
    assert code_of(cloud, "s3", "create_bucket", wrong) == "InvalidBucketName"


@pytest.mark.row("X-constraints")
def test_events_of_aws_and_patterns(cloud: Cloud) -> None:
    own = {"Source": "me", "DetailType": "d", "Detail": "{}"}
    answer = cloud.events.put_events(Entries=[own, own | {"Source": "aws.ec2"}, own])
    assert answer["FailedEntryCount"] == 1
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    assert codes == [None, "NotAuthorizedForSourceException", None]
    event = {
        "id": "1",
        "account": "123456789012",
        "source": "me",
        "time": "2026-01-01T00:00:00Z",
        "region": cloud.region,
        "resources": [],
        "detail-type": "d",
        "detail": {"size": 3},
    }
    for pattern, matches in (
        ({"source": ["me"]}, True),
        ({"source": ["you"]}, False),
        ({"detail": {"size": [{"numeric": [">", 2]}]}}, True),
    ):
        found = cloud.events.test_event_pattern(
            EventPattern=json.dumps(pattern), Event=json.dumps(event)
        )
        assert found["Result"] is matches
