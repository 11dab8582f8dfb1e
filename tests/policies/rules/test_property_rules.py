"""Rules that only ask for the value of one property: absent, unknown, wrong and right values."""

from __future__ import annotations

import pytest
from guardrails.model import Settings
from guardrails.property_rules import (
    AtLeast,
    AtMost,
    OneOf,
    StartsWith,
    must_be,
    property_check,
)
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig

from tests.policies.draft import BY_ID, Draft, violations

CHECKS = {rule.id: check for rule in BY_ID.values() if (check := property_check(rule))}

# An example of a right and of a wrong value, for each kind of requirement.
EXAMPLES = {
    OneOf: lambda one, _: (
        one.values[0],
        not one.values[0] if isinstance(one.values[0], bool) else "something-else",
    ),
    AtLeast: lambda one, settings: (
        float(settings.integer(one.parameter)),
        float(settings.integer(one.parameter) - 1),
    ),
    AtMost: lambda one, settings: (
        float(settings.integer(one.parameter)),
        float(settings.integer(one.parameter) + 1),
    ),
    StartsWith: lambda one, settings: (settings.texts(one.parameter)[0] + "x", "something-else"),
}


def examples(rule_id):
    check = CHECKS[rule_id]
    return EXAMPLES[type(check.requirement)](check.requirement, BY_ID[rule_id].settings({}))


def target(rule_id):
    """The first part of the good stack to which the rule applies."""
    rule, check = BY_ID[rule_id], CHECKS[rule_id]
    types = getattr(rule, "types", None) or rule.check.types
    for resource in Draft().build().of(types):
        if check.applies is None or check.applies(resource):
            return resource.name
    raise AssertionError(f"the good stack has nothing to which {rule_id} applies")


def found(rule_id, value):
    """The violations of the rule by the good stack with this value of the property."""
    path, name = CHECKS[rule_id].path, target(rule_id)
    draft = Draft()
    *parents, _ = path.split(".")
    if not isinstance(dig(draft.parts[name].properties, *parents), dict):
        draft.set(name, ".".join(parents), {})
    draft.set(name, path, UNKNOWN)  # so that there is something to remove
    return violations(draft.set(name, path, value), rule_id)


def test_the_rules_that_only_ask_for_a_value_are_built_alike():
    assert {
        "alb-desync-mode",
        "alb-drop-invalid-headers",
        "codedeploy-outdated-instances-update",
        "ec2-imdsv2",
        "elb-access-logs",
        "elb-deletion-protection",
        "elb-tls-policy",
        "rds-backups",
        "rds-deletion-protection",
        "rds-encrypted",
        "rds-minor-upgrade",
        "rds-multi-az",
        "rds-not-public",
    } <= set(CHECKS)


@pytest.mark.parametrize("rule_id", CHECKS)
def test_a_right_value_keeps_the_rule(rule_id):
    right, _ = examples(rule_id)
    assert not found(rule_id, right)


@pytest.mark.parametrize("rule_id", CHECKS)
def test_a_wrong_value_breaks_the_rule_and_is_named(rule_id):
    _, wrong = examples(rule_id)
    (violation,) = found(rule_id, wrong)
    assert f"{CHECKS[rule_id].label} is " in violation.what
    assert violation.what.endswith(".")
    assert f'"{violation.resource.name}"' in violation.what


@pytest.mark.parametrize("rule_id", CHECKS)
def test_an_unknown_value_breaks_the_rule(rule_id):
    (violation,) = found(rule_id, UNKNOWN)
    assert f"{CHECKS[rule_id].label} is not known in this preview" in violation.what


@pytest.mark.parametrize("absent", [..., None, ""])
@pytest.mark.parametrize("rule_id", CHECKS)
def test_an_absent_value_breaks_the_rule_unless_the_default_complies(rule_id, absent):
    violated = found(rule_id, absent)
    assert bool(violated) == (CHECKS[rule_id].default is None)
    assert all(f"{CHECKS[rule_id].label} is not set" in one.what for one in violated)


@pytest.mark.parametrize("rule_id", CHECKS)
def test_the_documentation_covers_an_absent_value(rule_id):
    assert "unknown" in BY_ID[rule_id].unknown.lower()
    default = CHECKS[rule_id].default
    if default is not None:
        assert f"the documented default, {default}" in BY_ID[rule_id].unknown


# --- one check ------------------------------------------------------------------------------------

NO_SETTINGS = Settings({}, {})


def check_of(value, check):
    resource = Resource(type="t", name="it", urn="urn:it", properties={"someFlag": value})
    return [violation.what for violation in check(resource, NO_SETTINGS)]


@pytest.mark.parametrize(
    ("value", "wanted", "complies"),
    [
        (True, True, True),
        ("true", True, True),
        (False, True, False),
        ("false", True, False),
        (1.0, True, False),
        (False, False, True),
        ("false", False, True),
        (True, False, False),
        (0.0, False, False),
        ("UPDATE", "UPDATE", True),
        ("update", "UPDATE", False),
        (["UPDATE"], "UPDATE", False),
    ],
)
def test_a_boolean_may_be_its_word_and_nothing_else(value, wanted, complies):
    assert (not check_of(value, must_be("someFlag", wanted, '"{name}"'))) == complies


def test_a_message_names_resource_property_and_value():
    check = must_be("someFlag", True, 'Thing "{name}" is open')
    assert check_of(False, check) == ['Thing "it" is open: some_flag is false.']
    assert check_of(None, check) == ['Thing "it" is open: some_flag is not set.']


def test_a_resource_may_leave_an_absent_value_to_another_one():
    check = must_be("someFlag", True, '"{name}"', inherits=lambda _: True)
    assert not check_of(None, check)
    assert check_of(UNKNOWN, check)
    assert check_of(False, check)


def test_a_resource_to_which_the_rule_does_not_apply_is_left_alone():
    check = must_be("someFlag", True, '"{name}"', applies=lambda _: False)
    assert not check_of(False, check)
    assert not check_of(UNKNOWN, check)
