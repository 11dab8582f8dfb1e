"""Values in the wrong unit or scale: alarms, time-outs, parameters, capacities."""

from __future__ import annotations

import base64
from typing import Any

from tests.policies.programs.bricks import BOOT
from tests.policies.programs.cases import (
    DEPLOY,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
)

WEB = "plain_web_service"

# --- alarms ---------------------------------------------------------------------------------------


def watched(edit: Edit, metric: str, **more: Any) -> None:
    """Add an alarm on the database."""
    given = {
        "namespace": "AWS/RDS",
        "metricName": metric,
        "dimensions": {"DBInstanceIdentifier": Ref("database", "identifier")},
        "statistic": "Average",
        "comparisonOperator": "LessThanThreshold",
        "threshold": 10,
        "period": 300,
        "evaluationPeriods": 2,
        "alarmActions": [Ref("operations", "arn")],
        **more,
    }
    edit.add("of-the-database", "aws:cloudwatch/metricAlarm:MetricAlarm", given)


@broken(WEB, DEPLOY)
def storage_watched_in_gigabytes(edit: Edit) -> None:
    watched(edit, "FreeStorageSpace", threshold=10)


@broken(WEB, DEPLOY)
def memory_watched_in_megabytes(edit: Edit) -> None:
    watched(edit, "FreeableMemory", threshold=256)


@broken(WEB, DEPLOY)
def percentage_watched_as_a_share(edit: Edit) -> None:
    watched(edit, "CPUUtilization", comparisonOperator="GreaterThanThreshold", threshold=0.8)


@broken(WEB, DEPLOY)
def percentages_added_up(edit: Edit) -> None:
    above = {"comparisonOperator": "GreaterThanThreshold", "threshold": 80, "statistic": "Sum"}
    watched(edit, "CPUUtilization", **above)


@broken(WEB, DEPLOY)
def percentages_counted(edit: Edit) -> None:
    above = {"comparisonOperator": "GreaterThanThreshold", "threshold": 80}
    watched(edit, "CPUUtilization", **above, statistic="SampleCount")


@broken(WEB, DEPLOY)
def errors_of_the_balancer_of_staging(edit: Edit) -> None:
    """Half of the dimensions was copied from another environment."""
    edit.set("errors", "dimensions.LoadBalancer", "app/staging-front/50dc6c495c0c9188")


@broken(WEB, SURVIVE, advisory=True)
def alarms_that_a_filter_drops(edit: Edit) -> None:
    edit.set("operations-mail", "filterPolicy", '{"severity": ["high"]}')


# --- capacity -------------------------------------------------------------------------------------


@broken(WEB, SURVIVE)
def scaled_at_half_a_percent(edit: Edit) -> None:
    edit.set("cpu", "targetTrackingConfiguration.targetValue", 0.5)


@broken(WEB, SURVIVE, advisory=True)
def warm_after_an_hour(edit: Edit) -> None:
    edit.set("fleet", "defaultInstanceWarmup", 3600)


@broken(WEB, VALID)
def waits_for_ten_of_nothing(edit: Edit) -> None:
    """Minutes were meant: the provider wants a unit."""
    edit.set("fleet", "waitForCapacityTimeout", "10")


@broken(WEB, SURVIVE, advisory=True)
def never_larger_after_the_first_morning(edit: Edit) -> None:
    edit.add(
        "morning",
        "aws:autoscaling/schedule:Schedule",
        {
            "autoscalingGroupName": Ref("fleet", "name"),
            "scheduledActionName": "morning",
            "recurrence": "0 8 * * *",
            "minSize": 2,
            "maxSize": 2,
            "desiredCapacity": 2,
        },
    )


@broken(WEB, SURVIVE, advisory=True)
def instances_go_after_two_hours(edit: Edit) -> None:
    edit.add(
        "farewell",
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        {
            "autoscalingGroupName": Ref("fleet", "name"),
            "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "heartbeatTimeout": 7200,
            "defaultResult": "CONTINUE",
        },
    )


@broken(WEB, SURVIVE, advisory=True)
def launched_in_reservations_only(edit: Edit) -> None:
    only = {"capacityReservationPreference": "capacity-reservations-only"}
    edit.set("template", "capacityReservationSpecification", only)


# --- time-outs that do not fit each other ---------------------------------------------------------


def started(edit: Edit, *lines: str) -> None:
    text = BOOT + "\n".join(lines) + "\n"
    edit.set("template", "userData", base64.b64encode(text.encode()).decode())


@broken(WEB, SERVE)
def gunicorn_closes_before_the_balancer(edit: Edit) -> None:
    started(edit, "gunicorn --threads 8 --keep-alive 5 --bind 0.0.0.0:8080 --daemon shop.wsgi")


@broken(WEB, SERVE)
def uvicorn_closes_before_the_balancer(edit: Edit) -> None:
    started(edit, "nohup uvicorn --host 0.0.0.0 --port 8080 --timeout-keep-alive=5 shop:app &")


@broken(WEB, SERVE)
def nginx_closes_before_the_balancer(edit: Edit) -> None:
    started(
        edit,
        "cat > /etc/nginx/conf.d/shop.conf <<EOF",
        "  keepalive_timeout 15s;",
        "  server { listen 8080; }",
        "EOF",
        "systemctl enable --now nginx",
    )


@broken(WEB, SERVE)
def spring_closes_before_the_balancer(edit: Edit) -> None:
    edit.set("front", "idleTimeout", 300)
    started(edit, "java -jar shop.jar --server.tomcat.keep-alive-timeout=60s &")


@broken(WEB, SERVE)
def node_closes_before_the_balancer(edit: Edit) -> None:
    started(edit, 'node -e "server.keepAliveTimeout = 5000; server.listen(8080)" &')


# --- parameters of the database -------------------------------------------------------------------


def parameters(edit: Edit, family: str = "postgres17", **values: str) -> None:
    given = [
        {"name": name, "value": value, "applyMethod": "pending-reboot"}
        for name, value in values.items()
    ]
    edit.add(
        "settings",
        "aws:rds/parameterGroup:ParameterGroup",
        {"family": family, "parameters": given},
    )
    edit.set("database", "parameterGroupName", Ref("settings", "name"))


@broken(WEB, SERVE)
def statements_end_after_thirty_milliseconds(edit: Edit) -> None:
    parameters(edit, statement_timeout="30")


@broken(WEB, SERVE, advisory=True)
def statements_end_after_half_a_second(edit: Edit) -> None:
    parameters(edit, statement_timeout="500")


@broken(WEB, SERVE)
def buffers_in_bytes(edit: Edit) -> None:
    parameters(edit, shared_buffers="268435456")


@broken(WEB, SERVE)
def database_that_only_reads(edit: Edit) -> None:
    """For a move of the data, and never taken back."""
    parameters(edit, default_transaction_read_only="1")


@broken(WEB, SURVIVE, advisory=True)
def tables_that_nobody_cleans(edit: Edit) -> None:
    parameters(edit, autovacuum="0")


@broken(WEB, VALID)
def database_in_the_default_network(edit: Edit) -> None:
    """The subnet group was forgotten; the security group is in the VPC of the program."""
    edit.set("database", "dbSubnetGroupName", ...)


@broken("aurora_serverless", SERVE, advisory=True)
def aurora_asleep(edit: Edit) -> None:
    edit.set("cluster", "serverlessv2ScalingConfiguration.minCapacity", 0)


@broken("table_without_servers", SURVIVE, advisory=True)
def table_for_one_at_a_time(edit: Edit) -> None:
    edit.set("carts", "billingMode", "PROVISIONED")
    edit.set("carts", "readCapacity", 1)
    edit.set("carts", "writeCapacity", 1)


@broken("app_runner", SURVIVE)
def runner_that_is_never_two(edit: Edit) -> None:
    edit.add(
        "sizes",
        "aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion",
        {"autoScalingConfigurationName": "small", "minSize": 1, "maxSize": 1},
    )
    edit.set("service", "autoScalingConfigurationArn", Ref("sizes", "arn"))


@broken(WEB, VALID)
def warm_after_five_minutes_in_words(edit: Edit) -> None:
    preferences = {"minHealthyPercentage": 100, "instanceWarmup": "5m"}
    edit.set("fleet", "instanceRefresh", {"strategy": "Rolling", "preferences": preferences})


@broken(WEB, SURVIVE, advisory=True)
def redundancy_missed_after_eight_hours(edit: Edit) -> None:
    edit.set("unhealthy", "period", 300)
    edit.set("unhealthy", "evaluationPeriods", 100)


@broken(WEB, VALID)
def disk_smaller_than_its_image(edit: Edit) -> None:
    newest = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    edit.set("template", "imageId", newest)
    edit.set("template", "blockDeviceMappings.0.ebs.volumeSize", 4)


@broken(WEB, DEPLOY)
def errors_from_none_on(edit: Edit) -> None:
    """Every value is 0 or more: each one stops a deployment."""
    edit.set("errors", "comparisonOperator", "GreaterThanOrEqualToThreshold")
    edit.set("errors", "threshold", 0)


@broken(WEB, SURVIVE, advisory=True)
def told_when_nobody_is_left(edit: Edit) -> None:
    edit.set("unhealthy", "metricName", "HealthyHostCount")
    edit.set("unhealthy", "comparisonOperator", "LessThanThreshold")
    edit.set("unhealthy", "threshold", 1)


@broken(WEB, SURVIVE, advisory=True)
def told_when_the_smallest_fleet_is_lost(edit: Edit) -> None:
    edit.set("unhealthy", "threshold", 2)


@broken(WEB, SERVE)
def door_for_an_address_of_nobody(edit: Edit) -> None:
    opened = {"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["0.0.0.0/32"]}
    edit.set("balancer", "ingress", [opened])


@broken(WEB, VALID)
def one_written_address_for_two_gateways(edit: Edit) -> None:
    for name in ("nat-a", "nat-b"):
        edit.set(name, "allocationId", "eipalloc-0123456789abcdef0")
