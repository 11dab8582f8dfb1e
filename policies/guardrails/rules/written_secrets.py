"""Rules about secrets that are written into the program itself, and credentials in tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from guardrails import tokens
from guardrails.architecture.policy_documents import parsed
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
    "aws:ec2/vpnConnection:VpnConnection": ("tunnel1PresharedKey", "tunnel2PresharedKey"),
}
"""Per type the paths of what is a secret; `*` stands for each element of a list."""
_VERSIONS: Final = ("aws:secretsmanager/secretVersion:SecretVersion",)


def _named(path: str) -> str:
    """Return a path as a program names it."""
    steps = [step if step.isupper() else label(step) for step in path.split(".") if step != "*"]
    return " of ".join(reversed(steps[-2:]))


def _secrets(resource: Resource) -> Iterator[tuple[str, str, Any]]:
    """Yield where a resource is given a secret: the property, how a program names it, and the value.

    A value inside a text that is kept secret is kept secret too.
    """
    for path in _PATHS.get(resource.type, ()):
        for value in every(resource, path):
            yield path.partition(".")[0], _named(path), value
    if resource.type in _VERSIONS:
        for name, value in _of_version(resource.get("secretString"), "secret_string"):
            yield "secretString", name, value
    if resource.type in tokens.SSM_PARAMETER and resource.get("type") == "SecureString":
        for name, value in _of_parameter(resource):
            yield "value", name, value


def _of_version(given: Any, title: str) -> Iterator[tuple[str, Any]]:
    """Yield what is secret in the text of a secret: all of it, or values of its JSON object."""
    values = _object(given)
    if values is None:
        yield title, given
        return
    for name, value in values.items():
        if promises_credential(str(name)) or credential_in(value) is not None:
            kept = isinstance(given, SecretText) and isinstance(value, str)
            yield f"{name} in {title}", SecretText(value) if kept else value


def _object(given: Any) -> dict[str, Any] | None:
    values = parsed(given)
    return values if isinstance(values, dict) else None


def _of_parameter(parameter: Resource) -> Iterator[tuple[str, Any]]:
    """Yield what is a credential in a parameter that is encrypted: some encrypt every parameter."""
    given, name = parameter.get("value"), parameter.get("name")
    if _object(given) is not None:
        yield from _of_version(given, "value")
    elif isinstance(given, str) and (
        promises_credential(name if isinstance(name, str) else parameter.name)
        or credential_in(given) is not None
    ):
        yield "value", given


def _written(resource: Resource, _: Settings) -> Iterator[Violation]:
    for _top, name, value in _secrets(resource):
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


# --- what the program keeps secret, and nobody else has ---------------------------------------------

_STORES: Final = (*_VERSIONS, *tokens.SSM_PARAMETER)
"""What exists to keep a secret, so nobody fills it with one that AWS Secrets Manager already holds."""


def _literals(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource in stack.of((*_PATHS, *_STORES)):
        # Only the program's own values say what it keeps secret: an output may say it of all.
        set_ = (
            resource if resource.inputs is None else replace(resource, properties=resource.inputs)
        )
        for top, name, value in _secrets(set_):
            elsewhere = resource.dependencies.get(top) or resource.options.ignores(top)
            # What is not kept secret at all, no-secret-in-program reports where it looks.
            kept = isinstance(value, SecretText) or resource.type in tokens.SSM_PARAMETER
            if kept and is_plain(value) and not elsewhere and not stack.is_configured(value):
                yield _literal(resource, name)
                break


def _literal(resource: Resource, name: str) -> Violation:
    if resource.type in _STORES:
        return Violation(
            f'"{resource.name}" is given a secret that neither the secret configuration of the stack nor '
            f"another resource holds: {name} is a text of the program, or of the environment in which it "
            "ran.",
            resource,
        )
    return Violation(
        f'whether the program itself holds {name} of "{resource.name}" is not known: neither the secret '
        "configuration of the stack nor another resource does, and the preview does not say what was "
        "looked up.",
        resource,
        remedy=(
            f"read {name} by require_secret from the stack's configuration; where AWS Secrets Manager has "
            "it, by aws.secretsmanager.get_secret_version_output with secret_id set to the id of an "
            "aws.secretsmanager.Secret (Secret.get for one of another stack): the preview then shows where "
            "it comes from."
        ),
        undecided=True,
    )


LITERAL = StackRule(
    id="no-secret-literal",
    title="A secret comes from the configuration or from a resource",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={"Well-Architected": ("SEC02-BP03", "SEC08-BP02")},
    url="https://www.pulumi.com/docs/iac/concepts/secrets/",
    remedy=(
        "read secret_string or value by require_secret from the stack's configuration (pulumi config set "
        "--secret), or let a random.RandomPassword generate it, and change what was in the program; where "
        "the environment of the update brings it, accept it with an exception."
    ),
    steps=(
        "Store it: pulumi config set --secret partnerKey, and config.require_secret in the program.",
        "Or let a random.RandomPassword generate it, and pass its result.",
        "Or write a placeholder, list the property in ignore_changes, and fill it in by hand.",
        "Change it where it came from: it is in the repository's history.",
    ),
    unknown=(
        "A value that the preview does not know, or that comes from a resource, is not in the program: "
        "get_secret_version_output with the id of an aws.secretsmanager.Secret does. Outside Secrets "
        "Manager and SecureString parameters another value may have been looked up: undecided."
    ),
    check=_literals,
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
    title="No tag contains a credential",
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

RULES = (WRITTEN, LITERAL, TAGGED)
