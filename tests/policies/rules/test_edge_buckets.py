"""CloudFront before a bucket: who reads it, and what is at /."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.accepted_identities import document
from tests.policies.mutations.edge_buckets import TLS, reading, site
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def admitting(*statements, **more):
    def change(draft):
        site(draft, **more)
        return draft.set("pages-policy", "policy", document(*statements))

    return change


def changed(handle, path, value, **more):
    def change(draft):
        site(draft, **more)
        return draft.set(handle, path, value)

    return change


LOGS = {**reading(), "Principal": {"Service": "logging.s3.amazonaws.com"}}
FUNCTION = [{"eventType": "viewer-request", "functionArn": UNKNOWN}]

BREAKS = [
    ("cloudfront-reads-bucket", admitting(TLS)),
    ("cloudfront-reads-bucket", admitting(LOGS, TLS)),
]

KEEPS = [
    admitting(reading(), TLS),
    changed("pages-policy", "policy", UNKNOWN),
    # Pictures have no front page, and a function may make one.
    changed("edge", "aliases", ["pictures.example.com"], page=None),
    changed("edge", "defaultCacheBehavior.functionAssociations", FUNCTION, page=None),
]
