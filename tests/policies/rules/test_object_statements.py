"""Permissions on objects: what a statement about a bucket grants."""

from __future__ import annotations

from tests.policies.mutations.object_statements import writing
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

BUCKET = "arn:aws:s3:::exports"


def of(*resources, **more):
    def change(draft):
        writing(draft, *resources, **more)
        return draft

    return change


BREAKS = [("iam-objects-named", of(BUCKET, "arn:aws:s3:::archive", action="s3:DeleteObject"))]

KEEPS = [
    of(f"{BUCKET}/*"),
    of(BUCKET, f"{BUCKET}/daily/*"),
    of("*", action="s3:PutObjectTagging"),
    of(BUCKET, action="s3:GetBucketLocation"),
]
