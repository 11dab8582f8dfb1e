"""Small changes that leave a program sound."""

from __future__ import annotations

import json

from tests.policies.programs.cases import Edit, Ref, also_sound
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    fleets,
    plain,
    workloads,
)

WEB = "plain_web_service"


@also_sound("containers_on_fargate")
def containers_blue_and_green_by_ecs(edit: Edit) -> None:
    """ECS itself moves the listener between two target groups."""
    edit.add(
        "green",
        "aws:lb/targetGroup:TargetGroup",
        {
            "vpcId": Ref("vpc"),
            "port": 8080,
            "protocol": "HTTP",
            "targetType": "ip",
            "deregistrationDelay": 30,
            "healthCheck": {
                "protocol": "HTTP",
                "path": "/health",
                "matcher": "200",
                "interval": 10,
                "timeout": 5,
                "healthyThreshold": 2,
                "unhealthyThreshold": 3,
            },
        },
    )
    edit.set(
        "http",
        "defaultActions",
        [
            {
                "type": "forward",
                "forward": {
                    "targetGroups": [
                        {"arn": Ref("web", "arn"), "weight": 100},
                        {"arn": Ref("green", "arn"), "weight": 0},
                    ]
                },
            }
        ],
    )
    edit.set(
        "service", "deploymentConfiguration", {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": "10"}
    )
    edit.set(
        "service",
        "loadBalancers",
        [
            {
                "targetGroupArn": Ref("web", "arn"),
                "containerName": "web",
                "containerPort": 8080,
                "advancedConfiguration": {
                    "alternateTargetGroupArn": Ref("green", "arn"),
                    "productionListenerRule": Ref("http", "arn"),
                    "roleArn": "arn:aws:iam::123456789012:role/ecs",
                },
            }
        ],
    )
    edit.option("http", ignored=("defaultActions",))


@also_sound("containers_on_own_instances")
def a_daemon_on_every_host(edit: Edit) -> None:
    edit.add(
        "agent-task",
        "aws:ecs/taskDefinition:TaskDefinition",
        {
            "family": "agent",
            "containerDefinitions": json.dumps(
                [{"name": "agent", "image": "agent:3", "memory": 128}]
            ),
        },
    )
    edit.add(
        "agent",
        "aws:ecs/service:Service",
        {
            "cluster": Ref("cluster", "arn"),
            "taskDefinition": Ref("agent-task", "arn"),
            "schedulingStrategy": "DAEMON",
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
    )


@also_sound("containers_on_fargate")
def containers_with_shared_files(edit: Edit) -> None:
    edit.set("service", "enableExecuteCommand", False)
    edit.set(
        "task", "runtimePlatform", {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    )
    edit.set("service", "availabilityZoneRebalancing", "ENABLED")
    edit.set("service", "propagateTags", "SERVICE")


@also_sound(WEB)
def two_name_servers_of_the_company(edit: Edit) -> None:
    edit.add(
        "options",
        "aws:ec2/vpcDhcpOptions:VpcDhcpOptions",
        {"domainNameServers": ["10.8.0.2", "10.9.0.2"]},
    )
    edit.add(
        "names",
        "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation",
        {"vpcId": Ref("vpc"), "dhcpOptionsId": Ref("options")},
    )


@also_sound(WEB)
def name_servers_of_amazon(edit: Edit) -> None:
    edit.add(
        "options",
        "aws:ec2/vpcDhcpOptions:VpcDhcpOptions",
        {"domainName": "shop.internal", "domainNameServers": ["AmazonProvidedDNS"]},
    )
    edit.add(
        "names",
        "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation",
        {"vpcId": Ref("vpc"), "dhcpOptionsId": Ref("options")},
    )


@also_sound(WEB)
def ends_told_to_a_queue(edit: Edit) -> None:
    """A hook of five minutes, for logs to be written away."""
    edit.add(
        "ended",
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        {
            "name": "ended",
            "autoscalingGroupName": Ref("fleet", "name"),
            "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "heartbeatTimeout": 300,
            "defaultResult": "CONTINUE",
        },
    )


@also_sound(WEB)
def another_type_from_the_newest_image(edit: Edit) -> None:
    edit.set(
        "template",
        "imageId",
        "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
    )
    edit.option("template", ignored=("imageId",))


@also_sound("baked_image_without_codedeploy")
def refresh_in_two_steps(edit: Edit) -> None:
    edit.set("fleet", "instanceRefresh.preferences.checkpointPercentages", [50, 100])
    edit.set("fleet", "instanceRefresh.preferences.checkpointDelay", "600")


@also_sound(WEB)
def name_by_latency_in_two_regions(edit: Edit) -> None:
    for region, where in (
        ("eu-west-1", Ref("front", "dnsName")),
        ("us-east-1", "shop-1234.us-east-1.elb.amazonaws.com"),
    ):
        zone = Ref("front", "zoneId") if region == "eu-west-1" else "Z35SXDOTRQ7X7K"
        edit.add(
            f"www-{region}",
            "aws:route53/record:Record",
            {
                "zoneId": "Z0123456789ABC",
                "name": "www.example.com",
                "type": "A",
                "setIdentifier": region,
                "latencyRoutingPolicies": [{"region": region}],
                "aliases": [{"name": where, "zoneId": zone, "evaluateTargetHealth": True}],
            },
        )


@also_sound(WEB)
def check_of_which_only_the_path_is_said(edit: Edit) -> None:
    edit.set("web", "healthCheck", {"path": "/health"})
