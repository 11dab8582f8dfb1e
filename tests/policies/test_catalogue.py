"""The catalogue: metadata of every rule, levels, and what the rules may import."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from guardrails.catalogue import RULES
from guardrails.evaluator import PolicyEvaluator

from tests.policies.mutations import MUTATIONS
from tests.policies.preview.sandbox import PACK

EVERY_RULE = PolicyEvaluator().rules


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)
def test_metadata_is_complete(rule):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.id)
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.remedy[0].islower()
    assert rule.unknown.endswith(".")
    assert rule.steps
    assert rule.url.startswith("https://")
    for schema in rule.parameters.values():
        assert schema["description"]
        assert "type" in schema


CONTROL = {
    "AWS Config": r"[A-Z0-9]+(_[A-Z0-9]+)+",
    "Security Hub": r"[A-Za-z0-9]+\.\d+",
    "Control Tower": r"CT\.[A-Z0-9]+\.PR\.\d+",
    "Checkov": r"CKV2?_AWS_\d+",
    "Prowler": r"[a-z0-9]+(_[a-z0-9]+)+",
    "cfn-guard": r"[a-z0-9]+(_[a-z0-9]+)+",
    "Trusted Advisor": r"[A-Z][A-Za-z0-9_ ()-]+",  # a check's name; its id says nothing to people
    "Well-Architected": r"(COST|OPS|PERF|REL|SEC|SUS)\d\d-BP\d\d",
}
SHARED = {"Well-Architected", "Trusted Advisor"}
"""Catalogues of practices, each of which takes more than one rule."""


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)
def test_official_identifiers_have_their_catalogues_form(rule):
    for catalogue, names in rule.controls.items():
        assert names
        for name in names:
            assert re.fullmatch(CONTROL[catalogue], name), name


def test_no_identifier_is_claimed_by_two_rules():
    claims = [
        name
        for rule in RULES
        for catalogue, names in rule.controls.items()
        if catalogue not in SHARED
        for name in names
    ]
    assert len(set(claims)) == len(claims)


def test_ids_are_unique():
    assert len({rule.id for rule in EVERY_RULE}) == len(EVERY_RULE)


def test_every_rule_has_the_level_that_its_mutations_expect():
    """Advisory is only what costs money, a domain or a teardown, or has a harmless default."""
    expected = {(mutation.rule, mutation.level) for mutation in MUTATIONS.values()}
    assert {(rule.id, rule.level) for rule in RULES} == expected


def test_rules_and_evaluator_need_neither_pulumi_nor_grpc():
    blocked = "import sys; sys.modules.update(dict.fromkeys(('pulumi', 'grpc', 'google')))"
    command = [sys.executable, "-c", f"{blocked}; import guardrails.evaluator, guardrails.docs"]
    subprocess.run(command, cwd=PACK, check=True)
