"""The tests that every module of rules has; `conftest.py` gives them their cases."""

from __future__ import annotations

from tests.policies.draft import Draft, broken, undecided, violations


def test_a_change_breaks_exactly_its_rule(breaking):
    rule, change = breaking
    draft = Draft()
    change(draft)
    assert broken(draft) == {rule}


def test_a_change_breaks_nothing(keeping):
    assert broken(keeping(Draft())) == set()


def test_a_change_makes_exactly_its_rule_undecidable(undecidable):
    rule, change = undecidable
    draft = Draft()
    change(draft)
    assert undecided(draft) == {rule}


def test_it_is_refused(refused):
    rule, change = refused
    draft = Draft()
    change(draft)
    assert violations(draft, rule)


def test_it_is_not_refused(accepted):
    rule, change = accepted
    draft = Draft()
    change(draft)
    assert not violations(draft, rule)


def alone(kind, **properties):
    """A change that adds one resource, to which nothing refers."""
    return lambda draft: draft.add("further", kind, properties)
