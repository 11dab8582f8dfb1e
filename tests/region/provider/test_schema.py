from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from region.provider import schema as schemas
from region.provider import validate
from region.provider.resources import all_handlers
from region.provider.schema import ANY, Shape, coerce, resource_schema
from toolchain import paths

TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
HANDLERS = all_handlers()


def shape_at(shape: Shape, path: str) -> Shape:
    for name in path.split("."):
        if shape.kind == "list":
            assert shape.element
            shape = shape.element
        shape = shape.properties[name]
    return shape


@pytest.mark.parametrize("type_", sorted(HANDLERS))
def test_what_a_handler_names_exists_in_the_package(type_: str) -> None:
    handler = HANDLERS[type_]
    schema = resource_schema(type_)
    for path in handler.supported | handler.force_new | handler.sets | handler.documents:
        assert shape_at(schema.inputs, path)
    for path in handler.hints:
        assert shape_at(schema.inputs, path)
        assert path not in handler.supported
    every = schema.inputs.properties.keys() | schema.outputs
    assert handler.defaults.keys() | handler.computed | handler.volatile <= every
    tops = {path.split(".")[0] for path in handler.supported}
    assert schema.inputs.required <= tops
    assert handler.defaults.keys() <= tops
    assert handler.regional == ("region" in schema.inputs.properties)


def test_a_resource_named_like_a_nested_type_has_its_own_inputs() -> None:
    schema = resource_schema("aws:s3/bucketVersioning:BucketVersioning")
    assert "versioningConfiguration" in schema.inputs.properties


@pytest.mark.parametrize("type_", ["aws:ec2/nothing:Nothing", "gcp:a/b:C", "nonsense"])
def test_an_unknown_type_is_a_key_error(type_: str) -> None:
    with pytest.raises(KeyError):
        resource_schema(type_)


READ_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
from region.provider.resources import all_handlers
from region.provider.schema import resource_schema
tokens = sorted(all_handlers())
with ThreadPoolExecutor(4) as threads:
    list(threads.map(resource_schema, tokens + tokens[::-1]))
"""


def test_threads_that_are_the_first_to_read_the_package_do_not_disturb_each_other() -> None:
    in_a_process_of_its_own(READ_AT_ONCE)


PRELOADED = """
import sys
from region.provider import schema
from region.provider.resources import all_handlers
tokens = all_handlers()
schema.preload(tokens)
preloaded = {token: schema.resource_schema(token) for token in tokens}
assert "pulumi_aws" not in sys.modules
schema._schemas.clear()
assert preloaded == {token: schema.resource_schema(token) for token in tokens}
assert "pulumi_aws" in sys.modules
"""


def in_a_process_of_its_own(program: str) -> None:
    """Here the package may be loaded already."""
    process = subprocess.run(
        [sys.executable, "-c", program],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr


def test_schemas_read_by_another_process_are_the_same_and_keep_the_package_out_of_this_one() -> (
    None
):
    in_a_process_of_its_own(PRELOADED)


def test_a_reader_that_fails_leaves_the_reading_to_this_process(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(schemas, "_schemas", {})
    monkeypatch.setattr(schemas, "_READER", "region.provider.no_such_module")
    schemas.preload([TARGET_GROUP])
    assert "reading schemas in this process" in caplog.text
    assert "port" in resource_schema(TARGET_GROUP).inputs.properties


def problems(inputs: dict[str, Any], type_: str = TARGET_GROUP) -> dict[str, str]:
    handler = HANDLERS[type_]
    found = validate.problems(resource_schema(type_), handler.supported, handler.hints, inputs)
    return {item.path: item.reason for item in found}


def test_a_misspelt_property_is_refused_with_the_near_miss() -> None:
    assert problems({"prot": 80}) == {
        "prot": f"{TARGET_GROUP} has no property 'prot'; did you mean 'port'?"
    }
    nested = problems({"healthCheck": {"intervall": 5}})
    assert "did you mean 'interval'?" in nested["healthCheck.intervall"]


def test_a_property_that_is_not_implemented_is_refused_with_what_is() -> None:
    reason = problems({"preserveClientIp": "true"})["preserveClientIp"]
    assert "does not implement 'preserveClientIp'" in reason
    assert TARGET_GROUP in reason
    assert "deregistrationDelay, healthCheck" in reason
    assert "run this stack on AWS" in reason


def test_a_hint_names_what_to_write_instead() -> None:
    reasons = problems({"ingress": []}, "aws:ec2/securityGroup:SecurityGroup")
    assert "use aws.vpc.SecurityGroupIngressRule" in reasons["ingress"]


def test_a_nested_property_that_is_not_implemented_is_refused() -> None:
    type_ = "aws:lb/listener:Listener"
    action = {"type": "authenticate-oidc", "authenticateOidc": {"issuer": "x"}}
    reasons = problems({"loadBalancerArn": "a", "defaultActions": [action]}, type_)
    assert list(reasons) == ["defaultActions.authenticateOidc"]


def test_a_required_property_and_a_wrong_kind_are_refused() -> None:
    type_ = "aws:autoscaling/group:Group"
    reasons = problems({"maxSize": "many"}, type_)
    assert reasons["minSize"] == f"{type_} needs 'minSize'; set it"
    assert reasons["maxSize"] == f"'maxSize' of {type_} must be an integer, not a string"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", 1, "1"),
        ("string", True, "true"),
        ("integer", "80", 80),
        ("number", "0.5", 0.5),
        ("boolean", "false", False),
        ("integer", "many", "many"),
        ("any", "1", "1"),
    ],
)
def test_scalars_take_the_schemas_type(kind: Any, value: Any, expected: Any) -> None:
    coerced = coerce(Shape(kind), value)
    assert coerced == expected
    assert type(coerced) is type(expected)


def test_coercion_goes_into_objects_maps_and_lists() -> None:
    shape = Shape(
        "object",
        properties={
            "ports": Shape("list", element=Shape("string")),
            "tags": Shape("map", element=Shape("string")),
            "other": ANY,
        },
    )
    inputs = {"ports": [80], "tags": {"n": 1}, "other": 1, "more": 2}
    assert coerce(shape, inputs) == {"ports": ["80"], "tags": {"n": "1"}, "other": 1, "more": 2}
