"""S3 bucket policies with a condition on encrypted transport, which moto takes for unconditional.

A policy that denies `aws:SecureTransport: false` is how AWS asks for TLS-only buckets. moto denies
every request then. Here calls over the loopback device count as encrypted: they never leave the
machine, and the region has no certificate to offer.
"""

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

from region.api.patching import Patches

SECURE_TRANSPORT = "aws:securetransport"

patches = Patches()


def install() -> None:
    """Patch moto's buckets."""
    patches.install()


@patches.method(FakeBucket)
def get_permission(self: Any, action: str, resource: str) -> Any:
    """Whether the bucket's policy permits an action, for a request with secure transport."""
    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(self.policy)
    found = policy.get("Statement") or []
    statements = found if isinstance(found, list) else [found]
    policy["Statement"] = [s for s in statements if not only_for_insecure(s)]
    if not policy["Statement"]:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def only_for_insecure(statement: dict[str, Any]) -> bool:
    """Whether a statement concerns only requests that come without TLS."""
    condition = statement.get("Condition") or {}
    wanted = {str(k).lower(): v for k, v in (condition.get("Bool") or {}).items()}
    return str(wanted.get(SECURE_TRANSPORT, "")).lower() == "false"
