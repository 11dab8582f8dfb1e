"""What AWS rejects, although each value by itself looks right; and a start that runs nothing."""

from __future__ import annotations

import base64
from typing import Any

from tests.policies.programs.cases import DEPLOY, VALID, Edit, Ref, broken

WEB = "plain_web_service"
CACHE = "cache_with_a_replica"
RECORD = "aws:route53/record:Record"
ALIAS = {
    "name": Ref("front", "dnsName"),
    "zoneId": Ref("front", "zoneId"),
    "evaluateTargetHealth": True,
}


# --- fleets ---------------------------------------------------------------------------------------


@broken(WEB, VALID, "asg-parts-accepted")
def steps_with_a_gap(edit: Edit) -> None:
    steps = [
        {"scalingAdjustment": 1, "metricIntervalLowerBound": "0", "metricIntervalUpperBound": "10"},
        {"scalingAdjustment": 2, "metricIntervalLowerBound": "20"},
    ]
    policy = {
        "autoscalingGroupName": Ref("fleet", "name"),
        "policyType": "StepScaling",
        "adjustmentType": "ChangeInCapacity",
        "stepAdjustments": steps,
    }
    edit.add("steps", "aws:autoscaling/policy:Policy", policy)


@broken(WEB, VALID, "asg-parts-accepted")
def requirements_that_contradict_themselves(edit: Edit) -> None:
    needs = {"vcpuCount": {"min": 8, "max": 4}, "memoryMib": {"min": 4096}}
    template = {"launchTemplateId": Ref("template"), "version": "$Latest"}
    mixed = {
        "launchTemplateSpecification": template,
        "overrides": [{"instanceRequirements": needs}],
    }
    edit.set("fleet", "mixedInstancesPolicy", {"launchTemplate": mixed})
    edit.set("fleet", "launchTemplate", ...)


def start(edit: Edit, text: str) -> None:
    edit.set("template", "userData", base64.b64encode(text.encode()).decode())


@broken(WEB, DEPLOY, "ec2-user-data-runs", engine=True)
def start_that_names_no_interpreter(edit: Edit) -> None:
    start(edit, "dnf -y install ruby wget\n./install-codedeploy-agent auto\n")


@broken(WEB, DEPLOY, "ec2-user-data-runs")
def start_with_an_empty_first_line(edit: Edit) -> None:
    start(edit, "\n#!/bin/bash\ndnf -y install ruby wget\n./install-codedeploy-agent auto\n")


# --- names ------------------------------------------------------------------------------------------


def record(edit: Edit, name: str, **more: Any) -> None:
    given = {"zoneId": Ref("zone", "zoneId"), "name": "www.example.com", "type": "A", **more}
    edit.add(name, RECORD, given)


@broken(WEB, VALID, "dns-accepted")
def name_where_an_address_belongs(edit: Edit) -> None:
    edit.add("zone", "aws:route53/zone:Zone", {"name": "example.com"})
    record(edit, "www", ttl=60, records=[Ref("front", "dnsName")])


@broken(WEB, VALID, "dns-accepted")
def one_name_twice(edit: Edit) -> None:
    edit.add("zone", "aws:route53/zone:Zone", {"name": "example.com"})
    record(edit, "www", aliases=[ALIAS])
    record(edit, "www-again", aliases=[ALIAS])


@broken("gateway_with_a_link_to_an_internal_balancer", VALID, "values-accepted")
def gateway_that_waits_for_a_minute(edit: Edit) -> None:
    """An HTTP API waits for 30 seconds at most."""
    edit.set("integration", "timeoutMilliseconds", 60000)


@broken("static_site_beside_it", VALID, "cloudfront-accepted")
def origin_that_there_is_not(edit: Edit) -> None:
    edit.set("edge", "defaultCacheBehavior.targetOriginId", "shopp")


@broken("static_site_beside_it", VALID, "cloudfront-accepted")
def failover_to_an_origin_that_there_is_not(edit: Edit) -> None:
    group = {
        "originId": "shop-or-page",
        "failoverCriteria": {"statusCodes": [500, 502, 503]},
        "members": [{"originId": "shop"}, {"originId": "page"}],
    }
    edit.set("edge", "originGroups", [group])
    edit.set("edge", "defaultCacheBehavior.targetOriginId", "shop-or-page")


@broken("checked_from_outside", VALID, "dns-accepted")
def check_for_a_text_that_is_not_said(edit: Edit) -> None:
    edit.set("check", "type", "HTTPS_STR_MATCH")


# --- stores -----------------------------------------------------------------------------------------


@broken(WEB, VALID, "rds-accepted")
def license_of_another_engine(edit: Edit) -> None:
    edit.set("database", "licenseModel", "license-included")


@broken(WEB, VALID, "rds-parts-accepted")
def both_families_in_subnets_of_one(edit: Edit) -> None:
    edit.set("database", "networkType", "DUAL")


@broken(CACHE, VALID, "rds-parts-accepted")
def cache_counted_in_both_ways(edit: Edit) -> None:
    edit.set("cache", "numNodeGroups", 2)
    edit.set("cache", "replicasPerNodeGroup", 1)


@broken(CACHE, VALID, "rds-parts-accepted")
def redis_of_a_version_that_there_is_not(edit: Edit) -> None:
    edit.set("cache", "engine", "redis")
    edit.set("cache", "engineVersion", "7.2")


@broken("shared_files", VALID, "messages-accepted")
def provisioned_throughput_without_a_number(edit: Edit) -> None:
    edit.set("files", "throughputMode", "provisioned")


@broken(WEB, VALID, "messages-accepted")
def log_by_a_key_that_logs_may_not_use(edit: Edit) -> None:
    edit.add("log-key", "aws:kms/key:Key", {"enableKeyRotation": True})
    log = {"name": "/shop/web", "retentionInDays": 30, "kmsKeyId": Ref("log-key", "arn")}
    edit.add("log", "aws:cloudwatch/logGroup:LogGroup", log)
