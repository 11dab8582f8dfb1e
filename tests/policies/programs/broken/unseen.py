"""Kinds of faults that no other module has: pages, caches of errors, limits, queues, data stores, APIs."""

from __future__ import annotations

import json
from typing import Any

from tests.policies.programs.bricks import WORLD, containers, document
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
from tests.policies.programs.innocents.fronts import distribution, limited

WEB = "plain_web_service"
HTTPS = "https_with_redirect"
FARGATE = "containers_on_fargate"
AURORA = "aurora_with_two_members"
CHECKED = "checked_from_outside"
QUEUES = "orders_by_topic_and_queue"
HOURLY = "hourly_by_a_rule"


def page(code: str) -> list[dict[str, Any]]:
    answer = {"contentType": "text/plain", "messageBody": "Hello", "statusCode": code}
    return [{"type": "fixed-response", "fixedResponse": answer}]


def add_rule(edit: Edit, name: str, conditions: list[Any], **more: Any) -> None:
    edit.add(
        name,
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref("http", "arn"),
            "priority": 5,
            "conditions": conditions,
            "actions": [{"type": "forward", "targetGroupArn": Ref("web", "arn")}],
            **more,
        },
    )


# --- can it serve ---------------------------------------------------------------------------------


@broken(WEB, SERVE)
def everybody_gets_a_greeting(edit: Edit) -> None:
    """The first experiment with the listener was left: every request is answered with 200."""
    edit.set("http", "defaultActions", page("200"))


@broken(HTTPS, SERVE)
def visitors_limited_together_behind_cloudfront(edit: Edit) -> None:
    distribution(edit)
    limited(edit, {"limit": 500, "aggregateKeyType": "IP"})


@broken("lambda_for_one_path", (SERVE, VALID))
def function_with_a_fixed_answer_before_it(edit: Edit) -> None:
    edit.set("http", "defaultActions", page("503"))


@broken(QUEUES, SERVE)
def topic_that_may_not_call_its_function(edit: Edit) -> None:
    edit.add(
        "orders-to-function",
        "aws:sns/topicSubscription:TopicSubscription",
        {
            "topic": Ref("orders", "arn"),
            "protocol": "lambda",
            "endpoint": Ref("function", "arn"),
        },
    )


# --- does it survive ------------------------------------------------------------------------------


@broken(WEB, SURVIVE, "asg-elb-health-check")
def only_disks_are_checked(edit: Edit) -> None:
    edit.set("fleet", "healthCheckType", "EBS")


@broken(CHECKED, SURVIVE, "dns-ttl-short")
def answers_of_yesterday(edit: Edit) -> None:
    for name in ("first",):
        edit.set(name, "aliases", ...)
        edit.set(name, "records", ["203.0.113.10"])
        edit.set(name, "ttl", 172800)


@broken(CHECKED, SURVIVE)
def check_that_is_healthy_whatever_happens(edit: Edit) -> None:
    """A calculated check with a threshold of 0 is always healthy (Route 53 API reference)."""
    edit.add(
        "all",
        "aws:route53/healthCheck:HealthCheck",
        {"type": "CALCULATED", "childHealthThreshold": 0, "childHealthchecks": [Ref("check")]},
    )
    edit.set("first", "healthCheckId", Ref("all"))
    edit.set("first", "aliases.0.evaluateTargetHealth", False)


@broken(WEB, SURVIVE, "asg-launches-in-other-zones")
def lost_zone_never_replaced(edit: Edit) -> None:
    strategy = {"capacityDistributionStrategy": "balanced-only"}
    edit.set("fleet", "availabilityZoneDistribution", strategy)


@broken("requests_per_target", SURVIVE)
def scaled_by_the_requests_of_another_service(edit: Edit) -> None:
    edit.set(
        "requests",
        "targetTrackingConfiguration.predefinedMetricSpecification.resourceLabel",
        "app/blog/0123456789abcdef/targetgroup/blog/0123456789abcdef",
    )


@broken(AURORA, SURVIVE, "data-store-failover-size", advisory=True)
def failover_to_a_quarter(edit: Edit) -> None:
    edit.set("member-0", "instanceClass", "db.r7g.2xlarge")


@broken(QUEUES, SURVIVE)
def failed_jobs_vanish_first(edit: Edit) -> None:
    """The age of a message goes on in the dead-letter queue (SQS developer guide)."""
    edit.set("jobs", "messageRetentionSeconds", 1209600)
    edit.set("failed", "messageRetentionSeconds", 86400)


@broken("documents_in_two_zones", SURVIVE, advisory=True)
def documents_on_one_instance(edit: Edit) -> None:
    edit.drop("documents-1")


@broken(FARGATE, SURVIVE, "ecs-service-grace-period")
def container_that_needs_three_minutes(edit: Edit) -> None:
    check = {"command": ["CMD-SHELL", "curl -f http://localhost:8080/health"], "startPeriod": 180}
    edit.set("task", "containerDefinitions", containers(healthCheck=check))
    edit.set("service", "healthCheckGracePeriodSeconds", 30)


@broken("containers_on_own_instances", SERVE, "ecs-hosts-join-cluster")
def hosts_join_the_cluster_of_last_year(edit: Edit) -> None:
    edit.set("cluster", "name", "shop-2026")
    edit.set("providers", "clusterName", "shop-2026")


@broken(WEB, SURVIVE, "database-connections-suffice")
def four_connections_for_six_instances(edit: Edit) -> None:
    most = {"name": "max_connections", "value": "8", "applyMethod": "pending-reboot"}
    tls = {"name": "rds.force_ssl", "value": "1"}
    given = {"family": "postgres17", "parameters": [tls, most]}
    edit.add("few", "aws:rds/parameterGroup:ParameterGroup", given)
    edit.set("database", "parameterGroupName", Ref("few", "name"))


@broken(WEB, SURVIVE, "secret-recoverable", advisory=True)
def secret_that_never_comes_back(edit: Edit) -> None:
    edit.add("token", "aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 0})


# --- can it deploy --------------------------------------------------------------------------------


@broken(WEB, DEPLOY)
def alarms_on_and_none_named(edit: Edit) -> None:
    edit.set("deployment", "alarmConfiguration.alarms", [])


@broken(WEB, DEPLOY)
def silence_counts_as_an_error(edit: Edit) -> None:
    edit.set("errors", "treatMissingData", "breaching")


@broken(WEB, (DEPLOY, VALID))
def alarm_above_hundred_percent(edit: Edit) -> None:
    edit.set("errors", "metricName", "CPUUtilization")
    edit.set("errors", "namespace", "AWS/EC2")
    edit.set("errors", "dimensions", {"AutoScalingGroupName": Ref("fleet", "name")})
    edit.set("errors", "statistic", "Average")
    edit.set("errors", "threshold", 101)


# --- is it closed ---------------------------------------------------------------------------------


@broken(WEB, CLOSED)
def daemon_of_containers_for_everybody(edit: Edit) -> None:
    rule = {"protocol": "tcp", "fromPort": 2375, "toPort": 2375, "cidrBlocks": [WORLD]}
    web = {"protocol": "tcp", "fromPort": 8080, "toPort": 8080, "securityGroups": [Ref("balancer")]}
    edit.set("app", "ingress", [web, rule])


@broken(WEB, CLOSED)
def registry_for_everybody(edit: Edit) -> None:
    edit.add("images", "aws:ecr/repository:Repository", {"name": "web"})
    allowed = {"Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage", "ecr:PutImage"]}
    edit.add(
        "images-policy",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        {"repository": "web", "policy": document(allowed)},
    )


@broken(WEB, CLOSED)
def everybody_but_one_principal(edit: Edit) -> None:
    edit.add("jobs", "aws:sqs/queue:Queue", {})
    allowed = {
        "Effect": "Allow",
        "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:user/intern"},
        "Action": "sqs:*",
        "Resource": "*",
    }
    edit.add(
        "jobs-policy",
        "aws:sqs/queuePolicy:QueuePolicy",
        {"queueUrl": Ref("jobs"), "policy": document(allowed)},
    )


@broken(WEB, CLOSED)
def runbook_for_everybody(edit: Edit) -> None:
    edit.add(
        "runbook",
        "aws:ssm/document:Document",
        {
            "documentType": "Command",
            "content": "{}",
            "permissions": {"type": "Share", "accountIds": "All"},
        },
    )


def _contained(edit: Edit, **container: Any) -> None:
    edit.set("task", "containerDefinitions", containers(**container))


@broken(FARGATE, CLOSED)
def password_in_the_command_of_a_container(edit: Edit) -> None:
    _contained(edit, command=["serve", "--db-password=Tr0ub4dor&3xyz"])


@broken(FARGATE, CLOSED)
def password_in_a_url_of_a_container(edit: Edit) -> None:
    url = "postgres://shop:Tr0ub4dor3xyz@db.internal:5432/shop"
    _contained(edit, environment=[{"name": "DATABASE_URL", "value": url}])


@broken(WEB, CLOSED)
def password_in_a_batch_job(edit: Edit) -> None:
    container = {
        "image": "report:1",
        "environment": [{"name": "DB_PASSWORD", "value": "Tr0ub4dor&3xyz"}],
    }
    edit.add(
        "night",
        "aws:batch/jobDefinition:JobDefinition",
        {"type": "container", "containerProperties": json.dumps(container)},
    )


@broken(WEB, CLOSED)
def password_in_the_arguments_of_a_job(edit: Edit) -> None:
    edit.add(
        "extract",
        "aws:glue/job:Job",
        {
            "roleArn": "arn:aws:iam::123456789012:role/extract",
            "command": {"scriptLocation": "s3://scripts/extract.py"},
            "defaultArguments": {"--db_password": "Tr0ub4dor&3xyz"},
        },
    )


@broken(WEB, CLOSED)
def old_tls_at_an_api_of_its_own_name(edit: Edit) -> None:
    edit.add(
        "api-name",
        "aws:apigateway/domainName:DomainName",
        {"domainName": "api.example.com", "securityPolicy": "TLS_1_0"},
    )


@broken("documents_in_two_zones", CLOSED)
def documents_in_the_clear(edit: Edit) -> None:
    parameter = {"name": "tls", "value": "disabled", "applyMethod": "pending-reboot"}
    edit.add(
        "plain",
        "aws:docdb/clusterParameterGroup:ClusterParameterGroup",
        {"family": "docdb5.0", "parameters": [parameter]},
    )
    edit.set("documents", "dbClusterParameterGroupName", Ref("plain", "name"))


@broken("kubernetes", CLOSED, "eks-endpoint-limited", advisory=True)
def api_of_kubernetes_for_everybody(edit: Edit) -> None:
    edit.set("cluster", "vpcConfig.endpointPublicAccess", True)


# --- would AWS take it ----------------------------------------------------------------------------


@broken(WEB, (VALID, SURVIVE))
def standby_and_a_zone(edit: Edit) -> None:
    """A Multi-AZ instance takes no zone (RDS API reference, CreateDBInstance)."""
    edit.set("database", "availabilityZone", "eu-west-1a")


@broken(WEB, VALID)
def target_group_with_an_underscore(edit: Edit) -> None:
    edit.set("web", "name", "web_targets")
    edit.set("deployment", "loadBalancerInfo.targetGroupInfos", [{"name": Ref("web", "name")}])


@broken(WEB, VALID)
def enhanced_monitoring_every_seven_seconds(edit: Edit) -> None:
    edit.set("database", "monitoringInterval", 7)
    edit.set("database", "monitoringRoleArn", "arn:aws:iam::123456789012:role/monitoring")


@broken(FARGATE, VALID, "ecs-accepted")
def containers_without_a_network(edit: Edit) -> None:
    edit.set("service", "networkConfiguration", ...)


@broken(FARGATE, VALID)
def launch_type_and_strategy(edit: Edit) -> None:
    strategies = [{"capacityProvider": "FARGATE", "weight": 1}]
    edit.set("service", "capacityProviderStrategies", strategies)


@broken("containers_with_a_base_on_demand", VALID, "ecs-accepted")
def providers_of_no_cluster(edit: Edit) -> None:
    edit.drop("providers")


@broken(FARGATE, VALID, "ecs-accepted")
def host_port_on_fargate(edit: Edit) -> None:
    _contained(edit, portMappings=[{"containerPort": 8080, "hostPort": 80}])


@broken(FARGATE, VALID, "ecs-accepted")
def no_container_is_essential(edit: Edit) -> None:
    _contained(edit, essential=False)


@broken(FARGATE, VALID, "ecs-accepted")
def fargate_without_a_size(edit: Edit) -> None:
    edit.set("task", "cpu", ...)
    edit.set("task", "memory", ...)


@broken(HOURLY, VALID, "lambda-accepted")
def environment_by_a_reserved_name(edit: Edit) -> None:
    edit.set("function", "environment", {"variables": {"AWS_REGION": "eu-west-1"}})


@broken(WEB, VALID)
def six_hosts_of_one_rule(edit: Edit) -> None:
    hosts = [f"{name}.example.com" for name in ("a", "b", "c", "d", "e", "f")]
    add_rule(edit, "hosts", [{"hostHeader": {"values": hosts}}])


@broken(WEB, VALID)
def rule_after_the_last(edit: Edit) -> None:
    add_rule(edit, "last", [{"pathPattern": {"values": ["/x/*"]}}], priority=60000)


@broken(WEB, VALID)
def operations_of_a_disk_that_has_none_of_its_own(edit: Edit) -> None:
    disk = {"encrypted": "true", "volumeType": "gp2", "volumeSize": 20, "iops": 3000}
    edit.set("template", "blockDeviceMappings.0.ebs", disk)
