"""More of what happens late in the evening: other engines, edges, hooks and releases, one fault in each."""

from __future__ import annotations

import json

from tests.policies.programs.bricks import WORLD
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

WEB = "plain_web_service"
FARGATE = "containers_on_fargate"
AURORA = "aurora_with_two_members"
CACHE = "cache_with_a_replica"
NLB = "network_balancer_beside_it"
MIXED = "spot_above_a_base"
LAMBDA = "lambda_behind_the_balancer"
FILES = "shared_files"


@broken(MIXED, SURVIVE)
def base_of_mixed_instances_gone(edit: Edit) -> None:
    path = "mixedInstancesPolicy.instancesDistribution"
    edit.set("fleet", f"{path}.onDemandBaseCapacity", 0)
    edit.set("fleet", f"{path}.onDemandPercentageAboveBaseCapacity", 0)


@broken(FARGATE, (SERVE, VALID))
def tasks_in_a_cluster_without_a_target_port(edit: Edit) -> None:
    entry = {"targetGroupArn": Ref("web", "arn"), "containerName": "web", "containerPort": 80}
    edit.set("service", "loadBalancers", [entry])


@broken(FARGATE, SURVIVE)
def tasks_of_one_subnet(edit: Edit) -> None:
    edit.set("service", "networkConfiguration.subnets", [Ref("private-a")])


@broken(FARGATE, SURVIVE)
def minimum_of_the_tasks_scaled_to_zero(edit: Edit) -> None:
    edit.set("service", "name", "web")
    edit.set("cluster", "name", "shop")
    edit.add(
        "tasks",
        "aws:appautoscaling/target:Target",
        {
            "serviceNamespace": "ecs",
            "resourceId": "service/shop/web",
            "scalableDimension": "ecs:service:DesiredCount",
            "minCapacity": 0,
            "maxCapacity": 6,
        },
    )


@broken(FARGATE, DEPLOY)
def half_of_the_tasks_taken_away_first(edit: Edit) -> None:
    edit.set("service", "deploymentMinimumHealthyPercent", 0)
    edit.set("service", "deploymentMaximumPercent", 100)


@broken(NLB, SERVE)
def devices_checked_on_a_closed_port(edit: Edit) -> None:
    check = {"protocol": "TCP", "port": "9999", "interval": 10, "timeout": 5}
    edit.set("brokers", "healthCheck", check)


@broken(AURORA, SURVIVE, advisory=True)
def reader_that_never_takes_over(edit: Edit) -> None:
    edit.drop("member-1")


@broken(AURORA, SURVIVE)
def aurora_deleted_without_a_word(edit: Edit) -> None:
    edit.set("cluster", "skipFinalSnapshot", True)
    edit.set("cluster", "deletionProtection", False)
    edit.set("cluster", "backupRetentionPeriod", 1)


@broken(CACHE, (SURVIVE, VALID))
def cache_that_fails_over_to_nobody(edit: Edit) -> None:
    edit.set("cache", "numCacheClusters", 1)


@broken(CACHE, SERVE)
def cache_in_the_default_group(edit: Edit) -> None:
    edit.set("cache", "securityGroupIds", ...)


@broken(FILES, SURVIVE)
def files_in_a_class_of_one_zone(edit: Edit) -> None:
    edit.set("files", "availabilityZoneName", "eu-west-1a")
    edit.drop("files-b")


@broken(FILES, CLOSED)
def files_with_the_key_of_nobody(edit: Edit) -> None:
    edit.set("files", "encrypted", False)


@broken(LAMBDA, SERVE)
def function_that_is_not_allowed_to_run(edit: Edit) -> None:
    edit.set("function", "reservedConcurrentExecutions", 0)


@broken(WEB, SURVIVE)
def ready_in_an_hour(edit: Edit) -> None:
    edit.set("fleet", "healthCheckGracePeriod", 7200)


@broken(WEB, SURVIVE, advisory=True)
def sticky_by_a_string(edit: Edit) -> None:
    edit.set("web", "stickiness", {"enabled": True, "type": "lb_cookie", "cookieDuration": 604800})


@broken(WEB, SURVIVE)
def balancer_does_not_cross_zones_by_a_string(edit: Edit) -> None:
    health = {
        "dnsFailover": {"minimumHealthyTargetsCount": "off"},
        "unhealthyStateRouting": {"minimumHealthyTargetsCount": 2},
    }
    edit.set("web", "targetGroupHealth", health)


@broken(WEB, CLOSED)
def token_of_the_metadata_optional_on_a_server(edit: Edit) -> None:
    edit.set("template", "metadataOptions.httpTokens", "optional")


@broken(WEB, CLOSED)
def database_by_a_door_for_the_whole_network_next_door(edit: Edit) -> None:
    rule = {"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrBlocks": [WORLD]}
    edit.set("database-guard", "ingress", [rule])


@broken(WEB, CLOSED)
def key_pair_in_the_user_data(edit: Edit) -> None:
    edit.add(
        "tool",
        "aws:ec2/instance:Instance",
        {
            "ami": "ami-0aa11bb22cc33dd44",
            "instanceType": "t4g.nano",
            "subnetId": Ref("private-a"),
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
            "rootBlockDevice": {"encrypted": True},
            "iamInstanceProfile": Ref("app-profile", "name"),
            "userData": "#!/bin/sh\nexport STRIPE_KEY=rk_live_" + "a1B2c3D4" * 3 + "\n",
        },
    )


def with_key_off(edit: Edit) -> None:
    edit.add("key", "aws:kms/key:Key", {"enableKeyRotation": True, "isEnabled": False})


@broken(WEB, SURVIVE)
def key_of_the_database_about_to_go(edit: Edit) -> None:
    with_key_off(edit)
    edit.add("queue", "aws:sqs/queue:Queue", {"kmsMasterKeyId": Ref("key", "arn")})


@broken(FILES, (SURVIVE, VALID))
def files_by_a_key_that_is_switched_off(edit: Edit) -> None:
    with_key_off(edit)
    edit.set("files", "kmsKeyId", Ref("key", "arn"))


@broken("table_without_servers", (SURVIVE, VALID))
def table_by_a_key_that_is_switched_off(edit: Edit) -> None:
    with_key_off(edit)
    edit.set("carts", "serverSideEncryption", {"enabled": True, "kmsKeyArn": Ref("key", "arn")})


@broken(WEB, SURVIVE)
def night_by_a_rule_and_an_automation(edit: Edit) -> None:
    edit.add(
        "night",
        "aws:cloudwatch/eventRule:EventRule",
        {"scheduleExpression": "cron(0 22 * * ? *)"},
    )
    edit.add(
        "stop",
        "aws:cloudwatch/eventTarget:EventTarget",
        {
            "rule": Ref("night", "name"),
            "arn": "arn:aws:ssm:eu-west-1::automation-definition/AWS-StopRdsInstance:$DEFAULT",
            "roleArn": "arn:aws:iam::123456789012:role/night",
            "input": json.dumps({"InstanceId": ["shop"]}),
        },
    )
    edit.set("database", "identifier", "shop")


@broken(WEB, SURVIVE)
def capacity_of_the_night_by_the_scheduler(edit: Edit) -> None:
    edit.set("fleet", "name", "web-fleet")
    edit.add(
        "small",
        "aws:autoscaling/schedule:Schedule",
        {
            "autoscalingGroupName": "web-fleet",
            "scheduledActionName": "small",
            "recurrence": "0 22 * * *",
            "minSize": 0,
            "maxSize": 6,
            "desiredCapacity": 0,
        },
    )


@broken(WEB, (SERVE, VALID), advisory=True)
def rule_to_the_balancer_of_its_own_name(edit: Edit) -> None:
    edit.add(
        "away",
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref("front", "arn"),
            "priority": 5,
            "conditions": [{"pathPattern": {"values": ["/api/*"]}}],
            "actions": [{"type": "forward", "targetGroupArn": Ref("web", "arn")}],
        },
    )
