"""Trust in identity providers: whom a role admits whose trust policy names one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from guardrails.model import Violation
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, listed, show

_OF_EVERYBODY: Final = ("token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io")
"""Identity providers that sign tokens for everybody's projects."""

_POOLS: Final = "cognito-identity.amazonaws.com"
_PROVIDER = re.compile(r"arn:[^:]*:iam::[^:]*:oidc-provider/(?P<host>.+)")
_CLUSTER = re.compile(r"oidc\.eks\.[^/]+/id/.+")
_ANY_PROJECT = re.compile(r"[*?].*|(?:repo|project_path|organization):[^/:]*[*?].*")
"""A subject with a wildcard before its owner ends: strangers own what matches it, too."""
_EVERY_PROJECT = re.compile(r"\*|\w+:\*.*")


def _tests(statement: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each key that a token has to have, in small letters, with what it has to be."""
    condition = statement.get("Condition")
    for operator, tested in condition.items() if isinstance(condition, Mapping) else ():
        # Both hold for a token without the key, and a denial of some admits all others.
        loose = operator.startswith("ForAllValues:") or operator.endswith("IfExists")
        if loose or "Not" in operator or not isinstance(tested, Mapping):
            continue
        for key, given in tested.items():
            yield str(key).lower(), given


def _of_pools(role: Resource, keys: set[str]) -> Iterator[Violation]:
    if f"{_POOLS}:aud" not in keys:
        yield Violation(
            f'Role "{role.name}" can be assumed by the users of every identity pool, also those of '
            f"other accounts: no condition on {_POOLS}:aud.",
            role,
            remedy=f'add a condition StringEquals "{_POOLS}:aud" with the id of your identity pool.',
        )


def _of_projects(role: Resource, host: str, subjects: list[str]) -> Iterator[Violation]:
    stranger = next((one for one in subjects if _ANY_PROJECT.fullmatch(one)), None)
    if subjects and stranger is None:
        return
    whole = stranger is None or _EVERY_PROJECT.fullmatch(stranger)
    asked = f"no condition on {host}:sub" if stranger is None else f"{show(stranger)} matches them"
    yield Violation(
        f'Role "{role.name}" can be assumed from {"every project" if whole else "projects of others"} of '
        f"{host}: {asked}.",
        role,
        remedy=f'add a condition StringLike "{host}:sub" with your own project.',
    )


def strangers(role: Resource, statement: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield whom one statement of a trust policy admits by an identity provider without meaning to."""
    tests = list(_tests(statement))
    keys = {key for key, _ in tests}
    subjects = [
        str(value)
        for key, given in tests
        if key.endswith(":sub")
        for value in listed(given)
        if value is not UNKNOWN
    ]
    unknown = any(value is UNKNOWN for _, given in tests for value in listed(given))
    for provider in listed(dig(statement.get("Principal"), "Federated")):
        if provider == _POOLS:
            yield from _of_pools(role, keys)
        host = next((one for one in _OF_EVERYBODY if str(provider).endswith(one)), None)
        found = _PROVIDER.fullmatch(str(provider))
        if unknown:
            continue
        if host is not None:
            yield from _of_projects(role, host, subjects)
        elif found is not None and _CLUSTER.fullmatch(found["host"]) and not subjects:
            yield Violation(
                f'Role "{role.name}" can be assumed by every pod of the cluster: no condition on '
                f"{found['host']}:sub.",
                role,
                remedy=(
                    f'add a condition StringEquals "{found["host"]}:sub" with '
                    '"system:serviceaccount:<namespace>:<service account>".'
                ),
            )
        elif found is not None and not keys:
            yield Violation(
                f'Role "{role.name}" can be assumed by everybody to whom {found["host"]} gives a token: '
                "its trust policy has no condition.",
                role,
                remedy=f'add a condition StringEquals "{found["host"]}:sub" with who is meant.',
            )


# --- how a role is assumed ------------------------------------------------------------------------


def needed_action(kind: str, principal: Any) -> str | None:
    """Return by which action a principal assumes a role, `None` if that is not known."""
    if kind == "Service":
        return "sts:AssumeRole"
    if kind != "Federated" or not isinstance(principal, str):
        return None
    if ":saml-provider/" in principal:
        return "sts:AssumeRoleWithSAML"
    if principal == _POOLS or _PROVIDER.fullmatch(principal):
        return "sts:AssumeRoleWithWebIdentity"
    return None
