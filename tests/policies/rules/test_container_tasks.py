"""Deployments, room and logs of tasks."""

from __future__ import annotations

import pytest
from guardrails.architecture.instance_sizes import Size, size_of

from tests.policies.draft import Ref
from tests.policies.mutations.container_tasks import CODE_DEPLOY, logging, sized
from tests.policies.mutations.containers import service
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


@pytest.mark.parametrize(
    ("kind", "cpus", "gibibytes"),
    [
        ("t4g.micro", 2, 1),
        ("t3.2xlarge", 8, 32),
        ("m7g.medium", 1, 4),
        ("m6idn.4xlarge", 16, 64),
        ("c7i-flex.large", 2, 4),
        ("r8g.24xlarge", 96, 768),
    ],
)
def test_a_size_is_that_of_the_user_guide(kind, cpus, gibibytes):
    assert size_of(kind) == Size(cpus, gibibytes * 1024)


@pytest.mark.parametrize("kind", ["c5n.large", "m7g.metal", "t2.small", "p5.48xlarge", "r4.large"])
def test_a_size_that_is_not_certain_is_not_known(kind):
    assert size_of(kind) is None


def logs(draft, **options):
    logging(draft, **options)
    return draft


def fits(draft, **needs):
    sized(draft, **needs)
    return draft


def large_host(draft):
    sized(draft, memory=16384)
    draft.set(
        "hosts",
        "mixedInstancesPolicy.launchTemplate.overrides",
        [{"instanceType": "m7g.large"}, {"instanceType": "r7g.xlarge"}],
    )
    return draft


def unknown_host(draft):
    sized(draft, memory=65536)
    draft.set(
        "hosts",
        "mixedInstancesPolicy.launchTemplate.overrides",
        [{"instanceType": "m7g.large"}, {"instanceType": "x2gd.metal"}],
    )
    return draft


def deployed(draft):
    service(draft, deploymentController=CODE_DEPLOY)
    draft.add("blue-green", "aws:codedeploy/application:Application", {"computePlatform": "ECS"})
    draft.add(
        "to-tasks",
        "aws:codedeploy/deploymentGroup:DeploymentGroup",
        {
            "appName": Ref("blue-green", "name"),
            "deploymentGroupName": "tasks",
            "serviceRoleArn": Ref("delivery-role", "arn"),
            "ecsService": {"clusterName": "shop", "serviceName": Ref("tasks", "name")},
            "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
            "deploymentStyle": {
                "deploymentType": "BLUE_GREEN",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
        },
    )


def deployed_to_another(draft):
    deployed(draft)
    draft.set("to-tasks", "ecsService.serviceName", "blog")


BREAKS = [
    ("ecs-code-deploy-deploys", deployed_to_another),
    # What is reserved counts, and every container's.
    ("ecs-task-fits-host", lambda d: fits(d, memory=512, memoryReservation=9000)),
]
KEEPS = [
    logs,
    lambda d: logs(d, **{"awslogs-group": "/shop/central", "awslogs-create-group": "true"}),
    lambda d: logs(d, **{"awslogs-group": "/platform/everything"}),
    fits,
    lambda d: fits(d, memory=7168, cpu=2048),
    large_host,
    unknown_host,
]
UNDECIDED = [
    (
        "ecs-logs-arrive",
        lambda d: logs(d, **{"awslogs-group": "/platform/all", "awslogs-region": "eu-west-1"}),
    ),
]
