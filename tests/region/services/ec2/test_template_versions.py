"""Versions of launch templates are deleted, and keep their numbers."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.region.fakes import Aws

NAME = "versions"


@pytest.fixture
def ec2(aws: Aws) -> Any:
    aws.ec2.create_launch_template(
        LaunchTemplateName=NAME, LaunchTemplateData={"InstanceType": "t4g.nano"}
    )
    for kind in ("t4g.micro", "t4g.small", "t4g.medium"):
        aws.ec2.create_launch_template_version(
            LaunchTemplateName=NAME, LaunchTemplateData={"InstanceType": kind}
        )
    return aws.ec2


def numbers(ec2: Any, **wanted: Any) -> Any:
    found = ec2.describe_launch_template_versions(LaunchTemplateName=NAME, **wanted)
    return [
        (one["VersionNumber"], one["LaunchTemplateData"]["InstanceType"])
        for one in found["LaunchTemplateVersions"]
    ]


def test_each_version_is_deleted_or_told_why_not(ec2: Any) -> None:
    answer = ec2.delete_launch_template_versions(LaunchTemplateName=NAME, Versions=["2", "1", "9"])
    deleted = answer["SuccessfullyDeletedLaunchTemplateVersions"]
    failed = answer["UnsuccessfullyDeletedLaunchTemplateVersions"]
    assert [one["VersionNumber"] for one in deleted] == [2]
    assert [(one["VersionNumber"], one["ResponseError"]["Code"]) for one in failed] == [
        (1, "unexpectedError"),
        (9, "launchTemplateVersionDoesNotExist"),
    ]
    assert numbers(ec2, Versions=["3"]) == [(3, "t4g.small")]
    assert numbers(ec2, MinVersion="2") == [(3, "t4g.small"), (4, "t4g.medium")]
    with pytest.raises(ClientError) as caught:
        numbers(ec2, Versions=["2"])
    assert caught.value.response["Error"]["Code"] == "InvalidLaunchTemplateId.VersionNotFound"


def test_a_number_is_not_used_twice(ec2: Any) -> None:
    ec2.delete_launch_template_versions(LaunchTemplateName=NAME, Versions=["4"])
    assert numbers(ec2, Versions=["$Latest"]) == [(3, "t4g.small")]
    made = ec2.create_launch_template_version(
        LaunchTemplateName=NAME, LaunchTemplateData={"InstanceType": "t4g.large"}
    )["LaunchTemplateVersion"]
    assert made["VersionNumber"] == 5
    ec2.modify_launch_template(LaunchTemplateName=NAME, DefaultVersion="5")
    ec2.delete_launch_template_versions(LaunchTemplateName=NAME, Versions=["1"])
    assert numbers(ec2, Versions=["$Default"]) == [(5, "t4g.large")]


@pytest.mark.parametrize("versions", [["$Latest"], ["0x1"], [str(n) for n in range(1, 202)]])
def test_what_is_no_list_of_numbers_is_refused(ec2: Any, versions: list[str]) -> None:
    with pytest.raises(ClientError) as caught:
        ec2.delete_launch_template_versions(LaunchTemplateName=NAME, Versions=versions)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"
