"""Tasks, shared files, caches and functions that fit, in other forms."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import Edit, Ref, also_sound, innocent
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    stores,
    workloads,
)


def needs(edit: Edit, **needed: int) -> None:
    mapped = [{"containerPort": 8080, "hostPort": 0}]
    edit.set(
        "task",
        "containerDefinitions",
        bricks.containers(**{"memory": 512, "portMappings": mapped, **needed}),
    )


def logs(edit: Edit, **options: str) -> None:
    """Let the containers log into a group of this stack."""
    edit.add(
        "web-log", "aws:cloudwatch/logGroup:LogGroup", {"name": "/shop/web", "retentionInDays": 30}
    )
    given = {
        "awslogs-group": "/shop/web",
        "awslogs-region": "eu-west-1",
        "awslogs-stream-prefix": "web",
        **options,
    }
    written = {"logDriver": "awslogs", "options": given}
    edit.set("task", "containerDefinitions", bricks.containers(logConfiguration=written))


EVERYBODY = {"AWS": "*"}
CLIENTS = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
BY_TARGET = {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
ALLOWS: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": EVERYBODY,
    "Action": CLIENTS,
    "Resource": "*",
    "Condition": BY_TARGET,
}
TLS_ONLY: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": EVERYBODY,
    "Action": "*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def guarded(edit: Edit, *statements: dict[str, Any]) -> None:
    edit.add(
        "files-policy",
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        {"fileSystemId": Ref("files"), "policy": bricks.document(*statements)},
    )


def lambda_of(code: pulumi.Archive, **more: Any) -> None:
    """Let the load balancer call a function that is packed on this computer."""
    site = bricks.network(nat=False)
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    function = aws.lambda_.Function(
        "function", role=bricks.function_role().arn, runtime="python3.13", code=code, **more
    )
    behind = aws.lb.TargetGroup("function-targets", target_type="lambda")
    allowed = aws.lambda_.Permission(
        "balancer-may",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="elasticloadbalancing.amazonaws.com",
        source_arn=behind.arn,
    )
    aws.lb.TargetGroupAttachment(
        "function-attachment",
        target_group_arn=behind.arn,
        target_id=function.arn,
        opts=pulumi.ResourceOptions(depends_on=[allowed]),
    )
    bricks.http(front, bricks.forward(behind))


@also_sound("containers_on_fargate")
def tasks_that_log(edit: Edit) -> None:
    logs(edit)


@also_sound("containers_on_fargate")
def tasks_that_make_their_log_far_away(edit: Edit) -> None:
    far = {"awslogs-group": "/platform/all", "awslogs-region": "us-east-1"}
    logs(edit, **far, **{"awslogs-create-group": "true"})


@also_sound("containers_on_own_instances")
def tasks_of_nearly_a_host(edit: Edit) -> None:
    needs(edit, memory=7168, cpu=2048)


@also_sound("shared_files")
def files_by_tls_and_by_their_mount_targets(edit: Edit) -> None:
    guarded(edit, TLS_ONLY, ALLOWS)


@also_sound("cache_in_shards")
def shards_with_default_parameters(edit: Edit) -> None:
    edit.set("cache", "engineVersion", "7.1")
    edit.set("cache", "parameterGroupName", "default.redis7.cluster.on")


@also_sound("aurora_with_two_members")
def member_of_the_same_major_version(edit: Edit) -> None:
    edit.set("member-1", "engineVersion", "17")


@innocent(engine=True)
def function_of_an_archive() -> None:
    code = pulumi.AssetArchive({"main.py": pulumi.StringAsset("def handler(*_): ...")})
    lambda_of(code, handler="main.handler")
