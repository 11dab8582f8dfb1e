"""A Route 53 health check can pass."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.health_checks import CHECK, counted
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
]


def by_an_alarm(draft, region):
    draft.add(
        "site",
        CHECK,
        {
            "type": "CLOUDWATCH_METRIC",
            "cloudwatchAlarmName": Ref("unhealthy-hosts", "name"),
            "cloudwatchAlarmRegion": region,
        },
    )
    return draft


def both_children(draft):
    counted(draft, least=2)
    other = {"type": "HTTPS", "fqdn": "api.example.com", "port": 443}
    draft.add("other-site", CHECK, other)
    draft.set("all-sites", "childHealthchecks", [Ref("site"), Ref("other-site")])
    return draft


BREAKS = [("dns-check-can-pass", lambda d: by_an_alarm(d, "eu-west-1"))]
KEEPS = [both_children, lambda d: by_an_alarm(d, "ap-northeast-2")]
