"""Tasks without room, log or deployment; stores that do not fit; code that nobody can call."""

from __future__ import annotations

import pulumi

from tests.policies.programs.cases import (
    DEPLOY,
    SERVE,
    VALID,
    Edit,
    Ref,
    broken,
    rewritten,
)
from tests.policies.programs.innocents.rooms import (
    ALLOWS,
    EVERYBODY,
    TLS_ONLY,
    guarded,
    lambda_of,
    logs,
    needs,
)

WEB = "plain_web_service"
HOSTED = "containers_on_own_instances"
FARGATE = "containers_on_fargate"
PARTS = "rds-parts-accepted"
MOUNTS = "efs-policy-lets-mount"

# --- containers -----------------------------------------------------------------------------------


@broken("two_sets_of_tasks", DEPLOY, "ecs-code-deploy-deploys", engine=True)
def tasks_that_nobody_deploys(edit: Edit) -> None:
    edit.drop("deployment")


@broken("two_sets_of_tasks", DEPLOY, "ecs-code-deploy-deploys")
def deployment_to_the_tasks_of_last_year(edit: Edit) -> None:
    edit.set("deployment", "ecsService.serviceName", "web-2025")


@broken(HOSTED, SERVE, "ecs-task-fits-host", engine=True)
def tasks_larger_than_every_host(edit: Edit) -> None:
    needs(edit, memory=16384)


@broken(HOSTED, SERVE, "ecs-task-fits-host")
def tasks_that_take_all_of_a_host(edit: Edit) -> None:
    needs(edit, memory=8192)


@broken(HOSTED, SERVE, "ecs-task-fits-host")
def tasks_with_more_processors_than_a_host(edit: Edit) -> None:
    needs(edit, cpu=4096)


@broken(FARGATE, SERVE, "ecs-logs-arrive", engine=True)
def tasks_that_log_into_another_region(edit: Edit) -> None:
    logs(edit, **{"awslogs-region": "us-east-1"})


@broken(FARGATE, SERVE, "ecs-logs-arrive")
def tasks_that_log_into_a_group_misspelled(edit: Edit) -> None:
    logs(edit, **{"awslogs-group": "/shop/wbe"})


@broken(FARGATE, SERVE, "ecs-logs-arrive", advisory=True)
def tasks_that_log_far_away(edit: Edit) -> None:
    logs(edit, **{"awslogs-group": "/platform/all", "awslogs-region": "us-east-1"})


# --- stores ---------------------------------------------------------------------------------------


@broken("shared_files", SERVE, MOUNTS, engine=True)
def files_denied_to_everybody(edit: Edit) -> None:
    guarded(edit, {"Effect": "Deny", "Principal": EVERYBODY, "Action": "*", "Resource": "*"})


@broken("shared_files", SERVE, MOUNTS)
def files_that_only_want_tls(edit: Edit) -> None:
    guarded(edit, TLS_ONLY)


@broken("shared_files", SERVE, MOUNTS)
def files_that_may_be_written_and_not_mounted(edit: Edit) -> None:
    guarded(edit, {**ALLOWS, "Action": "elasticfilesystem:ClientWrite"})


@broken("cache_with_a_replica", VALID, PARTS, engine=True)
def cache_with_parameters_of_another_family(edit: Edit) -> None:
    edit.add("own", "aws:elasticache/parameterGroup:ParameterGroup", {"family": "redis6.x"})
    edit.set("cache", "parameterGroupName", Ref("own", "name"))


@broken("cache_with_a_replica", VALID, PARTS)
def cache_with_default_parameters_of_another_version(edit: Edit) -> None:
    edit.set("cache", "engineVersion", "8.0")
    edit.set("cache", "parameterGroupName", "default.valkey7")


@broken("aurora_with_two_members", VALID, PARTS, engine=True)
def member_of_another_version(edit: Edit) -> None:
    edit.set("member-1", "engineVersion", "16.6")


@broken("aurora_in_named_zones", VALID, PARTS)
def members_of_two_versions(edit: Edit) -> None:
    edit.set("member-a", "engineVersion", "8.0.mysql_aurora.3.08.0")
    edit.set("member-b", "engineVersion", "8.0.mysql_aurora.3.05.2")


# --- functions and alarms -------------------------------------------------------------------------


@rewritten("lambda_behind_the_balancer", VALID, "lambda-accepted", engine=True)
def function_of_an_archive_without_a_handler() -> None:
    lambda_of(pulumi.AssetArchive({"main.py": pulumi.StringAsset("def handler(*_): ...")}))


@broken(WEB, VALID, "alarm-accepted", engine=True)
def errors_over_two_thousand_minutes(edit: Edit) -> None:
    """It would be too late for a deployment as well: but there is no such alarm."""
    edit.set("errors", "evaluationPeriods", 2000)
