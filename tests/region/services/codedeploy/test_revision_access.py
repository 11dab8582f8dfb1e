"""An instance whose role may not read the revision fails its DownloadBundle event."""

from __future__ import annotations

import json
from typing import Any

import pytest

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
OBJECT = "arn:aws:s3:::releases/v1.zip"
TLS_ONLY = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}


def statement(effect: str, *actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": list(actions), "Resource": resource, **more}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def with_role(stage: Any, *statements: dict[str, Any]) -> str:
    """Launch an instance whose role has such a policy."""
    (instance,) = stage.launch()
    iam = stage.aws.iam
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="web", PolicyName="p", PolicyDocument=policy(*statements))
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    stage.aws.ec2.associate_iam_instance_profile(
        IamInstanceProfile={"Name": "web"}, InstanceId=instance
    )
    stage.group()
    return instance


READS = statement(
    "Allow", "s3:GetObject", "s3:GetObjectVersion", resource="arn:aws:s3:::releases/*"
)
CASES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "permitted": ([READS], ""),
    "by-a-wildcard": ([statement("Allow", "s3:Get*")], ""),
    "not-permitted": ([statement("Allow", "ssm:*")], "does not permit s3:GetObject on"),
    "of-another-bucket": (
        [statement("Allow", "s3:*", resource="arn:aws:s3:::other/*")],
        "does not permit s3:GetObject on",
    ),
    "the-bucket-and-not-its-objects": (
        [statement("Allow", "s3:*", resource="arn:aws:s3:::releases")],
        "does not permit",
    ),
    "denied": ([READS, statement("Deny", "s3:*")], "denies s3:GetObject on"),
    "denied-without-tls": ([READS, statement("Deny", "s3:*", **TLS_ONLY)], ""),
}


@pytest.mark.parametrize("case", CASES)
def test_the_role_of_an_instance_has_to_read_its_revision(stage, case: str):
    statements, said = CASES[case]
    instance = with_role(stage, *statements)
    deployment = stage.deploy()
    assert stage.ended(deployment)["status"] == ("Failed" if said else "Succeeded")
    events = stage.target(deployment, instance)["lifecycleEvents"]
    (download,) = (one for one in events if one["lifecycleEventName"] == "DownloadBundle")
    message = (download.get("diagnostics") or {}).get("message", "")
    assert said in message
    assert ("AccessDenied" in message) == bool(said)
    assert (OBJECT in message) == bool(said)


@pytest.mark.parametrize(
    ("effect", "statements", "status"),
    [
        ("Allow", [], "Succeeded"),
        ("Deny", [], "Failed"),
        # What the role denies, no bucket gives.
        ("Allow", [statement("Deny", "s3:*")], "Failed"),
    ],
)
def test_a_bucket_may_let_it_read(
    stage, effect: str, statements: list[dict[str, Any]], status: str
):
    stage.aws.s3.create_bucket(
        Bucket="releases",
        CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"},
    )
    own = statement(effect, "s3:GetObject", resource=OBJECT, Principal="*")
    stage.aws.s3.put_bucket_policy(Bucket="releases", Policy=policy(own))
    with_role(stage, statement("Allow", "ssm:*"), *statements)
    assert stage.ended(stage.deploy())["status"] == status


def test_a_version_needs_a_right_of_its_own(stage):
    with_role(stage, statement("Allow", "s3:GetObject"))
    location = {"bucket": "releases", "key": "v1.zip", "bundleType": "zip", "version": "v1"}
    deployment = stage.aws.codedeploy.create_deployment(
        applicationName="app",
        deploymentGroupName="dg",
        revision={"revisionType": "S3", "s3Location": location},
    )["deploymentId"]
    assert stage.ended(deployment)["status"] == "Failed"
