"""What the region does not do is refused, never ignored; the message names it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import moto
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from moto.core.model import ServiceModel, Shape, ShapeResolver, StructureShape
from moto.core.utils import camelcase_to_underscores, get_service_model

from region.api import paging, support
from region.api.calls import Call
from region.api.support import Members, Support
from region.services.cloudwatch import alarm_patches
from region.services.ec2 import refusals as ec2_refusals
from region.services.rds import refusals as rds_refusals
from tests.region.fakes import ask
from toolchain import paths

GROUPS = Support(
    "autoscaling",
    {
        "CreateGroup": Members(
            frozenset({"Name", "Tags", "Template.Version", "Hooks", "Kind"}),
            {"Template.Note": "nobody reads it", "Retry": "nothing fails"},
            {"Check.On": (True,)},
        )
    },
    {
        "Tag": Members(frozenset({"Key", "Value"})),
        "Hook": Members(frozenset({"Name"}), {"Role": "all may"}, {"Result": ("ABANDON",)}),
    },
)
TEXT = {"type": "string"}
SHAPES = ShapeResolver(
    {
        "Text": TEXT,
        "Flag": {"type": "boolean"},
        "Tag": {
            "type": "structure",
            "members": {name: {"shape": "Text"} for name in ("Key", "Value", "Scope")},
        },
        "Tags": {"type": "list", "member": {"shape": "Tag"}},
        "Template": {
            "type": "structure",
            "members": {name: {"shape": "Text"} for name in ("Version", "Note", "Id")},
        },
        "Hook": {
            "type": "structure",
            "members": {name: {"shape": "Text"} for name in ("Name", "Role", "Result", "Time")},
        },
        "Hooks": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Hook"}},
        "Retry": {"type": "structure", "members": {"Times": {"shape": "Text"}}},
        "Check": {"type": "structure", "members": {"On": {"shape": "Flag"}}},
        "Request": {
            "type": "structure",
            "members": {
                "Name": {"shape": "Text"},
                "Tags": {"shape": "Tags"},
                "Template": {"shape": "Template"},
                "Hooks": {"shape": "Hooks"},
                "Retry": {"shape": "Retry"},
                "Check": {"shape": "Check"},
                "Other": {"shape": "Template"},
            },
        },
    }
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
        ({"Tags": [{"Key": "a"}, {"Key": "b", "Scope": "c"}]}, "Tags.Scope"),
        ({"Hooks": {"first": {"Name": "a", "Role": "b", "Result": "ABANDON"}}}, ""),
        ({"Hooks": {"first": {"Time": "1"}}}, "Hooks.Time"),
        ({"Hooks": {"first": {"Result": "GO"}}}, "Hooks.Result (other than ABANDON)"),
        ({"Retry": {"Times": "1"}}, ""),
        ({"Check": {"On": True}}, ""),
        ({"Check": {"On": False}}, "Check.On (other than True)"),
        ({"Tags": "no list"}, ""),
    ],
)
def test_a_parameter_is_done_or_named(parameters: dict[str, Any], refused: str):
    shape = SHAPES.get_shape_by_name("Request")
    message = GROUPS.refusal(Call("autoscaling", "CreateGroup", lambda: parameters, shape))
    assert (f"parameter {refused} of CreateGroup" in message) if refused else not message


def test_an_operation_that_is_not_listed_is_refused():
    assert "does not implement DeleteGroup" in GROUPS.refusal(Call("autoscaling", "DeleteGroup"))


@pytest.mark.parametrize("service", support.declared())
def test_a_declaration_names_what_botocore_has(service: str):
    declared, model = of(service)
    for name, operation in declared.operations.items():
        shape = model.operation_model(name).input_shape
        for path in {*operation.done, *operation.without_effect, *operation.only}:
            assert _has(shape, path.split(".")), f"{service} {name} has no {path}"
    for name, structure in declared.structures.items():
        shape = model.shape_for(name)
        for path in {*structure.done, *structure.without_effect, *structure.only}:
            assert _has(shape, [path]), f"{service} {name} has no {path}"


def of(service: str) -> tuple[Support, ServiceModel]:
    declared = support.of(service)
    assert declared is not None
    return declared, get_service_model(service)


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
def test_no_structure_is_admitted_without_saying_which_of_its_members(service: str):
    """No third kind inside of parameters either: each structure in reach says what is done of it."""
    declared, model = of(service)
    reached: set[str] = set()
    for name, operation in declared.operations.items():
        shape = model.operation_model(name).input_shape
        if isinstance(shape, StructureShape):
            for path in operation.done:
                _reach(declared, shape.members[path.partition(".")[0]], operation, path, reached)
    assert reached == set(declared.structures)


def _reach(declared: Support, shape: Any, operation: Members, path: str, reached: set[str]) -> None:
    while shape.type_name in {"list", "map"}:
        shape = shape.member if shape.type_name == "list" else shape.value
    if not isinstance(shape, StructureShape) or shape.name in reached:
        return
    if operation.lists_inside(path) or "." in path:
        return
    reached.add(str(shape.name))
    own = declared.structures.get(str(shape.name), Members())
    for member in {*own.done, *own.only}:
        _reach(declared, shape.members[member], Members(), "", reached)


@pytest.mark.parametrize("service", support.declared())
def test_each_declared_parameter_is_read_by_some_code(service: str):
    """No third kind: what is neither read nor said to have no effect is refused."""
    declared, model = of(service)
    words, text = _code(service)

    def read(parameter: str, shape: Any) -> bool:
        names = {parameter, xform_name(parameter), camelcase_to_underscores(parameter)}
        # S3 has its parameters in headers and queries.
        wire = str(shape.members[parameter].serialization.get("name", "")) if shape else ""
        return bool(names & words) or (service == "s3" and bool(wire) and wire.lower() in text)

    ignored = {
        f"{name}.{path}"
        for name, operation in declared.operations.items()
        for path in operation.done
        for shape in [None if "." in path else model.operation_model(name).input_shape]
        if not read(path.rpartition(".")[2], shape)
        and (service, path) != ("ec2", "DryRun")  # region/api/front.py
        and path not in _paged(service, name)
    } | {
        f"{name}.{member}"
        for name, structure in declared.structures.items()
        for member in structure.done
        if not read(member, model.shape_for(name))
    }
    assert ignored <= READ_ELSEWHERE


def _paged(service: str, operation: str) -> set[str]:
    """Return the parameters that `region.api.paging` reads."""
    pages = paging.of(service, operation)
    return {pages.limit, pages.token} if pages else set()


READ_ELSEWHERE = {
    "EvaluationWindow.SlidingWindow",  # what there is without WallClockWindow
    "TargetTrackingMetricDataQuery.Expression",  # in region/services/cloudwatch
    "PutBucketVersioning.VersioningConfiguration",  # the body of the request
    *(
        f"{call}.Grant{right}"  # moto puts the headers' names together
        for call in (
            "CopyObject",
            "CreateBucket",
            "CreateMultipartUpload",
            "PutBucketAcl",
            "PutObject",
            "PutObjectAcl",
        )
        for right in ("FullControl", "Read", "ReadACP", "Write", "WriteACP")
    ),
}


def _code(service: str) -> tuple[set[str], str]:
    """Return the words in moto's code of a service and in the region's, and all of it in lower case."""
    also = {"sns": "events"}
    services = paths.ROOT / "region" / "services"
    own = services / also.get(service, service.replace("-", "_"))
    package = Path(moto.__file__).parent / service.replace("-", "")
    text = "\n".join(file.read_text() for file in [*own.rglob("*.py"), *package.rglob("*.py")])
    return set(re.findall(r"\w+", text)), text.lower()


@pytest.mark.parametrize("service", support.declared())
def test_what_a_patch_answers_is_declared_or_refused_by_it(plane: Any, service: str):
    """An operation without a declaration would take every parameter."""
    declared, model = of(service)
    patched = {name for name in model.operation_names if declared.patched(name)}
    assert patched - declared.operations.keys() == REFUSING.get(service, set())


def _refused(model: str, names: Iterable[str]) -> set[str]:
    known = {
        camelcase_to_underscores(name): name for name in get_service_model(model).operation_names
    }
    return {known[name] for name in names if name in known}


REFUSING = {
    "autoscaling": {"AttachLoadBalancers", "CreateLaunchConfiguration", "DetachLoadBalancers"},
    "cloudwatch": _refused("cloudwatch", alarm_patches.REFUSED),
    "ec2": _refused("ec2", ec2_refusals.REFUSED),
    "rds": _refused("rds", rds_refusals.REFUSED),
    "elbv2": {"DescribeCapacityReservation"},
    "fis": {"CreateTargetAccountConfiguration"},
}


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
