"""The tests that every module of rules has; `conftest.py` gives them their cases."""

from __future__ import annotations

from tests.policies.draft import Draft, broken, undecided


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
