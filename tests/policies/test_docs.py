"""docs/policies.md matches the rules."""

from __future__ import annotations

import re

import pytest
from guardrails.catalogue import RULES as CATALOGUE
from guardrails.docs import BEGIN, END, render_catalogue, replace_catalogue
from guardrails.evaluator import PolicyEvaluator

from docgen.documents import DOCUMENTS
from tests.policies.preview.sandbox import ROOT

RULES = PolicyEvaluator().rules
PAGE = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")


def test_the_page_has_the_current_catalogue():
    assert DOCUMENTS["policies"].render() == PAGE, "run `python -m docgen --write`"


def test_a_changed_rule_is_noticed():
    assert replace_catalogue(PAGE, RULES[1:]) != PAGE


@pytest.mark.parametrize("mark", [BEGIN, END])
def test_a_page_without_its_marks_is_left_alone(mark):
    with pytest.raises(ValueError, match="put them back"):
        replace_catalogue(PAGE.replace(mark, ""), RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_documented_completely(rule):
    text = render_catalogue([rule])
    documented = [
        rule.id,
        rule.title,
        rule.url,
        rule.remedy,
        rule.unknown,
        *rule.steps,
        *rule.parameters,
    ]
    assert all(part in text for part in documented)
    assert all(name in text for names in rule.controls.values() for name in names)


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_the_number_of_rules_is_the_current_one(name):
    """Where the pages count rules, they count all of them; earlier releases keep their numbers."""
    page = (ROOT / name).read_text(encoding="utf-8")
    unreleased = page.partition("## [Unreleased]")[2].partition("\n## [")[0] or page
    for count in re.findall(r"(\d+) rules|rules, now (\d+)", unreleased):
        assert int(next(filter(None, count))) == len(CATALOGUE)
