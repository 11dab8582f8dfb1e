"""Retention of revisions."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def lifecycle(draft, rule):
    """The draft with one lifecycle rule on the bucket of revisions."""
    return draft.add(
        "lifecycle",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {"bucket": UNKNOWN, "rules": [rule]},
        {"bucket": ["bucket"]},
    )


# A change and the one rule that it breaks.
BREAKS = [
    *(("s3-revision-never-expires", lambda d, rule=rule: lifecycle(d, rule)) for rule in (
        {"status": "Enabled", "expiration": {"days": 30.0}},
        {"status": "Enabled", "expiration": {"date": "2030-01-01T00:00:00Z"}},
        {"status": "Enabled", "expiration": UNKNOWN},
        {"status": UNKNOWN, "expiration": {"days": 30.0}},
        {"status": "Enabled", "expiration": {"days": UNKNOWN}},
        {"status": "Enabled", "filter": {"prefix": "rev"}, "expiration": {"days": 30.0}},
        {"status": "Enabled", "filter": {"prefix": UNKNOWN}, "expiration": {"days": 30.0}},
        {"status": "Enabled", "filter": {"and": {"prefix": "revisions/"}},
         "expiration": {"days": 30.0}},
        {"status": "Enabled", "transitions": [{"storageClass": "GLACIER"}]},
        {"status": "Enabled", "transitions": [{"storageClass": UNKNOWN}]},
        UNKNOWN,
    )),
    ("s3-revision-never-expires", lambda d: lifecycle(d, {}).set("lifecycle", "rules", UNKNOWN)),
    ("s3-revision-never-expires", lambda d: d.set("object", "key", UNKNOWN)
        .set("bucket", "lifecycleRules", [{"enabled": True, "prefix": "logs/",
             "expiration": {"days": 1.0}}])),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: lifecycle(d, {"status": "Disabled", "expiration": {"days": 30.0}}),
    lambda d: lifecycle(d, {"status": "Enabled", "filter": {"prefix": "logs/"},
        "expiration": {"days": 30.0}}),
    lambda d: lifecycle(d, {"status": "Enabled", "noncurrentVersionExpiration":
        {"noncurrentDays": 30.0}, "expiration": {"expiredObjectDeleteMarker": True}}),
    lambda d: lifecycle(d, {"status": "Enabled", "transitions": [{"storageClass": "STANDARD_IA"}]}),
    lambda d: d.set("bucket", "lifecycleRules", UNKNOWN),
]  # fmt: skip
