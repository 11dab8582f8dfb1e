"""The adapter to the engine: its messages, metadata, unknown values and topology."""

from __future__ import annotations

import pytest
import yaml
from guardrails import tokens
from guardrails.analyzer import PACK_DESCRIPTION, PACK_VERSION, Analyzer, policy_info
from guardrails.catalogue import RULES
from guardrails.convert import to_resource
from guardrails.evaluator import PolicyEvaluator
from guardrails.model import ResourceRule, Scope
from guardrails.resources import Resource
from guardrails.values import UNKNOWN
from pulumi.runtime.proto import analyzer_pb2 as wire

from tests.policies.draft import Draft
from tests.policies.preview.sandbox import PACK
from tests.policies.wire import bare, resource_request, stack_request

HA_RULES = [rule.id for rule in RULES if rule.scope is Scope.HIGH_AVAILABILITY]
EVERY_RULE = PolicyEvaluator().rules


def unknown_stack():
    """The good stack with every property unknown."""
    return [
        Resource(
            type=one.type,
            name=one.name,
            urn=one.urn,
            properties=dict.fromkeys(one.properties, UNKNOWN),
        )
        for one in Draft().build().resources
    ]


def analyze_stack(resources, analyzer=None):
    return (analyzer or Analyzer(PolicyEvaluator())).AnalyzeStack(stack_request(resources), None)


def reported(response):
    return {diagnostic.policyName for diagnostic in response.diagnostics}


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)
def test_a_policy_carries_its_rules_metadata(rule):
    policy = policy_info(rule)
    assert policy.displayName == rule.title
    assert policy.enforcementLevel == wire.EnforcementLevel.Value(rule.level.name)
    assert policy.severity == wire.PolicySeverity.Value(f"POLICY_SEVERITY_{rule.severity.name}")
    assert policy.url == rule.url
    assert policy.remediation_steps.startswith("1. ")
    is_resource_rule = policy.policy_type == wire.POLICY_TYPE_RESOURCE
    assert is_resource_rule == isinstance(rule, ResourceRule)
    for names in rule.controls.values():
        assert all(name in policy.description for name in names)
    assert set(policy.configSchema.properties.keys()) == set(rule.parameters)


def test_the_pack_reports_name_version_and_every_rule():
    info = Analyzer(PolicyEvaluator()).GetAnalyzerInfo(None, None)
    assert info.supportsConfig
    assert info.description == PACK_DESCRIPTION
    assert [policy.name for policy in info.policies] == [rule.id for rule in EVERY_RULE]
    declared = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())["version"]
    assert info.version == PACK_VERSION == declared


def test_every_method_of_the_installed_protocol_is_implemented():
    """The base class of the generated code would answer a new method with UNIMPLEMENTED."""
    service = wire.DESCRIPTOR.services_by_name["Analyzer"]
    methods = {method.name for method in service.methods}
    assert methods
    assert methods <= set(vars(Analyzer))


# --- unknown values -------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)
def test_no_unknown_demotes_a_rule(rule):
    """Of a stack of unknowns all is reported at the rule's own level, or said to be undecidable."""
    evaluator = PolicyEvaluator([one for one in RULES if one is rule])
    analyzer = Analyzer(evaluator)
    resources = unknown_stack()
    responses = [analyze_stack(resources, analyzer)]
    responses += [
        analyzer.Analyze(resource_request(one.type, dict(one.properties)), None)
        for one in resources
    ]
    levels = {
        one.enforcementLevel
        for response in responses
        for one in response.diagnostics
        if "\nNot decidable here: " not in one.message
    }
    assert levels <= {wire.EnforcementLevel.Value(rule.level.name)}


def test_an_unknown_stack_is_refused_by_the_mandatory_ha_rules():
    assert reported(analyze_stack(unknown_stack())) >= {
        "asg-multi-az",
        "elbv2-multi-az",
        "tg-health-check-defined",
        "asg-behind-listener",
        "codedeploy-deployment-group",
    }


def test_the_good_stack_passes_through_the_adapter():
    assert reported(analyze_stack(Draft().build().resources)) == set()


def test_a_report_carries_level_urn_and_remedy():
    draft = Draft().set("group", "healthCheckType", "EC2")
    (diagnostic,) = analyze_stack(draft.build().resources).diagnostics
    assert diagnostic.policyName == "asg-elb-health-check"
    assert diagnostic.enforcementLevel == wire.MANDATORY
    assert diagnostic.severity == wire.POLICY_SEVERITY_HIGH
    assert diagnostic.urn == "urn:group"
    assert "Remedy: " in diagnostic.message
    rule = next(one for one in RULES if one.id == diagnostic.policyName)
    assert diagnostic.message.startswith(f"{rule.question.value} {rule.title}.\n")


def test_a_resource_is_evaluated_by_its_inputs():
    database = resource_request("aws:rds/instance:Instance", {"storageEncrypted": UNKNOWN})
    response = Analyzer(PolicyEvaluator()).Analyze(database, None)
    message = next(one.message for one in response.diagnostics if one.policyName == "rds-encrypted")
    assert "not known in this preview" in message
    assert to_resource(database).urn == "urn:it"


def test_a_rule_for_other_types_does_not_apply():
    response = Analyzer(PolicyEvaluator()).Analyze(resource_request("aws:ec2/vpc:Vpc", {}), None)
    assert not response.diagnostics
    reasons = {one.policy_name: one.reason for one in response.not_applicable}
    assert "aws:rds/instance:Instance" in reasons["rds-encrypted"]


# --- topology -------------------------------------------------------------------------------------


def test_ha_rules_do_not_apply_to_a_single_stack():
    response = analyze_stack([bare(tokens.SINGLE_INSTANCE_SERVICE)])
    reasons = {one.policy_name: one.reason for one in response.not_applicable}
    assert set(reasons) == set(HA_RULES)
    assert all("does not claim high availability" in reason for reason in reasons.values())


def test_security_rules_hold_on_a_single_stack():
    resources = [
        bare(tokens.SINGLE_INSTANCE_SERVICE),
        bare("aws:s3/bucket:Bucket", {"bucket": "open"}),
    ]
    assert "s3-public-access-blocked" in reported(analyze_stack(resources))


def test_an_empty_ha_component_is_refused_for_everything_that_is_missing():
    empty = analyze_stack([bare(tokens.HIGHLY_AVAILABLE_SERVICE)])
    assert reported(empty) == {
        "asg-multi-az",
        "elbv2-multi-az",
        "tg-health-check-defined",
        "codedeploy-deployment-group",
    }


def test_what_the_configuration_keeps_secret_is_not_written_in_the_program():
    evaluator = PolicyEvaluator()
    analyzer = Analyzer(evaluator)
    word = "Tr0ub4dor&3xyz"
    given = {"type": "SecureString", "name": "/shop/db-password", "value": word}
    stack = [bare("aws:ssm/parameter:Parameter", given)]

    def told():
        return "no-secret-literal" in {
            one.policyName for one in analyze_stack(stack, analyzer).diagnostics
        }

    assert told()
    request = wire.AnalyzerStackConfigureRequest(
        config={"shop:word": word, "shop:region": "eu-west-1"}, config_secret_keys=["shop:word"]
    )
    analyzer.ConfigureStack(request, None)
    analyzer.Configure(wire.ConfigureAnalyzerRequest(), None)
    assert not told()
    analyzer.Handshake(None, None)
    assert told()
