"""What breaks the rules about what is released without CodeDeploy."""

from __future__ import annotations

from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, MANDATORY, breaks, decides

decides("asg-refresh-rolls-back", "group", "instanceRefresh", absent=KEEPS, unknown=KEEPS)
decides("asg-refresh-completes", "group", "instanceRefresh", absent=KEEPS, unknown=KEEPS)


def _containers(stack, **properties):
    given = {"desiredCount": 4, "name": "containers", **properties}
    stack.add("containers", "aws:ecs/service:Service", given)


def _everybody(stack, **limits):
    given = {"action": "lambda:InvokeFunction", "function": "resize", "principal": "*", **limits}
    stack.add("everybody", "aws:lambda/permission:Permission", given)


decides(
    "ecs-service-rolls-back",
    "containers",
    "deploymentCircuitBreaker",
    absent=BREAKS,
    unknown=BREAKS,
    given=lambda d: _containers(d, deploymentCircuitBreaker={"enable": True, "rollback": True}),
)
decides(
    "lambda-not-public",
    "everybody",
    "sourceArn",
    absent=BREAKS,
    unknown=KEEPS,
    given=lambda d: _everybody(d, sourceArn="arn:aws:s3:::pictures"),
)


REFRESH = {
    "minHealthyPercentage": 100,
    "maxHealthyPercentage": 200,
    "instanceWarmup": "60",
    "skipMatching": True,
}


@breaks("asg-refresh-rolls-back")
def refresh_that_releases_and_stays(stack):
    stack.drop("deployment-group")
    stack.set("group", "instanceRefresh", {"strategy": "Rolling", "preferences": REFRESH})


@breaks("asg-refresh-rolls-back")
def refresh_told_not_to_go_back(stack):
    stack.drop("deployment-group")
    preferences = {**REFRESH, "autoRollback": False}
    stack.set("group", "instanceRefresh", {"strategy": "Rolling", "preferences": preferences})


@breaks("asg-refresh-completes")
def refresh_that_ends_half_way(stack):
    preferences = {**REFRESH, "autoRollback": True, "checkpointPercentages": [20, 50]}
    stack.set("group", "instanceRefresh", {"strategy": "Rolling", "preferences": preferences})


@breaks("ecs-service-rolls-back", ADVISORY)
def containers_that_do_not_go_back(stack):
    _containers(stack)


@breaks("lambda-not-public", ADVISORY, production=MANDATORY)
def function_for_everybody(stack):
    _everybody(stack)
