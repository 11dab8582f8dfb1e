"""Every request that is in a table of refusals is made in a test, and answered with AWS's words."""

from __future__ import annotations

import importlib
import pkgutil

import guardrails.rules
import pytest

import tests.policies.programs.broken
import tests.policies.programs.innocents  # noqa: F401 - registers them
from tests.policies.draft import BY_ID, Draft, violations
from tests.policies.mutations import MUTATIONS
from tests.policies.programs.cases import BROKEN
from tests.policies.programs.evaluation import findings
from tests.policies.rules.cases import breaking_changes

FAMILIES = [
    rule.id
    for area in pkgutil.iter_modules(guardrails.rules.__path__)
    if area.name.startswith("accepted_")
    for rule in importlib.import_module(f"guardrails.rules.{area.name}").RULES
]


def said(rule):
    """What the rule says about every case of its tests."""
    changes = [change for one, change in breaking_changes() if one == rule]
    changes += [one.change for one in MUTATIONS.values() if one.rule == rule]
    for change in changes:
        draft = Draft()
        change(draft)
        yield from violations(draft, rule)


def in_programs(rule):
    """What it says about the broken programs of its own."""
    for name, one in BROKEN.items():
        if rule in one.rules:
            yield from (found.text for found in findings(name) if found.rule.id == rule)


@pytest.mark.parametrize("rule", FAMILIES)
def test_every_refusal_is_recognized(rule):
    found = list(said(rule))
    texts = " ".join([*(one.what for one in found), *in_programs(rule)])
    missing = [step for step in BY_ID[rule].steps if step.partition(" [Source]")[0] not in texts]
    assert not missing, "\n".join(missing)
    assert all(one.remedy for one in found)
