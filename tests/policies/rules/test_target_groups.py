"""Target groups: type, VPC, port and health check against what is registered."""

from __future__ import annotations

import base64

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

ATTACHMENT = "aws:lb/targetGroupAttachment:TargetGroupAttachment"


def script(text):
    return base64.b64encode(f"#!/bin/sh\n{text}".encode()).decode()


def register(draft, target, **more):
    properties = {"targetGroupArn": UNKNOWN, "targetId": target, **more}
    return draft.add("register", ATTACHMENT, properties, {"targetGroupArn": ["target-group"]})


# A change and the one rule that it breaks.
BREAKS = [
    ("tg-type-fits-targets", lambda d: register(d, "10.20.0.9")),
    ("tg-same-vpc", lambda d: d.set("target-group", "vpcId", "vpc-1")),
    ("tg-port-served", lambda d: d.set("template", "userData", script("serve --port=9000 &"))),
    ("tg-port-served", lambda d: d.set("template", "userData",
        script("docker run -p 80:8000 shop"))),
    ("tg-health-check-port", lambda d: d.set("target-group", "healthCheck.port", "8081")),
    ("tg-health-check-matcher", lambda d: d.set("target-group", "healthCheck.matcher", "200-404")),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: register(d, "i-0123456789abcdef0"),
    lambda d: register(d, UNKNOWN),
    lambda d: d.set("target-group", "vpcId", UNKNOWN).link("target-group", "vpcId"),
    lambda d: d.set("vpc", "id", "vpc-1").set("target-group", "vpcId", "vpc-1"),
    lambda d: d.set("target-group", "vpcId", UNKNOWN).link("target-group", "vpcId", "subnet-a"),
    lambda d: d.set("template", "userData", script("PORT=8080 serve")),
    lambda d: d.set("template", "userData", script("PORT=3000 serve & systemctl start nginx")),
    lambda d: d.set("template", "userData", script("DB_PORT=5432 serve")),
    lambda d: d.set("template", "userData", UNKNOWN),
    lambda d: d.set("target-group", "healthCheck.port", "8080"),
    lambda d: d.set("target-group", "healthCheck.port", ...),
    lambda d: d.set("target-group", "healthCheck.matcher", "200-399"),
    lambda d: d.set("target-group", "healthCheck.matcher", "200,301,302"),
    lambda d: d.set("target-group", "healthCheck.matcher", "200,401"),
    lambda d: d.set("target-group", "healthCheck.matcher", ...),
    lambda d: d.set("target-group", "healthCheck.matcher", UNKNOWN),
]  # fmt: skip
