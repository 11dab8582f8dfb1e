"""What AWS is told is what its API takes, and no role may more than it needs."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import validate_parameters

from loadtest.engine.fargate import documents
from loadtest.engine.fargate.settings import FargateSettings
from loadtest.engine.fargate.sizing import Size
from tests.loadtest.engine.fargate.account import SETTINGS

SIZE = Size(2, 5120)


def settings(**changes: Any) -> FargateSettings:
    return FargateSettings.model_validate({**SETTINGS, **changes})


def definition(**changes: Any) -> dict[str, Any]:
    return documents.task_definition(
        settings(**changes), SIZE, region="us-east-1", prefix="haproof-load/a", limit_s=612.2
    )


def validate(operation: str, arguments: dict[str, Any]) -> None:
    model = botocore.session.get_session().get_service_model("ecs").operation_model(operation)
    assert model.input_shape is not None
    validate_parameters(arguments, model.input_shape)


@pytest.mark.parametrize("changes", [{}, {"logGroup": "/load", "securityGroups": ["sg-0a"]}])
def test_aws_s_own_model_takes_them(changes: dict[str, Any]):
    validate("RegisterTaskDefinition", definition(**changes))
    started = documents.run_task(
        settings(**changes),
        definition="haproof-load-worker:1",
        worker=3,
        token="haproof-0123456789abcdef",
        subnets=["subnet-0a"],
    )
    validate("RunTask", started)
    assert len(started["clientToken"]) <= 64
    assert len(started["startedBy"]) <= 36


def test_a_worker_is_arm64_on_fargate_and_ends_at_a_limit_of_its_own():
    made = definition()
    assert made["requiresCompatibilities"] == ["FARGATE"]
    assert made["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    assert (made["cpu"], made["memory"]) == ("2048", "5120")
    (container,) = made["containerDefinitions"]
    assert container["command"][:4] == ["timeout", "--signal=TERM", "--kill-after=60", "613"]
    # Fargate lets a container two minutes at most to end.
    assert container["stopTimeout"] <= 120


def test_a_worker_reads_and_writes_below_its_prefix_and_nothing_else():
    (statement,) = documents.policies(settings(), "us-east-1")["taskRole"]["Statement"]
    assert statement["Action"] == ["s3:GetObject", "s3:PutObject"]
    assert statement["Resource"] == "arn:aws:s3:::our-load-tests/haproof-load/*"


def test_ecs_pulls_this_image_and_writes_this_log():
    found = documents.policies(settings(logGroup="/load"), "us-east-1")["executionRole"]
    resources = {action: one["Resource"] for one in found["Statement"] for action in one["Action"]}
    assert resources["ecr:BatchGetImage"] == (
        "arn:aws:ecr:us-east-1:123456789012:repository/haproof-worker"
    )
    assert resources["logs:PutLogEvents"].endswith(":log-group:/load:*")
    public = documents.policies(settings(image="docker.io/ours/worker"), "us-east-1")
    assert "ecr:BatchGetImage" not in str(public["executionRole"])


@pytest.mark.parametrize(
    "registry",
    [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com",
        "123456789012.dkr-ecr.eu-west-1.on.aws",
        "123456789012.dkr-ecr-fips.eu-west-1.on.aws",
    ],
)
def test_a_private_registry_has_several_names(registry: str):
    image = f"{registry}/load/worker@sha256:0123"
    found = documents.policies(settings(image=image), "us-east-1")["executionRole"]
    assert "arn:aws:ecr:eu-west-1:123456789012:repository/load/worker" in [
        one["Resource"] for one in found["Statement"]
    ]


def test_only_calls_that_know_no_resource_are_allowed_on_all():
    found = documents.policies(settings(), "us-east-1")["coordinator"]["Statement"]
    everywhere = {action for one in found if one["Resource"] == "*" for action in one["Action"]}
    assert everywhere == {
        "ecs:ListTasks",  # in one cluster, by its condition
        "ecs:RegisterTaskDefinition",
        "ecs:DeregisterTaskDefinition",
        "cloudwatch:GetMetricStatistics",
        "servicequotas:GetServiceQuota",
        "servicequotas:GetAWSDefaultServiceQuota",
    }
    in_cluster = [one for one in found if "ecs:RunTask" in one["Action"]]
    assert in_cluster[0]["Condition"] == {
        "ArnEquals": {"ecs:cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/load"}
    }
    passed = next(one for one in found if one["Action"] == ["iam:PassRole"])
    assert passed["Resource"] == [SETTINGS["taskRole"], SETTINGS["executionRole"]]
    # Looking up the default VPC is needed only where no subnets are named.
    assert "ec2:DescribeSubnets" in str(documents.policies(settings(subnets=[]), "us-east-1"))


def test_only_ecs_in_this_account_may_take_the_roles():
    trust = documents.policies(settings(), "us-east-1")["trust"]["Statement"][0]
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
