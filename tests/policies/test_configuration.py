"""Profiles, levels, exceptions, and what is wrong with a policy configuration."""

import json
from datetime import date, timedelta

import pytest
from google.protobuf import json_format, struct_pb2
from guardrails.analyzer import Analyzer
from guardrails.catalogue import RULES
from guardrails.configuration import PACK_CONFIGURATION, RuleConfiguration
from guardrails.evaluator import PolicyEvaluator
from guardrails.model import Level, Profile
from guardrails.resources import Stack
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime.proto import analyzer_pb2 as wire

from tests.policies.draft import BY_ID, Draft
from tests.policies.mutations import MUTATIONS
from tests.policies.preview.sandbox import PACK

TODAY = date(2026, 11, 22)
PACK_ID = PACK_CONFIGURATION.id
REASON = "The trial runs on one small database until the launch."


def configured(levels=None, parameters=None, **own):
    """A judge with levels by rule, parameters by rule, and the pack's own parameters."""
    evaluator = PolicyEvaluator(today=lambda: TODAY)
    settings = {name: dict(values) for name, values in (parameters or {}).items()}
    settings[PACK_ID] = own
    defaults = {rule.id: rule.level for rule in RULES}
    chosen = {**defaults, **(levels or {})}
    names = {*chosen, *settings}
    evaluator.configure(
        {
            name: RuleConfiguration(chosen.get(name, Level.MANDATORY), settings.get(name, {}))
            for name in names
        }
    )
    return evaluator


def exception(**changes):
    entry = {
        "rule": "rds-multi-az",
        "resource": "database",
        "reason": REASON,
        "expires": "2026-12-31",
    }
    return {name: value for name, value in {**entry, **changes}.items() if value is not ...}


def findings(evaluator, draft):
    """(rule id, level) of every finding about the stack, and their texts."""
    found = evaluator.evaluate_stack(draft.build()).findings
    return {(one.rule.id, one.level) for one in found}, " ".join(one.text for one in found)


def one_zone():
    return Draft().set("database", "multiAz", False)


# --- profiles -------------------------------------------------------------------------------------


def test_the_default_profile_is_the_low_cost_one():
    assert findings(configured(), one_zone())[0] == {("rds-multi-az", Level.ADVISORY)}
    assert findings(PolicyEvaluator(), one_zone())[0] == {("rds-multi-az", Level.ADVISORY)}


def test_production_makes_it_mandatory_and_says_so():
    found, text = findings(configured(profile="production"), one_zone())
    assert found == {("rds-multi-az", Level.MANDATORY)}
    assert 'The profile "production" makes this mandatory.' in text


def test_a_profile_lowers_no_rule():
    for rule in RULES:
        if rule.level is Level.MANDATORY:
            assert all(rule.level_in(profile) is Level.MANDATORY for profile in Profile)


def test_production_raises_what_money_and_teardown_leave_advisory():
    raised = {rule.id: rule.level_in(Profile.PRODUCTION) for rule in RULES}
    assert raised == {mutation.rule: mutation.production for mutation in MUTATIONS.values()}


def test_a_single_rule_can_be_raised_or_switched_off():
    raised = configured({"rds-multi-az": Level.MANDATORY})
    assert findings(raised, one_zone())[0] == {("rds-multi-az", Level.MANDATORY)}
    off = configured({"rds-multi-az": None}, profile="production")
    assert findings(off, one_zone())[0] == set()


def test_a_mandatory_rule_can_be_made_advisory_outside_the_profile():
    evaluator = configured({"asg-elb-health-check": Level.ADVISORY})
    draft = Draft().set("group", "healthCheckType", "EC2")
    assert findings(evaluator, draft)[0] == {("asg-elb-health-check", Level.ADVISORY)}


@pytest.mark.parametrize("profile", list(Profile))
def test_each_profile_has_its_file(profile):
    content = json.loads((PACK / "profiles" / f"{profile.value}.json").read_text())
    assert content == {PACK_ID: {"profile": profile.value, "exceptions": []}}


# --- exceptions -----------------------------------------------------------------------------------


def test_an_exception_is_shown_and_does_not_block():
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
        ({"rule": "rds-multi-zone"}, "no rule has that id"),
        ({"rule": ...}, "no rule has that id"),
        ({"rule": PACK_ID}, "no rule has that id"),
        ({"until": "2027-01-01"}, 'unknown field "until"'),
    ],
)
def test_an_exception_that_is_not_in_force_is_a_violation_and_excuses_nothing(change, word):
    evaluator = configured(profile="production", exceptions=[exception(**change)])
    found, text = findings(evaluator, one_zone())
    assert found == {("rds-multi-az", Level.MANDATORY), (PACK_ID, Level.MANDATORY)}
    assert word in text
    assert "is not in force" in text
    assert "Remedy: " in text


@pytest.mark.parametrize("entry", [None, "rds-multi-az", 3.0, []])
def test_an_exception_that_is_no_object_is_a_violation(entry):
    assert (PACK_ID, Level.MANDATORY) in findings(configured(exceptions=[entry]), Draft())[0]


def test_a_bad_exception_blocks_even_where_nothing_is_wrong():
    evaluator = configured(exceptions=[exception(reason=...)])
    assert findings(evaluator, Draft())[0] == {(PACK_ID, Level.MANDATORY)}


def test_a_wrong_configuration_cannot_excuse_itself():
    evaluator = configured({PACK_ID: None}, exceptions=[exception(reason=...)])
    assert findings(evaluator, Draft())[0] == {(PACK_ID, Level.MANDATORY)}


@pytest.mark.parametrize("pattern", ["database", "data*", "urn:data*", "*"])
def test_a_resource_is_meant_by_name_or_urn(pattern):
    evaluator = configured(profile="production", exceptions=[exception(resource=pattern)])
    assert findings(evaluator, one_zone())[0] == {("rds-multi-az", Level.ADVISORY)}


def test_an_exception_of_another_resource_excuses_nothing():
    evaluator = configured(profile="production", exceptions=[exception(resource="other")])
    found, text = findings(evaluator, one_zone())
    assert found == {("rds-multi-az", Level.MANDATORY), (PACK_ID, Level.ADVISORY)}
    assert "covers nothing in this stack. Remedy: remove it." in text


def test_what_the_stack_lacks_as_a_whole_is_excepted_by_a_star_only():
    draft = Draft().drop("deployment-group")
    rule = "codedeploy-deployment-group"
    for pattern, level in (("*", Level.ADVISORY), ("group", Level.MANDATORY)):
        evaluator = configured(exceptions=[exception(rule=rule, resource=pattern)])
        assert (rule, level) in findings(evaluator, draft)[0]


def test_an_exception_of_a_resource_rule_is_not_told_to_be_useless():
    evaluator = configured(exceptions=[exception(rule="rds-encrypted", resource="database")])
    draft = Draft().set("database", "storageEncrypted", False)
    stack = draft.build()
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


# --- what is wrong with a configuration -----------------------------------------------------------


def test_a_rule_that_does_not_exist_is_refused_with_the_near_one():
    found, text = findings(configured({"rds-mutli-az": Level.MANDATORY}), Draft())
    assert found == {(PACK_ID, Level.MANDATORY)}
    assert '"rds-mutli-az" that does not exist' in text
    assert 'write "rds-multi-az"' in text


def test_a_parameter_that_a_rule_does_not_have_is_refused():
    evaluator = configured(parameters={"asg-multi-az": {"minimumZone": 3.0}})
    found, text = findings(evaluator, Draft())
    assert found == {(PACK_ID, Level.MANDATORY)}
    assert '"minimumZone"' in text
    assert "minimumZones, subnetZones" in text


def test_the_level_of_all_rules_is_no_unknown_rule():
    evaluator = PolicyEvaluator(today=lambda: TODAY)
    evaluator.configure({"all": RuleConfiguration(Level.ADVISORY)})
    assert evaluator.evaluate_stack(Draft().build()).findings == []


def test_the_topology_of_a_stack_without_component_is_configured():
    without_component = Draft().drop("service")
    ha, single = configured(topology="ha"), configured(topology="single")
    assert not findings(single, without_component.set("group", "healthCheckType", "EC2"))[0]
    assert findings(ha, without_component.drop("group", "load-balancer"))[0]


def test_the_configuration_comes_over_the_wire():
    message = wire.ConfigureAnalyzerRequest(
        policyConfig={
            PACK_ID: wire.PolicyConfig(
                enforcementLevel=wire.MANDATORY,
                properties=json_format.ParseDict({"profile": "production"}, struct_pb2.Struct()),
            ),
            "rds-multi-az": wire.PolicyConfig(enforcementLevel=wire.ADVISORY),
            "asg-multi-az": wire.PolicyConfig(
                enforcementLevel=wire.REMEDIATE,
                properties=json_format.ParseDict({"minimumZones": 3}, struct_pb2.Struct()),
            ),
            "s3-tls-only": wire.PolicyConfig(enforcementLevel=wire.DISABLED),
        }
    )
    evaluator = PolicyEvaluator()
    Analyzer(evaluator).Configure(message, None)
    found, text = findings(evaluator, one_zone().drop("bucket-policy"))
    assert found == {("rds-multi-az", Level.MANDATORY), ("asg-multi-az", Level.MANDATORY)}
    assert "at least 3 are required" in text
