"""What AWS refuses of state machines and pipelines."""

from __future__ import annotations

import json

from tests.policies.mutations.accepted_workflows import flow
from tests.policies.rules.cases import (
    alone,
    test_a_change_breaks_exactly_its_rule,
    test_it_is_not_refused,
    test_it_is_refused,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_it_is_not_refused",
    "test_it_is_refused",
]

BREAKS = []


def machine(definition):
    return alone("aws:sfn/stateMachine:StateMachine", roleArn="arn", definition=definition)


def mapped(**inner):
    """A definition whose map holds another flow."""
    state = {"Type": "Map", "ItemProcessor": inner, "End": True}
    return json.dumps({"StartAt": "Each", "States": {"Each": state}})


def pipeline(*stages):
    named = [{"name": f"stage-{number}", "actions": [one]} for number, one in enumerate(stages)]
    return alone("aws:codepipeline/pipeline:Pipeline", roleArn="arn", stages=named)


SOURCE = {"name": "Source", "category": "Source", "outputArtifacts": ["code"]}
BUILD = {"name": "Build", "category": "Build", "inputArtifacts": ["code"]}
OK = {"One": {"Type": "Succeed"}}

REFUSED = {
    "workflows-accepted": [
        machine("flow:\n  StartAt: One"),
        machine(json.dumps({"States": OK})),
        machine(mapped(StartAt="Two", States=OK)),
        pipeline(SOURCE, {**BUILD, "inputArtifacts": ["built"]}),
        pipeline(SOURCE),
        pipeline({**SOURCE, "category": "Build"}, BUILD),
    ]
}

SOUND = {
    "workflows-accepted": [
        machine(flow()),
        machine(mapped(StartAt="One", States=OK)),
        pipeline(SOURCE, BUILD),
    ]
}
