"""Settings that two resources write."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.settings_twice import INLINE
from tests.policies.rules.cases import test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

POLICY = "aws:s3/bucketPolicy:BucketPolicy"


def second_policy(draft):
    draft.add("second", POLICY, {"bucket": Ref("bucket"), "policy": "{}"})


BREAKS: list[tuple[str, object]] = []  # the mutations break it

REFUSED = {
    "settings-in-one-place": [
        lambda d: d.set("instances-group", "ingress", INLINE),
        lambda d: d.set("security-group", "egress", INLINE),
        second_policy,
    ]
}

SOUND = {
    "settings-in-one-place": [
        # The other direction is another setting.
        lambda d: d.set("database-group", "egress", INLINE),
        lambda d: d.leave_out("database-group", "ingress"),
        lambda d: d.set("public-routes", "routes", []),
    ]
}
