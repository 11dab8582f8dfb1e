"""Load balancers that are asked and do not listen."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.listening import another_balancer

RULE = "elb-has-listener"


def test_the_record_that_leads_there_is_named():
    (found,) = violations(another_balancer(Draft()), RULE)
    assert not found.undecided
    assert found.path[0] == 'record "www"'
    assert found.resource.name == "second"


def test_whether_anybody_asks_it_is_undecided_where_nothing_refers_to_it():
    (found,) = violations(another_balancer(Draft()).drop("www"), RULE)
    assert found.undecided


def test_a_listener_of_a_load_balancer_that_is_not_known_may_be_its_own():
    draft = another_balancer(Draft()).twin("https", "listens")
    draft.set("listens", "loadBalancerArn", UNKNOWN).link("listens", "loadBalancerArn")
    assert not violations(draft, RULE)


def test_a_network_balancer_before_it_is_told_by_its_own_rule():
    draft = another_balancer(Draft()).drop("www")
    kind = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
    draft.add("passes-on", kind, {"targetId": Ref("second", "arn"), "targetGroupArn": UNKNOWN})
    assert not violations(draft, RULE)


def test_the_only_load_balancer_without_a_listener_is_told_by_its_fleet():
    assert not violations(Draft().drop("https", "http"), RULE)
