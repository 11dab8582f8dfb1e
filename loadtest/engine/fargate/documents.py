"""The documents for AWS: the workers' task definition, and the IAM policies involved."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from loadtest.engine.fargate.settings import FargateSettings
from loadtest.engine.fargate.sizing import Size

FAMILY: Final = "haproof-load-worker"
CONTAINER: Final = "worker"
PROGRAM: Final = "loadtest.engine.fargate.worker"
STOP_TIMEOUT_S: Final = 60
"""Between SIGTERM and SIGKILL (`stopTimeout`): for the generator's end and the last records."""
BUCKET, PREFIX, WORKER = "HAPROOF_BUCKET", "HAPROOF_PREFIX", "HAPROOF_WORKER_NUMBER"
"""The variables by which a worker learns what it is."""
_ECR: Final = re.compile(r"^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.")
"""Account and region of a private registry, also by its dual-stack name (`….dkr-ecr.us-east-1.on.aws`)."""


def task_definition(
    settings: FargateSettings, size: Size, *, region: str, prefix: str, limit_s: float
) -> dict[str, Any]:
    """Return the arguments of RegisterTaskDefinition.

    `timeout` ends a worker for good after `limit_s`, whatever becomes of its program and of whoever
    started it.
    """
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": settings.image,
        "essential": True,
        "command": [
            *("timeout", "--signal=TERM", f"--kill-after={STOP_TIMEOUT_S}"),
            *(str(math.ceil(limit_s)), "python", "-m", PROGRAM),
        ],
        "environment": [
            {"name": name, "value": value}
            for name, value in (
                (BUCKET, settings.bucket),
                (PREFIX, prefix),
                ("AWS_DEFAULT_REGION", region),
            )
        ],
        "stopTimeout": STOP_TIMEOUT_S,
        "linuxParameters": {"initProcessEnabled": True},
        # A visitor is a connection.
        "ulimits": [{"name": "nofile", "softLimit": 65535, "hardLimit": 65535}],
    }
    if settings.log_group:
        container["logConfiguration"] = {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": settings.log_group,
                "awslogs-region": region,
                "awslogs-stream-prefix": CONTAINER,
            },
        }
    return {
        "family": FAMILY,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "cpu": str(size.cpu_units),
        "memory": str(size.memory_mib),
        "taskRoleArn": settings.task_role,
        "executionRoleArn": settings.execution_role,
        "containerDefinitions": [container],
    }


def run_task(
    settings: FargateSettings, *, definition: str, worker: int, token: str, subnets: list[str]
) -> dict[str, Any]:
    """Return the arguments of RunTask for one worker; a second call with the same starts nothing."""
    network: dict[str, Any] = {
        "subnets": subnets,
        "assignPublicIp": "ENABLED" if settings.public_address else "DISABLED",
    }
    if settings.security_groups:
        network["securityGroups"] = settings.security_groups
    number = {"name": WORKER, "value": str(worker)}
    return {
        "cluster": settings.cluster,
        "taskDefinition": definition,
        "launchType": "FARGATE",
        # The first with the clock's error in the task's metadata.
        "platformVersion": "1.4.0",
        "count": 1,
        "startedBy": token,
        "clientToken": f"{token}-{worker}",
        "networkConfiguration": {"awsvpcConfiguration": network},
        "overrides": {"containerOverrides": [{"name": CONTAINER, "environment": [number]}]},
    }


def policies(settings: FargateSettings, region: str) -> Mapping[str, dict[str, Any]]:
    """Return what each needs and no more: the worker, ECS for it, and whoever starts workers."""
    return {
        "taskRole": _policy(*_objects(settings, "s3:GetObject", "s3:PutObject")),
        "executionRole": _policy(*_execution(settings, region)),
        "trust": _policy(
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": settings.account}},
            }
        ),
        "coordinator": _policy(*_coordinator(settings, region)),
    }


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(actions: list[str], resource: str | list[str], **rest: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **rest}


def _objects(settings: FargateSettings, *actions: str) -> list[dict[str, Any]]:
    objects = f"arn:{settings.partition}:s3:::{settings.bucket}/{settings.prefix}/*"
    return [_allow(list(actions), objects)]


def _execution(settings: FargateSettings, region: str) -> list[dict[str, Any]]:
    found = [_allow(["ecr:GetAuthorizationToken"], "*")]
    registry, _, path = settings.image.partition("/")
    if ours := _ECR.match(registry):
        account, where = ours.groups()
        name = path.partition("@")[0].partition(":")[0]
        pull = [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        ]
        repository = f"arn:{settings.partition}:ecr:{where}:{account}:repository/{name}"
        found.append(_allow(pull, repository))
    if settings.log_group:
        group = (
            f"arn:{settings.partition}:logs:{region}:{settings.account}:log-group:"
            f"{settings.log_group}:*"
        )
        found.append(_allow(["logs:CreateLogStream", "logs:PutLogEvents"], group))
    return found


def _coordinator(settings: FargateSettings, region: str) -> list[dict[str, Any]]:
    ecs = f"arn:{settings.partition}:ecs:{region}:{settings.account}"
    cluster = f"{ecs}:cluster/{settings.cluster}"
    here = {"Condition": {"ArnEquals": {"ecs:cluster": cluster}}}
    roles = [settings.task_role, settings.execution_role]
    passed = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    bucket = f"arn:{settings.partition}:s3:::{settings.bucket}"
    below = {"StringLike": {"s3:prefix": f"{settings.prefix}/*"}}
    asked = ["cloudwatch:GetMetricStatistics"]
    asked += ["servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota"]
    if not settings.subnets:
        asked.append("ec2:DescribeSubnets")
    return [
        _allow(["ecs:RunTask"], f"{ecs}:task-definition/{FAMILY}:*", **here),
        _allow(["ecs:DescribeTasks", "ecs:StopTask"], f"{ecs}:task/{settings.cluster}/*", **here),
        _allow(["ecs:ListTasks"], "*", **here),
        # AWS knows no resource for these.
        _allow(["ecs:DeregisterTaskDefinition", "ecs:RegisterTaskDefinition"], "*"),
        _allow(["iam:PassRole"], roles, Condition=passed),
        *_objects(settings, "s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
        _allow(["s3:ListBucket"], bucket, Condition=below),
        _allow(asked, "*"),
    ]
