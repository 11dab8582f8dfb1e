"""Rules about secrets that are written into the program itself, and credentials in tags."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from guardrails import tokens
from guardrails.credentials import credential_in, is_plain, promises_credential
from guardrails.model import Question, ResourceRule, Settings, Severity, StackRule, Violation
from guardrails.refusals import every, label
from guardrails.resources import Resource, Stack
from guardrails.tags import tags
from guardrails.values import SecretText

_IDENTITY_PROVIDERS = ("aws:cognito/identityProvider:IdentityProvider",)
_PATHS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(tokens.CACHE_GROUP, ("authToken",)),
    **dict.fromkeys(tokens.MESSAGE_BROKER, ("users.*.password",)),
    **dict.fromkeys(tokens.REPLICATION_ENDPOINT, ("password",)),
    **dict.fromkeys(_IDENTITY_PROVIDERS, ("providerDetails.client_secret",)),
    **dict.fromkeys(tokens.LISTENER, ("defaultActions.*.authenticateOidc.clientSecret",)),
    **dict.fromkeys(tokens.LISTENER_RULE, ("actions.*.authenticateOidc.clientSecret",)),
    "aws:cloudwatch/eventConnection:EventConnection": (
        "authParameters.apiKey.value",
        "authParameters.basic.password",
        "authParameters.oauth.clientParameters.clientSecret",
    ),
    "aws:elasticache/user:User": ("passwords.*", "authenticationMode.passwords.*"),
    "aws:memorydb/user:User": ("authenticationMode.passwords.*",),
    "aws:directoryservice/directory:Directory": ("password",),
    "aws:apigateway/apiKey:ApiKey": ("value",),
    "aws:amplify/app:App": ("accessToken", "oauthToken"),
    "aws:codebuild/sourceCredential:SourceCredential": ("token",),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": (
        "httpEndpointConfiguration.accessKey",
        "redshiftConfiguration.password",
        "splunkConfiguration.hecToken",
    ),
    "aws:glue/connection:Connection": ("connectionProperties.PASSWORD",),
}
"""Per type the paths of what is a secret; `*` stands for each element of a list."""
_VERSIONS: Final = ("aws:secretsmanager/secretVersion:SecretVersion",)


def _named(path: str) -> str:
    """Return a path as a program names it."""
    steps = [step if step.isupper() else label(step) for step in path.split(".") if step != "*"]
    return " of ".join(reversed(steps[-2:]))


def _secrets(resource: Resource) -> Iterator[tuple[str, Any]]:
    """Yield where a resource is given a secret of its own, as a program names it, and the value."""
    for path in _PATHS.get(resource.type, ()):
        for value in every(resource, path):
            yield _named(path), value
    if resource.type in _VERSIONS:
        yield from _of_version(resource.get("secretString"))


def _of_version(given: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is secret in a version of a secret: all of it, or values of its JSON object."""
    if not isinstance(given, str) or isinstance(given, SecretText):
        return
    try:
        values = json.loads(given)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        yield "secret_string", given
        return
    for name, value in values.items():
        if promises_credential(str(name)) or credential_in(value) is not None:
            yield f"{name} in secret_string", value


def _written(resource: Resource, _: Settings) -> Iterator[Violation]:
    for name, value in _secrets(resource):
        if is_plain(value) and not isinstance(value, SecretText):
            yield Violation(
                f'"{resource.name}" has a secret in the program: {name} is a text of its own.',
                resource,
            )
            return


WRITTEN = ResourceRule(
    id="no-secret-in-program",
    title="No client secret, token or password is written into the program",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={"Well-Architected": ("SEC02-BP03",)},
    url="https://www.pulumi.com/docs/iac/concepts/secrets/",
    remedy=(
        "read client_secret, auth_token, password or secret_string from the stack's secret "
        "configuration (require_secret) or from AWS Secrets Manager, and change what was in the program."
    ),
    steps=(
        "Store it: pulumi config set --secret oidcSecret, and config.require_secret in the program.",
        "Or read it by aws.secretsmanager.get_secret_version_output, or let aws.secretsmanager make it.",
        "Change it where it came from: it is in the repository's history.",
    ),
    unknown=(
        "A value that the preview does not know comes from elsewhere. A secret of the configuration "
        "is not written into the program."
    ),
    types=(*_PATHS, *_VERSIONS),
    check=_written,
)


# --- tags -----------------------------------------------------------------------------------------

_CERTAIN: Final = ("password", "passwd", "passphrase", "pwd")
"""What no tag is called that is about something else."""
_SHORTEST: Final = 8


def _in_tag(key: str, value: Any) -> str | None:
    """Return what credential a tag is, `None` if it is none.

    A tag called secret or token often says what a resource is for: its value has to look like one.
    """
    found = credential_in(value)
    if found is not None:
        return found
    if not isinstance(value, str) or not promises_credential(key) or not is_plain(value, key):
        return None
    mixed = any(one.isdigit() for one in value) and any(one.isalpha() for one in value)
    random = mixed and len(value) >= _SHORTEST and " " not in value
    return "a value" if random or key.lower().endswith(_CERTAIN) else None


def _tagged(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource in stack.resources:
        for where, given in tags(resource):
            for key, value in given.items():
                found = _in_tag(key, value)
                if found is not None:
                    yield Violation(
                        f'Tag "{key}" of "{resource.name}" ({where}) is {found} in plain text: whoever '
                        "may describe anything in the account reads it.",
                        resource,
                    )


TAGGED = StackRule(
    id="tags-no-credentials",
    title="No tag is a credential",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={"Well-Architected": ("SEC02-BP03",)},
    url="https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html",
    remedy=(
        "remove the tag from tags: keep the credential in AWS Secrets Manager, let the instance or "
        "function read it when it starts, and change it."
    ),
    steps=(
        "Store the credential in Secrets Manager; a tag may hold its name or ARN.",
        "Rotate the credential: it has been in the state, in bills and in the API's answers.",
    ),
    unknown="What the preview does not know is judged in the update.",
    check=_tagged,
)

RULES = (WRITTEN, TAGGED)
