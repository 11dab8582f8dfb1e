"""Handlers against the definitions of Pulumi's own provider, at the version the program uses."""

from __future__ import annotations

from importlib import metadata

import pytest

from region.provider import upstream
from region.provider.handler import Handler
from region.provider.resources import all_handlers
from region.provider.schema import Shape, resource_schema

HANDLERS = all_handlers()


def test_the_data_are_of_the_version_that_the_program_uses() -> None:
    assert upstream.document()["version"] == metadata.version("pulumi-aws")


def test_every_supported_type_has_its_data_and_no_other() -> None:
    assert upstream.document()["resources"].keys() == HANDLERS.keys()


def shape_of(token: str, path: str) -> tuple[Shape, bool]:
    """The shape of an input, and whether it is required."""
    shape, required = resource_schema(token).inputs, False
    for name in path.split("."):
        shape = shape.element if shape.kind == "list" and shape.element else shape
        required = name in shape.required
        shape = shape.properties[name]
    return shape, required


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_the_data_agree_with_the_package_on_kinds_and_required_inputs(token: str) -> None:
    for path, entry in upstream.inputs(token).items():
        shape, required = shape_of(token, path)
        assert (shape.kind, required) == (entry["kind"], entry.get("required", False)), path


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_every_supported_input_has_its_data(token: str) -> None:
    assert HANDLERS[token].supported <= upstream.inputs(token).keys()


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_a_handler_fills_in_what_the_provider_fills_in(token: str) -> None:
    handler = HANDLERS[token]
    for path, entry in upstream.inputs(token).items():
        if "default" in entry and path in handler.supported and "." not in path:
            assert handler.defaults[path] == entry["default"], path
    inputs = {name for name in handler.computed if name in upstream.inputs(token)}
    assert inputs <= {name for name in inputs if upstream.inputs(token)[name].get("computed")}


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_replacement_is_the_providers_or_is_explained(token: str) -> None:
    handler = HANDLERS[token]
    assert handler.force_new == upstream.replacing(token)
    dynamic = upstream.DYNAMIC_REPLACEMENTS.get(token, {})
    assert bool(dynamic) == (type(handler).replaces is not Handler.replaces)
    assert dynamic.keys() <= handler.supported - handler.force_new


@pytest.mark.parametrize(
    ("token", "path", "replaces"),
    [
        ("aws:codedeploy/application:Application", "name", False),
        ("aws:codedeploy/application:Application", "computePlatform", True),
        ("aws:codedeploy/deploymentGroup:DeploymentGroup", "appName", False),
        ("aws:rds/instance:Instance", "identifier", False),
        ("aws:rds/instance:Instance", "dbSubnetGroupName", False),
        ("aws:rds/instance:Instance", "username", True),
        ("aws:ec2/instance:Instance", "rootBlockDevice.encrypted", True),
        ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "securityGroupId", True),
    ],
)
def test_replacements_that_once_were_opinions(token: str, path: str, replaces: bool) -> None:
    assert (path in upstream.replacing(token)) == replaces
