"""What is released without CodeDeploy."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.other_releases import REFRESH
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_a_change_makes_exactly_its_rule_undecidable,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_a_change_makes_exactly_its_rule_undecidable",
]

SERVICE, PERMISSION = "aws:ecs/service:Service", "aws:lambda/permission:Permission"


def refreshed(draft, **preferences):
    """The draft with an image that an instance refresh releases."""
    given = {"strategy": "Rolling", "preferences": {**REFRESH, **preferences}}
    return draft.drop("deployment-group").set("group", "instanceRefresh", given)


def containers(draft, **properties):
    return draft.add("containers", SERVICE, {"desiredCount": 4.0, **properties})


def callable_by(draft, principal, **limits):
    given = {"action": "lambda:InvokeFunction", "function": "f", "principal": principal, **limits}
    return draft.add("caller", PERMISSION, given)


BREAKER = {"enable": True, "rollback": True}

# A change and the one rule that it breaks.
BREAKS = [
    ("asg-refresh-rolls-back", refreshed),
    ("asg-refresh-rolls-back", lambda d: refreshed(d, autoRollback=UNKNOWN)),
    ("codedeploy-deployment-group", lambda d: d.drop("deployment-group")),
    ("ecs-service-rolls-back", containers),
    ("ecs-service-rolls-back", lambda d: containers(d,
        deploymentCircuitBreaker={**BREAKER, "rollback": False})),
    ("lambda-not-public", lambda d: callable_by(d, "*")),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: refreshed(d, autoRollback=True),
    lambda d: containers(d, deploymentCircuitBreaker=BREAKER),
    lambda d: containers(d, alarms={**BREAKER, "alarmNames": ["errors"]}),
    lambda d: callable_by(d, "elasticloadbalancing.amazonaws.com"),
    lambda d: callable_by(d, "*", sourceAccount="123456789012"),
    lambda d: callable_by(d, "*", sourceArn=UNKNOWN),
]

# A change that leaves it to somebody outside of the stack.
UNDECIDED = [
    (
        "ecs-code-deploy-deploys",
        lambda d: containers(d, deploymentController={"type": "EXTERNAL"}),
    ),
]
