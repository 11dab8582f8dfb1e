"""What breaks the rules about TLS."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import (
    ADVISORY,
    BREAKS,
    KEEPS,
    MANDATORY,
    breaks,
    decides,
)

decides("elb-tls-listener", "https", "protocol", absent=KEEPS, unknown=KEEPS)
decides("alb-http-to-https", "http", "defaultActions", absent=BREAKS, unknown=BREAKS)
decides("elb-tls-policy", "https", "sslPolicy", absent=BREAKS, unknown=BREAKS)


def _plain_http_only(stack):
    stack.drop("http")
    stack.set("https", "port", 80)
    stack.set("https", "protocol", "HTTP")
    stack.set("https", "certificateArn", ...)
    stack.set("https", "sslPolicy", ...)


@breaks("elb-tls-listener", ADVISORY, production=MANDATORY)
def no_tls_at_all(stack):
    _plain_http_only(stack)


@breaks("alb-http-to-https")
def http_answers_itself(stack):
    forward = {"type": "forward", "targetGroupArn": Ref("target-group", "arn")}
    stack.set("http", "defaultActions", [forward])


@breaks("alb-http-to-https")
def certificate_without_https(stack):
    properties = {"domainName": "example.com", "validationMethod": "DNS"}
    stack.add("certificate", "aws:acm/certificate:Certificate", properties)
    _plain_http_only(stack)


@breaks("alb-http-to-https")
def rule_that_forwards_http(stack):
    stack.add(
        "path",
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref("http", "arn"),
            "conditions": [{"pathPattern": {"values": ["/api/*"]}}],
            "actions": [{"type": "forward", "targetGroupArn": Ref("target-group", "arn")}],
        },
    )


@breaks("elb-tls-policy")
def old_tls(stack):
    stack.set("https", "sslPolicy", "ELBSecurityPolicy-2016-08")


@breaks("elb-tls-policy")
def tls_policy_left_to_the_default(stack):
    stack.set("https", "sslPolicy", ...)
