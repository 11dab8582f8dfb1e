"""What IAM refuses about statements, sizes and names: part of `iam-accepted`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from guardrails import tokens
from guardrails.refusals import Refusal
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, is_absent, show

IAM = "https://docs.aws.amazon.com/IAM/latest/"
ELEMENTS = f"{IAM}UserGuide/reference_policies_elements"
_QUOTAS = f"{IAM}UserGuide/reference_iam-quotas.html"
IDENTITY: Final = (
    *tokens.ROLE_POLICY,
    *tokens.MANAGED_POLICY,
    *tokens.USER_POLICY,
    *tokens.GROUP_POLICY,
)
_ACTION: Final = re.compile(r"\*|[A-Za-z0-9*-]+:[\w*?-]+")
_RESOURCE: Final = re.compile(r"\*|(?:arn|\*):.*|\$\{.*", re.DOTALL)
_OPERATORS: Final = frozenset(
    {
        "stringequals", "stringnotequals", "stringequalsignorecase", "stringnotequalsignorecase",
        "stringlike", "stringnotlike", "numericequals", "numericnotequals", "numericlessthan",
        "numericlessthanequals", "numericgreaterthan", "numericgreaterthanequals", "dateequals",
        "datenotequals", "datelessthan", "datelessthanequals", "dategreaterthan",
        "dategreaterthanequals", "bool", "binaryequals", "ipaddress", "notipaddress", "arnequals",
        "arnlike", "arnnotequals", "arnnotlike", "null",
    }
)  # fmt: skip
LONGEST_INLINE: Final = 10240
"""Characters without white space of all inline policies of a role together."""
_LONGEST_INLINE: Final = {
    **dict.fromkeys(tokens.ROLE_POLICY, ("a role", LONGEST_INLINE)),
    **dict.fromkeys(tokens.GROUP_POLICY, ("a group", 5120)),
    **dict.fromkeys(tokens.USER_POLICY, ("a user", 2048)),
}
"""Characters without white space of all inline policies together."""
_LONGEST_TRUST: Final = 4096
"""The greatest quota that there is; 2048 without asking for more."""


def document(policy: Resource) -> Mapping[str, Any] | None:
    """Return a policy document, of a role its trust policy, whose text is known and is JSON."""
    given = policy.get("assumeRolePolicy" if policy.type in tokens.ROLE else "policy")
    try:
        found = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        return None
    return found if isinstance(found, Mapping) else None


def statements(policy: Resource) -> Iterator[Mapping[str, Any]]:
    """Yield the statements of a document."""
    given = dig(document(policy), "Statement")
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, Mapping):
            yield one


def _texts(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one


def _incomplete(policy: Resource) -> Iterator[str]:
    for one in statements(policy):
        for name in ("Action", "Resource"):
            if policy.type in tokens.ROLE and name == "Resource":
                continue
            if is_absent(one.get(name)) and is_absent(one.get(f"Not{name}")):
                yield f"a statement of its policy has no {name}"


def _statementless(policy: Resource) -> str | None:
    found = document(policy)
    if found is None or found.get("Statement") is UNKNOWN:
        return None
    return "its policy has no Statement" if is_absent(found.get("Statement")) else None


def _actions(policy: Resource) -> Iterator[str]:
    for one in statements(policy):
        for name in ("Action", "NotAction"):
            for action in _texts(one.get(name)):
                if not _ACTION.fullmatch(action):
                    yield f"a statement has the {name} {show(action)}"


def _resources(policy: Resource) -> Iterator[str]:
    for one in statements(policy):
        for name in ("Resource", "NotResource"):
            for given in _texts(one.get(name)):
                if not _RESOURCE.fullmatch(given):
                    yield f"a statement has the {name} {show(given)}"


def _operators(policy: Resource) -> Iterator[str]:
    for one in statements(policy):
        condition = one.get("Condition")
        for name in condition if isinstance(condition, Mapping) else ():
            plain = re.sub(r"^(?:forallvalues|foranyvalue):|ifexists$", "", str(name).lower())
            if plain not in _OPERATORS:
                yield f"a condition has the operator {show(name)}"


def length(given: Any) -> int:
    """Return how many characters of a document IAM counts: white space is free."""
    return len(re.sub(r"\s", "", given)) if isinstance(given, str) else 0


def _inline(policy: Resource) -> str | None:
    count, (owner, longest) = length(policy.get("policy")), _LONGEST_INLINE[policy.type]
    if count > longest:
        return f"its policy has {count} characters, and {owner} holds {longest} inline"
    return None


def _trust(role: Resource) -> str | None:
    count = length(role.get("assumeRolePolicy"))
    return f"assume_role_policy has {count} characters" if count > _LONGEST_TRUST else None


TABLE = (
    Refusal(
        types=(*IDENTITY, *tokens.ROLE),
        says="MalformedPolicyDocument: Missing required field Action (or Resource).",
        source=f"{ELEMENTS}.html",
        remedy=(
            "name in each statement of the policy (of a role assume_role_policy) the Action, and in a "
            "policy the Resource too."
        ),
        find=_incomplete,
    ),
    Refusal(
        types=(*IDENTITY, *tokens.ROLE),
        says="MalformedPolicyDocument: Missing required field Statement.",
        source=f"{ELEMENTS}_statement.html",
        remedy="write one statement or more in the policy (of a role assume_role_policy).",
        find=_statementless,
    ),
    Refusal(
        types=(*IDENTITY, *tokens.ROLE),
        says="MalformedPolicyDocument: Actions must be prefaced by a vendor, such as s3:GetObject.",
        source=f"{ELEMENTS}_action.html",
        remedy=(
            'write each Action of the policy (of a role assume_role_policy) as "service:Operation", for '
            'example "s3:GetObject" or "s3:*".'
        ),
        find=_actions,
    ),
    Refusal(
        types=IDENTITY,
        says='MalformedPolicyDocument: Resource must be in ARN format or "*".',
        source=f"{ELEMENTS}_resource.html",
        remedy='write each Resource of the policy as an ARN, for example "arn:aws:s3:::shop/*", or "*".',
        find=_resources,
    ),
    Refusal(
        types=(*IDENTITY, *tokens.ROLE),
        says="MalformedPolicyDocument: Invalid Condition type.",
        source=f"{ELEMENTS}_condition_operators.html",
        remedy=(
            "correct the operator in the policy (of a role assume_role_policy), for example "
            "StringEquals or ArnLike."
        ),
        find=_operators,
    ),
    Refusal(
        types=tuple(_LONGEST_INLINE),
        says=(
            "LimitExceeded: the inline policies of a role have 10240 characters together, of a group "
            "5120, of a user 2048, without white space."
        ),
        source=_QUOTAS,
        remedy="move statements of the policy into an aws.iam.Policy, and attach it.",
        find=_inline,
    ),
    Refusal(
        types=tokens.ROLE,
        says="LimitExceeded: a trust policy has 4096 characters at most, 2048 unless more are granted.",
        source=_QUOTAS,
        remedy="shorten assume_role_policy: name an organization in a condition instead of every account.",
        find=_trust,
    ),
)
"""Appended to the table of `iam-accepted`."""
