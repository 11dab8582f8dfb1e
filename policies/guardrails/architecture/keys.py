"""Customer managed keys (AWS KMS): the principals that their policies and grants admit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from guardrails import tokens
from guardrails.architecture.policy_documents import statements
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN

KEYS = ("arn", "keyId", "id")
"""By what others refer to a key."""


def admitted_by(stack: Stack, key: Resource, means: Callable[[str], bool]) -> bool:
    """Return whether a policy of a key admits a principal that `means` recognizes, or may.

    Everybody is such a principal; a policy that is not known counts as one that admits it.
    """
    policies = [] if key.left_out("policy") else [key.get("policy")]
    policies += [
        one.get("policy")
        for one in stack.of(tokens.KMS_KEY_POLICY)
        if key in stack.references(one, "keyId", tokens.KMS_KEY, KEYS).any
    ]
    return any(_admits(one, means) for one in policies)


def _admits(document: Any, means: Callable[[str], bool]) -> bool:
    given = statements(document)
    if given is None:
        return True
    named = [
        one
        for statement in given
        if statement.allows
        for kind in ("AWS", "Service", "*")
        for one in (statement.principals or {}).get(kind, ())
    ]
    return any(one is UNKNOWN or one == "*" or means(str(one)) for one in named)
