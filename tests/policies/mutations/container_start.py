"""What breaks the rules about what lets tasks start and stay."""

from __future__ import annotations

import base64
import json

from tests.policies.draft import Ref
from tests.policies.mutations.containers import service
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

HOSTS = "aws:autoscaling/group:Group"
JOINS_SHOP = "#!/bin/sh\necho ECS_CLUSTER=shop >> /etc/ecs/ecs.config\n"


def encoded(script):
    return base64.b64encode(script.encode()).decode()


def _with_task(stack, container, **more):
    definition = [{"name": "web", "image": "web:1", "portMappings": [{"containerPort": 8080}]}]
    definition[0] |= container
    stack.add(
        "task",
        "aws:ecs/taskDefinition:TaskDefinition",
        {
            "family": "web",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["EC2", "FARGATE"],
            "cpu": "512",
            "memory": "1024",
            "containerDefinitions": json.dumps(definition),
        },
    )
    service(stack, taskDefinition=Ref("task", "arn"), **more)


def slow(stack, grace=None, **check):
    """Add a service whose container says how long it may take to start."""
    command = {"command": ["CMD-SHELL", "curl -f http://localhost:8080/"], **check}
    _with_task(stack, {"healthCheck": command}, healthCheckGracePeriodSeconds=grace)


def hosted(stack, script=JOINS_SHOP, name="shop"):
    """Add a service on instances of this stack."""
    stack.add("cluster", "aws:ecs/cluster:Cluster", {"name": name})
    stack.add(
        "host-template",
        "aws:ec2/launchTemplate:LaunchTemplate",
        {
            "imageId": "ami-0aa11bb22cc33dd44",
            "instanceType": "m7g.large",
            "userData": encoded(script),
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
            "blockDeviceMappings": [
                {"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "volumeType": "gp3"}}
            ],
            "iamInstanceProfile": {"name": Ref("profile", "name")},
            "monitoring": {"enabled": True},
        },
    )
    stack.add(
        "hosts",
        HOSTS,
        {
            "vpcZoneIdentifiers": [Ref("subnet-a"), Ref("subnet-b")],
            "minSize": 2,
            "maxSize": 4,
            "mixedInstancesPolicy": {
                "launchTemplate": {
                    "launchTemplateSpecification": {
                        "launchTemplateId": Ref("host-template"),
                        "version": Ref("host-template", "latestVersion"),
                    },
                    "overrides": [{"instanceType": "m7g.large"}, {"instanceType": "m6g.large"}],
                }
            },
            "defaultInstanceWarmup": 60,
        },
    )
    stack.add(
        "provider",
        "aws:ecs/capacityProvider:CapacityProvider",
        {"autoScalingGroupProvider": {"autoScalingGroupArn": Ref("hosts", "arn")}},
    )
    stack.add(
        "providers",
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
        {"clusterName": "shop", "capacityProviders": [Ref("provider", "name")]},
    )
    service(
        stack,
        launchType=None,
        cluster=Ref("cluster", "arn"),
        capacityProviderStrategies=[{"capacityProvider": Ref("provider", "name"), "weight": 1}],
        healthCheckGracePeriodSeconds=60,
    )


@breaks("ecs-hosts-join-cluster")
def hosts_of_another_cluster(stack):
    hosted(stack, "#!/bin/sh\necho ECS_CLUSTER=blog >> /etc/ecs/ecs.config\n")


@breaks("ecs-service-grace-period")
def tasks_stopped_before_they_are_up(stack):
    slow(stack, startPeriod=180, grace=60)


@breaks("ecs-service-grace-period")
def tasks_without_a_grace_period(stack):
    slow(stack, startPeriod=120)


decides(
    "ecs-hosts-join-cluster",
    "host-template",
    "userData",
    absent=BREAKS,
    unknown=BREAKS,
    given=hosted,
)
decides(
    "ecs-service-grace-period",
    "tasks",
    "healthCheckGracePeriodSeconds",
    absent=BREAKS,
    unknown=KEEPS,
    given=lambda stack: slow(stack, startPeriod=20, grace=30),
)
