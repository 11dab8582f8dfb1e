"""Documents: Run Command's own is there to be read, and none is stored that would not run."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.region.fakes import Aws

NAME = "AWS-RunShellScript"


def test_the_document_of_run_command_is_described(aws: Aws) -> None:
    content = json.loads(aws.ssm.get_document(Name=NAME)["Content"])
    assert "aws:runShellScript" in content["runtimeConfig"]
    described = aws.ssm.describe_document(Name=NAME)["Document"]
    assert (described["Owner"], described["DocumentType"]) == ("Amazon", "Command")
    assert described["PlatformTypes"] == ["Linux", "MacOS"]
    assert {one["Name"] for one in described["Parameters"]} == {
        "commands",
        "workingDirectory",
        "executionTimeout",
    }
    listed = aws.ssm.list_documents()["DocumentIdentifiers"]
    assert [one["Name"] for one in listed] == [NAME]


def test_documents_that_the_region_does_not_run_are_refused(aws: Aws) -> None:
    with pytest.raises(ClientError) as caught:
        aws.ssm.get_document(Name="AWS-RunPowerShellScript")
    assert caught.value.response["Error"]["Code"] == "InvalidDocument"
    with pytest.raises(ClientError) as caught:
        aws.ssm.create_document(Name="own", Content="{}", DocumentType="Command")
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert NAME in caught.value.response["Error"]["Message"]
