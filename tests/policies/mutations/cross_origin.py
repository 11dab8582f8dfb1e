"""What breaks the rule about requests across origins."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides

RULE = "cors-origins-named"


def headers(stack, origin="https://www.example.com"):
    given = {
        "accessControlAllowCredentials": True,
        "accessControlAllowHeaders": {"items": ["Authorization"]},
        "accessControlAllowMethods": {"items": ["GET"]},
        "accessControlAllowOrigins": {"items": [origin]},
        "originOverride": True,
    }
    kind = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
    stack.add("headers", kind, {"name": "headers", "corsConfig": given})


@breaks(RULE)
def headers_for_every_site(stack):
    headers(stack, "*")


decides(
    RULE,
    "headers",
    "corsConfig.accessControlAllowOrigins.items",
    absent=KEEPS,
    unknown=KEEPS,
    given=headers,
)
