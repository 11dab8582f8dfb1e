"""The recorded definitions of Pulumi's provider against what its Python package says of each type.

The package's types tell which inputs there are, which outputs are always there, and which inputs are
secret; the texts of its inputs tell defaults and replacements.
"""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any, get_args

import pytest

from region.provider import upstream
from region.provider.resources import all_handlers
from region.provider.schema import resource_class, resource_schema

TOKENS = sorted(all_handlers())
_DEFAULT = re.compile(r"[Dd]efaults? (?:to|is|value is) `\"?([^`\"]*)\"?`\.?(?:\s|$)")
_NEW = re.compile(
    r"[Ff]orces? (?:a |the creation of a )?new resource|Changing this (?:value )?forces"
)
_NAMED = frozenset({"name", "deploymentConfigName", "key"})
"""Inputs that AWS needs and Pulumi names resources by."""
_TEXT_ERRS = {
    "aws:ec2/vpcEndpoint:VpcEndpoint privateDnsEnabled": "only for endpoints of other types",
}
"""What a text says of some cases only."""


def own(token: str) -> dict[str, dict[str, Any]]:
    """Return what is recorded of a type's own inputs, without those of their members."""
    return {path: dict(one) for path, one in upstream.inputs(token).items() if "." not in path}


def properties(token: str) -> dict[str, property]:
    """Return the properties of a resource that exists, by their names on the wire."""
    members = inspect.getmembers(resource_class(token), lambda one: isinstance(one, property))
    return {
        getattr(one.fget, "_pulumi_name"): one  # noqa: B009 - the SDK has no public name for it
        for _, one in members
        if hasattr(one.fget, "_pulumi_name")
    }


def texts(token: str) -> dict[str, str]:
    """Return what the package tells of each input."""
    cls = resource_class(token)
    module = sys.modules[cls.__module__]
    name = cls.__name__
    args = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    members = inspect.getmembers(args, lambda one: isinstance(one, property))
    return {
        getattr(one.fget, "_pulumi_name", python): inspect.getdoc(one) or ""
        for python, one in members
    }


def is_always_there(one: property) -> bool:
    (inner,) = get_args(one.fget.__annotations__["return"])
    return type(None) not in get_args(inner)


@pytest.mark.parametrize("token", TOKENS)
def test_every_input_is_recorded(token: str) -> None:
    assert own(token).keys() == resource_schema(token).inputs.properties.keys() - {"region"}


@pytest.mark.parametrize("token", TOKENS)
def test_what_is_filled_in_is_always_there(token: str) -> None:
    shown = properties(token)
    for path, one in own(token).items():
        if one.get("computed"):
            assert is_always_there(shown[path]), path
        elif is_always_there(shown[path]) and path not in _NAMED:
            assert one.get("required") or "default" in one, path


@pytest.mark.parametrize("token", TOKENS)
def test_secrets_are_the_packages(token: str) -> None:
    source = inspect.getsource(resource_class(token)._internal_init)
    said = re.search(r"additional_secret_outputs=\[([^\]]*)\]", source)
    secret = set(re.findall(r'"(\w+)"', said.group(1))) if said else set()
    recorded = {path for path, one in own(token).items() if one.get("secret")}
    assert recorded == secret & own(token).keys()


@pytest.mark.parametrize("token", TOKENS)
def test_defaults_and_replacements_are_those_that_the_texts_tell(token: str) -> None:
    told = texts(token)
    for path, one in own(token).items():
        where = f"{token} {path}"
        default = _DEFAULT.search(told.get(path, ""))
        if default and "default" in one and where not in _TEXT_ERRS:
            assert str(one["default"]).lower() == default.group(1).lower(), where
        if _NEW.search(told.get(path, "")) and where not in _TEXT_ERRS:
            assert one.get("willReplaceOnChanges"), where
