"""What a fleet starts from."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.one_zone import server
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "fleet-starts-without-one-zone"
VOLUME = {"availabilityZone": "ap-northeast-2a", "size": 8.0, "encrypted": True}


def started_from(*names):
    """Start from what has these names."""
    return lambda d: d.set("template", "userData", UNKNOWN).link("template", "userData", *names)


def two_servers(draft, other="subnet-b"):
    server(draft)
    server(draft, "second", subnetId=Ref(other))
    return started_from("server", "second")(draft)


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, lambda d: started_from("data")(d.add("data", "aws:ebs/volume:Volume", VOLUME))),
    (RULE, lambda d: two_servers(d, "subnet-a")),
]

# A change that breaks nothing.
KEEPS = [
    two_servers,
    started_from("database"),
    lambda d: server(d) or d,
]


def test_the_path_leads_to_the_zone():
    draft = Draft()
    server(draft)
    (found,) = violations(started_from("server")(draft), RULE)
    assert found.path[-2:] == ('instance "server"', "ap-northeast-2a")
