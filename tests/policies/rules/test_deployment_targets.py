"""What a deployment addresses, and what it leaves behind."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Ref
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_a_change_makes_exactly_its_rule_undecidable,
    test_it_is_not_refused,
    test_it_is_refused,
)
from tests.policies.rules.test_codedeploy import BY_NAME

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_a_change_makes_exactly_its_rule_undecidable",
    "test_it_is_not_refused",
    "test_it_is_refused",
]

GROUP = "deployment-group"
ECS = "aws:codedeploy/deploymentGroup:DeploymentGroup"


def blue_green(draft, **termination):
    draft.set(GROUP, "deploymentStyle.deploymentType", "BLUE_GREEN")
    config = {"greenFleetProvisioningOption": {"action": "DISCOVER_EXISTING"}}
    if termination:
        config["terminateBlueInstancesOnDeploymentSuccess"] = termination
    return draft.set(GROUP, "blueGreenDeploymentConfig", config)


def other_platform(draft, platform, **group):
    """Add a deployment group of another compute platform, with nothing that servers need."""
    draft.add("others", "aws:codedeploy/application:Application", {"computePlatform": platform})
    return draft.add(
        "other-group",
        ECS,
        {"appName": UNKNOWN, "serviceRoleArn": "arn:aws:iam::1:role/x", **group},
        {"appName": ["others"]},
    )


def containers(draft, controller="CODE_DEPLOY", *targets):
    """Add a deployment group of containers, between target groups."""
    draft.add("tasks", "aws:ecs/service:Service", {"deploymentController": {"type": controller}})
    pair = [{"name": Ref(one, "name")} for one in targets or ("target-group", "green")]
    draft.twin("target-group", "green")
    return other_platform(
        draft,
        "ECS",
        ecsService={"clusterName": "shop", "serviceName": Ref("tasks", "name")},
        loadBalancerInfo={"targetGroupPairInfo": {"targetGroups": pair}},
    )


REFUSED = {
    "codedeploy-application-fits": [
        lambda d: containers(d, "ECS"),
        lambda d: containers(d, "CODE_DEPLOY", "target-group", "target-group"),
    ]
}

SOUND = {"codedeploy-application-fits": [containers]}

# A change and the one rule that it breaks.
BREAKS = [
    ("codedeploy-application-fits", lambda d: d.set("application", "computePlatform", "ECS")),
    ("codedeploy-application-fits", lambda d: d.set(GROUP, "appName", "aplication")),
    ("codedeploy-blue-green-way-back", lambda d: blue_green(d, action="TERMINATE")),
    (
        "codedeploy-blue-green-way-back",
        lambda d: blue_green(d, action=UNKNOWN, terminationWaitTimeInMinutes=0.0),
    ),
    (
        "codedeploy-blue-green-way-back",
        lambda d: blue_green(d, action="TERMINATE", terminationWaitTimeInMinutes=UNKNOWN),
    ),
]

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("application", "computePlatform", ...),
    lambda d: d.set("application", "name", "shop").set(GROUP, "appName", "shop"),
    blue_green,
    lambda d: blue_green(d, action="KEEP_ALIVE"),
    lambda d: blue_green(d, action="TERMINATE", terminationWaitTimeInMinutes=60.0),
    lambda d: d.set(GROUP, "onPremisesInstanceTagFilters", [{"key": "Role", "value": "web"}]),
    lambda d: other_platform(d, "ECS", ecsService={"clusterName": "c", "serviceName": "s"}),
    lambda d: other_platform(d, "Lambda"),
    lambda d: other_platform(d, "Lambda", deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce"),
]

# A change after which exactly this rule cannot be decided.
UNDECIDED = [
    ("codedeploy-application-fits", lambda d: d.set(GROUP, "appName", "of-another-stack")),
    ("codedeploy-deployment-group", lambda d: d.set("group", "name", "web").drop(BY_NAME)),
]
