"""What IAM and AWS KMS refuse about roles, policies and keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from guardrails import tokens
from guardrails.architecture.permissions import ROLE_KEYS
from guardrails.architecture.policy_documents import is_json
from guardrails.refusals import (
    JointRefusal,
    Refusal,
    between,
    joint_refusal_rule,
    matching,
    refusal_rule,
)
from guardrails.refused import document_refusals
from guardrails.refused.document_refusals import (
    ELEMENTS,
    IAM,
    IDENTITY,
    LONGEST_INLINE,
    document,
    length,
    statements,
)
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, show

_VERSIONS: Final = ("2012-10-17", "2008-10-17")
_TRUST = tokens.ROLE
_KEYS = (*tokens.KMS_KEY, *tokens.KMS_KEY_POLICY)
_ALL = (*IDENTITY, *_TRUST, *_KEYS)


def _version(resource: Resource) -> str | None:
    given = dig(document(resource), "Version")
    if isinstance(given, str) and given not in _VERSIONS:
        return f"the Version of its policy is {show(given)}, a date of one's own"
    return None


def _effect(resource: Resource) -> Iterator[str]:
    for one in statements(resource):
        given = one.get("Effect", one.get("effect"))
        if given is not UNKNOWN and given not in ("Allow", "Deny"):
            yield f"the Effect of a statement is {show(given)}"


def _principal(policy: Resource) -> str | None:
    found = [
        name for one in statements(policy) for name in ("Principal", "NotPrincipal") if name in one
    ]
    return f"a statement has a {found[0]}" if found else None


def _resource(role: Resource) -> str | None:
    found = [
        name for one in statements(role) for name in ("Resource", "NotResource") if name in one
    ]
    return f"a statement of its trust policy has a {found[0]}" if found else None


def _administers(statement: Mapping[str, Any]) -> bool:
    """Return whether a statement lets somebody of an account change the key's policy."""
    actions = statement.get("Action", statement.get("NotAction"))
    named = actions if isinstance(actions, list) else [actions]
    changes = "NotAction" in statement or any(
        one is UNKNOWN or str(one).lower() in ("*", "kms:*", "kms:put*", "kms:putkeypolicy")
        for one in named
    )
    principal = statement.get("Principal")
    people = principal is UNKNOWN or principal == "*" or not is_absent(dig(principal, "AWS"))
    return statement.get("Effect") == "Allow" and changes and people


def _locked_out(key: Resource) -> str | None:
    if document(key) is None or any(_administers(one) for one in statements(key)):
        return None
    if key.get("bypassPolicyLockoutSafetyCheck") is True:
        return (
            "its policy lets nobody of an account change it, and bypass_policy_lockout_safety_check is "
            "true: nobody could ever give anybody access to what it encrypts"
        )
    return "its policy lets nobody of an account change it"


_POLICIES = (*tokens.ROLE_POLICY, *tokens.MANAGED_POLICY)
_LONGEST_POLICY = 6144


def _no_json(policy: Resource) -> str | None:
    given = policy.get("policy")
    if not isinstance(given, str) or not given or is_json(given):
        return None
    return f"its policy begins with {show(given[:20])} and is not JSON"


def _too_long(policy: Resource) -> str | None:
    count = length(policy.get("policy"))
    return f"its policy has {count} characters" if count > _LONGEST_POLICY else None


_TABLE = (
    Refusal(
        types=_ALL,
        says="MalformedPolicyDocument: The policy must contain a valid version string.",
        source=f"{ELEMENTS}_version.html",
        remedy='set Version of the policy to "2012-10-17", whatever the date is.',
        find=_version,
    ),
    Refusal(
        types=_ALL,
        says="MalformedPolicyDocument: Syntax errors in policy. Effect is Allow or Deny, in this case.",
        source=f"{ELEMENTS}_effect.html",
        remedy='set Effect in the policy (of a role assume_role_policy) to "Allow" or "Deny".',
        find=_effect,
    ),
    Refusal(
        types=IDENTITY,
        says="MalformedPolicyDocument: Policy document should not specify a principal.",
        source=f"{ELEMENTS}_principal.html",
        remedy="remove Principal from the policy: it is for whoever the policy is attached to.",
        find=_principal,
    ),
    Refusal(
        types=_TRUST,
        says="MalformedPolicyDocument: Has prohibited field Resource.",
        source=f"{IAM}UserGuide/id_roles_terms-and-concepts.html",
        remedy="remove Resource from assume_role_policy: the role itself is the resource.",
        find=_resource,
    ),
    Refusal(
        types=tokens.ROLE,
        says="MaxSessionDuration: 3600 to 43200 seconds.",
        source=f"{IAM}APIReference/API_CreateRole.html",
        remedy="set max_session_duration to 3600 to 43200 seconds, one to twelve hours.",
        find=between("maxSessionDuration", 3600, 43200),
    ),
    Refusal(
        types=_KEYS,
        says=(
            "MalformedPolicyDocumentException: The new key policy will not allow you to update the key "
            "policy in the future."
        ),
        source="https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
        remedy=(
            "allow kms:* to the root of the account in policy, and remove "
            "bypass_policy_lockout_safety_check."
        ),
        find=_locked_out,
    ),
    Refusal(
        types=_POLICIES,
        says="MalformedPolicyDocument: The policy is not in the valid JSON format.",
        source=f"{IAM}APIReference/API_PutRolePolicy.html",
        remedy="write policy with json.dumps.",
        find=_no_json,
    ),
    Refusal(
        types=tokens.MANAGED_POLICY,
        says="LimitExceeded: a managed policy has at most 6144 characters without white space.",
        source=f"{IAM}UserGuide/reference_iam-quotas.html",
        remedy="split policy, or name resources by a pattern.",
        find=_too_long,
    ),
    Refusal(
        types=tokens.ROLE,
        says="RoleName: 1 to 64 letters, digits and + = , . @ _ - characters.",
        source=f"{IAM}APIReference/API_CreateRole.html",
        remedy="rename the role, or leave the name to Pulumi.",
        find=matching("name", r"[\w+=,.@-]+", 64),
    ),
    Refusal(
        types=(*tokens.ROLE, *tokens.MANAGED_POLICY, *tokens.INSTANCE_PROFILE),
        says="Path: begins and ends with a slash.",
        source=f"{IAM}APIReference/API_CreateRole.html",
        remedy='set path to "/", or to a text between slashes.',
        find=matching("path", r"/|/.+/", 512),
    ),
)

IDENTITIES = refusal_rule(
    (*_TABLE, *document_refusals.TABLE),
    id="iam-accepted",
    title="IAM and AWS KMS accept every role, policy and key",
    url=f"{IAM}UserGuide/reference_policies_grammar.html",
    remedy="correct the role, policy or key as the message says.",
)


# --- a role and its policies together ---------------------------------------------------------------


def _together(stack: Stack, role: Resource) -> str | None:
    """Find inline policies that fit one by one, and not together."""
    written = [
        one
        for one in stack.of(tokens.ROLE_POLICY)
        if stack.references(one, "role", tokens.ROLE, ROLE_KEYS).resources == (role,)
    ]
    own = [dig(one, "policy") for one in items(role.get("inlinePolicies"))]
    lengths = [length(one) for one in (*own, *(one.get("policy") for one in written))]
    # One that is too long by itself is refused by itself.
    if sum(lengths) <= LONGEST_INLINE or max(lengths) > LONGEST_INLINE:
        return None
    names = ", ".join(f'"{one.name}"' for one in written)
    listed = " and ".join(one for one in ("inline_policies" if own else "", names) if one)
    return f"its inline policies ({listed}) have {sum(lengths)} characters together"


TOGETHER = joint_refusal_rule(
    (
        JointRefusal(
            types=tokens.ROLE,
            says="LimitExceeded: a role's inline policies have 10240 characters without white space.",
            source=f"{IAM}UserGuide/reference_iam-quotas.html",
            remedy=(
                "take one of them out, make an aws.iam.Policy of it, 6144 characters at most, and attach "
                "that."
            ),
            find=_together,
        ),
    ),
    id="iam-accepted-together",
    title="IAM accepts everything that a role has in total",
    url=f"{IAM}UserGuide/reference_iam-quotas.html",
    remedy="move statements of inline policies into an aws.iam.Policy, and attach it.",
)

RULES = (IDENTITIES, TOGETHER)
