"""Type tokens, and what the base class reads from the SDK."""

from __future__ import annotations

import importlib
import pkgutil
from types import SimpleNamespace

import pytest

import components
from components.base import NAMESPACE, Component, children_of
from components.service import Service
from tests.components.options import OPTIONS

TOKENS = {
    "service:SingleInstanceService",
    "service:HighlyAvailableService",
    "service:Foundation",
    "network:Vpc",
    "network:PrivateSubnets",
    "network:FlowLogs",
    "network:SecurityGroups",
    "network:LoadBalancer",
    "network:AccessLogs",
    "network:AliasRecord",
    "compute:AutoScalingGroup",
    "compute:SingleInstance",
    "data:DatabaseInstance",
    "deployment:CodeDeploy",
    "deployment:Release",
    "deployment:RevisionStore",
    "security:IamRoles",
    "security:Certificate",
    "monitoring:Observability",
}
"""Every component's type token (ADR 14). Tokens are part of the state: once a stack is deployed,
renaming one replaces resources unless the component gets an alias."""


@pytest.fixture(scope="module")
def classes():
    """Every concrete component class in the package."""
    for module in pkgutil.walk_packages(components.__path__, "components."):
        if "instance_files" not in module.name:
            importlib.import_module(module.name)

    def subclasses(cls):
        for child in cls.__subclasses__():
            yield child
            yield from subclasses(child)

    found = {cls for cls in subclasses(Component) if cls is not Service}
    return {cls for cls in found if cls.__module__.startswith("components.")}


@pytest.fixture
def registered(build):
    """The type tokens that both stacks register, with every option of either."""
    recordings = [build("single"), build("ha")]
    recordings += [build(stack, **o.config) for o in OPTIONS.values() for stack in o.stacks]
    return {component.type for r in recordings for component in r.components()}


def test_every_component_has_its_token(classes, registered):
    assert registered == {f"{NAMESPACE}:{token}" for token in TOKENS}
    assert {cls.__name__ for cls in classes} == {token.split(":")[1] for token in TOKENS}
    assert len(classes) == len(TOKENS)


def test_no_token_stutters():
    for token in TOKENS:
        area, name = token.split(":")
        assert area.casefold() != name.casefold(), token


def test_every_name_is_unique_even_without_its_area():
    names = [token.split(":")[1] for token in TOKENS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("resource", [SimpleNamespace(), SimpleNamespace(_childResources=None)])
def test_an_sdk_that_keeps_children_elsewhere_is_reported(resource):
    with pytest.raises(RuntimeError, match=r"adapt components/base\.py"):
        children_of(resource)
