"""The rule about the policy of a file system: it lets the intended clients mount it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from guardrails import tokens
from guardrails.architecture.data_stores import FILE_KEYS
from guardrails.architecture.launching import user_data
from guardrails.architecture.permissions import Permissions
from guardrails.architecture.policy_documents import Statement, statements
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, items

_MOUNT = "elasticfilesystem:ClientMount"
_POLICY = ("aws:efs/fileSystemPolicy:FileSystemPolicy",)
_MOUNTS = re.compile(r"^\s*(?:sudo\s+)?mount\s+[^\n]*-t\s+(?:efs|nfs4?)\b[^\n]*", re.MULTILINE)


def _anybody(given: Statement) -> bool:
    """Return whether a statement is about those, too, who do not say who they are."""
    named = given.principals or {}
    return any("*" in named.get(kind, ()) for kind in ("*", "AWS"))


def _in_the_clear(given: Statement) -> bool:
    """Return whether a statement is about connections without TLS, and nothing else."""
    wanted = dig(given.condition, "Bool", "aws:SecureTransport")
    only = isinstance(given.condition, dict) and len(given.condition) == 1
    return only and str(wanted).lower() == "false"


def _volumes(stack: Stack, files: Resource) -> Iterator[tuple[Resource, Any]]:
    """Yield the task definitions that mount a file system, with the settings of the volume."""
    for task in stack.of(tokens.TASK_DEFINITION):
        for volume in items(task.get("volumes")):
            given = dig(volume, "efsVolumeConfiguration")
            found = stack.references(
                task, "volumes", tokens.FILE_SYSTEM, FILE_KEYS, value=[dig(given, "fileSystemId")]
            )
            if files in found.resources:
                yield task, given


def _anonymous(stack: Stack, files: Resource) -> Resource | None:
    """Return what mounts a file system without its role, `None` if nothing certainly does."""
    for task, given in _volumes(stack, files):
        if dig(given, "authorizationConfig", "iam") in (None, "", "DISABLED"):
            return task
    for template in stack.of(tokens.LAUNCH_TEMPLATE):
        of_it = files in stack.sources(template, "userData", tokens.FILE_SYSTEM)
        commands = _MOUNTS.findall(user_data(template) or "") if of_it else []
        if commands and not any("iam" in one for one in commands):
            return template
    return None


def _by_role(stack: Stack, files: Resource) -> bool:
    """Return whether a role of the stack may, or might, mount by a policy of its own.

    A document that is not known yet and is made from other resources is about these.
    """
    permissions = stack.derived(Permissions)
    for role in stack.of(tokens.ROLE):
        answer = permissions.may(role, _MOUNT)
        hidden = [one for one in permissions.policies(role) if one.statements is None]
        about_others = all(one.sources and files.urn not in one.sources for one in hidden)
        if answer.is_yes or (answer.is_undecided and not (hidden and about_others)):
            return True
    return False


@dataclass(frozen=True)
class _Lost:
    """Why a policy keeps those out that are to mount, what helps, and who they are if that is known."""

    reason: str
    remedy: str
    client: Resource | None = None


_ALLOW = (
    f'allow {_MOUNT} and elasticfilesystem:ClientWrite to {{"AWS": "*"}} under the condition '
    "elasticfilesystem:AccessedViaMountTarget true"
)


def _denied(stack: Stack, files: Resource, mounting: list[Statement]) -> _Lost | None:
    denials = [one for one in mounting if not one.allows and _anybody(one)]
    if any(not one.conditional for one in denials):
        reason = f"it denies {_MOUNT} to everybody, whatever else allows it"
        return _Lost(reason, f"remove the Deny, and {_ALLOW}.")
    for task, given in _volumes(stack, files) if any(map(_in_the_clear, denials)) else ():
        if dig(given, "transitEncryption") in (None, "", "DISABLED"):
            return _Lost(
                f'it denies connections without TLS, and "{task.name}" mounts without',
                'set transit_encryption of the volume\'s efs_volume_configuration to "ENABLED".',
                task,
            )
    return None


def _not_allowed(stack: Stack, files: Resource, mounting: list[Statement]) -> _Lost | None:
    allowed = [one for one in mounting if one.allows]
    if any(map(_anybody, allowed)):
        return None
    client = _anonymous(stack, files)
    if client is not None:
        whom = "to roles only" if allowed else "to nobody"
        return _Lost(
            f'it allows {_MOUNT} {whom}, and "{client.name}" mounts without its role',
            'mount with the role (authorization_config.iam "ENABLED", or the mount option iam), or '
            f"{_ALLOW}.",
            client,
        )
    if allowed or _by_role(stack, files):
        return None
    reason = f"it allows {_MOUNT} to nobody, and with a policy nobody may who is not allowed to"
    return _Lost(reason, f"{_ALLOW}.")


def _refused(stack: Stack, _: Settings) -> Iterator[Violation]:
    for policy in stack.of(_POLICY):
        found = statements(policy.get("policy"))
        systems = stack.references(policy, "fileSystemId", tokens.FILE_SYSTEM, FILE_KEYS).resources
        if not found or any(one.covers(_MOUNT) is None for one in found):
            continue
        mounting = [one for one in found if one.covers(_MOUNT)]
        for files in systems:
            lost = _denied(stack, files, mounting) or _not_allowed(stack, files, mounting)
            if lost is not None:
                client = () if lost.client is None else (f'"{lost.client.name}"',)
                yield Violation(
                    f'Nobody mounts file system "{files.name}" who is to: policy "{policy.name}" keeps '
                    f"them out; {lost.reason}.",
                    policy,
                    (f'file system "{files.name}"', f'policy "{policy.name}"', *client),
                    lost.remedy,
                )


LETS_MOUNT = StackRule(
    id="efs-policy-lets-mount",
    title="A file system policy admits the clients that should mount it",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC03-BP02",)},
    url="https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html",
    remedy=f"allow {_MOUNT} to those who mount.",
    steps=(
        "With a policy nobody may mount who is not allowed to; without one everybody may who connects.",
        "Allow ClientMount and ClientWrite to everybody who comes by a mount target, or to roles.",
        'Roles: mount with the option iam, in ECS with authorization_config.iam "ENABLED" and TLS.',
        'Deny with the condition aws:SecureTransport "false" where everything mounts by TLS.',
    ),
    unknown=(
        "A policy or volume that the preview does not know is judged at the end of the update. Where a "
        "role has policies of another stack, these may allow it."
    ),
    check=_refused,
)

RULES = (LETS_MOUNT,)
