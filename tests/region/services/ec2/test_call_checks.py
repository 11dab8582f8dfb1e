"""Calls that name nothing, or what is not there."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.region.fakes import Aws


def test_a_key_pair_goes_by_its_id(aws: Aws) -> None:
    identity = aws.ec2.create_key_pair(KeyName="mine")["KeyPairId"]
    assert aws.ec2.delete_key_pair(KeyPairId=identity)["KeyPairId"] == identity
    assert aws.ec2.describe_key_pairs()["KeyPairs"] == []


def test_endpoints_that_are_not_there_are_told(aws: Aws) -> None:
    name = "vpce-0123456789abcdef0"
    (one,) = aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[name])["Unsuccessful"]
    assert (one["ResourceId"], one["Error"]["Code"]) == (name, "InvalidVpcEndpointId.NotFound")


@pytest.mark.parametrize(
    ("operation", "given", "code"),
    [
        (
            "create_launch_template",
            {"LaunchTemplateName": "empty", "LaunchTemplateData": {}},
            "MissingParameter",
        ),
        (
            "modify_security_group_rules",
            {
                "GroupId": "sg-0123456789abcdef0",
                "SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-0123456789abcdef0"}],
            },
            "MissingParameter",
        ),
    ],
)
def test_a_structure_that_must_be_given(
    aws: Aws, operation: str, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(aws.ec2, operation)(**given)
    assert refused.value.response["Error"]["Code"] == code


def test_the_versioning_of_a_bucket_has_a_status(aws: Aws) -> None:
    place = {"LocationConstraint": aws.s3.meta.region_name}
    aws.s3.create_bucket(Bucket="versions", CreateBucketConfiguration=place)
    with pytest.raises(ClientError, match="IllegalVersioningConfigurationException"):
        aws.s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={})


def test_versions_of_a_secret_are_listed_with_its_arn(aws: Aws) -> None:
    arn = aws.secretsmanager.create_secret(Name="mine", SecretString="x")["ARN"]
    found = aws.secretsmanager.list_secret_version_ids(SecretId="mine")
    assert (found["ARN"], len(found["Versions"])) == (arn, 1)


def test_an_error_of_another_service_comes_in_ec2_s_own_form(aws: Aws) -> None:
    """KMS answers in JSON, which no client of EC2's reads."""
    with pytest.raises(ClientError) as refused:
        aws.ec2.modify_ebs_default_kms_key_id(KmsKeyId="alias/none")
    assert refused.value.response["Error"]["Code"] == "NotFoundException"
    assert "alias/none" in refused.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("operation", "given", "code"),
    [
        ("release_address", {"AllocationId": ""}, "MissingParameter"),
        ("disassociate_address", {"AssociationId": ""}, "MissingParameter"),
        ("describe_launch_template_versions", {"MinVersion": "x"}, "InvalidParameterValue"),
    ],
)
def test_what_is_empty_or_no_number(
    aws: Aws, operation: str, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(aws.ec2, operation)(**given)
    assert refused.value.response["Error"]["Code"] == code
