"""What is started, signed in, cached, counted or placed in a way that serves nobody for long."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.policies.programs import bricks
from tests.policies.programs.cases import (
    CLOSED,
    DEPLOY,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
)
from tests.policies.programs.innocents.fronts import behaviour, distribution
from tests.policies.programs.innocents.openings import logged_errors

WEB = "plain_web_service"
FARGATE = "containers_on_fargate"
COGNITO = "signed_in_by_cognito"
ALARMS = "alarm-can-go-off"
STARTS = "ec2-user-data-serves"
SIGN_IN = "elb-sign-in-possible"
NODES = "eks-nodes-survive-zone-loss"

# --- user data ------------------------------------------------------------------------------------


def runs(edit: Edit, *lines: str) -> None:
    script = "\n".join(("#!/bin/sh", "dnf -y install ruby wget", *lines, ""))
    edit.set("template", "userData", base64.b64encode(script.encode()).decode())


@broken(WEB, SERVE, STARTS, engine=True)
def application_that_answers_its_own_machine(edit: Edit) -> None:
    runs(edit, "uvicorn main:app --host 127.0.0.1 --port 8080 &")


@broken(WEB, SERVE, STARTS)
def container_published_to_its_own_machine(edit: Edit) -> None:
    runs(edit, "docker run -d -p 127.0.0.1:8080:8080 shop:1")


@broken(WEB, SERVE, STARTS)
def instances_that_switch_themselves_off(edit: Edit) -> None:
    runs(edit, "dnf -y update", "shutdown -h now")


# --- sign-in and sessions -------------------------------------------------------------------------


@broken(COGNITO, SERVE, SIGN_IN, engine=True)
def sign_in_that_does_not_come_back(edit: Edit) -> None:
    edit.set("client", "callbackUrls", ["https://www.example.com/callback"])


@broken(COGNITO, SERVE, SIGN_IN)
def sign_in_without_a_secret(edit: Edit) -> None:
    edit.set("client", "generateSecret", False)


@broken(COGNITO, SERVE, SIGN_IN)
def sign_in_by_the_implicit_flow(edit: Edit) -> None:
    edit.set("client", "allowedOauthFlows", ["implicit"])


@broken(COGNITO, SERVE, SIGN_IN)
def sign_in_with_oauth_switched_off(edit: Edit) -> None:
    edit.set("client", "allowedOauthFlowsUserPoolClient", False)


@broken(COGNITO, SERVE, SIGN_IN)
def sign_in_without_openid(edit: Edit) -> None:
    edit.set("client", "allowedOauthScopes", ["email"])


def cached(edit: Edit, **more: str) -> None:
    policy = {"cachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6", **more}
    distribution(edit, defaultCacheBehavior={**behaviour(), **policy})


@broken("client_secret_of_the_configuration", CLOSED, "edge-keeps-visitors-apart", engine=True)
def pages_of_one_visitor_for_all(edit: Edit) -> None:
    cached(edit, originRequestPolicyId="216adef6-5c7f-47e4-b989-5492eafa07d3")


@broken("client_secret_of_the_configuration", CLOSED, "edge-keeps-visitors-apart")
def nobody_stays_signed_in(edit: Edit) -> None:
    cached(edit)


# --- alarms ---------------------------------------------------------------------------------------


@broken(WEB, DEPLOY, ALARMS, engine=True)
def size_that_the_group_does_not_publish(edit: Edit) -> None:
    edit.add(
        "few",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "namespace": "AWS/AutoScaling",
            "metricName": "GroupInServiceInstances",
            "dimensions": {"AutoScalingGroupName": Ref("fleet", "name")},
            "statistic": "Minimum",
            "comparisonOperator": "LessThanThreshold",
            "threshold": 2,
            "period": 60,
            "evaluationPeriods": 2,
            "alarmActions": [Ref("operations", "arn")],
        },
    )


@broken(WEB, DEPLOY, ALARMS)
def errors_of_the_log_by_another_name(edit: Edit) -> None:
    logged_errors(edit, "errors")


# --- containers, functions, gateways and nodes ----------------------------------------------------


def two(edit: Edit, waits: dict[str, str], **first: Any) -> None:
    """Let the web's container depend on a second one."""
    web = {"name": "web", "image": "web:1", "portMappings": [{"containerPort": 8080}]}
    both = [{**web, "dependsOn": [waits], **first}, {"name": "proxy", "image": "proxy:1"}]
    edit.set("task", "containerDefinitions", json.dumps(both))


@broken(FARGATE, VALID, "ecs-accepted", engine=True)
def waits_for_the_health_of_one_that_has_none(edit: Edit) -> None:
    two(edit, {"containerName": "proxy", "condition": "HEALTHY"})


@broken(FARGATE, VALID, "ecs-accepted")
def waits_for_a_container_that_is_not_there(edit: Edit) -> None:
    two(edit, {"containerName": "envoy", "condition": "START"})


@broken(FARGATE, VALID, "ecs-accepted")
def mounts_a_volume_that_is_not_there(edit: Edit) -> None:
    mounts = [{"sourceVolume": "files", "containerPath": "/data"}]
    edit.set("task", "containerDefinitions", bricks.containers(mountPoints=mounts))


@broken(FARGATE, VALID, "ecs-accepted")
def logs_without_a_region(edit: Edit) -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/shop/web"}}
    edit.set("task", "containerDefinitions", bricks.containers(logConfiguration=logs))


@broken("containers_that_scale", VALID, "ecs-accepted")
def scales_the_dimension_of_another_service(edit: Edit) -> None:
    edit.set("limits", "scalableDimension", "dynamodb:table:ReadCapacityUnits")


@broken("function_by_alias", VALID, "lambda-accepted")
def more_provisioned_than_reserved(edit: Edit) -> None:
    edit.set("function", "reservedConcurrentExecutions", 5)
    edit.add(
        "warm",
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
        {
            "functionName": Ref("function", "name"),
            "qualifier": Ref("live", "name"),
            "provisionedConcurrentExecutions": 10,
        },
    )


@broken("rest_api_before_the_balancer", VALID, "elbv2-accepted")
def link_of_a_rest_api_to_an_application_balancer(edit: Edit) -> None:
    edit.add("link", "aws:apigateway/vpcLink:VpcLink", {"targetArn": Ref("front", "arn")})


@broken("kubernetes", SURVIVE, NODES, advisory=True)
def nodes_in_one_zone(edit: Edit) -> None:
    edit.set("nodes", "subnetIds", [Ref("private-a")])


@broken("kubernetes", SURVIVE, NODES, advisory=True, engine=True)
def one_node_in_all(edit: Edit) -> None:
    edit.set("nodes", "scalingConfig", {"minSize": 1, "maxSize": 3, "desiredSize": 1})
