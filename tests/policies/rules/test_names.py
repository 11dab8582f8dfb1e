"""DNS."""

from __future__ import annotations

from tests.policies.draft import Draft, Ref, undecided
from tests.policies.mutations.names import ALIAS, failover, kept
from tests.policies.rules.cases import test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

ZONE = "aws:route53/zone:Zone"


def apex(kind, **more):
    def change(draft):
        draft.add("domain", ZONE, {"name": "example.com"})
        properties = {"zoneId": "Z1", "name": "example.com", "type": kind, **more}
        draft.add("apex", "aws:route53/record:Record", properties).link("apex", "zoneId", "domain")
        draft.set("domain", "zoneId", "Z1")

    return change


def weighted(draft, **more):
    """A share of the visitors, whose answer is kept for a day."""
    kept(draft, 60)
    draft.set("first", "ttl", 86400)
    draft.set("first", "failoverRoutingPolicies", ...)
    draft.set("first", "weightedRoutingPolicies", [{"weight": 10}])
    draft.set("first", "healthCheckId", ...)
    for prop, value in more.items():
        draft.set("first", prop, value)


REFUSED = {
    "dns-accepted": [apex("CNAME", records=["front.example.net"])],
    "dns-ttl-short": [
        lambda draft: kept(draft, 301),
        lambda draft: weighted(draft, healthCheckId=Ref("check")),
    ],
    "dns-fails-over": [
        lambda draft: failover(draft, aliases=[{**ALIAS, "evaluateTargetHealth": False}])
    ],
}

SOUND = {
    "dns-ttl-short": [lambda draft: kept(draft, 300), weighted, failover],
    "dns-accepted": [apex("A", aliases=[ALIAS]), failover],
    "dns-fails-over": [failover],
}


def test_where_it_fails_over_to_may_be_in_another_stack():
    draft = Draft()
    failover(draft)
    draft.drop("second")
    assert undecided(draft) == {"dns-fails-over"}
