"""S3 bucket policies with a condition on encrypted transport, which moto takes for unconditional.

A policy that denies `aws:SecureTransport: false` is how AWS asks for TLS-only buckets. moto would deny
every request then. Here calls over the loopback device count as encrypted: they never leave the
machine, and the region has no certificate to offer.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

from region.api.patching import Patches
from region.services import policy_documents
from region.services.s3 import copies, input_patches, ownership

SECURE_TRANSPORT = "aws:securetransport"

patches = Patches()


def install() -> None:
    """Patch moto's buckets."""
    patches.install()
    input_patches.patches.install()
    ownership.patches.install()
    copies.patches.install()


@patches.method(FakeBucket)
def get_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """Return whether the bucket's policy permits an action over secure transport."""
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    statements = policy_documents.statements(bucket.policy)
    kept = [s for s in statements if not only_for_insecure_transport(s)]
    if not kept:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps({"Statement": kept})).is_action_permitted(action, resource)


def only_for_insecure_transport(statement: dict[str, Any]) -> bool:
    """Return whether a statement concerns only requests without TLS."""
    condition = statement.get("Condition") or {}
    wanted = {str(k).lower(): v for k, v in (condition.get("Bool") or {}).items()}
    return str(wanted.get(SECURE_TRANSPORT, "")).lower() == "false"
