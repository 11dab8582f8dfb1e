"""What the region does not do is refused, never ignored; the message names it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import moto
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from moto.core.model import ServiceModel, Shape, StructureShape
from moto.core.utils import camelcase_to_underscores, get_service_model

from region.api import support
from region.api.calls import Call
from region.api.support import Operation, Support
from tests.region.fakes import ask
from toolchain import paths

GROUPS = Support(
    "autoscaling",
    {
        "CreateGroup": Operation(
            frozenset({"Name", "Tags", "Template.Version"}), {"Template.Note": "nobody reads it"}
        ),
        "ReadGroup": Operation(frozenset({"*"})),
    },
)

LAUNCH = {"AutoScalingGroupName": "a", "ClientToken": "x", "RequestedCapacity": 1}
CLUSTER = {"DBClusterIdentifier": "a", "Engine": "postgres"}
ZONE = {"Name": "a.example", "CallerReference": "1"}


@pytest.mark.parametrize(
    ("parameters", "refused"),
    [
        ({"Name": "a"}, ""),
        ({"Tags": [{"Key": "a"}, {"Key": "b", "Value": "c"}]}, ""),
        ({"Template": {"Version": "1", "Note": "x"}}, ""),
        ({"Template": {"Version": "1", "Id": "lt-1"}}, "Template.Id"),
        ({"Other": {"Inside": 1}}, "Other"),
        ({"Other": None}, ""),
        ({"Other": False, "Another": []}, ""),
    ],
)
def test_a_parameter_is_done_or_named(parameters: dict[str, Any], refused: str):
    message = GROUPS.refusal(Call("autoscaling", "CreateGroup", lambda: parameters))
    assert (f"parameter {refused} of CreateGroup" in message) if refused else not message


def test_all_parameters_of_an_operation_may_be_done():
    assert not GROUPS.refusal(Call("autoscaling", "ReadGroup", lambda: {"Other": 1}))


def test_an_operation_that_is_not_listed_is_refused():
    assert "does not implement DeleteGroup" in GROUPS.refusal(Call("autoscaling", "DeleteGroup"))


@pytest.mark.parametrize("service", support.declared())
def test_a_declaration_names_what_botocore_has(service: str):
    declared = support.of(service)
    assert declared is not None
    model: ServiceModel = get_service_model(service)
    for name, operation in declared.operations.items():
        shape = model.operation_model(name).input_shape
        for path in {*operation.done, *operation.without_effect} - {support.EVERYTHING}:
            assert _has(shape, path.split(".")), f"{service} {name} has no {path}"


def _has(shape: Any, parts: list[str]) -> bool:
    while shape is not None and shape.type_name == "list":
        shape = shape.member
    if not parts:
        return True
    if not isinstance(shape, StructureShape):
        return False
    member: Shape | None = shape.members.get(parts[0])
    return member is not None and _has(member, parts[1:])


@pytest.mark.parametrize("service", support.declared())
def test_each_declared_parameter_is_read_by_some_code(service: str):
    """No third kind: what is neither read nor said to have no effect is refused."""
    declared = support.of(service)
    assert declared is not None
    words = _words(service)
    ignored = {
        f"{name}.{path}"
        for name, operation in declared.operations.items()
        for path in operation.done - {support.EVERYTHING}
        for parameter in [path.rpartition(".")[2]]
        if not {parameter, xform_name(parameter), camelcase_to_underscores(parameter)} & words
        and (service, parameter) != ("ec2", "DryRun")  # region/api/front.py
    }
    assert not ignored


def _words(service: str) -> set[str]:
    """Return the words in moto's code of a service, and in the region's."""
    own = paths.ROOT / "region" / "services" / service.replace("-", "_")
    package = Path(moto.__file__).parent / service.replace("-", "")
    files = [*own.rglob("*.py"), *package.rglob("*.py")]
    return {word for file in files for word in re.findall(r"\w+", file.read_text())}


@pytest.mark.parametrize(
    ("service", "call", "arguments", "named"),
    [
        ("autoscaling", "launch_instances", LAUNCH, "LaunchInstances"),
        ("elbv2", "modify_ip_pools", {"LoadBalancerArn": "a"}, "ModifyIpPools"),
        ("elbv2", "create_target_group", {"Name": "a", "TargetControlPort": 3000}, "TargetControlPort"),
        ("ec2", "create_flow_logs", {"ResourceIds": ["vpc-1"], "ResourceType": "VPC"}, "CreateFlowLogs"),
        ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16", "Ipv4IpamPoolId": "x"}, "Ipv4IpamPoolId"),
        ("rds", "create_db_cluster", CLUSTER, "CreateDBCluster"),
        ("route53", "create_hosted_zone", ZONE, "CreateHostedZone"),
        ("kms", "connect_custom_key_store", {"CustomKeyStoreId": "x"}, "ConnectCustomKeyStore"),
        ("lambda", "list_functions", {}, "lambda"),
        ("eks", "list_clusters", {}, "eks"),
        ("ecs", "list_clusters", {}, "ecs"),
        ("cloudfront", "list_distributions", {}, "cloudfront"),
    ],
)  # fmt: skip
def test_the_refusal_has_the_form_of_the_service(
    aws: Any, service: str, call: str, arguments: dict[str, Any], named: str
):
    client = getattr(aws, service)
    with pytest.raises(ClientError) as refused:
        getattr(client, call)(**arguments)
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (
        "NotImplemented",
        501,
    )
    assert named in answer["Error"]["Message"]


def test_a_path_that_no_service_has_is_refused_in_its_form(plane: Any):
    answer = ask(plane, "POST", "/no/such/call", signed_for="fis", body=b"{}")
    assert (answer.status, json.loads(answer.body)["__type"]) == (501, "NotImplemented")


def test_a_trial_changes_nothing(aws: Any):
    with pytest.raises(ClientError, match="DryRunOperation"):
        aws.ec2.create_vpc(CidrBlock="10.77.0.0/16", DryRun=True)
    assert not [
        vpc for vpc in aws.ec2.describe_vpcs()["Vpcs"] if vpc["CidrBlock"] == "10.77.0.0/16"
    ]
