"""Starts, alarms, nodes, containers and edges of unusual shape."""

from __future__ import annotations

import base64
import json

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import Edit, Ref, also_sound, innocent
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    fronts,
    neighbours,
    plain,
    workloads,
)
from tests.policies.programs.innocents.fronts import READING, behaviour, distribution
from tests.policies.programs.innocents.neighbours import AUTOSCALER

WEB = "plain_web_service"
FAR = "eu-central-1"


def logged_errors(edit: Edit, counted_as: str) -> None:
    """Count the errors of a log by a filter, and alarm on them."""
    edit.add("log", "aws:cloudwatch/logGroup:LogGroup", {"name": "/shop", "retentionInDays": 30})
    edit.add(
        "filter",
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        {
            "logGroupName": Ref("log", "name"),
            "pattern": "ERROR",
            "metricTransformation": {"name": counted_as, "namespace": "Shop", "value": "1"},
        },
    )
    edit.add(
        "logged",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "namespace": "Shop",
            "metricName": "Errors",
            "statistic": "Sum",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 2,
            "period": 60,
            "evaluationPeriods": 2,
            "treatMissingData": "notBreaching",
            "alarmActions": [Ref("operations", "arn")],
        },
    )


def runs(edit: Edit, *lines: str) -> None:
    script = "\n".join(("#!/bin/sh", *lines, ""))
    edit.set("template", "userData", base64.b64encode(script.encode()).decode())


@also_sound(WEB)
def web_server_before_the_application(edit: Edit) -> None:
    runs(
        edit,
        "dnf -y install nginx",
        "uvicorn main:app --host 127.0.0.1 --port 8080 &",
        "systemctl start nginx",
    )


@also_sound(WEB)
def only_the_exporter_answers_its_own_machine(edit: Edit) -> None:
    runs(
        edit,
        "docker run -d -p 127.0.0.1:9100:9100 exporter:1",
        "docker run -d --restart always -p 8080:8080 shop:1",
    )


@also_sound(WEB, engine=True)
def errors_of_the_log(edit: Edit) -> None:
    logged_errors(edit, "Errors")


@also_sound(WEB)
def topic_of_the_account_for_operations(edit: Edit) -> None:
    edit.set("unhealthy", "alarmActions", ["arn:aws:sns:eu-west-1:210987654321:central"])


@also_sound("kubernetes", undecided=AUTOSCALER)
def nodes_by_a_group_per_zone(edit: Edit) -> None:
    sizes = {"minSize": 1, "maxSize": 3, "desiredSize": 1}
    edit.set("nodes", "subnetIds", [Ref("private-a")])
    edit.set("nodes", "scalingConfig", sizes)
    for zone in "bc":
        edit.add(
            f"nodes-{zone}",
            "aws:eks/nodeGroup:NodeGroup",
            {
                "clusterName": Ref("cluster", "name"),
                "nodeRoleArn": Ref("node-role", "arn"),
                "subnetIds": [Ref(f"private-{zone}")],
                "scalingConfig": sizes,
                "instanceTypes": ["m7g.large"],
            },
        )


@also_sound("containers_on_fargate")
def waits_for_a_healthy_proxy(edit: Edit) -> None:
    web = {
        "name": "web",
        "image": "web:1",
        "portMappings": [{"containerPort": 8080}],
        "dependsOn": [{"containerName": "proxy", "condition": "HEALTHY"}],
        "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/tmp/work"}],
    }
    checked = {"command": ["CMD", "true"]}
    proxy = {"name": "proxy", "image": "proxy:1", "essential": False, "healthCheck": checked}
    edit.set("task", "containerDefinitions", json.dumps([web, proxy]))
    edit.set("task", "volumes", [{"name": "scratch"}])


@also_sound("containers_on_fargate", undecided="A pipeline may deploy.")
def tasks_that_a_pipeline_deploys(edit: Edit) -> None:
    edit.set("service", "deploymentController", {"type": "CODE_DEPLOY"})
    edit.set("service", "deploymentCircuitBreaker", ...)
    edit.option("service", ignored=("taskDefinition", "loadBalancers"))


@also_sound("client_secret_of_the_configuration")
def only_what_is_for_everybody_is_cached(edit: Edit) -> None:
    static = {
        **behaviour(methods=READING),
        "pathPattern": "/static/*",
        "cachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    }
    distribution(edit, orderedCacheBehaviors=[static])


@also_sound("https_with_redirect")
def cloudfront_watched_where_its_metrics_are(edit: Edit) -> None:
    there = {"region": "us-east-1"}
    distribution(edit)
    edit.add("edge-topic", "aws:sns/topic:Topic", there)
    mail = {"protocol": "email", "endpoint": "operations@example.com"}
    edit.add(
        "edge-mail",
        "aws:sns/topicSubscription:TopicSubscription",
        {**there, **mail, "topic": Ref("edge-topic", "arn")},
    )
    edit.add(
        "edge-errors",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            **there,
            "namespace": "AWS/CloudFront",
            "metricName": "5xxErrorRate",
            "dimensions": {"DistributionId": Ref("edge"), "Region": "Global"},
            "statistic": "Average",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 1,
            "period": 60,
            "evaluationPeriods": 2,
            "alarmActions": [Ref("edge-topic", "arn")],
        },
    )


@innocent(engine=True)
def network_of_a_second_region() -> None:
    """Without a provider of its own: each resource says its Region."""
    bricks.web(bricks.network())
    vpc = aws.ec2.Vpc("far-vpc", cidr_block="10.60.0.0/16", region=FAR)
    subnets = [
        aws.ec2.Subnet(
            f"far-{letter}",
            vpc_id=vpc.id,
            cidr_block=f"10.60.{number}.0/24",
            availability_zone=f"{FAR}{letter}",
            region=FAR,
        )
        for number, letter in enumerate("ab")
    ]
    aws.rds.SubnetGroup("far-subnets", subnet_ids=[one.id for one in subnets], region=FAR)


@innocent()
def function_behind_one_path_of_a_gateway() -> None:
    """No load balancer: the function answers one path, and the API has no other."""
    function = bricks.function()
    api = aws.apigatewayv2.Api("api", protocol_type="HTTP")
    integration = aws.apigatewayv2.Integration(
        "integration",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=function.invoke_arn,
        payload_format_version="2.0",
    )
    aws.apigatewayv2.Route(
        "status",
        api_id=api.id,
        route_key="GET /",
        target=pulumi.Output.concat("integrations/", integration.id),
    )
    aws.apigatewayv2.Stage("stage", api_id=api.id, name="$default", auto_deploy=True)
    aws.lambda_.Permission(
        "api-may",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="apigateway.amazonaws.com",
        source_arn=pulumi.Output.concat(api.execution_arn, "/*/*"),
    )
