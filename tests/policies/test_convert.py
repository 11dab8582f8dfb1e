"""From the engine's messages to plain data."""

from __future__ import annotations

from guardrails.convert import properties
from guardrails.values import UNKNOWN
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
