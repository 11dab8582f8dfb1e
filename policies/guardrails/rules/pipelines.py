"""Rules about pipelines: they deploy to what there is, and what builds images can run Docker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.permissions import ROLE_KEYS, UNNAMED, Permissions, Target
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack, identities
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, show

_NAMED: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], str]] = {
    "ECS": ("ServiceName", tokens.CONTAINER_SERVICE, ("name",), "ECS service"),
    "CodeBuild": ("ProjectName", tokens.BUILD_PROJECT, ("name", "id"), "build project"),
    **dict.fromkeys(
        ("CodeDeploy", "CodeDeployToECS"),
        (
            "DeploymentGroupName",
            tokens.DEPLOYMENT_GROUP,
            ("deploymentGroupName",),
            "deployment group",
        ),
    ),
}
"""Per provider of an action what its configuration names: key, types, properties with the name, noun."""


def _actions(pipeline: Resource) -> Iterator[tuple[str, Any]]:
    for stage in items(pipeline.get("stages")):
        for action in items(dig(stage, "actions")):
            yield f"stage {show(dig(stage, 'name'))}", action


def _astray(stack: Stack, _: Settings) -> Iterator[Violation]:
    for pipeline in stack.of(tokens.PIPELINE):
        for stage, action in _actions(pipeline):
            found = _NAMED.get(str(dig(action, "provider")))
            if found is None:
                continue
            key, types, keys, noun = found
            given, own = dig(action, "configuration", key), stack.of(types)
            # Pulumi's own names are known when they exist: what is written out is none of them.
            if (
                not isinstance(given, str)
                or not own
                or any(given in identities(one, keys) for one in own)
            ):
                continue
            listed = ", ".join(f'"{one.name}"' for one in own)
            yield Violation(
                f'whether pipeline "{pipeline.name}" releases what this stack has is not known: it names '
                f"{noun} {show(given)}, and the stack has {listed}.",
                pipeline,
                (f'pipeline "{pipeline.name}"', stage, f"{key} {given}"),
                f"pass the name output of {listed.split(', ')[0]} as {key}; or accept with an exception "
                f"that {show(given)} is of another stack.",
                undecided=True,
            )


NAMES = StackRule(
    id="pipeline-deploys-what-exists",
    title="A pipeline builds and deploys what the stack has",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    controls={"Well-Architected": ("OPS05-BP10",)},
    url="https://docs.aws.amazon.com/codepipeline/latest/userguide/structure-configuration-examples.html",
    remedy="pass the name outputs of service, deployment group and project to the configuration.",
    steps=("Write service.name in configuration in place of a name that is written out.",),
    unknown="A name that is not of this stack may be of another one: that is undecided.",
    check=_astray,
)

# --- images ---------------------------------------------------------------------------------------

_DOCKER = re.compile(r"\bdocker(?:\s+(?:build|buildx|compose|run|push|pull)\b|-compose\b)")
_HAS_DOCKER = ("WINDOWS", "MAC")
"""Beginnings of environments that do without the switch."""
_PUSHES = "ecr:PutImage"


def _privileged(project: Resource) -> Any:
    return project.get("environment", "privilegedMode")


def _kind(project: Resource) -> str:
    return str(project.get("environment", "type"))


def _builds(stack: Stack, _: Settings) -> Iterator[Violation]:
    for project in stack.of(tokens.BUILD_PROJECT):
        privileged = _privileged(project)
        if privileged is UNKNOWN or is_true(privileged) or _kind(project).startswith(_HAS_DOCKER):
            continue
        given = project.get("source", "buildspec")
        command = _DOCKER.search(given) if isinstance(given, str) else None
        if command is not None:
            yield Violation(
                f'Build project "{project.name}" runs {show(command[0])}, and has no Docker daemon: '
                f"privileged_mode of environment is {show(privileged)}.",
                project,
                (f'build project "{project.name}"', command[0], "no Docker daemon"),
            )
        elif given is not UNKNOWN and "\n" not in str(given):
            yield from _perhaps(stack, project, "buildspec.yml" if is_absent(given) else str(given))


def _pushes(stack: Stack, role: Resource) -> bool:
    """Return whether a role may push images, into a repository of this stack or any."""
    permissions = stack.derived(Permissions)
    own = [
        Target(
            f'repository "{one.name}"',
            tuple(identities(one, ("arn",))) or (f"arn:aws:ecr:::repository/{UNNAMED}",),
            one,
        )
        for one in stack.of(tokens.REPOSITORY)
    ]
    return any(permissions.may(role, _PUSHES, target).is_yes for target in (*own, None))


def _perhaps(stack: Stack, project: Resource, file: str) -> Iterator[Violation]:
    """Yield that a project whose steps are in a file of the repository may push images."""
    roles = stack.references(project, "serviceRole", tokens.ROLE, ROLE_KEYS).resources
    if any(_pushes(stack, role) for role in roles):
        yield Violation(
            f'whether build project "{project.name}" can build the images that its role may push is not '
            f"known: {file} is in the repository, and without privileged_mode there is no Docker daemon.",
            project,
            (f'build project "{project.name}"', file, f"role may {_PUSHES}"),
            "set privileged_mode in environment to true if it runs Docker; accept with an exception that "
            "it builds without (Kaniko, Buildah).",
            undecided=True,
        )


BUILDS = StackRule(
    id="build-runs-docker",
    title="What builds images can run Docker",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("OPS05-BP10",)},
    url="https://docs.aws.amazon.com/codebuild/latest/userguide/sample-docker-section.html",
    remedy="set privileged_mode in environment to true.",
    steps=(
        "Set privileged_mode=True in environment of the project that builds images, and of no other one.",
    ),
    unknown=(
        "What a buildspec in the repository runs is not known here: it is undecided where the project's "
        "role may push images."
    ),
    check=_builds,
)

RULES = (NAMES, BUILDS)
