"""What programs are started with: environment variables, commands and labels, of every kind of resource."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from guardrails import tokens
from guardrails.resources import Resource
from guardrails.values import dig, items

_APP_RUNNER = (
    ("imageRepository", "imageConfiguration"),
    ("codeRepository", "codeConfiguration", "codeConfigurationValues"),
)


_DEFINITIONS = {
    **dict.fromkeys(tokens.TASK_DEFINITION, "containerDefinitions"),
    **dict.fromkeys(tokens.BATCH_JOB, "containerProperties"),
}
"""The property with the containers, by type."""


def variables(resource: Resource) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each environment variable in plain text."""
    if resource.type in tokens.LAMBDA_FUNCTION:
        yield from _mapped(resource.get("environment", "variables"))
    elif resource.type in tokens.EXTRACT_JOB:
        yield from _mapped(resource.get("defaultArguments"))
    elif resource.type in tokens.SITES:
        yield from _mapped(resource.get("environmentVariables"))
    elif resource.type in tokens.TEMPLATE_STACK:
        yield from _mapped(resource.get("parameters"))
    elif resource.type in tokens.APP_RUNNER_SERVICE:
        source = resource.get("sourceConfiguration")
        for path in _APP_RUNNER:
            yield from _mapped(dig(source, *path, "runtimeEnvironmentVariables"))
    else:
        for variable in _listed(resource):
            yield str(dig(variable, "name")), dig(variable, "value")


def labels(resource: Resource) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each label and each option of the log driver of its containers."""
    if resource.type not in tokens.TASK_DEFINITION:
        return
    for container in _containers(resource.get("containerDefinitions")):
        yield from _mapped(dig(container, "dockerLabels"))
        yield from _mapped(dig(container, "logConfiguration", "options"))


def _mapped(variables: Any) -> Iterator[tuple[str, Any]]:
    yield from variables.items() if isinstance(variables, dict) else ()


def _listed(resource: Resource) -> Iterator[Any]:
    """Yield each variable of an environment that is a list."""
    prop = _DEFINITIONS.get(resource.type)
    if prop is not None:
        for container in _containers(resource.get(prop)):
            yield from items(dig(container, "environment"))
    elif resource.type in tokens.BUILD_PROJECT:
        yield from _of_build(resource)
    else:
        for setting in items(resource.get("settings")):
            if dig(setting, "namespace") == "aws:elasticbeanstalk:application:environment":
                yield setting


def _of_build(project: Resource) -> Iterator[Any]:
    """Yield the variables in plain text of a project, and of its build specifications."""
    for variable in items(project.get("environment", "environmentVariables")):
        if dig(variable, "type") in (None, "", "PLAINTEXT"):
            yield variable
    for specification in specifications(project):
        for name, value in _mapped(dig(specification, "env", "variables")):
            yield {"name": name, "value": value}


def _containers(given: Any) -> list[Any]:
    try:
        found = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        return []
    return [found] if isinstance(found, dict) else items(found)


def commands(resource: Resource) -> Iterator[str]:
    """Yield the commands of each container or build, each as one text."""
    if resource.type in tokens.BUILD_PROJECT:
        yield from build_commands(resource)
        return
    prop = _DEFINITIONS.get(resource.type)
    for container in _containers(resource.get(prop)) if prop else ():
        for path in (("entryPoint",), ("command",), ("healthCheck", "command")):
            yield " ".join(str(one) for one in items(dig(container, *path)))


# --- builds ---------------------------------------------------------------------------------------


def specifications(project: Resource) -> Iterator[Any]:
    """Yield the build specifications that are written into a project; one of the source is not known."""
    for source in (project.get("source"), *items(project.get("secondarySources"))):
        text = dig(source, "buildspec")
        if (isinstance(text, str) and "\n" in text.strip()) or str(text).lstrip().startswith("{"):
            try:
                yield yaml.safe_load(text)
            except yaml.YAMLError:
                continue


def build_commands(project: Resource) -> Iterator[str]:
    """Yield the commands of a project's build specifications."""
    for specification in specifications(project):
        for _, phase in _mapped(dig(specification, "phases")):
            for name in ("commands", "finally"):
                yield from (str(one) for one in items(dig(phase, name)))
