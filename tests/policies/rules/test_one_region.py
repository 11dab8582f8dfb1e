"""Resources that belong together are in one Region."""

from __future__ import annotations

from guardrails.architecture.regions import Regions

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.one_region import ELSEWHERE
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
]

HERE = "ap-northeast-2"


def set_regions(draft, region, *names):
    for name in names:
        draft.set(name, "region", region)
    return draft


def told_by_another(draft):
    """The one that is referred to is the odd one."""
    set_regions(draft, ELSEWHERE, "template")


def alarm_and_its_topic_elsewhere(draft):
    """It watches a database of this Region."""
    set_regions(draft, ELSEWHERE, "database-alarm")
    draft.set("database-alarm", "alarmActions", [f"arn:aws:sns:{ELSEWHERE}:1:operations"])


BREAKS = [("one-region", told_by_another), ("one-region", alarm_and_its_topic_elsewhere)]
KEEPS = [
    # Whoever says what is the provider's Region anyway.
    lambda draft: set_regions(draft, HERE, "target-group", "template"),
]


def test_the_odd_one_is_told_once():
    draft = Draft()
    set_regions(draft, ELSEWHERE, "vpc")
    assert [one.resource.name for one in violations(draft, "one-region")] == ["vpc"]


def test_nothing_is_known_without_a_zone():
    """Two providers, and nothing that names a zone: either may be meant."""
    draft = Draft()
    for name in ("one", "other"):
        draft.add(name, "pulumi:providers:aws", {"region": "eu-west-1"})
    draft.add("alone", "aws:sns/topic:Topic", {})
    stack = draft.build()
    alone = next(one for one in stack.resources if one.name == "alone")
    assert stack.derived(Regions).of(alone) is None


def test_a_single_provider_tells_the_region():
    draft = Draft()
    draft.add("default", "pulumi:providers:aws", {"region": "eu-west-3"})
    draft.add("alone", "aws:sns/topic:Topic", {})
    stack = draft.build()
    alone = next(one for one in stack.resources if one.name == "alone")
    assert stack.derived(Regions).of(alone) == "eu-west-3"


def test_a_provider_tells_the_region_of_what_it_makes():
    """Of two providers, each is that of what names it."""
    draft = Draft()
    draft.add("here", "pulumi:providers:aws", {"region": HERE})
    draft.add("there", "pulumi:providers:aws", {"region": ELSEWHERE})
    draft.add("alone", "aws:sns/topic:Topic", {}).option("alone", provider="urn:there")
    draft.set("database-alarm", "alarmActions", [Ref("alone", "arn")])
    (found,) = violations(draft, "one-region")
    assert found.resource.name == "alone"
    assert "by the provider of ap-northeast-2" in found.remedy
    draft.option("alone", provider="urn:here")
    assert not violations(draft, "one-region")


def test_what_a_provider_without_a_region_makes_is_where_its_zones_are():
    draft = Draft()
    for name in ("one", "other"):
        draft.add(name, "pulumi:providers:aws", {})
    draft.add("disk", "aws:ebs/volume:Volume", {"availabilityZone": "eu-west-3a"})
    draft.add("alone", "aws:sns/topic:Topic", {})
    for name in ("disk", "alone"):
        draft.option(name, provider="urn:one")
    stack = draft.build()
    alone = next(one for one in stack.resources if one.name == "alone")
    assert stack.derived(Regions).of(alone) == "eu-west-3"
