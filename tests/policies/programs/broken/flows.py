"""Events, workflows, pipelines and tasks that AWS refuses, or that never do anything."""

from __future__ import annotations

import json

from tests.policies.programs.bricks import containers
from tests.policies.programs.cases import DEPLOY, SERVE, VALID, Edit, Ref, broken

FARGATE = "containers_on_fargate"
API = "functions_behind_a_gateway_and_a_table"
QUEUES = "orders_by_topic_and_queue"
FLOW = "orders_by_a_workflow"
PIPE = "images_by_a_pipeline"


def defs(**more):
    return containers(**more)


@broken(API, VALID, "lambda-accepted")
def table_stream_that_is_off(edit: Edit) -> None:
    edit.add(
        "m",
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        {
            "eventSourceArn": Ref("orders", "streamArn"),
            "functionName": Ref("function", "arn"),
            "startingPosition": "LATEST",
        },
    )


@broken(API, VALID, "lambda-accepted")
def stream_read_without_a_start(edit: Edit) -> None:
    edit.set("orders", "streamEnabled", True)
    edit.set("orders", "streamViewType", "NEW_IMAGE")
    edit.add(
        "m",
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        {"eventSourceArn": Ref("orders", "streamArn"), "functionName": Ref("function", "arn")},
    )


@broken("hourly_by_a_rule", VALID, "messages-accepted")
def schedule_on_a_bus_of_its_own(edit: Edit) -> None:
    edit.add("bus", "aws:cloudwatch/eventBus:EventBus", {"name": "orders"})
    edit.set("hourly", "eventBusName", Ref("bus", "name"))
    edit.set("hourly-function", "eventBusName", Ref("bus", "name"))
    edit.set("hourly-jobs", "eventBusName", Ref("bus", "name"))


@broken("hourly_by_a_rule", VALID, "messages-accepted")
def target_on_another_bus(edit: Edit) -> None:
    edit.add("bus", "aws:cloudwatch/eventBus:EventBus", {"name": "orders"})
    edit.set("hourly", "scheduleExpression", ...)
    edit.set("hourly", "eventPattern", json.dumps({"source": ["shop"]}))
    edit.set("hourly", "eventBusName", Ref("bus", "name"))


@broken("hourly_by_a_rule", VALID, "messages-accepted")
def pattern_without_lists(edit: Edit) -> None:
    edit.set("hourly", "scheduleExpression", ...)
    edit.set("hourly", "eventPattern", json.dumps({"source": "shop"}))


@broken(QUEUES, SERVE, "events-reach-target")
def queue_by_the_key_of_aws(edit: Edit) -> None:
    edit.set("jobs", "kmsMasterKeyId", "alias/aws/sqs")


@broken(FLOW, VALID, "workflows-accepted")
def workflow_that_leads_nowhere(edit: Edit) -> None:
    edit.set(
        "orders",
        "definition",
        json.dumps({"StartAt": "Call", "States": {"Call": {"Type": "Pass", "Next": "Missing"}}}),
    )


@broken(FLOW, VALID, "workflows-accepted")
def workflow_without_a_start(edit: Edit) -> None:
    edit.set(
        "orders", "definition", json.dumps({"States": {"Call": {"Type": "Pass", "End": True}}})
    )


@broken(PIPE, VALID, "workflows-accepted")
def pipeline_of_an_artifact_that_nobody_makes(edit: Edit) -> None:
    edit.set("pipeline", "stages.2.actions.0.inputArtifacts", ["image"])


@broken(PIPE, VALID, "workflows-accepted")
def pipeline_of_one_stage(edit: Edit) -> None:
    edit.set(
        "pipeline",
        "stages",
        [
            {
                "name": "Build",
                "actions": [
                    {
                        "name": "Build",
                        "category": "Build",
                        "owner": "AWS",
                        "provider": "CodeBuild",
                        "version": "1",
                        "inputArtifacts": ["source"],
                        "configuration": {"ProjectName": "x"},
                    }
                ],
            }
        ],
    )


@broken(FLOW, SERVE, "caller-role-permissions")
def workflow_that_may_not_call(edit: Edit) -> None:
    edit.drop("calls")


@broken(FLOW, SERVE, "caller-role-permissions")
def scheduler_that_may_not_start(edit: Edit) -> None:
    edit.drop("starts")


@broken(PIPE, SERVE, "caller-role-permissions")
def pipeline_that_may_not_build(edit: Edit) -> None:
    edit.drop("releases")


@broken(FARGATE, VALID, "ecs-accepted")
def migrations_that_are_essential(edit: Edit) -> None:
    edit.set(
        "task",
        "containerDefinitions",
        json.dumps(
            [
                {
                    "name": "web",
                    "image": "web:1",
                    "portMappings": [{"containerPort": 8080}],
                    "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}],
                },
                {"name": "migrate", "image": "web:1", "essential": True, "command": ["migrate"]},
            ]
        ),
    )


@broken(FARGATE, VALID, "ecs-accepted")
def stop_timeout_of_ten_minutes(edit: Edit) -> None:
    edit.set("task", "containerDefinitions", defs(stopTimeout=600))


@broken(FARGATE, VALID, "ecs-accepted")
def links_in_awsvpc(edit: Edit) -> None:
    edit.set("task", "containerDefinitions", defs(links=["redis"]))


@broken(FARGATE, VALID, "ecs-accepted")
def docker_volume_on_fargate(edit: Edit) -> None:
    edit.set(
        "task", "volumes", [{"name": "data", "dockerVolumeConfiguration": {"scope": "shared"}}]
    )


@broken(FARGATE, VALID, "ecs-accepted")
def too_little_ephemeral_storage(edit: Edit) -> None:
    edit.set("task", "ephemeralStorage", {"sizeInGib": 10})


@broken(FARGATE, VALID, "ecs-accepted")
def daemon_on_fargate(edit: Edit) -> None:
    edit.set("service", "schedulingStrategy", "DAEMON")


@broken(FARGATE, DEPLOY, "ecs-code-deploy-deploys", advisory=True)
def image_forever_ignored(edit: Edit) -> None:
    edit.option("service", ignored=("taskDefinition",))


@broken(FARGATE, DEPLOY, "ecs-code-deploy-deploys", advisory=True)
def tasks_of_an_external_controller(edit: Edit) -> None:
    edit.set("service", "deploymentController", {"type": "EXTERNAL"})
    edit.set("service", "deploymentCircuitBreaker", ...)
