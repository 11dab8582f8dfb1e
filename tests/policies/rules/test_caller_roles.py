"""What calls others: whether its role may."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Ref
from tests.policies.mutations.caller_roles import caller, workflow
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def scheduled(action):
    """A schedule that sends to a queue of the stack."""

    def change(draft):
        caller(draft, "scheduler.amazonaws.com", action)
        draft.add("jobs", "aws:sqs/queue:Queue", {"sqsManagedSseEnabled": True})
        call = {
            "scheduleExpression": "rate(1 hour)",
            "flexibleTimeWindow": {"mode": "OFF"},
            "target": {"arn": Ref("jobs", "arn"), "roleArn": Ref("its-role", "arn")},
        }
        return draft.add("hourly", "aws:scheduler/schedule:Schedule", call)

    return change


def piped(action):
    """A pipeline that builds."""

    def change(draft):
        caller(draft, "codepipeline.amazonaws.com", action)
        source = {
            "name": "Source", "category": "Source", "owner": "AWS", "version": "1",
            "provider": "CodeStarSourceConnection", "outputArtifacts": ["code"],
        }  # fmt: skip
        build = {
            "name": "Build", "category": "Build", "owner": "AWS", "version": "1",
            "provider": "CodeBuild", "inputArtifacts": ["code"],
        }  # fmt: skip
        stages = [
            {"name": name, "actions": [one]} for name, one in (("Source", source), ("Build", build))
        ]
        given = {"roleArn": Ref("its-role", "arn"), "stages": stages}
        return draft.add("pipeline", "aws:codepipeline/pipeline:Pipeline", given)

    return change


def flow(path, value):
    def change(draft):
        workflow(draft, None)
        return draft.set("orders", path, value)

    return change


RULE = "caller-role-permissions"
BREAKS = [
    (RULE, scheduled(None)),
    (RULE, scheduled("sqs:ReceiveMessage")),
    (RULE, piped("codebuild:BatchGetBuilds")),
]

KEEPS = [
    lambda draft: workflow(draft, "sqs:*") or draft,
    flow("roleArn", "arn:aws:iam::123456789012:role/of-others"),
    flow("definition", UNKNOWN),
    scheduled("sqs:SendMessage"),
    piped("codebuild:StartBuild"),
]
