"""What programs are started with: environment variables and commands, of every kind of resource."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.resources import Resource
from guardrails.values import dig, items

_APP_RUNNER = (
    ("imageRepository", "imageConfiguration"),
    ("codeRepository", "codeConfiguration", "codeConfigurationValues"),
)


def variables(resource: Resource) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each environment variable in plain text."""
    if resource.type in tokens.LAMBDA_FUNCTION:
        yield from _mapped(resource.get("environment", "variables"))
    elif resource.type in tokens.EXTRACT_JOB:
        yield from _mapped(resource.get("defaultArguments"))
    elif resource.type in tokens.APP_RUNNER_SERVICE:
        source = resource.get("sourceConfiguration")
        for path in _APP_RUNNER:
            yield from _mapped(dig(source, *path, "runtimeEnvironmentVariables"))
    else:
        for variable in _listed(resource):
            yield str(dig(variable, "name")), dig(variable, "value")


def _mapped(variables: Any) -> Iterator[tuple[str, Any]]:
    yield from variables.items() if isinstance(variables, dict) else ()


def _listed(resource: Resource) -> Iterator[Any]:
    """Yield each variable of an environment that is a list."""
    if resource.type in tokens.TASK_DEFINITION:
        for container in _containers(resource.get("containerDefinitions")):
            yield from items(dig(container, "environment"))
    elif resource.type in tokens.BATCH_JOB:
        for container in _containers(resource.get("containerProperties")):
            yield from items(dig(container, "environment"))
    elif resource.type in tokens.BUILD_PROJECT:
        for variable in items(resource.get("environment", "environmentVariables")):
            if dig(variable, "type") in (None, "", "PLAINTEXT"):
                yield variable
    else:
        for setting in items(resource.get("settings")):
            if dig(setting, "namespace") == "aws:elasticbeanstalk:application:environment":
                yield setting


def _containers(given: Any) -> list[Any]:
    try:
        found = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        return []
    return [found] if isinstance(found, dict) else items(found)


def commands(resource: Resource) -> Iterator[str]:
    """Yield the command of each container, as one text."""
    prop = {
        **dict.fromkeys(tokens.TASK_DEFINITION, "containerDefinitions"),
        **dict.fromkeys(tokens.BATCH_JOB, "containerProperties"),
    }.get(resource.type)
    for container in _containers(resource.get(prop)) if prop else ():
        for name in ("entryPoint", "command"):
            yield " ".join(str(one) for one in items(dig(container, name)))
