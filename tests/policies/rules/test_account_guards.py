"""Guards of an account."""

from __future__ import annotations

from tests.policies.mutations.account_guards import blocked
from tests.policies.rules.cases import (
    alone,
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

SNAPSHOT = "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission"

BREAKS = [
    ("account-guards-on", alone("aws:ebs/encryptionByDefault:EncryptionByDefault", enabled=False)),
    (
        "account-guards-on",
        alone("aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults", httpTokens="optional"),
    ),
    ("account-guards-on", alone(SNAPSHOT, snapshotId="snap-0123456789abcdef0", accountId="all")),
]

KEEPS = [
    lambda draft: blocked(draft) or draft,
    alone("aws:ebs/encryptionByDefault:EncryptionByDefault", enabled=True),
    alone(SNAPSHOT, snapshotId="snap-0123456789abcdef0", accountId="210987654321"),
]
