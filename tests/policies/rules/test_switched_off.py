"""Schedules, budgets and automations."""

from __future__ import annotations

import json

from tests.policies.draft import Draft, Ref, undecided
from tests.policies.rules.cases import test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

SCHEDULE = "aws:scheduler/schedule:Schedule"


def calls(call, given, state="ENABLED"):
    arn = f"arn:aws:scheduler:::aws-sdk:{call}"
    properties = {"state": state, "target": {"arn": arn, "input": given}}
    return lambda draft: draft.add("evening", SCHEDULE, properties)


def resized(size, name="shop"):
    def change(draft):
        draft.set("group", "name", "shop")
        sizes = {"AutoScalingGroupName": name, "MinSize": size}
        return calls("autoscaling:updateAutoScalingGroup", json.dumps(sizes))(draft)

    return change


REFUSED = {
    "service-not-switched-off": [
        resized(0),
        resized(1),
        calls("rds:stopDBInstance", Ref("database", "identifier")),
    ]
}

SOUND = {
    "service-not-switched-off": [
        resized(2),
        resized(0, "shop-staging"),
        calls("rds:stopDBInstance", json.dumps({"DbInstanceIdentifier": "staging"})),
        calls("rds:stopDBInstance", Ref("database", "identifier"), state="DISABLED"),
        calls("rds:createDBSnapshot", Ref("database", "identifier")),
    ]
}


def test_to_what_it_resizes_may_not_be_known():
    draft = Draft()
    calls("autoscaling:updateAutoScalingGroup", Ref("group", "name"))(draft)
    assert undecided(draft) == {"service-not-switched-off"}
