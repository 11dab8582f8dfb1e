"""What Systems Manager accepts, refuses, selects and lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components.iam_documents import session_permissions
from region.config import ACCOUNT
from tests.region.builders import until
from tests.region.fakes import Aws
from tests.region.services.ssm.conftest import Fleet

NOWHERE = "i-0123456789abcdef0"


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("settings", "code", "text"),
    [
        ({"DocumentName": "AWS-RunPowerShellScript"}, "NotImplemented", "with AWS-RunShellScript"),
        ({"DocumentName": "my-own"}, "InvalidDocument", "no document 'my-own'"),
        ({"DocumentVersion": "9"}, "InvalidDocumentVersion", "no version '9'"),
        ({"Parameters": {}}, "InvalidParameters", "requires the parameter commands"),
        ({"Parameters": {"commands": ["id"], "x": ["1"]}}, "InvalidParameters", "no parameter x"),
        (
            {"Parameters": {"commands": ["echo {{ssm:/app/key}}"]}},
            "InvalidParameters",
            "{{ssm:/app/key}}",
        ),
        ({"Parameters": {"commands": ["echo {{ global:DATE }}"]}}, "InvalidParameters", "DATE"),
        (
            {"Parameters": {"commands": ["id"], "workingDirectory": ["{{ where }}"]}},
            "InvalidParameters",
            "workingDirectory contains",
        ),
        (
            {"Parameters": {"commands": ["id"], "executionTimeout": ["172801"]}},
            "InvalidParameters",
            "from 1 to 172800",
        ),
        (
            {"Parameters": {"commands": ["id"], "executionTimeout": ["soon"]}},
            "InvalidParameters",
            "'soon'",
        ),
        (
            {"Parameters": {"commands": ["id"], "executionTimeout": ["1", "2"]}},
            "InvalidParameters",
            "2 values",
        ),
        ({"Parameters": {"commands": ["x" * 66_000]}}, "MaxDocumentSizeExceeded", "65,536"),
        ({"TimeoutSeconds": 2_592_001}, "ValidationException", "less than or equal to 2592000"),
        ({"Comment": "x" * 101}, "ValidationException", "length less than or equal to 100"),
        ({"MaxConcurrency": "0"}, "ValidationException", "Value '0' at 'maxConcurrency'"),
        ({"MaxErrors": "101%"}, "ValidationException", "Value '101%' at 'maxErrors'"),
        ({"InstanceIds": []}, "ValidationException", "either InstanceIds or Targets"),
        ({"InstanceIds": [NOWHERE, NOWHERE]}, "DuplicateInstanceId", "twice"),
        (
            {"Targets": [{"Key": "tag:a", "Values": ["b"]}]},
            "ValidationException",
            "either InstanceIds or Targets",
        ),
        (
            {
                "InstanceIds": [],
                "Targets": [{"Key": "resource-groups:Name", "Values": ["b"]}],
            },
            "ValidationException",
            "resource-groups:Name",
        ),
        ({"OutputS3BucketName": "bucket"}, "ValidationException", "no output to S3"),
        (
            {"CloudWatchOutputConfig": {"CloudWatchOutputEnabled": True}},
            "ValidationException",
            "CloudWatch Logs",
        ),
        (
            {"NotificationConfig": {"NotificationArn": "arn:x", "NotificationType": "Command"}},
            "ValidationException",
            "no notifications",
        ),
        (
            {"AlarmConfiguration": {"Alarms": [{"Name": "a"}]}},
            "NotImplemented",
            "SendCommand",
        ),
    ],
)
def test_what_the_region_does_not_do_is_refused(
    aws: Aws, settings: dict[str, Any], code: str, text: str
) -> None:
    base = {
        "DocumentName": "AWS-RunShellScript",
        "Parameters": {"commands": ["id"]},
        "InstanceIds": [NOWHERE],
    }
    found = refused(aws.ssm.send_command, **base | settings)
    assert found[0] == code
    assert text in found[1]


@pytest.mark.parametrize(
    "script", ["docker ps --format '{{.Names}}'", "printf '{{json .}}'", "echo '{{ }}'"]
)
def test_templates_that_aws_does_not_substitute_pass(fleet: Fleet, script: str) -> None:
    (name,) = fleet.managed()
    fleet.ended(fleet.send(name, commands=(script,)))
    assert fleet.pool.machines[name].scripts[0][0] == f"{script}\n"


def test_a_document_may_be_named_by_its_arn(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    sent = fleet.aws.ssm.send_command(
        DocumentName="arn:aws:ssm:ap-northeast-2::document/AWS-RunShellScript",
        Parameters={"commands": ["id"]},
        InstanceIds=[name],
    )["Command"]
    assert sent["DocumentName"] == "AWS-RunShellScript"
    timeouts = 3600 + 3600
    assert (sent["ExpiresAfter"] - sent["RequestedDateTime"]).total_seconds() == timeouts


@pytest.mark.parametrize(
    ("profile", "why"),
    [
        ({}, "has no instance profile"),
        ({"managed": ""}, "does not permit ssm:UpdateInstanceInformation"),
        (
            {"managed": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"},
            "AmazonSSMManagedInstanceCore",
        ),
        (
            {
                "inline": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Deny", "Action": "ssm:*", "Resource": "*"}],
                }
            },
            "does not permit",
        ),
    ],
    ids=["no profile", "empty role", "another policy", "a denial"],
)
def test_an_instance_whose_role_lacks_the_permissions_is_not_managed(
    fleet: Fleet, profile: dict[str, Any], why: str
) -> None:
    (name,) = fleet.launch(1, fleet.profile("own", **profile) if profile else "")
    fleet.managed()  # by now the other one would be managed too
    code, text = refused(fleet.send, InstanceIds=[name])
    assert code == "InvalidInstanceId"
    assert f"Instances [[{name}]] not in a valid state for account {ACCOUNT}" in text
    assert why in text
    assert name not in fleet.nodes()


def test_the_projects_own_policy_is_enough(fleet: Fleet) -> None:
    own = fleet.profile("own", managed="", inline=json.loads(session_permissions()))
    (name,) = fleet.launch(1, own)
    until(lambda: fleet.nodes().get(name) == "Online")


def test_a_revoked_permission_ends_the_connection(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    fleet.aws.iam.detach_role_policy(
        RoleName="managed", PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    )
    until(lambda: fleet.nodes()[name] == "ConnectionLost")


def test_an_unknown_or_terminated_instance_is_refused(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    fleet.aws.ec2.terminate_instances(InstanceIds=[name])
    until(lambda: name not in fleet.nodes())
    code, text = refused(fleet.send, InstanceIds=[name, NOWHERE])
    assert code == "InvalidInstanceId"
    assert f"[[{name}, {NOWHERE}]]" in text
    assert f"{NOWHERE}: no such instance" in text
    assert fleet.aws.ssm.list_commands()["Commands"] == []


def test_targets_select_by_tags_and_ids(fleet: Fleet) -> None:
    first = fleet.managed(1, role="web", zone="a")[0]
    second = fleet.managed(1, role="web", zone="b")[0]
    other = fleet.managed(1, role="worker")[0]
    fleet.launch(1, "", role="web")  # not managed

    def sent_to(*targets: tuple[str, list[str]]) -> set[str]:
        command = fleet.send(Targets=[{"Key": key, "Values": values} for key, values in targets])
        listed = fleet.aws.ssm.list_command_invocations(CommandId=command)["CommandInvocations"]
        fleet.ended(command)
        return {item["InstanceId"] for item in listed}

    assert sent_to(("tag:role", ["web"])) == {first, second}
    assert sent_to(("tag:role", ["web", "worker"])) == {first, second, other}
    assert sent_to(("tag:role", ["web"]), ("tag:zone", ["b"])) == {second}
    assert sent_to(("tag-key", ["zone"])) == {first, second}
    assert sent_to(("InstanceIds", [other])) == {other}


def test_targets_that_match_nothing_or_nobody(fleet: Fleet) -> None:
    command = fleet.send(Targets=[{"Key": "tag:role", "Values": ["none"]}])
    described = fleet.command(command)
    assert (described["Status"], described["StatusDetails"]) == ("Success", "NoInstancesInTag")

    command = fleet.send(Targets=[{"Key": "InstanceIds", "Values": [NOWHERE]}])
    result = fleet.result(command, NOWHERE)
    assert (result["Status"], result["StatusDetails"]) == ("Failed", "Undeliverable")
    assert result["ResponseCode"] == -1


def test_results_that_do_not_exist(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    command = fleet.send(name)
    ssm = fleet.aws.ssm
    unknown = "0" * 8 + "-0000-0000-0000-" + "0" * 12
    get = ssm.get_command_invocation
    assert refused(get, CommandId=unknown, InstanceId=name)[0] == "InvocationDoesNotExist"
    assert refused(get, CommandId=command, InstanceId=NOWHERE)[0] == "InvocationDoesNotExist"
    found = refused(get, CommandId=command, InstanceId=name, PluginName="aws:other")
    assert found[0] == "InvalidPluginName"
    assert refused(ssm.list_commands, CommandId=unknown)[0] == "InvalidCommandId"
    assert refused(ssm.cancel_command, CommandId=unknown)[0] == "InvalidCommandId"
    found = refused(ssm.cancel_command, CommandId=command, InstanceIds=[NOWHERE])
    assert found[0] == "InvalidInstanceId"


def test_lists_are_filtered_and_paged(fleet: Fleet) -> None:
    names = fleet.managed(2)
    sent = [fleet.send(*names), fleet.send(names[0]), fleet.send(names[1])]
    for command in sent:
        fleet.ended(command)
    ssm = fleet.aws.ssm

    def listed(**arguments: Any) -> list[str]:
        return [item["CommandId"] for item in ssm.list_commands(**arguments)["Commands"]]

    def filtered(key: str, value: str) -> list[str]:
        return listed(Filters=[{"key": key, "value": value}])

    latest_first = sent[::-1]
    assert listed() == latest_first
    assert listed(InstanceId=names[1]) == [sent[2], sent[0]]
    assert filtered("Status", "Success") == latest_first
    assert filtered("Status", "Failed") == []
    assert filtered("ExecutionStage", "Complete") == latest_first
    assert filtered("ExecutionStage", "Executing") == []
    assert filtered("DocumentName", "AWS-RunShellScript") == latest_first
    assert filtered("InvokedAfter", "2099-01-01T00:00:00Z") == []
    assert filtered("InvokedBefore", "2099-01-01T00:00:00Z") == latest_first

    first = ssm.list_commands(MaxResults=2)
    rest = ssm.list_commands(MaxResults=2, NextToken=first["NextToken"])
    pages = [item["CommandId"] for page in (first, rest) for item in page["Commands"]]
    assert pages == latest_first
    assert "NextToken" not in rest
    assert refused(ssm.list_commands, NextToken="x")[0] == "InvalidNextToken"
    stage = [{"key": "ExecutionStage", "value": "Complete"}]
    assert refused(ssm.list_command_invocations, Filters=stage)[0] == "InvalidFilterKey"
    moment = [{"key": "InvokedAfter", "value": "yesterday"}]
    assert refused(ssm.list_commands, Filters=moment)[0] == "ValidationException"

    invocations = ssm.list_command_invocations(InstanceId=names[0])["CommandInvocations"]
    assert [item["CommandId"] for item in invocations] == [sent[1], sent[0]]
    assert invocations[0]["CommandPlugins"] == []


def test_managed_nodes_are_described_and_filtered(fleet: Fleet) -> None:
    (web,) = fleet.managed(1, role="web")
    (worker,) = fleet.managed(1, role="worker")
    describe = fleet.aws.ssm.describe_instance_information

    def matching(key: str, *values: str) -> set[str]:
        found = describe(Filters=[{"Key": key, "Values": list(values)}])
        return {node["InstanceId"] for node in found["InstanceInformationList"]}

    (node,) = describe(Filters=[{"Key": "InstanceIds", "Values": [web]}])["InstanceInformationList"]
    assert node["PlatformType"] == "Linux"
    assert node["ResourceType"] == "EC2Instance"
    assert node["IPAddress"].startswith("10.20.0.")
    assert matching("PingStatus", "Online") == {web, worker}
    assert matching("tag:role", "web") == {web}
    assert matching("tag-key", "role") == {web, worker}
    old = [{"key": "InstanceIds", "valueSet": [worker]}]
    (node,) = describe(InstanceInformationFilterList=old)["InstanceInformationList"]
    assert node["InstanceId"] == worker
    found = refused(describe, Filters=[{"Key": "IamRole", "Values": ["x"]}])
    assert found[0] == "InvalidFilterKey"


def test_the_aws_clients_waiter_works(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    command = fleet.send(name)
    fleet.aws.ssm.get_waiter("command_executed").wait(
        CommandId=command, InstanceId=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10}
    )
