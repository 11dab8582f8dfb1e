"""Every request that is in a table of refusals is made in a test, and answered with AWS's words."""

from __future__ import annotations

import importlib
import pkgutil

import guardrails.rules
import pytest

from tests.policies.draft import BY_ID, Draft, violations
from tests.policies.mutations import MUTATIONS

FAMILIES = [
    (area.name, rule.id)
    for area in pkgutil.iter_modules(guardrails.rules.__path__)
    if area.name.startswith("accepted_")
    for rule in importlib.import_module(f"guardrails.rules.{area.name}").RULES
]


def said(area, rule):
    """What the rule says about every case of its module of tests."""
    module = importlib.import_module(f"tests.policies.rules.test_{area}")
    changes = [change for one, change in module.BREAKS if one == rule]
    changes += module.REFUSED.get(rule, [])
    changes += [one.change for one in MUTATIONS.values() if one.rule == rule]
    for change in changes:
        draft = Draft()
        change(draft)
        yield from violations(draft, rule)


@pytest.mark.parametrize(("area", "rule"), FAMILIES, ids=[rule for _, rule in FAMILIES])
def test_every_refusal_is_recognized(area, rule):
    found = list(said(area, rule))
    texts = " ".join(one.what for one in found)
    missing = [step for step in BY_ID[rule].steps if step.partition(" [Source]")[0] not in texts]
    assert not missing
    assert all(one.remedy for one in found)
