"""DNS."""

from __future__ import annotations

from tests.policies.draft import Draft, undecided
from tests.policies.mutations.names import ALIAS, failover
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


REFUSED = {
    "dns-accepted": [apex("CNAME", records=["front.example.net"])],
    "dns-fails-over": [
        lambda draft: failover(draft, aliases=[{**ALIAS, "evaluateTargetHealth": False}])
    ],
}

SOUND = {
    "dns-accepted": [apex("A", aliases=[ALIAS]), failover],
    "dns-fails-over": [failover],
}


def test_where_it_fails_over_to_may_be_in_another_stack():
    draft = Draft()
    failover(draft)
    draft.drop("second")
    assert undecided(draft) == {"dns-fails-over"}
