"""What breaks the rule about web application firewalls."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.edge import distribution
from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, breaks, decides

VISIBLE = {"cloudwatchMetricsEnabled": True, "metricName": "web", "sampledRequestsEnabled": True}


def before(stack, **properties):
    given = {"scope": "REGIONAL", "visibilityConfig": VISIBLE, **properties}
    stack.add("acl", "aws:wafv2/webAcl:WebAcl", given)
    stack.add(
        "acl-association",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        {"resourceArn": Ref("load-balancer", "arn"), "webAclArn": Ref("acl", "arn")},
    )


@breaks("waf-admits-visitors")
def firewall_that_blocks_everything(stack):
    before(stack, defaultAction={"block": {}})


decides(
    "waf-admits-visitors",
    "acl",
    "defaultAction",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: before(stack, defaultAction={"allow": {}}),
)


RATE = {"limit": 1000, "evaluationWindowSec": 300}


def counted(stack, action=None, **statement):
    """Add CloudFront before the load balancer, and a rule that blocks who sends too much."""
    distribution(stack)
    rule = {
        "name": "too-much",
        "priority": 1,
        "action": action or {"block": {}},
        "statement": {"rateBasedStatement": {**RATE, **statement}},
        "visibilityConfig": VISIBLE,
    }
    before(stack, defaultAction={"allow": {}}, rules=[rule])


@breaks("waf-counts-visitors")
def visitors_counted_by_the_address_of_cloudfront(stack):
    counted(stack)


decides(
    "waf-counts-visitors",
    "acl",
    "rules",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: counted(stack, aggregateKeyType="FORWARDED_IP"),
)


@breaks("waf-admits-visitors")
def rule_that_blocks_every_path(stack):
    match = {
        "searchString": "/",
        "positionalConstraint": "STARTS_WITH",
        "fieldToMatch": {"uriPath": {}},
        "textTransformations": [{"priority": 0, "type": "NONE"}],
    }
    rule = {
        "name": "internal",
        "priority": 1,
        "action": {"block": {}},
        "statement": {"byteMatchStatement": match},
        "visibilityConfig": VISIBLE,
    }
    before(stack, defaultAction={"allow": {}}, rules=[rule])


@breaks("waf-in-front", ADVISORY)
def firewall_of_nobody(stack):
    before(stack, defaultAction={"allow": {}})
    stack.drop("acl-association")


decides(
    "waf-in-front",
    "acl-association",
    "webAclArn",
    absent=BREAKS,
    unknown=KEEPS,
    given=lambda stack: before(stack, defaultAction={"allow": {}}),
)
