"""Tags of secrets, which moto keeps without looking at them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    "tags",
    [
        [{}],
        [{"Value": "x"}],
        [{"Key": "aws:owner", "Value": "x"}],
        [{"Key": f"key-{number}", "Value": "x"} for number in range(50)],
    ],
)
def test_tags_of_a_secret_are_some(aws, tags):
    secret = {"Name": "secret", "SecretString": "x"}
    name = aws.secretsmanager.create_secret(**secret, Tags=[{"Key": "one", "Value": "x"}])["ARN"]
    with pytest.raises(ClientError) as error:
        aws.secretsmanager.tag_resource(SecretId=name, Tags=tags)
    assert error.value.response["Error"]["Code"] == "InvalidParameterException"
    if len(tags) == 1:
        with pytest.raises(ClientError, match="InvalidParameterException"):
            aws.secretsmanager.create_secret(Name="other", SecretString="x", Tags=tags)
    aws.secretsmanager.tag_resource(SecretId=name, Tags=[{"Key": "two", "Value": "x"}])
    found = aws.secretsmanager.describe_secret(SecretId=name)["Tags"]
    assert [one["Key"] for one in found] == ["one", "two"]
