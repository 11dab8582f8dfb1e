"""Values that AWS does not take: refused in the call, with AWS's own error code, and never ignored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.cloud import Cloud
from tests.conformance.refusals import code_of

ALARM: dict[str, Any] = {
    "AlarmName": "x",
    "MetricName": "m",
    "Namespace": "n",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "LessThanThreshold",
}
DATABASE: dict[str, Any] = {
    "DBInstanceIdentifier": "refused",
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "postgres",
    "AllocatedStorage": 20,
    "MasterUsername": "someone",
    "MasterUserPassword": "password1",
}


@pytest.mark.row("X-constraints")
@pytest.mark.parametrize(
    "wrong",
    [
        {"MasterUserPassword": "short"},
        {"MasterUserPassword": "pass/word@1"},
        {"MasterUserPassword": "x" * 129},
        {"MasterUsername": "admin"},
        {"MasterUsername": "1abc"},
        {"DBName": "a-b"},
        {"Port": 80},
        {"StorageType": "bogus"},
        {"StorageType": "io1"},
        {"MasterUserSecretKmsKeyId": "alias/aws/secretsmanager"},
        {"PreferredBackupWindow": "bogus"},
        {"PreferredBackupWindow": "00:00-00:10"},
        {"EnableCloudwatchLogsExports": ["bogus"]},
        {"KmsKeyId": "bogus", "StorageEncrypted": True},
        {"BackupRetentionPeriod": 36},
    ],
    ids=str,
)
def test_settings_of_a_database(cloud: Cloud, wrong: dict[str, Any]) -> None:
    code = code_of(cloud, "rds", "create_db_instance", DATABASE | wrong)
    assert code in {
        "InvalidParameterValue",
        "InvalidParameterCombination",
        "KMSKeyNotAccessibleFault",
    }


@pytest.mark.row("CW-E01", "CW-E02")
@pytest.mark.parametrize(
    "wrong",
    [
        {"Unit": "Bogus"},
        {"ComparisonOperator": "Bogus"},
        {"Statistic": "Bogus"},
        {"AlarmName": "x" * 256},
        {"EvaluationPeriods": 1_000_000},
        {"TreatMissingData": "bogus"},
    ],
    ids=str,
)
def test_settings_of_an_alarm(cloud: Cloud, wrong: dict[str, Any]) -> None:
    assert code_of(cloud, "cloudwatch", "put_metric_alarm", ALARM | wrong) == "ValidationError"
    assert code_of(cloud, "cloudwatch", "describe_alarms", {"StateValue": "BOGUS"}) == (
        "ValidationError"
    )


@pytest.mark.row("CW-M02")
def test_metric_data_with_a_unit_of_nobody(cloud: Cloud) -> None:
    data = {"Namespace": "x", "MetricData": [{"MetricName": "x", "Value": 1, "Unit": "Bogus"}]}
    assert code_of(cloud, "cloudwatch", "put_metric_data", data) == "InvalidParameterValue"


@pytest.mark.row("X-constraints")
@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("ec2", "describe_instances", {"MaxResults": 4}, "InvalidParameterValue"),
        (
            "ec2",
            "describe_instances",
            {"Filters": [{"Name": "nonsense", "Values": ["x"]}]},
            "InvalidParameterValue",
        ),
        (
            "ec2",
            "describe_vpcs",
            {"Filters": [{"Name": "nonsense", "Values": ["x"]}]},
            "InvalidParameterValue",
        ),
        ("elbv2", "describe_load_balancers", {"PageSize": 401}, "ValidationError"),
        ("elbv2", "describe_load_balancers", {"Marker": "bogus"}, "ValidationError"),
        ("rds", "describe_db_instances", {"MaxRecords": 101}, "InvalidParameterValue"),
        ("rds", "describe_db_instances", {"Marker": "bogus"}, "InvalidParameterValue"),
        ("rds", "describe_events", {"SourceType": "bogus"}, "InvalidParameterValue"),
        (
            "rds",
            "create_db_parameter_group",
            {
                "DBParameterGroupName": "x",
                "DBParameterGroupFamily": "postgres99",
                "Description": "x",
            },
            "InvalidParameterValue",
        ),
        (
            "rds",
            "create_db_parameter_group",
            {
                "DBParameterGroupName": "1pg",
                "DBParameterGroupFamily": "postgres18",
                "Description": "x",
            },
            "InvalidParameterValue",
        ),
        (
            "rds",
            "modify_db_parameter_group",
            {
                "DBParameterGroupName": "default.postgres18",
                "Parameters": [
                    {
                        "ParameterName": "work_mem",
                        "ParameterValue": "4096",
                        "ApplyMethod": "immediate",
                    }
                ],
            },
            "InvalidParameterValue",
        ),
        (
            "rds",
            "create_event_subscription",
            {
                "SubscriptionName": "refused",
                "SnsTopicArn": "arn:aws:sns:ap-northeast-2:123456789012:none",
            },
            "SNSTopicArnNotFound",
        ),
        (
            "autoscaling",
            "describe_auto_scaling_groups",
            {"Filters": [{"Name": "bogus", "Values": ["x"]}]},
            "ValidationError",
        ),
        ("iam", "list_roles", {"Marker": "bogus"}, "ValidationError"),
        (
            "iam",
            "create_role",
            {"RoleName": "refused", "AssumeRolePolicyDocument": "bogus"},
            "MalformedPolicyDocument",
        ),
        ("ssm", "get_parameters_by_path", {"Path": "none"}, "ValidationException"),
        (
            "ssm",
            "put_parameter",
            {"Name": "/refused", "Value": "x" * 4097, "Type": "String"},
            "ValidationException",
        ),
        (
            "ssm",
            "put_parameter",
            {"Name": "/refused", "Value": "a", "Type": "String", "AllowedPattern": "^b$"},
            "ParameterPatternMismatchException",
        ),
        ("fis", "list_experiments", {"nextToken": "bogus"}, "ValidationException"),
        ("events", "list_rules", {"Limit": 101}, "ValidationException"),
        (
            "secretsmanager",
            "create_secret",
            {"Name": "a b?", "SecretString": "x"},
            "ValidationException",
        ),
        (
            "sts",
            "assume_role",
            {
                "RoleArn": "arn:aws:iam::123456789012:role/none",
                "RoleSessionName": "xx",
                "DurationSeconds": 50_000,
            },
            "ValidationError",
        ),
        (
            "autoscaling",
            "describe_tags",
            {"Filters": [{"Name": "bogus", "Values": ["x"]}]},
            "ValidationError",
        ),
    ],
)
def test_limits_and_filters(
    cloud: Cloud, service: str, operation: str, parameters: dict[str, Any], code: str
) -> None:
    assert code_of(cloud, service, operation, parameters) == code


@pytest.mark.row("X-constraints")
def test_tag_keys_of_aws(cloud: Cloud) -> None:
    vpc = cloud.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    tags = {"Resources": [vpc], "Tags": [{"Key": "aws:x", "Value": "b"}]}
    assert code_of(cloud, "ec2", "create_tags", tags) == "InvalidParameterValue"


@pytest.fixture
def bucket(cloud: Cloud) -> str:
    name = cloud.name("constraints")
    cloud.s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": cloud.region}
    )
    cloud.afterwards(cloud.s3.delete_bucket, Bucket=name)
    return name


@pytest.mark.row("X-constraints")
@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        (
            "put_object",
            {"Key": "a", "Body": b"x", "ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg=="},
            "BadDigest",
        ),
        ("put_object", {"Key": "a", "Body": b"x", "ChecksumCRC32": "AAAAAA=="}, "BadDigest"),
        (
            "upload_part",
            {"Key": "a", "UploadId": "none", "PartNumber": 1, "Body": b"x"},
            "NoSuchUpload",
        ),
        ("put_bucket_policy", {"Policy": "bogus"}, "MalformedPolicy"),
        ("put_bucket_policy", {"Policy": '{"Statement": [{"Effect": "Deny"}]}'}, "MalformedPolicy"),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Bogus"}}, "MalformedXML"),
        ("list_objects_v2", {"ContinuationToken": "bogus"}, "InvalidArgument"),
    ],
)
def test_a_bucket(
    cloud: Cloud, bucket: str, operation: str, parameters: dict[str, Any], code: str
) -> None:
    assert code_of(cloud, "s3", operation, {"Bucket": bucket, **parameters}) == code
    assert cloud.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.row("X-constraints")
def test_a_bucket_deletes_quietly(cloud: Cloud, bucket: str) -> None:
    for quiet, named in ((True, False), (False, True)):
        cloud.s3.put_object(Bucket=bucket, Key="a", Body=b"x")
        answer = cloud.s3.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": "a"}], "Quiet": quiet}
        )
        assert bool(answer.get("Deleted")) is named
