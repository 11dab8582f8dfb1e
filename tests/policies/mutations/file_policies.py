"""What breaks the rule about the policy of a file system."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.mutations.data_stores import sound_files
from tests.policies.mutations.registry import KEEPS, breaks, decides

EVERYBODY = {"AWS": "*"}
BY_TARGET = {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
CLIENTS = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
ALLOWS = {
    "Effect": "Allow",
    "Principal": EVERYBODY,
    "Action": CLIENTS,
    "Resource": "*",
    "Condition": BY_TARGET,
}
TLS_ONLY = {
    "Effect": "Deny",
    "Principal": EVERYBODY,
    "Action": "*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def guarded(stack, *statements):
    """Add a file system with a policy."""
    sound_files(stack)
    stack.add(
        "files-policy",
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        {"fileSystemId": Ref("files"), "policy": document(*(statements or (TLS_ONLY, ALLOWS)))},
    )


@breaks("efs-policy-lets-mount")
def files_denied_to_everybody(stack):
    guarded(stack, ALLOWS, {**TLS_ONLY, "Condition": {}})


@breaks("efs-policy-lets-mount")
def files_that_only_want_tls(stack):
    guarded(stack, TLS_ONLY)


decides(
    "efs-policy-lets-mount", "files-policy", "policy", absent=KEEPS, unknown=KEEPS, given=guarded
)
