"""The engine's messages to a policy pack, from plain data."""

from __future__ import annotations

from google.protobuf import json_format, struct_pb2
from guardrails.resources import Resource
from guardrails.values import UNKNOWN
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE


def encode(value):
    """Plain data as it is on the wire: unknowns are sentinel strings."""
    if value is UNKNOWN:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, dict):
        return {key: encode(element) for key, element in value.items()}
    return [encode(element) for element in value] if isinstance(value, list) else value


def struct(value):
    return json_format.ParseDict(encode(value), struct_pb2.Struct())


def resource_request(kind, properties):
    return analyzer_pb2.AnalyzeRequest(
        type=kind, name="it", urn="urn:it", properties=struct(properties)
    )


def stack_request(resources):
    """The resources as the engine sends them at the end of a preview."""
    return analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=one.type,
                name=one.name,
                urn=one.urn,
                properties=struct(dict(one.properties)),
                options=analyzer_pb2.AnalyzerResourceOptions(
                    protect=one.options.protected, ignoreChanges=one.options.ignored
                ),
                propertyDependencies={
                    prop: analyzer_pb2.AnalyzerPropertyDependencies(urns=sources)
                    for prop, sources in one.dependencies.items()
                },
            )
            for one in resources
        ]
    )


def bare(kind, properties=None):
    """A resource on which nothing depends, named by its type."""
    return Resource(type=kind, name=kind, urn=f"urn:{kind}", properties=properties or {})
