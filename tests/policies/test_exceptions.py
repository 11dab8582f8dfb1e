"""Exceptions from rules: what they cover, how long, and what makes them invalid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from guardrails.model import Level
from guardrails.resources import Stack
from hypothesis import given
from hypothesis import strategies as st

from tests.policies.draft import BY_ID, Draft
from tests.policies.evaluation import (
    PACK_ID,
    REASON,
    TODAY,
    configured,
    exception,
    findings,
    one_zone,
)


def test_a_covered_violation_is_reported_and_does_not_block():
    evaluator = configured(profile="production", exceptions=[exception()])
    found, text = findings(evaluator, one_zone())
    assert found == {("rds-multi-az", Level.ADVISORY)}
    assert "Accepted by the exception of rule rds-multi-az" in text
    assert "until 2026-12-31" in text
    assert REASON in text


def test_an_exception_holds_through_its_last_day():
    last = configured(profile="production", exceptions=[exception(expires="2026-11-22")])
    assert findings(last, one_zone())[0] == {("rds-multi-az", Level.ADVISORY)}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"expires": "2026-11-21"}, "expired on 2026-11-21"),
        ({"expires": ...}, "not a date"),
        ({"expires": "next year"}, "not a date"),
        ({"expires": 20261231.0}, "not a date"),
        ({"reason": ...}, "no reason"),
        ({"reason": "  "}, "no reason"),
        ({"resource": ...}, "no resource"),
        ({"rule": "rds-multi-zone"}, 'no rule has that id. Remedy: write "rds-multi-az".'),
        ({"rule": "*"}, "write one exception per rule"),
        ({"rule": ...}, "no rule has that id"),
        ({"rule": PACK_ID}, "no rule has that id"),
        ({"until": "2027-01-01"}, 'unknown field "until"'),
    ],
)
def test_an_exception_that_is_not_in_force_is_a_violation_and_covers_nothing(change, word):
    evaluator = configured(profile="production", exceptions=[exception(**change)])
    found, text = findings(evaluator, one_zone())
    assert found == {("rds-multi-az", Level.MANDATORY), (PACK_ID, Level.MANDATORY)}
    assert word in text
    assert "is not in force" in text
    assert "Remedy: " in text


@pytest.mark.parametrize("entry", [None, "rds-multi-az", 3.0, []])
def test_an_exception_that_is_not_an_object_is_a_violation(entry):
    assert (PACK_ID, Level.MANDATORY) in findings(configured(exceptions=[entry]), Draft())[0]


def test_a_bad_exception_blocks_even_where_nothing_is_wrong():
    evaluator = configured(exceptions=[exception(reason=...)])
    assert findings(evaluator, Draft())[0] == {(PACK_ID, Level.MANDATORY)}


def test_an_invalid_configuration_cannot_excuse_itself():
    evaluator = configured({PACK_ID: None}, exceptions=[exception(reason=...)])
    assert findings(evaluator, Draft())[0] == {(PACK_ID, Level.MANDATORY)}


@pytest.mark.parametrize("pattern", ["database", "data*", "urn:data*", "*"])
def test_a_resource_is_matched_by_name_or_urn(pattern):
    evaluator = configured(profile="production", exceptions=[exception(resource=pattern)])
    found = findings(evaluator, one_zone())[0] - {(PACK_ID, Level.ADVISORY)}
    assert found == {("rds-multi-az", Level.ADVISORY)}


@pytest.mark.parametrize("pattern", ["*", "**", "?*", "urn:*"])
def test_an_exception_for_every_resource_is_told(pattern):
    entry = exception(resource=pattern, expires="9999-12-31")
    found, text = findings(configured(profile="production", exceptions=[entry]), one_zone())
    assert found == {("rds-multi-az", Level.ADVISORY), (PACK_ID, Level.ADVISORY)}
    assert f'An exception for resource "{pattern}" covers whatever is added later, too' in text
    assert "Remedy: name what it is for: database." in text
    assert "longer than 400 (maximumExceptionDays)" in text


def test_how_far_ahead_an_exception_may_expire_is_a_parameter():
    entry = exception(expires="2028-11-22")
    evaluator = configured(profile="production", exceptions=[entry], maximumExceptionDays=731.0)
    assert findings(evaluator, one_zone())[0] == {("rds-multi-az", Level.ADVISORY)}


def test_an_exception_of_another_resource_covers_nothing():
    evaluator = configured(profile="production", exceptions=[exception(resource="other")])
    found, text = findings(evaluator, one_zone())
    assert found == {("rds-multi-az", Level.MANDATORY), (PACK_ID, Level.ADVISORY)}
    assert "covers nothing in this stack. Remedy: remove it." in text


def test_what_the_stack_lacks_as_a_whole_is_covered_by_a_star_only():
    draft = Draft().drop("deployment-group")
    rule = "codedeploy-deployment-group"
    for pattern, level in (("*", Level.ADVISORY), ("group", Level.MANDATORY)):
        evaluator = configured(exceptions=[exception(rule=rule, resource=pattern)])
        assert (rule, level) in findings(evaluator, draft)[0]


def test_a_used_exception_of_a_resource_rule_is_not_reported_as_unused():
    evaluator = configured(exceptions=[exception(rule="rds-encrypted", resource="database")])
    draft = Draft().set("database", "storageEncrypted", False)
    stack = draft.build(inputs=True)
    levels = {
        one.level
        for resource in stack.resources
        for one in evaluator.evaluate_resource(resource).findings
        if one.rule.id == "rds-encrypted"
    }
    assert levels == {Level.ADVISORY}
    assert findings(evaluator, draft)[0] == set()


@given(days=st.integers(-4000, 4000), names=st.sampled_from(sorted(BY_ID)))
def test_an_exception_is_either_in_force_or_reported(days, names):
    expires = (TODAY + timedelta(days)).isoformat()
    evaluator = configured(exceptions=[exception(rule=names, resource="x", expires=expires)])
    levels = {
        one.level for one in evaluator.evaluate_stack(Stack([])).findings if one.rule.id == PACK_ID
    }
    assert levels == {Level.ADVISORY if days >= 0 else Level.MANDATORY}
