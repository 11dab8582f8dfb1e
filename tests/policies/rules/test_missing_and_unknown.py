"""For every rule: what it makes of its decisive property where that is absent, and where unknown."""

from __future__ import annotations

import pytest
from guardrails.property_rules import property_check
from guardrails.values import UNKNOWN

from tests.policies.draft import BY_ID, Draft, violations
from tests.policies.mutations import DECISIVE


def prepared(rule):
    """The good stack, with what the rule is about where it lacks that."""
    draft, given = Draft(), DECISIVE[rule].given
    if given is not None:
        given(draft)
    return draft


def breaks(rule, value):
    """Whether the good stack breaks the rule with this value of its decisive property."""
    decisive = DECISIVE[rule]
    draft = prepared(rule)
    draft.set(decisive.handle, decisive.path, UNKNOWN)  # so that it can be removed
    draft.set(decisive.handle, decisive.path, value)
    return bool(violations(draft, rule, reportedElsewhere=[]))


def test_every_rule_is_here_that_is_not_built_from_a_property():
    """What a property rule makes of such values is specified once: `test_property_rules`."""
    written = {rule.id for rule in BY_ID.values() if property_check(rule) is None}
    assert written <= set(DECISIVE) <= set(BY_ID)


@pytest.mark.parametrize("rule", DECISIVE)
def test_a_missing_value(rule):
    assert breaks(rule, ...) == DECISIVE[rule].absent


@pytest.mark.parametrize("rule", DECISIVE)
def test_an_unknown_value(rule):
    assert breaks(rule, UNKNOWN) == DECISIVE[rule].unknown


@pytest.mark.parametrize("rule", DECISIVE)
def test_the_good_stack_keeps_it(rule):
    assert not violations(prepared(rule), rule)
