"""docs/policies.md says what the rules say."""

import subprocess
import sys

import pytest
from guardrails.docs import BEGIN, END, catalogue, replaced
from guardrails.evaluator import Judge

from tests.policies.sandbox import PACK, ROOT

RULES = Judge().rules
PAGE = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")


def test_the_page_has_the_catalogue_of_today():
    assert replaced(PAGE, RULES) == PAGE, "run `.venv/bin/python policies/describe.py --write`"


def test_a_changed_rule_is_noticed():
    assert replaced(PAGE, RULES[1:]) != PAGE


@pytest.mark.parametrize("mark", [BEGIN, END])
def test_a_page_without_its_marks_is_left_alone(mark):
    with pytest.raises(ValueError, match="put them back"):
        replaced(PAGE.replace(mark, ""), RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_told_whole(rule):
    text = catalogue([rule])
    told = [rule.id, rule.title, rule.url, rule.remedy, rule.unknown, *rule.steps, *rule.parameters]
    assert all(part in text for part in told)
    assert all(name in text for names in rule.controls.values() for name in names)


def test_the_command_prints_it():
    command = [sys.executable, str(PACK / "describe.py")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == catalogue(RULES)
