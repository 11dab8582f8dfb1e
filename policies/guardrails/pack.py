"""The adapter between the rules and Pulumi's policy SDK; it decides nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import Severity as PolicySeverity

from guardrails.catalogue import RULES
from guardrails.convert import resource_of, stack_of
from guardrails.model import ResourceRule, Rule, Scope, StackRule
from guardrails.topology import PARAMETERS as TOPOLOGY_PARAMETERS
from guardrails.topology import Topology, topology

PACK_NAME = "haproof"
PACK_DESCRIPTION = "High availability and security guardrails for the haproof stacks."


def build_policies(rules: Iterable[Rule] = RULES) -> list[Policy]:
    """One policy per rule, in the same order."""
    return [_policy(rule) for rule in rules]


def _policy(rule: Rule) -> Policy:
    if isinstance(rule, StackRule):
        return StackValidationPolicy(validate=_stack_validation(rule), **_metadata(rule))
    if isinstance(rule, ResourceRule):
        return ResourceValidationPolicy(validate=_resource_validation(rule), **_metadata(rule))
    raise TypeError(f"Rule {rule.id} is neither a StackRule nor a ResourceRule: {type(rule)}.")


def _metadata(rule: Rule) -> dict[str, Any]:
    controls = [f"{catalogue} {control}" for catalogue, control in rule.controls.items()]
    description = f"{rule.title} ({', '.join(controls)})." if controls else f"{rule.title}."
    return {
        "name": rule.id,
        "display_name": rule.title,
        "description": description,
        "enforcement_level": EnforcementLevel(rule.level.value),
        "severity": PolicySeverity(rule.severity.value),
        "config_schema": _schema(rule),
        "remediation_steps": "\n".join(
            f"{index}. {step}" for index, step in enumerate(rule.steps, start=1)
        ),
        "tags": [rule.scope.value, *controls],
        "url": rule.url,
    }


def _schema(rule: Rule) -> PolicyConfigSchema | None:
    parameters = _parameters(rule)
    if not parameters:
        return None
    return PolicyConfigSchema({name: dict(schema) for name, schema in parameters.items()})


def _parameters(rule: Rule) -> dict[str, Mapping[str, Any]]:
    shared = TOPOLOGY_PARAMETERS if rule.scope is Scope.HIGH_AVAILABILITY else {}
    return {**rule.parameters, **shared}


def _refuse_unknown_parameters(
    rule: Rule, given: Mapping[str, Any], report_violation: ReportViolation
) -> None:
    # The engine checks values against the schema, but lets names pass that are not in it: a typing
    # error would silently leave the default in force.
    known = _parameters(rule)
    for name in sorted(set(given) - set(known)):
        names = ", ".join(sorted(known)) or "none"
        report_violation(
            f'The policy configuration gives {rule.id} a parameter "{name}" that it does not have. '
            f"Remedy: remove it or use one of: {names}.",
            None,
        )


def _stack_validation(rule: StackRule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        _refuse_unknown_parameters(rule, args.get_config(), report_violation)
        stack = stack_of(args.resources)
        settings = rule.settings(args.get_config())
        if rule.scope is Scope.HIGH_AVAILABILITY:
            kind, reason = topology(stack, settings.get("topology"))
            if kind is not Topology.HIGHLY_AVAILABLE:
                args.not_applicable(f"The stack does not claim high availability: {reason}.")
        for violation in rule.check(stack, settings):
            urn = violation.resource.urn if violation.resource else None
            report_violation(rule.text(violation), urn)

    return validate


def _resource_validation(
    rule: ResourceRule,
) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if args.resource_type not in rule.types:
            args.not_applicable(f"The rule holds for {', '.join(rule.types)}.")
        _refuse_unknown_parameters(rule, args.get_config(), report_violation)
        settings = rule.settings(args.get_config())
        for violation in rule.check(resource_of(args), settings):
            report_violation(rule.text(violation), None)

    return validate
