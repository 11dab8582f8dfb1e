"""CloudFront and API Gateway."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.edge import distribution
from tests.policies.rules.cases import alone, test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

API = "aws:apigatewayv2/domainName:DomainName"


def like(**changes):
    return lambda draft: distribution(draft, **changes)


def at_api_gateway(policy):
    return alone(API, domainNameConfiguration={"securityPolicy": policy})


REFUSED = {
    "edge-reaches-balancer": [like(policy="http-only"), like(enabled=False)],
    "edge-tls": [like(viewer="allow-all"), at_api_gateway("TLS_1_0")],
    "cloudfront-accepted": [like(region="eu-west-1")],
}

SOUND = {
    "edge-reaches-balancer": [like(), like(policy="match-viewer"), like(policy=UNKNOWN)],
    "edge-tls": [like(), like(viewer="https-only"), at_api_gateway("TLS_1_2")],
    "cloudfront-accepted": [like()],
}
