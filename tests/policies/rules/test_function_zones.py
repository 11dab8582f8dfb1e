"""Zones of functions behind a load balancer."""

from __future__ import annotations

from tests.policies.mutations.function_zones import function
from tests.policies.rules.cases import test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

RULE = "lambda-multi-az"


def alone(draft):
    """A function that nobody asks: a job at night."""
    place = {"subnetIds": ["subnet-1"]}
    draft.add("job", "aws:lambda/function:Function", {"vpcConfig": place})


BREAKS: list[tuple[str, object]] = []  # the mutations break it

REFUSED = {RULE: [lambda d: function(d, "subnet-a"), lambda d: function(d, "subnet-b", "subnet-b")]}

SOUND = {RULE: [lambda d: function(d, "subnet-a", "subnet-b"), alone]}
