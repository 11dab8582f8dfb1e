"""The edge of the service that an engineer in a hurry gets wrong: listeners, names, checks, alarms."""

from __future__ import annotations

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

WEB = "plain_web_service"
HTTPS = "https_with_redirect"


@broken(HTTPS, SERVE)
def redirect_in_a_circle(edit: Edit) -> None:
    redirect = {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}
    edit.set("https", "defaultActions", [{"type": "redirect", "redirect": redirect}])


@broken(HTTPS, (SERVE, CLOSED))
def redirect_of_plain_http_to_itself(edit: Edit) -> None:
    redirect = {"protocol": "#{protocol}", "port": "#{port}", "statusCode": "HTTP_302"}
    edit.set("http", "defaultActions", [{"type": "redirect", "redirect": redirect}])


@broken(WEB, SERVE)
def requests_end_after_a_second(edit: Edit) -> None:
    edit.set("front", "idleTimeout", 1)


@broken(WEB, (VALID, SERVE))
def check_switched_off(edit: Edit) -> None:
    """Instances are always checked: `enabled` may be false for functions only."""
    edit.set("web", "healthCheck.enabled", False)


@broken(WEB, (SURVIVE, SERVE))
def everything_counts_as_healthy(edit: Edit) -> None:
    edit.set("web", "healthCheck.matcher", "200-599")


@broken(WEB, (SURVIVE, SERVE, DEPLOY))
def new_instances_wait_longer_than_they_may(edit: Edit) -> None:
    """Ten checks, a minute apart, within a grace period of five minutes."""
    edit.set("web", "healthCheck.interval", 60)
    edit.set("web", "healthCheck.healthyThreshold", 10)


@broken("canary_by_weight", SERVE)
def canary_gets_everything_and_is_empty(edit: Edit) -> None:
    edit.set("canary-fleet", "targetGroupArns", ...)


@broken("certificate_proved_by_dns", SERVE)
def certificate_of_another_name(edit: Edit) -> None:
    """The site is www.example.com, the certificate is for shop.example.org."""
    edit.set("certificate", "domainName", "shop.example.org")


@broken("certificate_proved_by_dns", SERVE)
def certificate_one_level_too_high(edit: Edit) -> None:
    """*.com.example is not www.example.com; nor is example.com."""
    edit.set("certificate", "domainName", "example.com")


@broken("accelerator_in_front", SERVE)
def accelerator_turned_down(edit: Edit) -> None:
    edit.set("endpoints", "trafficDialPercentage", 0)


@broken("accelerator_in_front", SERVE)
def accelerator_without_weight(edit: Edit) -> None:
    edit.set("endpoints", "endpointConfigurations.0.weight", 0)


@broken("accelerator_in_front", SERVE)
def accelerator_on_another_port(edit: Edit) -> None:
    edit.set("accelerated", "portRanges", [{"fromPort": 443, "toPort": 443}])


@broken("lambda_behind_the_balancer", SERVE)
def function_switched_off(edit: Edit) -> None:
    """No reserved concurrency: every call is throttled."""
    edit.set("function", "reservedConcurrentExecutions", 0)


@broken("errors_as_a_share", VALID)
def expression_that_returns_nothing(edit: Edit) -> None:
    edit.set("share", "metricQueries.0.returnData", False)


@broken("errors_as_a_share", VALID)
def expression_of_a_metric_that_is_missing(edit: Edit) -> None:
    edit.set("share", "metricQueries.0.expression", "100 * failed / requests")


@broken(WEB, (DEPLOY, SURVIVE), advisory=True)
def fewer_healthy_hosts_than_none(edit: Edit) -> None:
    """There are never fewer than no hosts: the alarm cannot go off."""
    edit.set("unhealthy", "metricName", "HealthyHostCount")
    edit.set("unhealthy", "comparisonOperator", "LessThanThreshold")


@broken("own_configuration", (DEPLOY, SURVIVE))
def own_configuration_that_keeps_nobody(edit: Edit) -> None:
    edit.set("three-of-four", "minimumHealthyHosts", {"type": "HOST_COUNT", "value": 0})


@broken("own_configuration", DEPLOY)
def own_configuration_that_keeps_everybody(edit: Edit) -> None:
    edit.set("three-of-four", "minimumHealthyHosts", {"type": "FLEET_PERCENT", "value": 99})


@broken("own_configuration", (VALID, DEPLOY))
def own_configuration_for_containers(edit: Edit) -> None:
    edit.set("three-of-four", "computePlatform", "ECS")
    edit.set("three-of-four", "minimumHealthyHosts", ...)


@broken(HTTPS, CLOSED)
def tls_of_2016(edit: Edit) -> None:
    edit.set("https", "sslPolicy", "ELBSecurityPolicy-2016-08")


@broken("another_port_for_visitors", SERVE)
def door_of_the_old_port(edit: Edit) -> None:
    edit.set(
        "balancer",
        "ingress",
        [{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": [bricks.WORLD]}],
    )


@broken(WEB, SERVE)
def rule_for_everything_to_an_empty_group(edit: Edit) -> None:
    edit.add(
        "next",
        "aws:lb/targetGroup:TargetGroup",
        {
            "vpcId": Ref("vpc"),
            "port": 8080,
            "protocol": "HTTP",
            "deregistrationDelay": 30,
            "healthCheck": {"protocol": "HTTP", "path": "/health", "interval": 10},
        },
    )
    edit.add(
        "all",
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref("http", "arn"),
            "priority": 1,
            "conditions": [{"hostHeader": {"values": ["*"]}}],
            "actions": [{"type": "forward", "targetGroupArn": Ref("next", "arn")}],
        },
    )
