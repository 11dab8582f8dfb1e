"""Evaluation of resources and stacks by the rules, under the policy configuration. No Pulumi."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from guardrails import notices
from guardrails.catalogue import RULES
from guardrails.configuration import PACK_CONFIGURATION, Configuration, RuleConfiguration
from guardrails.exceptions import PolicyException
from guardrails.model import Level, ResourceRule, Rule, Scope, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.summary import Outcome, Summary
from guardrails.topology import Topology, resolve_topology


@dataclass(frozen=True)
class Finding:
    """One thing to report, at this level, about a resource or the stack as a whole."""

    rule: Rule
    level: Level
    text: str
    resource: Resource | None = None


@dataclass
class Evaluation:
    """The findings, and the ids of rules that did not apply, with the reason.

    `summary` is what the whole run shows; only the evaluation of a stack has one.
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    not_applicable: dict[str, str] = field(default_factory=dict[str, str])
    summary: Summary | None = None


def _today() -> date:
    return datetime.now(UTC).date()


class PolicyEvaluator:
    """Evaluates the rules under one configuration, for one run of the engine."""

    def __init__(self, rules: Iterable[Rule] = RULES, today: Callable[[], date] = _today) -> None:
        """Start with every default; `configure` replaces them."""
        self._rules = (*rules, PACK_CONFIGURATION)
        self._today = today
        self._secrets: tuple[str, ...] = ()
        self.configure({})

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, including the one about the configuration."""
        return self._rules

    def configure(self, given: Mapping[str, RuleConfiguration]) -> None:
        """Apply a policy configuration, by rule id, and forget which exceptions were used."""
        self._used: dict[PolicyException, set[Resource | None]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._inputs: dict[str, Mapping[str, Any]] = {}
        self._configuration = Configuration(self._rules, given, self._today())

    def keep_secrets(self, texts: Iterable[str]) -> None:
        """Take the values that the stack's configuration keeps secret: no program has them in itself."""
        self._secrets = tuple(texts)

    def evaluate_resource(self, resource: Resource) -> Evaluation:
        """Evaluate one resource by its inputs, before it is created or changed.

        They are kept for the stack's rules: only they tell what the program left out from what is
        not known yet.
        """
        self._inputs[resource.urn] = resource.properties
        evaluation = Evaluation()
        for rule in self._rules:
            if not isinstance(rule, ResourceRule):
                continue
            if resource.type not in rule.types:
                evaluation.not_applicable[rule.id] = f"The rule applies to {', '.join(rule.types)}."
                continue
            level = self._configuration.level(rule)
            if level is not None:
                settings = rule.settings(self._configuration.parameters(rule))
                self._report(evaluation, rule, level, rule.check(resource, settings))
        return evaluation

    def missed(self) -> tuple[Rule, ...]:
        """Return the rules about the whole stack, which say nothing until it is evaluated."""
        return tuple(
            rule
            for rule in self._rules
            if isinstance(rule, StackRule) and self._configuration.level(rule) is not None
        )

    def evaluate_stack(self, stack: Stack) -> Evaluation:
        """Evaluate the stack as a whole, and the policy configuration, at the end."""
        stack = stack.with_inputs(self._inputs, self._secrets)
        evaluation = Evaluation()
        kind, reason = resolve_topology(stack, self._configuration.topology)
        for rule in self._rules:
            level = self._configuration.level(rule)
            if not isinstance(rule, StackRule) or level is None:
                continue
            if rule.scope is Scope.HIGH_AVAILABILITY and kind is not Topology.HIGHLY_AVAILABLE:
                evaluation.not_applicable[rule.id] = (
                    f"The stack does not claim high availability: {reason}."
                )
                continue
            settings = rule.settings(self._configuration.parameters(rule))
            self._report(evaluation, rule, level, rule.check(stack, settings))
        self._report_configuration(evaluation, stack)
        evaluation.summary = self._summary(f"this stack is checked for {kind.described}: {reason}")
        return evaluation

    def _summary(self, claim: str) -> Summary:
        judging = self._configuration.judging
        outcomes = {
            rule.id: Outcome.DISABLED
            if self._configuration.level(rule) is None
            else self._outcomes.get(rule.id, Outcome.NOT_APPLICABLE)
            for rule in judging
        }
        return Summary(judging, outcomes, claim)

    def _note(self, rule: Rule, outcome: Outcome) -> None:
        self._outcomes[rule.id] = max(outcome, self._outcomes.get(rule.id, outcome))

    def _report(
        self, evaluation: Evaluation, rule: Rule, level: Level, violations: Iterable[Violation]
    ) -> None:
        self._note(rule, Outcome.HOLDS)
        for violation in violations:
            exception = self._configuration.exception(rule, violation.resource)
            if exception is not None:
                self._used.setdefault(exception, set()).add(violation.resource)
                self._note(rule, Outcome.EXCEPTED)
                text = f"{violation.what} Accepted by the exception {exception.describe()}."
                finding = Finding(rule, Level.ADVISORY, text, violation.resource)
            else:
                text = rule.text(violation)
                if self._configuration.raised(rule) and not violation.undecided:
                    text += (
                        f' The profile "{self._configuration.profile.value}" makes this mandatory.'
                    )
                said = Level.ADVISORY if violation.undecided else level
                finding = Finding(rule, said, text, violation.resource)
                self._note(rule, _outcome(violation, said))
            evaluation.findings.append(finding)

    def _report_configuration(self, evaluation: Evaluation, stack: Stack) -> None:
        # Mandatory whatever the file says: an invalid file must not excuse itself.
        evaluation.findings += [
            Finding(PACK_CONFIGURATION, Level.MANDATORY, problem)
            for problem in self._configuration.problems
        ]
        configuration = self._configuration
        idle = list(evaluation.not_applicable)
        said = [
            *notices.of_configuration(configuration),
            *notices.of_topology(configuration, stack, idle),
            *notices.of_exceptions(configuration, self._used, self._today()),
        ]
        evaluation.findings += [Finding(PACK_CONFIGURATION, Level.ADVISORY, text) for text in said]


def _outcome(violation: Violation, level: Level) -> Outcome:
    if violation.undecided:
        return Outcome.UNDECIDED
    return Outcome.BROKEN if level is Level.MANDATORY else Outcome.ADVISED
