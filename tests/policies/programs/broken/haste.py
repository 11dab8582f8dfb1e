"""Faults of a hurried afternoon: filters, conditions, caches, notifications, ways out, alarms."""

from __future__ import annotations

import base64
from typing import Any

from tests.policies.programs.bricks import trust
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
from tests.policies.programs.innocents.fronts import distribution

WEB, QUEUES = "plain_web_service", "orders_by_topic_and_queue"
SECRET = "DB_PASSWORD=correct-horse-battery\n"
PLAIN = [{"priority": 0, "type": "NONE"}]


def _firewall(edit: Edit, statement: dict[str, Any]) -> None:
    seen = {"cloudwatchMetricsEnabled": True, "metricName": "web", "sampledRequestsEnabled": True}
    rule = {
        "name": "internal",
        "priority": 1,
        "action": {"block": {}},
        "statement": statement,
        "visibilityConfig": seen,
    }
    given = {
        "scope": "REGIONAL",
        "defaultAction": {"allow": {}},
        "rules": [rule],
        "visibilityConfig": seen,
    }
    edit.add("acl", "aws:wafv2/webAcl:WebAcl", given)
    edit.add(
        "acl-association",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        {"resourceArn": Ref("front", "arn"), "webAclArn": Ref("acl", "arn")},
    )


@broken(WEB, SERVE, "waf-admits-visitors")
def pattern_that_every_path_matches(edit: Edit) -> None:
    match = {
        "regexString": ".*",
        "fieldToMatch": {"uriPath": {}},
        "textTransformations": PLAIN,
    }
    _firewall(edit, {"regexMatchStatement": match})


@broken(WEB, SERVE, "waf-admits-visitors", engine=True)
def addresses_of_both_halves_of_the_world(edit: Edit) -> None:
    halves = {
        "scope": "REGIONAL",
        "ipAddressVersion": "IPV4",
        "addresses": ["0.0.0.0/1", "128.0.0.0/1"],
    }
    edit.add("halves", "aws:wafv2/ipSet:IpSet", halves)
    _firewall(edit, {"ipSetReferenceStatement": {"arn": Ref("halves", "arn")}})


def _only(edit: Edit, condition: dict[str, Any]) -> None:
    page = {"contentType": "text/plain", "messageBody": "Nothing here", "statusCode": "404"}
    edit.set("http", "defaultActions", [{"type": "fixed-response", "fixedResponse": page}])
    edit.add(
        "only",
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref("http", "arn"),
            "priority": 5,
            "conditions": [condition],
            "actions": [{"type": "forward", "targetGroupArn": Ref("web", "arn")}],
        },
    )


@broken(WEB, SERVE, "listener-no-maintenance-page", engine=True)
def served_with_a_query_string_only(edit: Edit) -> None:
    _only(edit, {"queryStrings": [{"key": "version", "value": "2"}]})


@broken(WEB, SERVE, "listener-no-maintenance-page")
def served_by_post_only(edit: Edit) -> None:
    _only(edit, {"httpRequestMethod": {"values": ["POST"]}})


@broken(WEB, SERVE, "listener-no-maintenance-page", advisory=True)
def served_with_a_header_of_the_test(edit: Edit) -> None:
    _only(edit, {"httpHeader": {"httpHeaderName": "X-Test", "values": ["1"]}})


@broken("https_with_redirect", SURVIVE, "edge-errors-short", engine=True)
def errors_cached_for_a_day(edit: Edit) -> None:
    kept = [{"errorCode": 503, "errorCachingMinTtl": 86400}]
    distribution(edit, customErrorResponses=kept)


@broken("revision_in_a_bucket", CLOSED, "content-no-credentials")
def password_in_an_encoded_file(edit: Edit) -> None:
    content = base64.b64encode(SECRET.encode()).decode()
    given = {"bucket": Ref("revisions"), "key": "settings.env", "contentBase64": content}
    edit.add("settings", "aws:s3/bucketObjectv2:BucketObjectv2", given)


@broken(WEB, CLOSED, "user-data-no-credentials")
def password_encoded_within_user_data(edit: Edit) -> None:
    inner = base64.b64encode(SECRET.encode()).decode()
    script = f"#!/bin/sh\necho {inner} | base64 -d > /etc/shop.env\n"
    edit.set("template", "userData", base64.b64encode(script.encode()).decode())


@broken(WEB, DEPLOY, "alarm-can-go-off", engine=True)
def alarm_beyond_the_whole_fleet(edit: Edit) -> None:
    edit.set("unhealthy", "threshold", 6)


@broken(WEB, DEPLOY, "alarm-can-go-off")
def alarm_that_counts_reports(edit: Edit) -> None:
    edit.set("unhealthy", "statistic", "SampleCount")


@broken(QUEUES, SERVE, "events-reach-target", engine=True)
def bucket_that_tells_a_closed_topic(edit: Edit) -> None:
    told = {"topicArn": Ref("orders", "arn"), "events": ["s3:ObjectCreated:*"]}
    given = {"bucket": "uploads-of-the-shop", "topics": [told]}
    edit.add("notification", "aws:s3/bucketNotification:BucketNotification", given)


@broken(WEB, SERVE, "asg-reaches-codedeploy", engine=True)
def out_through_a_peering(edit: Edit) -> None:
    for letter in "ab":
        edit.set(f"private-out-{letter}", "natGatewayId", ...)
        edit.set(f"private-out-{letter}", "vpcPeeringConnectionId", "pcx-0123456789abcdef0")


@broken(WEB, VALID, "service-role-trusted")
def flow_log_with_a_role_for_instances(edit: Edit) -> None:
    edit.add("wrong", "aws:iam/role:Role", {"assumeRolePolicy": trust("ec2.amazonaws.com")})
    given = {
        "vpcId": Ref("vpc"),
        "iamRoleArn": Ref("wrong", "arn"),
        "logDestination": "arn:aws:logs:eu-west-1:123456789012:log-group:flows",
        "trafficType": "ALL",
    }
    edit.add("flows", "aws:ec2/flowLog:FlowLog", given)
