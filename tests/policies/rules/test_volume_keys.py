"""Keys of volumes."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Ref
from tests.policies.mutations.privileges import document
from tests.policies.mutations.volume_keys import OWN, ROLE, SCALING, encrypted
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "asg-may-use-volume-key"
EVERYBODY = {
    **OWN,
    "Principal": {"AWS": "*"},
    "Condition": {"StringEquals": {"kms:CallerAccount": "1"}},
}


def with_key(policy=None, **others):
    """Volumes with a key, and what else is about it."""

    def change(draft):
        encrypted(draft, policy)
        for kind, properties in others.items():
            token = f"aws:kms/{kind}:{kind[0].upper()}{kind[1:]}"
            draft.add(kind, token, {"keyId": Ref("disks", "keyId"), **properties})
        return draft

    return change


def by_alias(draft):
    encrypted(draft)
    draft.add("alias", "aws:kms/alias:Alias", {"targetKeyId": Ref("disks", "keyId")})
    return draft.set("template", "blockDeviceMappings.0.ebs.kmsKeyId", Ref("alias", "arn"))


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, with_key("no document")),
    (RULE, with_key(keyPolicy={"policy": document(OWN)})),
    (RULE, by_alias),
]

# A change that breaks nothing.
KEEPS = [
    with_key(document(OWN, SCALING)),
    with_key(document(EVERYBODY)),
    with_key(UNKNOWN),
    with_key(keyPolicy={"policy": document(OWN, SCALING)}),
    with_key(grant={"granteePrincipal": f"arn:aws:iam::123456789012:{ROLE}", "operations": []}),
    lambda d: d.set("template", "blockDeviceMappings.0.ebs.kmsKeyId", "arn:aws:kms:::key/1"),
]
