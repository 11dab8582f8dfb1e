"""Several Regions in one stack, and health checks of every kind."""

from __future__ import annotations

from typing import Any

from tests.policies.programs.cases import Edit, Ref, also_sound
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    entrances,
    plain,
)

WEB = "plain_web_service"
CHECKED = "checked_from_outside"
CHECK = "aws:route53/healthCheck:HealthCheck"
THERE = "us-east-1"


def watched(edit: Edit, **more: Any) -> None:
    """Add an alarm on the health check."""
    edit.add(
        "down",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "namespace": "AWS/Route53",
            "metricName": "HealthCheckStatus",
            "dimensions": {"HealthCheckId": Ref("check")},
            "statistic": "Minimum",
            "comparisonOperator": "LessThanThreshold",
            "threshold": 1,
            "period": 60,
            "evaluationPeriods": 2,
            "alarmActions": [Ref("operations", "arn")],
            **more,
        },
    )


@also_sound(CHECKED)
def health_of_a_name_watched_where_it_is(edit: Edit) -> None:
    """The metrics of Route 53 are in us-east-1, and so are the alarm and its topic."""
    edit.add("far-operations", "aws:sns/topic:Topic", {"region": THERE})
    edit.add(
        "far-mail",
        "aws:sns/topicSubscription:TopicSubscription",
        {
            "region": THERE,
            "topic": Ref("far-operations", "arn"),
            "protocol": "email",
            "endpoint": "operations@example.com",
        },
    )
    watched(edit, region=THERE, alarmActions=[Ref("far-operations", "arn")])


@also_sound(WEB)
def the_region_of_the_provider_written_out(edit: Edit) -> None:
    for name in ("web", "front", "operations", "errors"):
        edit.set(name, "region", "eu-west-1")


@also_sound(WEB)
def copies_kept_in_another_region(edit: Edit) -> None:
    """A bucket elsewhere, with a key of its own there."""
    edit.add("far-key", "aws:kms/key:Key", {"region": THERE, "enableKeyRotation": True})
    edit.add("far-topic", "aws:sns/topic:Topic", {"region": THERE})


@also_sound(CHECKED)
def two_checks_counted_together(edit: Edit) -> None:
    edit.add("other", CHECK, {"type": "HTTPS", "fqdn": "www.example.com", "port": 443})
    edit.add(
        "either",
        CHECK,
        {
            "type": "CALCULATED",
            "childHealthchecks": [Ref("check"), Ref("other")],
            "childHealthThreshold": 1,
        },
    )
    edit.set("first", "healthCheckId", Ref("either"))


@also_sound("internal_service")
def internal_service_followed_by_an_alarm(edit: Edit) -> None:
    edit.add(
        "check",
        CHECK,
        {
            "type": "CLOUDWATCH_METRIC",
            "cloudwatchAlarmName": Ref("unhealthy", "name"),
            "cloudwatchAlarmRegion": "eu-west-1",
            "insufficientDataHealthStatus": "LastKnownStatus",
        },
    )
