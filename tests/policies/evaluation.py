"""Evaluates the good stack under a policy configuration, on a fixed day."""

from __future__ import annotations

from datetime import date

from guardrails.catalogue import RULES
from guardrails.configuration import PACK_CONFIGURATION, RuleConfiguration
from guardrails.evaluator import PolicyEvaluator
from guardrails.model import Level

from tests.policies.draft import Draft

TODAY = date(2026, 11, 22)
PACK_ID = PACK_CONFIGURATION.id
REASON = "The trial runs on one small database until the launch."


def configured(levels=None, parameters=None, **own):
    """An evaluator with levels by rule, parameters by rule, and the pack's own parameters."""
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
