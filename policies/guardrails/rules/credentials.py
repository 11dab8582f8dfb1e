"""Rules about credentials: none is in plain text where anybody who may describe a resource can read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.credentials import credential_in, is_plain, promises_credential
from guardrails.encoded_text import decoded
from guardrails.environments import commands, labels, variables
from guardrails.model import Question, ResourceRule, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, SecretText, is_absent, leaves

_STARTED = (*tokens.LAUNCH_TEMPLATE, *tokens.INSTANCE, *tokens.LAUNCH_CONFIGURATION)
_RUN = (
    *tokens.LAMBDA_FUNCTION,
    *tokens.TASK_DEFINITION,
    *tokens.BUILD_PROJECT,
    *tokens.BEANSTALK_ENVIRONMENT,
    *tokens.APP_RUNNER_SERVICE,
    *tokens.BATCH_JOB,
    *tokens.EXTRACT_JOB,
    *tokens.SITES,
    *tokens.TEMPLATE_STACK,
)
_STORE = (
    "keep it in AWS Secrets Manager (or an aws.ssm.Parameter of type SecureString) and let the "
    "instance or function read it when it starts."
)
_UNKNOWN = (
    "What the preview does not know is decided in the update, before the resource is created; where "
    "it comes from is judged by no-credential-passed-on."
)


# --- user data ------------------------------------------------------------------------------------


def _texts(resource: Resource) -> Iterator[str]:
    """Yield the user data as text; a launch template and `user_data_base64` hold it encoded."""
    for name in ("userData", "userDataBase64"):
        given = resource.get(name)
        if isinstance(given, str):
            yield from decoded(given)


def _in_user_data(resource: Resource, _: Settings) -> Iterator[Violation]:
    for text in _texts(resource):
        found = credential_in(text)
        if found is not None:
            yield Violation(
                f'The user data of "{resource.name}" contains {found}: whoever may describe the '
                "instance or its launch template reads it.",
                resource,
            )
            return


USER_DATA = ResourceRule(
    id="user-data-no-credentials",
    title="User data contains no credential",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "Checkov": ("CKV_AWS_46",),
        "Prowler": ("ec2_instance_secrets_user_data", "ec2_launch_template_no_secrets"),
        "Well-Architected": ("SEC02-BP03",),
    },
    url="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html",
    remedy=_STORE,
    steps=(
        "Store the credential in Secrets Manager and allow the instance role to read this secret.",
        "In user data, fetch it by aws secretsmanager get-secret-value.",
        "Rotate the credential: it has been in the state and in the API's answers.",
    ),
    unknown=_UNKNOWN,
    types=_STARTED,
    check=_in_user_data,
)


# --- environments ---------------------------------------------------------------------------------


def _held(name: str, value: Any) -> str | None:
    """Return what credential a named value is or contains, also encoded, `None` if there is none."""
    for text in decoded(value, depth=1) if isinstance(value, str) else ():
        found = credential_in(text)
        if found is not None:
            return found
    return "a value" if promises_credential(name) and is_plain(value, name) else None


def _in_environment(resource: Resource, _: Settings) -> Iterator[Violation]:
    for name, value in variables(resource):
        found = _held(name, value)
        if found is not None:
            yield Violation(
                f'The environment of "{resource.name}" holds {found} in plain text: variable {name}.',
                resource,
            )
    for name, value in labels(resource):
        found = _held(name, value)
        if found is not None:
            yield Violation(
                f'A container of "{resource.name}" holds {found} in plain text: label or option {name}.',
                resource,
            )
    for command in commands(resource):
        found = credential_in(command)
        if found is not None:
            yield Violation(
                f'A command of "{resource.name}" contains {found} in plain text.',
                resource,
            )


ENVIRONMENT = ResourceRule(
    id="environment-no-credentials",
    title="No environment variable holds a credential in plain text",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "AWS Config": ("CODEBUILD_PROJECT_ENVVAR_AWSCRED_CHECK", "ECS_NO_ENVIRONMENT_SECRETS"),
        "Security Hub": ("CodeBuild.2", "ECS.8"),
        "Control Tower": ("CT.ECS.PR.12", "CT.CODEBUILD.PR.2"),
        "Checkov": ("CKV_AWS_45",),
        "Prowler": (
            "awslambda_function_no_secrets_in_variables",
            "ecs_task_definitions_no_environment_secrets",
        ),
        "Well-Architected": ("SEC02-BP03",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/ecs-no-environment-secrets.html",
    remedy=(
        "pass the ARN of a secret instead: secrets in container_definitions (execution_role_arn has to be "
        "set, and its role to be allowed to read them), the type SECRETS_MANAGER of a build variable, a "
        "read at start in a function."
    ),
    steps=(
        "Store the credential in Secrets Manager and allow the role to read this secret.",
        "Pass its ARN; rotate the credential.",
    ),
    unknown=_UNKNOWN,
    types=_RUN,
    check=_in_environment,
)


# --- parameters -----------------------------------------------------------------------------------


def _in_parameter(resource: Resource, _: Settings) -> Iterator[Violation]:
    if resource.get("type") not in ("String", "StringList"):
        return
    value, name = resource.get("value"), resource.get("name")
    named = name if isinstance(name, str) else resource.name
    promised = promises_credential(named) and (value is UNKNOWN or is_plain(value, named))
    found = _held("", value)
    if promised or found is not None:
        yield Violation(
            f'Parameter "{resource.name}" of type {resource.get("type")} holds '
            f"{found or 'what its name promises: a credential'}, which is stored unencrypted.",
            resource,
        )


PARAMETER = ResourceRule(
    id="ssm-parameter-secure",
    title="A parameter that holds a credential is a SecureString",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={"Checkov": ("CKV2_AWS_34",), "Well-Architected": ("SEC08-BP02",)},
    url="https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-securestring.html",
    remedy=(
        'set the parameter\'s type to "SecureString", and its value from the secret configuration of the '
        "stack (require_secret) or from a resource that generates it."
    ),
    steps=(
        'Set type="SecureString"; the name stays the same.',
        "Allow readers kms:Decrypt where a key of your own encrypts it.",
    ),
    unknown="An unknown value of a parameter whose name promises a credential counts as one.",
    types=tokens.SSM_PARAMETER,
    check=_in_parameter,
)


# --- providers ------------------------------------------------------------------------------------


def _in_provider(resource: Resource, _: Settings) -> Iterator[Violation]:
    names = {"accessKey": "access_key", "secretKey": "secret_key", "token": "token"}
    given = [title for name, title in names.items() if not is_absent(resource.get(name))]
    if given:
        yield Violation(
            f'Provider "{resource.name}" is given long-lived credentials: {", ".join(given)} '
            "is set, and goes into the state of the stack.",
            resource,
        )


PROVIDER = ResourceRule(
    id="provider-no-access-keys",
    title="No AWS provider is given access keys by the program",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={"Checkov": ("CKV_AWS_41",), "Well-Architected": ("SEC02-BP02",)},
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    remedy=(
        "remove access_key, secret_key and token: the environment, a profile or assume_role gives "
        "temporary credentials."
    ),
    steps=(
        "Remove the keys from the program and from aws:accessKey and aws:secretKey.",
        "Let CI assume a role by OpenID Connect; on a computer of your own use a profile.",
        "Deactivate the key that was in the state.",
    ),
    unknown="An unknown key counts as set.",
    types=tokens.PROVIDER,
    check=_in_provider,
)


# --- where a generated credential goes ------------------------------------------------------------

_CERTAIN = (*tokens.RANDOM_PASSWORD, *tokens.ACCESS_KEY)
_POSSIBLE = tokens.PRIVATE_KEY
_READERS = {
    **dict.fromkeys(_STARTED, ("userData", "userDataBase64")),
    **dict.fromkeys(tokens.LAMBDA_FUNCTION, ("environment",)),
    **dict.fromkeys(tokens.TASK_DEFINITION, ("containerDefinitions",)),
    **dict.fromkeys(tokens.BUILD_PROJECT, ("environment",)),
    **dict.fromkeys(tokens.BEANSTALK_ENVIRONMENT, ("settings",)),
    **dict.fromkeys(tokens.APP_RUNNER_SERVICE, ("sourceConfiguration",)),
    **dict.fromkeys(tokens.SSM_PARAMETER, ("value",)),
}
"""Per type, the properties that anybody who may describe the resource can read."""


def _passed_on(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource in stack.of(tuple(_READERS)):
        if resource.type in tokens.SSM_PARAMETER and resource.get("type") == "SecureString":
            continue
        for prop in _READERS[resource.type]:
            if UNKNOWN not in leaves(resource.get(prop)):
                continue  # a known value is judged for what it is
            for source in stack.sources(resource, prop, (*_CERTAIN, *_POSSIBLE)):
                yield _leak(resource, prop, source)


def _leak(resource: Resource, prop: str, source: Resource) -> Violation:
    kind = source.type.rpartition(":")[2]
    path = (f'{kind} "{source.name}"', f'{prop} of "{resource.name}"')
    if source.type in _CERTAIN:
        what = (
            f'A credential goes in plain text from {kind} "{source.name}" into "{resource.name}".'
        )
        return Violation(what, resource, path)
    return Violation(
        f'"{resource.name}" takes a value from {kind} "{source.name}", which may be the private key.',
        resource,
        path,
        remedy="pass the public key by a resource of its own, or keep the key in Secrets Manager.",
        undecided=True,
    )


PASSED_ON = StackRule(
    id="no-credential-passed-on",
    title="No generated credential goes into user data, environments or plain parameters",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={"Well-Architected": ("SEC02-BP03", "SEC08-BP02")},
    url="https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html",
    remedy=_STORE,
    steps=(
        "Put the generated value into an aws.secretsmanager.SecretVersion.",
        "Pass on the secret's ARN, and allow the role to read this secret.",
    ),
    unknown=(
        "An unknown value is judged by the resources from which it comes; one from elsewhere is "
        "judged in the update."
    ),
    check=_passed_on,
)

# --- files and settings ---------------------------------------------------------------------------

_PAGES = (".html", ".htm", ".js", ".mjs", ".css", ".map", ".svg", ".md")
"""What browsers read: its code may well assign to something called password."""
_TEXTS = {
    "content": "content",
    "contentBase64": "content_base64",
    "definition": "definition",
    "input": "input",
    "target.input": "input of target",
    "parameters": "parameters",
    "endpoint": "endpoint",
    "data": "data",
    "propertiesFileContent": "properties_file_content",
    "connectorConfiguration": "connector_configuration",
    "serverProperties": "server_properties",
}
"""Properties that hold a text, or a mapping of texts, and how a program names them."""


_PARTS = (
    "aws:imagebuilder/component:Component",
    "aws:mskconnect/workerConfiguration:WorkerConfiguration",
    "aws:mskconnect/connector:Connector",
    "aws:msk/configuration:Configuration",
)
"""What images, connectors and brokers are made of."""


def _contents(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield where a resource holds a text, as a program names it, and the text."""
    for name, title in _TEXTS.items():
        given = resource.get(*name.split("."))
        texts = given.values() if isinstance(given, dict) else (given,)
        for one in texts:
            if isinstance(one, str) and not isinstance(one, SecretText):
                for text in decoded(one, depth=1):
                    yield title, text


def _in_content(resource: Resource, _: Settings) -> Iterator[Violation]:
    key = resource.get("key")
    page = isinstance(key, str) and key.lower().endswith(_PAGES)
    for title, text in _contents(resource):
        found = credential_in(text)
        if found is not None and not (page and found.startswith("a value for ")):
            yield Violation(
                f'"{resource.name}" contains {found} in plain text ({title}): whoever may read it, or '
                "the state of the stack, has it.",
                resource,
            )
            return


CONTENT = ResourceRule(
    id="content-no-credentials",
    title="No file, configuration or definition contains a credential",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={"Well-Architected": ("SEC02-BP03",)},
    url="https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html",
    remedy=(
        "take the credential out of content, definition, input or endpoint: keep it in AWS Secrets "
        "Manager, let its reader fetch it, and change it."
    ),
    steps=(
        "Store the credential in Secrets Manager and write its name into the file.",
        "Allow the role that reads the file secretsmanager:GetSecretValue on this secret.",
        "Rotate the credential: it has been in the state, and versions of the file keep it.",
    ),
    unknown="A text that the preview does not know is judged in the update.",
    types=(
        *tokens.BUCKET_OBJECT,
        *tokens.HOSTED_CONFIGURATION,
        *tokens.STATE_MACHINE,
        *tokens.RUNBOOK,
        *tokens.RUN_COMMAND,
        *tokens.EVENT_TARGET,
        *tokens.SCHEDULED_CALL,
        *tokens.TOPIC_SUBSCRIPTION,
        *_PARTS,
    ),
    check=_in_content,
)

RULES = (USER_DATA, CONTENT, ENVIRONMENT, PARAMETER, PROVIDER, PASSED_ON)
