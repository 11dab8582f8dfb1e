"""The adapter and the catalogue: the engine's messages, metadata, unknowns, topology."""

import re
import subprocess
import sys

import pytest
import yaml
from google.protobuf import json_format, struct_pb2
from guardrails import tokens
from guardrails.analyzer import PACK_DESCRIPTION, PACK_VERSION, Analyzer, policy_info
from guardrails.catalogue import RULES
from guardrails.convert import properties, to_resource
from guardrails.evaluator import PolicyEvaluator
from guardrails.model import Level, ResourceRule, Scope
from guardrails.resources import Resource, Stack
from guardrails.topology import Topology, topology
from guardrails.values import UNKNOWN
from pulumi.runtime.proto import analyzer_pb2 as wire
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.proxy import (
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_STRING_VALUE,
)

from tests.policies.sandbox import PACK
from tests.policies.stacks import HIGHLY_AVAILABLE

HA_RULES = [rule.id for rule in RULES if rule.scope is Scope.HIGH_AVAILABILITY]
EVERY_RULE = PolicyEvaluator().rules
ALL_UNKNOWN = {
    name: (kind, dict.fromkeys(props, UNKNOWN), {})
    for name, (kind, props, _) in HIGHLY_AVAILABLE.items()
}


def encoded(value):
    """Plain data as it is on the wire: unknowns are sentinel strings."""
    if value is UNKNOWN:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, dict):
        return {key: encoded(element) for key, element in value.items()}
    return [encoded(element) for element in value] if isinstance(value, list) else value


def struct(value):
    return json_format.ParseDict(encoded(value), struct_pb2.Struct())


def stack_request(parts):
    """The parts as the engine sends them at the end of a preview."""
    return wire.AnalyzeStackRequest(
        resources=[
            wire.AnalyzerResource(
                type=kind,
                name=name,
                urn=f"urn:{name}",
                properties=struct(props),
                propertyDependencies={
                    prop: wire.AnalyzerPropertyDependencies(urns=[f"urn:{one}" for one in sources])
                    for prop, sources in dependencies.items()
                },
            )
            for name, (kind, props, dependencies) in parts.items()
        ]
    )


def request(kind, props):
    return wire.AnalyzeRequest(type=kind, name="it", urn="urn:it", properties=struct(props))


def analyze_stack(parts, analyzer=None):
    return (analyzer or Analyzer(PolicyEvaluator())).AnalyzeStack(stack_request(parts), None)


def reported(response):
    return {diagnostic.policyName for diagnostic in response.diagnostics}


# --- metadata -------------------------------------------------------------------------------------


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
}


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)
def test_official_identifiers_have_their_catalogues_form(rule):
    for catalogue, names in rule.controls.items():
        assert names
        for name in names:
            assert re.fullmatch(CONTROL[catalogue], name), name


def test_no_identifier_is_claimed_by_two_rules():
    claims = [name for rule in RULES for names in rule.controls.values() for name in names]
    assert len(set(claims)) == len(claims)


def test_ids_are_unique():
    assert len({rule.id for rule in EVERY_RULE}) == len(EVERY_RULE)


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


def test_the_pack_tells_name_version_and_every_rule():
    info = Analyzer(PolicyEvaluator()).GetAnalyzerInfo(None, None)
    assert info.supportsConfig
    assert info.description == PACK_DESCRIPTION
    assert [policy.name for policy in info.policies] == [rule.id for rule in EVERY_RULE]
    declared = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())["version"]
    assert info.version == PACK_VERSION == declared


def test_only_rules_about_money_teardown_and_domains_are_advisory():
    assert {rule.id for rule in RULES if rule.level is Level.ADVISORY} == {
        "asg-multiple-instance-types",
        "asg-capacity-rebalance",
        "alb-desync-mode",
        "elb-deletion-protection",
        "elb-access-logs",
        "elb-tls-listener",
        "rds-multi-az",
        "rds-deletion-protection",
        "rds-minor-upgrade",
        "no-public-ip",
        "alarm-has-action",
    }


def test_rules_and_judge_need_neither_pulumi_nor_grpc():
    blocked = "import sys; sys.modules.update(dict.fromkeys(('pulumi', 'grpc', 'google')))"
    command = [sys.executable, "-c", f"{blocked}; import guardrails.evaluator, guardrails.docs"]
    subprocess.run(command, cwd=PACK, check=True)


# --- unknown values -------------------------------------------------------------------------------


def test_unknowns_become_a_value_at_any_depth_and_secrets_are_opened():
    message = struct(
        {
            "top": UNKNOWN_STRING_VALUE,
            "list": ["known", UNKNOWN_ARRAY_VALUE],
            "nested": {"flag": UNKNOWN_BOOLEAN_VALUE, "number": 1.0},
            "secret": {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": UNKNOWN_STRING_VALUE},
        }
    )
    assert properties(message) == {
        "top": UNKNOWN,
        "list": ["known", UNKNOWN],
        "nested": {"flag": UNKNOWN, "number": 1.0},
        "secret": UNKNOWN,
    }


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)
def test_no_unknown_demotes_a_rule(rule):
    """Whatever is reported of a stack of unknowns is reported at the rule's own level."""
    evaluator = PolicyEvaluator([one for one in RULES if one is rule])
    analyzer = Analyzer(evaluator)
    responses = [analyze_stack(ALL_UNKNOWN, analyzer)]
    responses += [
        analyzer.Analyze(request(kind, props), None) for kind, props, _ in ALL_UNKNOWN.values()
    ]
    levels = {one.enforcementLevel for response in responses for one in response.diagnostics}
    assert levels <= {wire.EnforcementLevel.Value(rule.level.name)}


def test_an_all_unknown_stack_is_refused_by_the_mandatory_ha_rules():
    assert reported(analyze_stack(ALL_UNKNOWN)) >= {
        "asg-multi-az",
        "elbv2-multi-az",
        "tg-health-check-defined",
        "asg-behind-listener",
        "codedeploy-deployment-group",
    }


def test_the_good_stack_passes_through_the_adapter():
    assert reported(analyze_stack(HIGHLY_AVAILABLE)) == set()


def test_a_report_carries_level_urn_and_remedy():
    kind, props, links = HIGHLY_AVAILABLE["fleet"]
    parts = {**HIGHLY_AVAILABLE, "fleet": (kind, {**props, "healthCheckType": "EC2"}, links)}
    (diagnostic,) = analyze_stack(parts).diagnostics
    assert diagnostic.policyName == "asg-elb-health-check"
    assert diagnostic.enforcementLevel == wire.MANDATORY
    assert diagnostic.severity == wire.POLICY_SEVERITY_HIGH
    assert diagnostic.urn == "urn:fleet"
    assert "Remedy: " in diagnostic.message


def test_a_resource_is_judged_by_its_inputs():
    database = request("aws:rds/instance:Instance", {"storageEncrypted": UNKNOWN})
    response = Analyzer(PolicyEvaluator()).Analyze(database, None)
    message = next(one.message for one in response.diagnostics if one.policyName == "rds-encrypted")
    assert "not known in this preview" in message
    assert to_resource(database).urn == "urn:it"


def test_a_rule_for_other_types_does_not_apply():
    response = Analyzer(PolicyEvaluator()).Analyze(request("aws:ec2/vpc:Vpc", {}), None)
    assert not response.diagnostics
    reasons = {one.policy_name: one.reason for one in response.not_applicable}
    assert "aws:rds/instance:Instance" in reasons["rds-encrypted"]


# --- topology -------------------------------------------------------------------------------------


def stack(*types):
    return Stack(Resource(type=kind, name=kind, urn=kind) for kind in types)


@pytest.mark.parametrize(
    ("types", "configured", "expected"),
    [
        ([tokens.HIGHLY_AVAILABLE_SERVICE], None, Topology.HIGHLY_AVAILABLE),
        ([tokens.HIGHLY_AVAILABLE_SERVICE], "single", Topology.HIGHLY_AVAILABLE),
        ([tokens.SINGLE_INSTANCE_SERVICE], None, Topology.SINGLE),
        ([tokens.SINGLE_INSTANCE_SERVICE], "ha", Topology.SINGLE),
        (
            [tokens.SINGLE_INSTANCE_SERVICE, tokens.HIGHLY_AVAILABLE_SERVICE],
            None,
            Topology.HIGHLY_AVAILABLE,
        ),
        ([], "ha", Topology.HIGHLY_AVAILABLE),
        (["aws:autoscaling/group:Group"], "single", Topology.SINGLE),
        (["aws:autoscaling/group:Group"], None, Topology.HIGHLY_AVAILABLE),
        (["aws:alb/loadBalancer:LoadBalancer"], None, Topology.HIGHLY_AVAILABLE),
        (["aws:ec2/instance:Instance"], None, Topology.SINGLE),
        ([], None, Topology.SINGLE),
    ],
)
def test_topology_is_decided_from_the_resources(types, configured, expected):
    assert topology(stack(*types), configured)[0] is expected


def test_ha_rules_do_not_apply_to_a_single_stack():
    response = analyze_stack({"top": (tokens.SINGLE_INSTANCE_SERVICE, {}, {})})
    reasons = {one.policy_name: one.reason for one in response.not_applicable}
    assert set(reasons) == set(HA_RULES)
    assert all("does not claim high availability" in reason for reason in reasons.values())


def test_security_rules_hold_on_a_single_stack():
    parts = {
        "top": (tokens.SINGLE_INSTANCE_SERVICE, {}, {}),
        "bucket": ("aws:s3/bucket:Bucket", {"bucket": "open"}, {}),
    }
    assert "s3-public-access-blocked" in reported(analyze_stack(parts))


def test_an_empty_ha_component_is_refused_for_everything_that_is_missing():
    empty = analyze_stack({"top": (tokens.HIGHLY_AVAILABLE_SERVICE, {}, {})})
    assert reported(empty) == {
        "asg-multi-az",
        "elbv2-multi-az",
        "tg-health-check-defined",
        "codedeploy-deployment-group",
    }
