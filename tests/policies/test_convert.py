"""From the engine's messages to plain data."""

from __future__ import annotations

from guardrails.convert import properties, to_resource, to_stack
from guardrails.values import UNKNOWN
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.proxy import (
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_STRING_VALUE,
)

from tests.policies.wire import struct


def test_unknowns_become_a_value_at_any_depth_and_secrets_are_opened():
    message = struct(
        {
            "top": UNKNOWN_STRING_VALUE,
            "list": ["known", UNKNOWN_ARRAY_VALUE],
            "nested": {"flag": UNKNOWN_BOOLEAN_VALUE, "number": 1.0},
            "secret": {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": UNKNOWN_STRING_VALUE},
        }
    )
    assert properties(message) == {
        "top": UNKNOWN,
        "list": ["known", UNKNOWN],
        "nested": {"flag": UNKNOWN, "number": 1.0},
        "secret": UNKNOWN,
    }


def test_a_resource_says_by_which_provider_it_is_made():
    provider = analyzer_pb2.AnalyzerProviderResource(
        urn="urn:provider", type="pulumi:providers:aws"
    )
    fields = {"type": "aws:sns/topic:Topic", "name": "topic", "urn": "urn:t", "provider": provider}
    (one,) = to_stack([analyzer_pb2.AnalyzerResource(**fields)]).resources
    assert one.options.provider == "urn:provider"
    assert to_resource(analyzer_pb2.AnalyzeRequest(**fields)).options.provider == "urn:provider"
