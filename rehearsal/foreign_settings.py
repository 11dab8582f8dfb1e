"""Another program's stack settings, for a preview without its secrets provider, account and backend.

Only who has the passphrase, the key or the account can read secrets: a preview takes a placeholder for
each. It is a text of digits, so that it can be read as a number as well, and long enough for a password.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

PLACEHOLDER: Final = "1234567890123456"
OF_SECRETS: Final = ("secretsprovider", "encryptedkey", "encryptionsalt")
"""Keys of a settings file that say how its secrets are encrypted."""
ENVIRONMENT: Final = "environment"
"""Environments of Pulumi ESC, which are kept in Pulumi Cloud."""
_ACCOUNT: Final = frozenset(
    (
        "accessKey", "allowedAccountIds", "assumeRole", "assumeRoleWithWebIdentity", "assumeRoles",
        "customCaBundle", "ec2MetadataServiceEndpoint", "endpoints", "forbiddenAccountIds", "httpProxy",
        "httpsProxy", "profile", "secretKey", "sharedConfigFiles", "sharedCredentialsFiles", "token",
    )
)  # fmt: skip
"""Settings of the AWS provider about accounts and how they are reached."""


@dataclass(frozen=True)
class Portable:
    """Settings as a preview takes them, and what a reader should know about that."""

    settings: dict[str, Any]
    notes: tuple[str, ...]


def portable(settings: Mapping[str, Any], name: str) -> Portable:
    """Return settings that need nobody's secrets and name no account; `name` is their file's."""
    given = cast("Mapping[str, Any]", settings.get("config") or {})
    read = {key: _readable(value) for key, value in given.items()}
    secret = [key for key, value in read.items() if value != given[key]]
    config = {key: value for key, value in read.items() if not _names_an_account(str(key))}
    dropped = {*OF_SECRETS, ENVIRONMENT}
    kept = {key: value for key, value in settings.items() if key not in dropped}
    return Portable({**kept, "config": config}, tuple(_notes(settings, secret, name)))


def without_secret_types(project: Mapping[str, Any]) -> dict[str, Any]:
    """Return a project file whose settings need not be secret: a placeholder is not encrypted.

    What names an account is left out, as from the settings of its stacks.
    """
    given = project.get("config")
    if not isinstance(given, dict):
        return dict(project)
    config = {
        key: {name: one for name, one in value.items() if name != "secret"}
        if isinstance(value, dict)
        else value
        for key, value in cast("dict[Any, Any]", given).items()
        if not _names_an_account(str(key))
    }
    return {**project, "config": config}


def _notes(settings: Mapping[str, Any], secret: list[str], name: str) -> Iterator[str]:
    if secret:
        yield (
            f"{name}: {', '.join(map(str, secret))}: secret, and previewed with the placeholder "
            f"{PLACEHOLDER!r}"
        )
    if settings.get(ENVIRONMENT):
        yield (
            f"{name}: `environment` is in Pulumi Cloud and not read: what it sets is missing, write it "
            "below `config`"
        )


def _names_an_account(key: str) -> bool:
    namespace, _, name = key.partition(":")
    return namespace == "aws" and name.partition(".")[0] in _ACCOUNT


def _readable(value: Any) -> Any:
    """Return a setting with a placeholder for each secret in it."""
    match value:
        case {"secure": str(), **more} if not more:
            return PLACEHOLDER
        case dict():
            return {key: _readable(one) for key, one in cast("dict[Any, Any]", value).items()}
        case list():
            return [_readable(one) for one in cast("list[Any]", value)]
        case _:
            return value
