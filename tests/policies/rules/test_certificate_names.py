"""Names of certificates."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.certificate_names import named
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "elb-certificate-names"
FURTHER = "aws:lb/listenerCertificate:ListenerCertificate"


def of(domain="www.example.com", **more):
    def change(draft):
        named(draft, domain, **more)
        return draft

    return change


def record(name, domain="www.example.com"):
    return lambda d: of(domain)(d).set("site", "name", name)


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, of("example.com")),
    (RULE, of("*.shop.example.com")),
    (RULE, record("example.com.au", "*.example.com.au")),
]

# A change that breaks nothing.
KEEPS = [
    of(),
    of("*.example.com"),
    of("example.com", subjectAlternativeNames=["WWW.example.com"]),
    of(UNKNOWN),
    of("example.com", subjectAlternativeNames=UNKNOWN),
    record("www.example.com."),
    record("shop"),
    lambda d: of("example.com")(d).add("more", FURTHER, {"certificateArn": "arn:aws:acm:::certificate/1",
        "listenerArn": UNKNOWN}, {"listenerArn": ["https"]}),
]  # fmt: skip
