"""Conversion of the engine's messages to plain data.

The policy SDK hands out proxies that raise as soon as an unknown value is read, and turns that
exception into an advisory: a mandatory rule would let pass whatever it could not see. Here every
unknown becomes `UNKNOWN` instead, at any depth, so that the rule itself decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as wire
from pulumi_policy.deserialize import (
    SPECIAL_SECRET_SIG,
    SPECIAL_SIG_KEY,
    deserialize_properties,
)
from pulumi_policy.proxy import (
    UNKNOWN_ARCHIVE_VALUE,
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_ASSET_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_NUMBER_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
)

from guardrails.resources import Options, Resource, Stack
from guardrails.values import UNKNOWN, kept_secret

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


def properties(message: struct_pb2.Struct) -> dict[str, Any]:
    """Convert properties to dicts, lists and scalars: secrets and unknowns are marked."""
    return _mark_unknowns(deserialize_properties(_mark_secrets(json_format.MessageToDict(message))))


def _mark_secrets(value: Any) -> Any:
    """Unwrap secrets, whose texts stay recognizable."""
    if isinstance(value, dict):
        if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG and "value" in value:
            return kept_secret(_mark_secrets(value["value"]))
        return {key: _mark_secrets(element) for key, element in value.items()}
    return [_mark_secrets(element) for element in value] if isinstance(value, list) else value


def _mark_unknowns(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if value in _SENTINELS else value
    if isinstance(value, dict):
        return {key: _mark_unknowns(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_mark_unknowns(element) for element in value]
    return value


def _options(given: wire.AnalyzerResourceOptions, provider: str) -> Options:
    return Options(
        protected=given.protect,
        deleted_first=given.deleteBeforeReplaceDefined and given.deleteBeforeReplace,
        ignored=tuple(given.ignoreChanges),
        provider=provider,
    )


def to_resource(request: wire.AnalyzeRequest) -> Resource:
    """Convert the resource that is about to be created or changed, with its inputs."""
    return Resource(
        type=request.type,
        name=request.name,
        urn=request.urn,
        properties=properties(request.properties),
        options=_options(request.options, request.provider.urn),
    )


def to_stack(resources: Iterable[wire.AnalyzerResource]) -> Stack:
    """Convert the stack, with outputs and property dependencies."""
    return Stack(
        Resource(
            type=resource.type,
            name=resource.name,
            urn=resource.urn,
            properties=properties(resource.properties),
            options=_options(resource.options, resource.provider.urn),
            dependencies={
                name: tuple(sources.urns) for name, sources in resource.propertyDependencies.items()
            },
        )
        for resource in resources
    )
