"""The sound neighbours of wrong units, idioms and leftovers: what looks like them and is right."""

from __future__ import annotations

import base64
from typing import Any

from tests.policies.programs.bricks import BOOT, document
from tests.policies.programs.cases import Edit, Ref, also_sound
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    deliveries,
    entrances,
    fleets,
    neighbours,
    pipelines,
    plain,
    releases,
    shapes,
    stores,
    workloads,
)

WEB = "plain_web_service"
FORGE = "token.actions.githubusercontent.com"
IN_THE_REPOSITORY = "What buildspec.yml runs is in the repository."

# --- alarms ---------------------------------------------------------------------------------------


def watched(edit: Edit, metric: str, **more: Any) -> None:
    given = {
        "namespace": "AWS/RDS",
        "metricName": metric,
        "dimensions": {"DBInstanceIdentifier": Ref("database", "identifier")},
        "statistic": "Average",
        "comparisonOperator": "LessThanThreshold",
        "period": 300,
        "evaluationPeriods": 2,
        "alarmActions": [Ref("operations", "arn")],
        **more,
    }
    edit.add("of-the-database", "aws:cloudwatch/metricAlarm:MetricAlarm", given)


@also_sound(WEB)
def storage_watched_in_bytes(edit: Edit) -> None:
    watched(edit, "FreeStorageSpace", threshold=10 * 2**30)


@also_sound(WEB)
def idle_database_watched(edit: Edit) -> None:
    """Below one percent nobody uses it."""
    watched(edit, "CPUUtilization", threshold=1)


@also_sound(WEB)
def percentage_watched_by_a_percentile(edit: Edit) -> None:
    above = {"comparisonOperator": "GreaterThanThreshold", "threshold": 90}
    watched(edit, "CPUUtilization", **above, statistic=..., extendedStatistic="p90")
    edit.set("of-the-database", "statistic", ...)


@also_sound(WEB)
def alarms_filtered_by_their_body(edit: Edit) -> None:
    edit.set("operations-mail", "filterPolicy", '{"NewStateValue": ["ALARM"]}')
    edit.set("operations-mail", "filterPolicyScope", "MessageBody")


# --- capacity -------------------------------------------------------------------------------------


@also_sound(WEB)
def waits_for_ten_minutes(edit: Edit) -> None:
    edit.set("fleet", "waitForCapacityTimeout", "10m")


@also_sound(WEB)
def waits_for_nothing(edit: Edit) -> None:
    edit.set("fleet", "waitForCapacityTimeout", "0")


@also_sound(WEB)
def instances_end_their_work_in_two_minutes(edit: Edit) -> None:
    edit.add(
        "farewell",
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        {
            "autoscalingGroupName": Ref("fleet", "name"),
            "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "heartbeatTimeout": 120,
            "defaultResult": "CONTINUE",
        },
    )


@also_sound(WEB)
def reservations_first(edit: Edit) -> None:
    first = {"capacityReservationPreference": "capacity-reservations-first"}
    edit.set("template", "capacityReservationSpecification", first)


# --- time-outs ------------------------------------------------------------------------------------


def started(edit: Edit, *lines: str) -> None:
    text = BOOT + "\n".join(lines) + "\n"
    edit.set("template", "userData", base64.b64encode(text.encode()).decode())


@also_sound(WEB)
def uvicorn_outlasts_the_balancer(edit: Edit) -> None:
    started(edit, "nohup uvicorn --host 0.0.0.0 --port 8080 --timeout-keep-alive 75 shop:app &")


@also_sound(WEB)
def node_outlasts_the_balancer(edit: Edit) -> None:
    started(edit, 'node -e "server.keepAliveTimeout = 65000; server.listen(8080)" &')


@also_sound(WEB)
def workers_that_keep_no_connection(edit: Edit) -> None:
    """The default workers of gunicorn close after each answer, and say so."""
    started(edit, "gunicorn --keep-alive 5 --bind 0.0.0.0:8080 --daemon shop.wsgi")


@also_sound(WEB)
def application_behind_a_patient_web_server(edit: Edit) -> None:
    started(
        edit,
        "cat > /etc/nginx/conf.d/shop.conf <<EOF",
        "  keepalive_timeout 75s;",
        "  server { listen 8080; location / { proxy_pass http://127.0.0.1:9000; } }",
        "EOF",
        "systemctl enable --now nginx",
        "nohup uvicorn --port 9000 --timeout-keep-alive 5 shop:app &",
    )


@also_sound(WEB)
def tool_that_asks_with_keep_alive(edit: Edit) -> None:
    started(edit, "curl --keepalive-time 5 --retry 9 http://127.0.0.1:8080/health")


# --- parameters -----------------------------------------------------------------------------------


def parameters(edit: Edit, **values: str) -> None:
    given = [
        {"name": name, "value": value, "applyMethod": "pending-reboot"}
        for name, value in values.items()
    ]
    edit.add(
        "settings",
        "aws:rds/parameterGroup:ParameterGroup",
        {"family": "postgres17", "parameters": given},
    )
    edit.set("database", "parameterGroupName", Ref("settings", "name"))


@also_sound(WEB)
def database_that_is_tuned(edit: Edit) -> None:
    parameters(
        edit,
        statement_timeout="30000",
        idle_in_transaction_session_timeout="60000",
        shared_buffers="{DBInstanceClassMemory/32768}",
        autovacuum_naptime="15",
        log_min_duration_statement="500",
        default_transaction_read_only="0",
    )


@also_sound(WEB)
def buffers_in_pages(edit: Edit) -> None:
    """131,072 pages of 8 KiB are a gibibyte, of the four that the class has."""
    parameters(edit, shared_buffers="131072", statement_timeout="0")


@also_sound("table_without_servers")
def table_that_scales(edit: Edit) -> None:
    edit.set("carts", "name", "carts")
    edit.set("carts", "billingMode", "PROVISIONED")
    edit.set("carts", "readCapacity", 5)
    edit.set("carts", "writeCapacity", 5)
    for what in ("Read", "Write"):
        edit.add(
            f"carts-{what.lower()}",
            "aws:appautoscaling/target:Target",
            {
                "serviceNamespace": "dynamodb",
                "resourceId": "table/carts",
                "scalableDimension": f"dynamodb:table:{what}CapacityUnits",
                "minCapacity": 5,
                "maxCapacity": 500,
            },
        )


@also_sound("app_runner")
def runner_of_several(edit: Edit) -> None:
    edit.add(
        "sizes",
        "aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion",
        {"autoScalingConfigurationName": "shop", "minSize": 2, "maxSize": 10},
    )
    edit.set("service", "autoScalingConfigurationArn", Ref("sizes", "arn"))


# --- idioms ---------------------------------------------------------------------------------------


@also_sound(WEB)
def template_that_keeps_its_image(edit: Edit) -> None:
    """The newest image is looked up; a fleet is moved to it on purpose only."""
    edit.option("template", ignored=("imageId", "tags"))


@also_sound(WEB)
def agent_by_systems_manager(edit: Edit) -> None:
    edit.set("template", "userData", ...)
    edit.add(
        "agent",
        "aws:ssm/association:Association",
        {
            "name": "AWS-ConfigureAWSPackage",
            "parameters": {"action": "Install", "name": "AWSCodeDeployAgent"},
            "targets": [{"key": "tag:Service", "values": ["shop"]}],
        },
    )


@also_sound("revision_in_a_bucket")
def revisions_where_the_program_says(edit: Edit) -> None:
    edit.set("revisions", "region", "eu-west-1")


@also_sound(WEB)
def peered_with_a_network_of_another_range(edit: Edit) -> None:
    edit.add("office", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"})
    edit.add(
        "to-the-office",
        "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
        {"vpcId": Ref("vpc"), "peerVpcId": Ref("office"), "autoAccept": True},
    )


def named(edit: Edit, name: str) -> None:
    edit.add("domain", "aws:route53/zone:Zone", {"name": "example.com"})
    alias = {
        "name": Ref("front", "dnsName"),
        "zoneId": Ref("front", "zoneId"),
        "evaluateTargetHealth": True,
    }
    given = {"zoneId": Ref("domain", "zoneId"), "name": name, "type": "A", "aliases": [alias]}
    edit.add("www", "aws:route53/record:Record", given)


@also_sound(WEB)
def name_that_is_relative(edit: Edit) -> None:
    named(edit, "api.shop")


@also_sound(WEB)
def name_that_is_whole(edit: Edit) -> None:
    named(edit, "API.shop.Example.com.")


@also_sound("grpc_service")
def grpc_with_http_2_written_out(edit: Edit) -> None:
    edit.set("front", "enableHttp2", True)


@also_sound(WEB)
def http_1_without_http_2(edit: Edit) -> None:
    edit.set("front", "enableHttp2", False)


# --- leftovers ------------------------------------------------------------------------------------


def federated(edit: Edit, host: str, condition: dict[str, Any]) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{host}"},
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": condition,
    }
    edit.add("releases", "aws:iam/role:Role", {"assumeRolePolicy": document(statement)})


@also_sound(WEB)
def forge_for_one_branch(edit: Edit) -> None:
    federated(
        edit,
        FORGE,
        {
            "StringEquals": {f"{FORGE}:aud": "sts.amazonaws.com"},
            "StringLike": {
                f"{FORGE}:sub": ["repo:acme/shop:ref:refs/heads/main", "repo:acme/*:environment:*"]
            },
        },
    )


@also_sound(WEB)
def one_pod_of_the_cluster(edit: Edit) -> None:
    host = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"
    federated(edit, host, {"StringEquals": {f"{host}:sub": "system:serviceaccount:shop:web"}})


@also_sound(WEB)
def company_by_its_own_claims(edit: Edit) -> None:
    host = "login.example.com"
    federated(edit, host, {"StringEquals": {f"{host}:aud": "haproof-releases"}})


@also_sound("gateway_with_a_link_to_an_internal_balancer")
def own_sites_in_the_name_of_visitors(edit: Edit) -> None:
    given = {"allowOrigins": ["https://www.example.com"], "allowCredentials": True}
    edit.set("api", "corsConfiguration", given)


@also_sound("gateway_with_a_link_to_an_internal_balancer")
def every_site_in_its_own_name(edit: Edit) -> None:
    edit.set("api", "corsConfiguration", {"allowOrigins": ["*"], "allowMethods": ["GET"]})


@also_sound("images_by_a_pipeline", undecided=IN_THE_REPOSITORY)
def images_by_kaniko(edit: Edit) -> None:
    edit.set("build", "environment.privilegedMode", False)


@also_sound("images_by_a_pipeline")
def images_by_steps_of_the_program(edit: Edit) -> None:
    steps = "version: 0.2\nphases:\n  build:\n    commands:\n      - docker build -t web .\n"
    edit.set("build", "source.buildspec", steps)


@also_sound("out_through_a_transit_gateway")
def networks_kept_apart_at_the_gateway(edit: Edit) -> None:
    gateway = {"transitGatewayId": "tgw-0123456789abcdef0"}
    edit.add("table", "aws:ec2transitgateway/routeTable:RouteTable", gateway)
    edit.add(
        "apart",
        "aws:ec2transitgateway/route:Route",
        {
            "transitGatewayRouteTableId": Ref("table"),
            "destinationCidrBlock": "10.0.0.0/8",
            "blackhole": True,
        },
    )


@also_sound(WEB)
def passwords_that_are_long(edit: Edit) -> None:
    given = {"minimumPasswordLength": 14, "passwordReusePrevention": 24}
    edit.add("passwords", "aws:iam/accountPasswordPolicy:AccountPasswordPolicy", given)


# --- doors ----------------------------------------------------------------------------------------


@also_sound(WEB)
def topic_by_a_key_that_alarms_use(edit: Edit) -> None:
    everybody = [
        {"AWS": "arn:aws:iam::123456789012:root"},
        {"Service": "cloudwatch.amazonaws.com"},
    ]
    allowed = [
        {"Effect": "Allow", "Principal": who, "Action": action, "Resource": "*"}
        for who, action in zip(
            everybody, ("kms:*", ["kms:Decrypt", "kms:GenerateDataKey*"]), strict=True
        )
    ]
    edit.add("key", "aws:kms/key:Key", {"enableKeyRotation": True, "policy": document(*allowed)})
    edit.set("operations", "kmsMasterKeyId", Ref("key", "arn"))


@also_sound("revision_in_a_bucket")
def revisions_by_the_endpoint_of_the_network(edit: Edit) -> None:
    edit.set("revisions", "bucket", "revisions-of-the-shop")
    edit.add(
        "s3",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": Ref("vpc"),
            "serviceName": "com.amazonaws.eu-west-1.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": [Ref("routes-a"), Ref("routes-b")],
        },
    )
    objects = "arn:aws:s3:::revisions-of-the-shop/*"
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": objects,
        "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}},
    }
    tls = {
        **denied,
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::revisions-of-the-shop", objects],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    edit.set("revisions-tls", "policy", document(tls, denied))


@also_sound(WEB)
def asked_from_three_regions(edit: Edit) -> None:
    named(edit, "www.example.com")
    given = {
        "fqdn": "www.example.com",
        "type": "HTTP",
        "port": 80,
        "resourcePath": "/health",
        "requestInterval": 10,
        "failureThreshold": 3,
        "regions": ["us-east-1", "eu-west-1", "ap-southeast-1"],
    }
    edit.add("check", "aws:route53/healthCheck:HealthCheck", given)
    edit.set("www", "healthCheckId", Ref("check"))


@also_sound(WEB)
def disk_as_large_as_its_image(edit: Edit) -> None:
    newest = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    edit.set("template", "imageId", newest)
    edit.set("template", "blockDeviceMappings.0.ebs.volumeSize", 8)


@also_sound(WEB)
def told_when_one_of_two_is_lost(edit: Edit) -> None:
    edit.set("unhealthy", "metricName", "HealthyHostCount")
    edit.set("unhealthy", "comparisonOperator", "LessThanThreshold")
    edit.set("unhealthy", "threshold", 2)


@also_sound(WEB)
def gateways_by_addresses_of_the_platform(edit: Edit) -> None:
    for number, name in enumerate(("nat-a", "nat-b")):
        edit.set(name, "allocationId", f"eipalloc-0123456789abcdef{number}")
