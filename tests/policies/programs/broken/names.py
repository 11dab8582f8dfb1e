"""Names that lead nowhere or fail over never, edges that do not reach the balancer, and switches."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import SERVE, SURVIVE, VALID, Edit, Ref, broken, rewritten
from tests.policies.programs.innocents.fronts import certificate, distribution, named
from tests.policies.switches import nightly_call, stop_at_the_budget

WEB = "plain_web_service"
HTTPS = "https_with_redirect"
FAILOVER = "checked_from_outside"
LINK = "gateway_with_a_link_to_an_internal_balancer"
ZONE = "Z0123456789ABC"
RECORD = "aws:route53/record:Record"


@broken(FAILOVER, SURVIVE, advisory=True)
def primary_without_a_secondary(edit: Edit) -> None:
    edit.drop("sorry")


@broken(FAILOVER, SURVIVE, "dns-fails-over", engine=True)
def failover_that_nothing_starts(edit: Edit) -> None:
    edit.set("first", "healthCheckId", ...)
    edit.set("first", "aliases.0.evaluateTargetHealth", False)


@broken(FAILOVER, SURVIVE, "dns-fails-over")
def check_upside_down(edit: Edit) -> None:
    edit.set("check", "invertHealthcheck", True)


@broken(FAILOVER, SURVIVE, "dns-fails-over")
def check_that_is_disabled(edit: Edit) -> None:
    edit.set("check", "disabled", True)


@broken(FAILOVER, SURVIVE, "dns-fails-over")
def check_on_a_port_without_a_listener(edit: Edit) -> None:
    edit.set("check", "port", 8443)


@broken(FAILOVER, VALID, "dns-accepted")
def two_primaries(edit: Edit) -> None:
    edit.set("sorry", "failoverRoutingPolicies", [{"type": "PRIMARY"}])


@broken(FAILOVER, VALID, "dns-accepted")
def failover_without_an_identifier(edit: Edit) -> None:
    edit.set("sorry", "setIdentifier", ...)


@broken("certificate_proved_by_dns", VALID, "dns-accepted")
def alias_in_the_zone_of_the_domain(edit: Edit) -> None:
    edit.set("www-a", "aliases.0.zoneId", ZONE)


@broken(WEB, VALID, "dns-accepted")
def cname_of_the_domain_itself(edit: Edit) -> None:
    edit.add("domain", "aws:route53/zone:Zone", {"name": "example.com"})
    edit.add(
        "apex",
        RECORD,
        {
            "zoneId": Ref("domain", "zoneId"),
            "name": "example.com",
            "type": "CNAME",
            "ttl": 60,
            "records": [Ref("front", "dnsName")],
        },
    )


@broken("hosts_of_two_services", SERVE, "dns-name-served", engine=True)
def name_that_no_rule_is_for(edit: Edit) -> None:
    named(edit, "store.example.org")


# --- CloudFront and API Gateway -------------------------------------------------------------------


@broken(HTTPS, SERVE, "edge-reaches-balancer", engine=True)
def redirected_in_a_circle_behind_cloudfront(edit: Edit) -> None:
    distribution(edit, ask="http-only")


@broken(HTTPS, SERVE, "edge-reaches-balancer")
def cloudfront_asks_a_port_without_a_listener(edit: Edit) -> None:
    distribution(edit, port=8443)


@broken(WEB, SERVE, "edge-reaches-balancer")
def cloudfront_asks_by_https_where_http_is_spoken(edit: Edit) -> None:
    distribution(edit)


@broken(HTTPS, SERVE, "edge-reaches-balancer")
def distribution_switched_off(edit: Edit) -> None:
    distribution(edit, enabled=False)


@broken(HTTPS, VALID, "cloudfront-accepted")
def certificate_of_cloudfront_elsewhere(edit: Edit) -> None:
    distribution(edit, viewerCertificate=certificate(region="eu-west-1"))


@broken(HTTPS, VALID, "cloudfront-accepted")
def names_with_the_certificate_of_cloudfront(edit: Edit) -> None:
    distribution(
        edit, aliases=["www.example.com"], viewerCertificate={"cloudfrontDefaultCertificate": True}
    )


@broken(LINK, SERVE, "edge-reaches-balancer")
def link_that_the_balancer_does_not_admit(edit: Edit) -> None:
    edit.set("balancer", "ingress.0.securityGroups", [Ref("app")])


@broken(LINK, SERVE, "edge-reaches-balancer")
def link_that_may_not_leave(edit: Edit) -> None:
    edit.set("link", "egress", bricks.opening(443, cidrBlocks=["0.0.0.0/0"]))


@broken(LINK, SURVIVE, "vpc-endpoint-several-zones")
def link_in_one_zone(edit: Edit) -> None:
    edit.set("to-the-balancer", "subnetIds", [Ref("private-a")])


@broken("attached_to_a_transit_gateway", SURVIVE, "vpc-endpoint-several-zones", engine=True)
def attachment_in_one_zone(edit: Edit) -> None:
    """A transit gateway serves the zones of the attachment's subnets only."""
    edit.set("attachment", "subnetIds", [Ref("private-a")])


# --- what else may act ----------------------------------------------------------------------------


def _call(edit: Edit, call: str, given: dict[str, Any]) -> None:
    edit.add("night", "aws:scheduler/schedule:Schedule", nightly_call(call, given))


def _at_night(call: str, given: Any) -> None:
    aws.scheduler.Schedule(
        "night",
        schedule_expression="cron(0 22 * * ? *)",
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": f"arn:aws:scheduler:::aws-sdk:{call}",
            "role_arn": "arn:aws:iam::123456789012:role/night",
            "input": given,
        },
    )


@rewritten(WEB, SURVIVE, "service-not-switched-off", engine=True)
def database_stopped_at_night() -> None:
    """EventBridge Scheduler calls RDS itself; the name of the database is not known yet."""
    site = bricks.network()
    service = bricks.web(site)
    database = bricks.database(site, service.group)
    given = pulumi.Output.json_dumps({"DbInstanceIdentifier": database.identifier})
    _at_night("rds:stopDBInstance", given)


@broken(WEB, SURVIVE, "service-not-switched-off")
def fleet_emptied_at_night_by_another_service(edit: Edit) -> None:
    edit.set("fleet", "name", "shop-fleet")
    edit.set("deployment", "autoscalingGroups", ["shop-fleet"])
    sizes = {"AutoScalingGroupName": "shop-fleet", "MinSize": 0, "DesiredCapacity": 0}
    _call(edit, "autoscaling:updateAutoScalingGroup", sizes)


@broken("containers_on_fargate", SURVIVE, "service-not-switched-off")
def containers_stopped_by_another_service(edit: Edit) -> None:
    edit.set("service", "name", "web")
    _call(edit, "ecs:updateService", {"Cluster": "shop", "Service": "web", "DesiredCount": 0})


@broken(WEB, SURVIVE, "service-not-switched-off")
def database_stopped_when_the_budget_is_spent(edit: Edit) -> None:
    action = stop_at_the_budget("AUTOMATIC", "eu-west-1")
    edit.add("spent", "aws:budgets/budgetAction:BudgetAction", action)
