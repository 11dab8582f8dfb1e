"""Parts that are in another Region than the rest, and health checks that nobody can answer."""

from __future__ import annotations

from tests.policies.programs.cases import (
    DEPLOY,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
    rewritten,
)
from tests.policies.programs.innocents import sides
from tests.policies.programs.innocents.regions import CHECK, THERE, watched

WEB = "plain_web_service"
CHECKED = "checked_from_outside"
APART = "one-region"
PASSES = "dns-check-can-pass"


@broken(WEB, VALID, APART, engine=True)
def target_group_in_another_region(edit: Edit) -> None:
    edit.set("web", "region", THERE)


@broken(WEB, VALID, APART)
def fleet_in_a_region_without_its_subnets(edit: Edit) -> None:
    edit.set("fleet", "region", "eu-central-1")


@broken(WEB, VALID, APART)
def topic_in_another_region(edit: Edit) -> None:
    edit.set("operations", "region", THERE)


@broken(WEB, VALID, APART, engine=True)
def alarm_tells_a_topic_of_another_region(edit: Edit) -> None:
    edit.set("unhealthy", "alarmActions", [f"arn:aws:sns:{THERE}:123456789012:operations"])


@broken("everything_by_its_id", VALID, APART)
def alarm_of_a_deployment_in_another_region(edit: Edit) -> None:
    edit.set("errors", "region", THERE)


@broken(CHECKED, DEPLOY, "alarm-can-go-off")
def health_of_a_name_watched_where_there_is_none(edit: Edit) -> None:
    watched(edit)


@rewritten("two_regions_side_by_side", VALID, APART, engine=True)
def alarms_of_a_region_told_to_a_topic_of_the_other() -> None:
    """Nothing says a Region but the providers."""
    front, topic = sides.side(sides.FIRST)
    sides.named(front, sides.FIRST, "PRIMARY")
    front, _ = sides.side(sides.SECOND, topic)
    sides.named(front, sides.SECOND, "SECONDARY")


# --- health checks --------------------------------------------------------------------------------


def counted(edit: Edit, least: int) -> None:
    children = {"childHealthchecks": [Ref("check")], "childHealthThreshold": least}
    edit.add("all-checks", CHECK, {"type": "CALCULATED", **children})
    edit.set("first", "healthCheckId", Ref("all-checks"))


@broken(CHECKED, SURVIVE, PASSES, engine=True)
def more_healthy_children_than_there_are(edit: Edit) -> None:
    counted(edit, 2)


@broken("internal_service", SURVIVE, PASSES, engine=True)
def internal_name_asked_from_outside(edit: Edit) -> None:
    asked = {"type": "HTTP", "fqdn": Ref("front", "dnsName"), "port": 80, "resourcePath": "/health"}
    edit.add("check", CHECK, asked)


@broken("internal_service", SURVIVE, PASSES)
def record_of_an_internal_name_asked_from_outside(edit: Edit) -> None:
    edit.add("check", CHECK, {"type": "HTTP", "fqdn": "shop.example.com", "port": 80})
    edit.add(
        "shop",
        "aws:route53/record:Record",
        {
            "zoneId": "Z0123456789ABC",
            "name": "shop.example.com",
            "type": "CNAME",
            "ttl": 60,
            "records": [Ref("front", "dnsName")],
        },
    )


@broken("only_through_cloudfront", SURVIVE, PASSES, advisory=True)
def asked_past_cloudfront(edit: Edit) -> None:
    """The load balancer admits CloudFront only."""
    edit.add("check", CHECK, {"type": "HTTPS", "fqdn": Ref("front", "dnsName"), "port": 443})


@broken("only_through_cloudfront", SURVIVE, PASSES)
def asked_where_nothing_listens(edit: Edit) -> None:
    edit.add("check", CHECK, {"type": "HTTP", "fqdn": Ref("front", "dnsName"), "port": 80})


@broken(CHECKED, SURVIVE, PASSES)
def follows_an_alarm_of_another_region(edit: Edit) -> None:
    for name in ("fqdn", "port", "resourcePath", "failureThreshold", "requestInterval"):
        edit.set("check", name, ...)
    edit.set("check", "type", "CLOUDWATCH_METRIC")
    edit.set("check", "cloudwatchAlarmName", Ref("unhealthy", "name"))
    edit.set("check", "cloudwatchAlarmRegion", THERE)
