"""Three-valued answers and how they combine."""

from __future__ import annotations

import pytest
from guardrails.architecture.answers import all_of, any_of, no, sentence, undecided, yes

OPEN = undecided("the zone is not known", "subnet a", remedy="set the zone.")


def test_all_of_is_decided_by_a_no_even_beside_an_undecided_answer():
    assert all_of([yes("a"), OPEN, no("closed", "b")]).reason == "closed"
    assert all_of([yes("a"), OPEN]) is OPEN
    assert all_of([yes("a"), yes("b", "c")]) == yes("a", "b", "c")
    assert all_of([]).is_yes


def test_any_of_is_decided_by_a_yes_even_beside_an_undecided_answer():
    assert any_of([no("closed"), OPEN, yes("a")]) == yes("a")
    assert any_of([no("closed"), OPEN]) is OPEN
    both = any_of([no("closed", "a", remedy="open it."), no("far", "b"), no("closed")])
    assert (both.is_no, both.reason, both.path) == (True, "closed; far", ("a",))
    assert any_of([], none="nothing is attached").reason == "nothing is attached"


def test_an_answer_is_no_boolean():
    with pytest.raises(TypeError, match="is_undecided"):
        bool(yes())


def test_steps_before():
    assert yes("b").after("a").path == ("a", "b")


def test_a_reason_begins_a_sentence_unless_it_begins_with_a_property():
    assert sentence("no standby is there") == "No standby is there"
    assert sentence("deletion_protection is false") == "deletion_protection is false"
