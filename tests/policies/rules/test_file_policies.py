"""A file system policy admits the clients that should mount it."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.container_tasks import container
from tests.policies.mutations.file_policies import ALLOWS, TLS_ONLY, document, guarded
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
]

ROLE = "arn:aws:iam::123456789012:role/tasks"
ROLES_ONLY = {**ALLOWS, "Principal": {"AWS": ROLE}, "Condition": {}}


def mounted(draft, *statements, **volume):
    """Let a task mount the files."""
    guarded(draft, *statements)
    draft.add(
        "task",
        "aws:ecs/taskDefinition:TaskDefinition",
        {
            "family": "web",
            "containerDefinitions": container(memory=512),
            "volumes": [
                {
                    "name": "files",
                    "efsVolumeConfiguration": {"fileSystemId": Ref("files"), **volume},
                }
            ],
        },
    )
    return draft


BY_TLS = {"transitEncryption": "ENABLED"}
BY_ROLE = {**BY_TLS, "authorizationConfig": {"iam": "ENABLED"}}


def by_a_policy_of_the_role(draft):
    """The role says it, the file system only asks for TLS."""
    guarded(draft, TLS_ONLY)
    mount = {"Effect": "Allow", "Action": "elasticfilesystem:Client*", "Resource": "*"}
    draft.add(
        "may-mount",
        "aws:iam/rolePolicy:RolePolicy",
        {"role": Ref("role", "name"), "policy": document(mount)},
    )
    return draft


BREAKS = [
    ("efs-policy-lets-mount", lambda d: mounted(d, ROLES_ONLY, **BY_TLS)),
    ("efs-policy-lets-mount", lambda d: mounted(d, TLS_ONLY, ALLOWS)),
]
KEEPS = [
    lambda d: mounted(d, ROLES_ONLY, **BY_ROLE),
    lambda d: mounted(d, TLS_ONLY, ALLOWS, **BY_TLS),
    lambda d: mounted(d, ALLOWS),
    by_a_policy_of_the_role,
]
