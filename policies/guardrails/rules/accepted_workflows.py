"""What AWS refuses about state machines and pipelines."""

from __future__ import annotations

from guardrails.refusals import refusal_rule
from guardrails.refused import workflow_refusals

WORKFLOWS = refusal_rule(
    workflow_refusals.TABLE,
    id="workflows-accepted",
    title="AWS accepts every state machine and pipeline",
    url="https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html",
    remedy="correct the definition or the stages as the message says.",
)

RULES = (WORKFLOWS,)
