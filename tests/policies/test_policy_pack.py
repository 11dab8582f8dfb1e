"""The adapter and the catalogue: metadata, unknowns, topology, not applicable."""

import re

import pytest
from guardrails import tokens
from guardrails.catalogue import RULES
from guardrails.convert import plain
from guardrails.graph import Resource, Stack
from guardrails.model import Level, Scope
from guardrails.pack import build_policies
from guardrails.topology import Topology, topology
from guardrails.values import UNKNOWN
from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.policy import _NotApplicableError
from pulumi_policy.proxy import (
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_STRING_VALUE,
    unknown_checking_proxy,
)

from tests.policies.stacks import HIGHLY_AVAILABLE

POLICIES = {policy.name: policy for policy in build_policies()}
OPTIONS = PolicyResourceOptions(False, [], None, [], None, [], None)
HA_RULES = [rule.id for rule in RULES if rule.scope is Scope.HIGH_AVAILABILITY]


def wire(value):
    """Plain data as the SDK delivers it: unknowns are sentinel strings."""
    if value is UNKNOWN:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, dict):
        return {key: wire(element) for key, element in value.items()}
    return [wire(element) for element in value] if isinstance(value, list) else value


def sdk_resources(parts):
    """The parts as the SDK's resources, with proxied properties and linked dependencies."""
    built = {
        name: PolicyResource(
            kind,
            unknown_checking_proxy(wire(props)),
            f"urn:{name}",
            name,
            OPTIONS,
            None,
            None,
            [],
            {},
        )
        for name, (kind, props, _) in parts.items()
    }
    for name, (_, _, dependencies) in parts.items():
        for prop, sources in dependencies.items():
            built[name].property_dependencies[prop] = [built[source] for source in sources]
    return list(built.values())


def run(policy_id, resources, config=None):
    """The reports (message, urn) of one stack policy."""
    reports = []
    POLICIES[policy_id].validate(
        StackValidationArgs(resources, config),
        lambda message, urn=None: reports.append((message, urn)),
    )
    return reports


# --- metadata -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
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


def test_ids_are_unique():
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_policy_carries_its_rules_metadata(rule):
    policy = POLICIES[rule.id]
    assert policy.enforcement_level is EnforcementLevel(rule.level.value)
    assert policy.severity.value == rule.severity.value
    assert policy.url == rule.url
    assert policy.remediation_steps.startswith("1. ")
    assert all(control in policy.description for control in rule.controls.values())


def test_only_rules_about_money_and_teardown_are_advisory():
    advisory = {rule.id for rule in RULES if rule.level is Level.ADVISORY}
    assert advisory == {"rds-multi-az", "rds-deletion-protection"}


# --- unknown values -------------------------------------------------------------------------------


def test_unknowns_become_a_value_at_any_depth():
    props = unknown_checking_proxy(
        {
            "top": UNKNOWN_STRING_VALUE,
            "list": ["known", UNKNOWN_ARRAY_VALUE],
            "nested": {"flag": UNKNOWN_BOOLEAN_VALUE, "number": 1.0},
        }
    )
    assert plain(props) == {
        "top": UNKNOWN,
        "list": ["known", UNKNOWN],
        "nested": {"flag": UNKNOWN, "number": 1.0},
    }


def test_unknown_values_never_reach_the_sdks_own_handling():
    """Were a proxy read directly, `UnknownValueError` would turn the rule into an advisory."""
    parts = {
        name: (kind, dict.fromkeys(props, UNKNOWN), {})
        for name, (kind, props, _) in HIGHLY_AVAILABLE.items()
    }
    resources = sdk_resources(parts)
    for policy in POLICIES.values():
        if isinstance(policy, StackValidationPolicy):
            run(policy.name, resources)
            continue
        assert isinstance(policy, ResourceValidationPolicy)
        for resource in resources:
            args = ResourceValidationArgs(
                resource.resource_type, resource.props, resource.urn, resource.name, OPTIONS, None
            )
            try:
                policy.validate(args, lambda message, urn=None: None)
            except _NotApplicableError:
                continue


def test_an_all_unknown_stack_is_refused_by_the_mandatory_ha_rules():
    parts = {
        name: (kind, dict.fromkeys(props, UNKNOWN), {})
        for name, (kind, props, _) in HIGHLY_AVAILABLE.items()
    }
    resources = sdk_resources(parts)
    for rule_id in ("asg-multi-az", "elbv2-multi-az", "tg-health-check-defined",
                    "asg-behind-listener", "codedeploy-deployment-group"):  # fmt: skip
        assert run(rule_id, resources), rule_id


def test_the_good_stack_passes_through_the_adapter():
    resources = sdk_resources(HIGHLY_AVAILABLE)
    for policy in POLICIES.values():
        if isinstance(policy, StackValidationPolicy):
            assert run(policy.name, resources) == []


def test_a_report_carries_the_resources_urn():
    parts = {**HIGHLY_AVAILABLE}
    kind, props, links = parts["fleet"]
    parts["fleet"] = (kind, {**props, "healthCheckType": "EC2"}, links)
    ((message, urn),) = run("asg-elb-health-check", sdk_resources(parts))
    assert urn == "urn:fleet"
    assert "Remedy: " in message


def test_a_resource_policy_judges_inputs():
    reports = []
    args = ResourceValidationArgs(
        "aws:rds/instance:Instance",
        unknown_checking_proxy({"storageEncrypted": UNKNOWN_BOOLEAN_VALUE}),
        "urn:db",
        "db",
        OPTIONS,
        None,
    )
    POLICIES["rds-encrypted"].validate(args, lambda message, urn=None: reports.append(message))
    assert len(reports) == 1
    assert "not known in this preview" in reports[0]


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


@pytest.mark.parametrize("rule_id", HA_RULES)
def test_ha_rules_do_not_apply_to_a_single_stack(rule_id):
    single = sdk_resources({"top": (tokens.SINGLE_INSTANCE_SERVICE, {}, {})})
    with pytest.raises(_NotApplicableError) as refusal:
        run(rule_id, single)
    assert "does not claim high availability" in refusal.value.reason


def test_an_empty_ha_component_is_refused_for_everything_that_is_missing():
    empty = sdk_resources({"top": (tokens.HIGHLY_AVAILABLE_SERVICE, {}, {})})
    refused = {rule_id for rule_id in HA_RULES if run(rule_id, empty)}
    assert refused == {
        "asg-multi-az",
        "elbv2-multi-az",
        "tg-health-check-defined",
        "codedeploy-deployment-group",
    }


def test_the_topology_parameter_reaches_every_ha_rule():
    for rule_id in HA_RULES:
        assert "topology" in POLICIES[rule_id].config_schema.properties
    assert run("asg-multi-az", [], {"topology": "ha"})


def test_a_parameter_that_a_rule_does_not_have_is_refused():
    reports = run("asg-multi-az", sdk_resources(HIGHLY_AVAILABLE), {"minimumZone": 3.0})
    assert len(reports) == 1
    assert '"minimumZone"' in reports[0][0]
    assert "minimumZones, subnetZones, topology" in reports[0][0]
