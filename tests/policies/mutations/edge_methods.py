"""What breaks the rule about methods."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.edge import distribution
from tests.policies.mutations.registry import KEEPS, breaks, decides
from tests.policies.mutations.routing import add_rule

EVERYTHING = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]


def behaves(stack, methods):
    """Add a distribution that takes some methods."""
    behaviour = {"targetOriginId": "shop", "viewerProtocolPolicy": "redirect-to-https"}
    distribution(stack, defaultCacheBehavior={**behaviour, "allowedMethods": methods})


def forms(stack, **asked):
    """Add a rule of the load balancer that is for what visitors send."""
    action = {"type": "forward", "targetGroupArn": Ref("target-group", "arn")}
    add_rule(stack, "forms", action, [asked or {"httpRequestMethod": {"values": ["POST"]}}])


@breaks("edge-passes-writes")
def distribution_that_takes_no_form(stack):
    forms(stack)
    behaves(stack, ["GET", "HEAD"])


def _both(stack):
    forms(stack)
    behaves(stack, EVERYTHING)


decides(
    "edge-passes-writes", "edge", "defaultCacheBehavior", absent=KEEPS, unknown=KEEPS, given=_both
)


OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


def cached(stack, policy=DISABLED):
    """Add a distribution before a service that keeps sessions."""
    kept = {"type": "lb_cookie", "enabled": True, "cookieDuration": 3600}
    stack.set("target-group", "stickiness", kept)
    behaves(stack, EVERYTHING)
    stack.set("edge", "defaultCacheBehavior.cachePolicyId", policy)


@breaks("edge-keeps-visitors-apart")
def pages_of_sessions_cached(stack):
    cached(stack, OPTIMIZED)


decides(
    "edge-keeps-visitors-apart",
    "edge",
    "defaultCacheBehavior.cachePolicyId",
    absent=KEEPS,
    unknown=KEEPS,
    given=cached,
)
