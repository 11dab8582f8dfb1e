"""From the policy SDK's resources to plain data.

The SDK hands out proxies that raise as soon as an unknown value is read, and turns that exception
into an advisory: a mandatory rule would pass on whatever it could not see. Here every unknown
becomes `UNKNOWN` instead, at any depth, so that the rule itself decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource, ResourceValidationArgs
from pulumi_policy.proxy import (
    UNKNOWN_ARCHIVE_VALUE,
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_ASSET_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_NUMBER_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
    UnknownValueError,
)

from guardrails.graph import Resource, Stack
from guardrails.values import UNKNOWN

_SENTINELS = frozenset(
    {
        UNKNOWN_ARCHIVE_VALUE,
        UNKNOWN_ARRAY_VALUE,
        UNKNOWN_ASSET_VALUE,
        UNKNOWN_BOOLEAN_VALUE,
        UNKNOWN_NUMBER_VALUE,
        UNKNOWN_OBJECT_VALUE,
        UNKNOWN_STRING_VALUE,
    }
)


def plain(value: Any) -> Any:
    """A proxied property value as dicts, lists and scalars, with `UNKNOWN` where it is open."""
    if isinstance(value, str):
        return UNKNOWN if value in _SENTINELS else value
    if isinstance(value, Mapping):
        return {str(key): _element(value, key) for key in value}
    if isinstance(value, Sequence):
        return [_element(value, index) for index in range(len(value))]
    return value


def _element(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN


def resource_of(args: ResourceValidationArgs) -> Resource:
    """The resource that a resource policy is asked about, with its inputs."""
    return Resource(
        type=args.resource_type, name=args.name, urn=args.urn, properties=plain(args.props)
    )


def stack_of(resources: Iterable[PolicyResource]) -> Stack:
    """The stack that a stack policy is asked about, with outputs and property dependencies."""
    return Stack(
        Resource(
            type=resource.resource_type,
            name=resource.name,
            urn=resource.urn,
            properties=plain(resource.props),
            dependencies={
                prop: tuple(source.urn for source in sources)
                for prop, sources in resource.property_dependencies.items()
            },
        )
        for resource in resources
    )
