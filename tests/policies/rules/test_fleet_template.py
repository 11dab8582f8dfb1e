"""The version of the launch template that a fleet launches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from guardrails.resources import Stack
from guardrails.values import UNKNOWN

from tests.policies.draft import BY_ID, Draft, broken
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_it_is_not_refused,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_it_is_not_refused",
]

SPECIFICATION = "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification"
VERSION = f"{SPECIFICATION}.version"


def behind(draft):
    """The group launches the default version, which does not move."""
    return draft.set("group", VERSION, "$Default").set("template", "updateDefaultVersion", False)


def refreshed(draft, version, **preferences):
    """An instance refresh of a group that names a version."""
    refresh = {"strategy": "Rolling", "preferences": preferences}
    return draft.set("group", VERSION, version).set("group", "instanceRefresh", refresh)


# A change and the one rule that it breaks.
BREAKS = [
    ("asg-launches-current-template", behind),
    ("asg-launches-current-template", lambda d: d.set("group", "mixedInstancesPolicy.launchTemplate"
        ".launchTemplateSpecification", {"launchTemplateId": UNKNOWN})
        .set("template", "updateDefaultVersion", ...)),
    ("asg-launches-current-template", lambda d: refreshed(behind(d), "$Default", skipMatching=True)),
    ("asg-refresh-can-roll-back", lambda d: refreshed(d, "$Latest", autoRollback=True)),
    ("asg-refresh-can-roll-back", lambda d: refreshed(d, "$Default", autoRollback=True)),
    ("asg-refresh-can-roll-back", lambda d: refreshed(d, "$Latest", autoRollback=UNKNOWN)),
    ("asg-refresh-starts", lambda d: refreshed(d, "$Latest", minHealthyPercentage=90.0)),
]  # fmt: skip

# A change that breaks nothing.
SOUND = {
    "asg-launches-current-template": [
        lambda d: d.set("group", VERSION, "$Default")
            .set("group", f"{SPECIFICATION}.launchTemplateId", "lt-of-another-stack")
            .link("group", "mixedInstancesPolicy"),
    ],
}  # fmt: skip

KEEPS = [
    lambda d: d.set("group", VERSION, "$Latest"),
    lambda d: d.set("group", VERSION, "$Default"),
    lambda d: behind(d).set("template", "defaultVersion", 3.0),
    lambda d: d.set("group", VERSION, "3").set("template", "updateDefaultVersion", ...),
    lambda d: d.set("template", "updateDefaultVersion", ...),
    lambda d: refreshed(d, UNKNOWN, autoRollback=True, minHealthyPercentage=100.0),
    lambda d: refreshed(d, "7", autoRollback=True, skipMatching=True),
    lambda d: d.set("template", "vpcSecurityGroupIds", ...)
        .set("template", "networkInterfaces", [{"securityGroups": [UNKNOWN]}])
        .link("template", "networkInterfaces",
              "instances-group"),
]  # fmt: skip


def test_the_remedy_ends_it():
    assert not broken(behind(Draft()).set("group", VERSION, UNKNOWN))
    assert not broken(behind(Draft()).set("template", "updateDefaultVersion", True))
    assert not broken(refreshed(Draft(), "$Latest", autoRollback=True).set("group", VERSION, "4"))


@pytest.mark.parametrize(("latest", "undecided"), [(2.0, True), (3.0, False)])
def test_a_saved_state_tells_what_it_can(latest, undecided):
    draft = behind(Draft()).set("template", "defaultVersion", 2.0)
    saved = draft.set("template", "latestVersion", latest).build()
    stack = Stack(replace(resource, inputs=None) for resource in saved.resources)
    rule = BY_ID["asg-launches-current-template"]
    (found,) = rule.check(stack, rule.settings({}))
    assert found.undecided == undecided
