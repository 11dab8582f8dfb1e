"""Profiles, levels, and what makes a policy configuration invalid."""

from __future__ import annotations

import json

import pytest
from google.protobuf import json_format, struct_pb2
from guardrails.analyzer import Analyzer
from guardrails.catalogue import RULES
from guardrails.configuration import RuleConfiguration
from guardrails.evaluator import PolicyEvaluator
from guardrails.model import Level, Profile
from pulumi.runtime.proto import analyzer_pb2 as wire

from tests.policies.draft import Draft
from tests.policies.evaluation import PACK_ID, TODAY, configured, findings, one_zone
from tests.policies.mutations import MUTATIONS
from tests.policies.preview.sandbox import PACK

# --- profiles -------------------------------------------------------------------------------------


def test_the_default_profile_is_the_low_cost_one():
    assert findings(configured(), one_zone())[0] == {("rds-multi-az", Level.ADVISORY)}
    assert findings(PolicyEvaluator(), one_zone())[0] == {("rds-multi-az", Level.ADVISORY)}


def test_production_makes_it_mandatory_and_reports_that():
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
    off = configured({"rds-multi-az": None})
    assert findings(off, one_zone())[0] == set()


def test_a_mandatory_rule_that_is_switched_off_is_told():
    off = configured({"rds-multi-az": None}, profile="production")
    found, text = findings(off, one_zone())
    assert found == {(PACK_ID, Level.ADVISORY)}
    assert 'Rule rds-multi-az, mandatory under profile "production", is disabled.' in text


def test_a_pack_without_any_rule_left_says_so():
    off = configured({rule.id: None for rule in RULES})
    found, text = findings(off, one_zone())
    assert found == {(PACK_ID, Level.ADVISORY)}
    assert f"Every rule is disabled ({len(RULES)})" in text


def test_a_pack_in_which_nothing_blocks_any_more_says_so():
    blocking = [rule.id for rule in RULES if rule.level is Level.MANDATORY]
    found, text = findings(configured(dict.fromkeys(blocking, Level.ADVISORY)), Draft())
    assert found == {(PACK_ID, Level.ADVISORY)}
    assert f"{len(blocking)} rules: " in text
    assert "no longer block" in text


def test_a_single_level_is_a_teams_own_business():
    found, _ = findings(configured({"asg-elb-health-check": Level.ADVISORY}), Draft())
    assert not found


def test_longer_exceptions_than_by_default_are_told():
    found, text = findings(configured(maximumExceptionDays=9_999_999.0), Draft())
    assert found == {(PACK_ID, Level.ADVISORY)}
    assert "Exceptions may hold for 9999999 days, by default 400" in text


def test_production_mentions_a_level_and_a_threshold_below_the_default():
    evaluator = configured(
        {"asg-elb-health-check": Level.ADVISORY},
        {"asg-multi-az": {"minimumZones": 1.0}, "ec2-metadata-hop-limit": {"maximumHopLimit": 2.0}},
        profile="production",
    )
    found, text = findings(evaluator, Draft())
    assert found == {(PACK_ID, Level.ADVISORY)}
    assert "Rule asg-elb-health-check no longer blocks" in text
    assert "asg-multi-az is weaker than by default: minimumZones is 1, by default 2" in text
    assert "maximumHopLimit is 2, by default 1" in text
    stronger = configured(parameters={"asg-multi-az": {"minimumZones": 2.0}}, profile="production")
    assert not findings(stronger, Draft())[0]


def test_a_mandatory_rule_can_be_made_advisory_outside_the_profile():
    evaluator = configured({"asg-elb-health-check": Level.ADVISORY})
    draft = Draft().set("group", "healthCheckType", "EC2")
    assert findings(evaluator, draft)[0] == {("asg-elb-health-check", Level.ADVISORY)}


@pytest.mark.parametrize("profile", list(Profile))
def test_each_profile_has_its_file(profile):
    content = json.loads((PACK / "profiles" / f"{profile.value}.json").read_text())
    assert content == {PACK_ID: {"profile": profile.value, "exceptions": []}}


# --- invalid configurations ---------- -----------------------------------------------------------


def test_an_unknown_rule_is_refused_with_the_closest_one():
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


def test_the_level_of_all_rules_is_not_an_unknown_rule():
    evaluator = PolicyEvaluator(today=lambda: TODAY)
    evaluator.configure({"all": RuleConfiguration(Level.ADVISORY)})
    assert evaluator.evaluate_stack(Draft().build()).findings == []


def test_the_topology_of_a_stack_without_component_is_configured():
    without_component = Draft().drop("service")
    ha, single = configured(topology="ha"), configured(topology="single")
    found, text = findings(single, without_component.set("group", "healthCheckType", "EC2"))
    assert found == {(PACK_ID, Level.ADVISORY)}
    assert 'says topology "single", but the stack has Auto Scaling group "group"' in text
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
    assert found == {
        ("rds-multi-az", Level.MANDATORY),
        ("asg-multi-az", Level.MANDATORY),
        (PACK_ID, Level.ADVISORY),  # a mandatory rule is disabled
    }
    assert "at least 3 are required" in text
