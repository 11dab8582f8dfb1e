"""What is somewhere else than what needs it: in another network, Region or zone, or with nobody."""

from __future__ import annotations

from typing import Any

from tests.policies.programs import bricks
from tests.policies.programs.bricks import opening
from tests.policies.programs.cases import SERVE, SURVIVE, Edit, Ref, broken
from tests.policies.programs.innocents.elsewhere import database_network, joined

WEB = "plain_web_service"
AURORA = "aurora_with_two_members"
PROXY = "proxy_before_the_database"
HOOK = "aws:autoscaling/lifecycleHook:LifecycleHook"

# --- networks -------------------------------------------------------------------------------------


@broken(WEB, SERVE, "database-reachable", engine=True)
def database_in_a_network_of_its_own(edit: Edit) -> None:
    """It admits the addresses of the application, and no packet ever comes."""
    database_network(edit)


@broken(WEB, SERVE, "database-reachable")
def peering_that_nobody_accepts(edit: Edit) -> None:
    joined(edit)
    edit.set("peering", "autoAccept", ...)


@broken(WEB, SERVE, "database-reachable")
def peering_without_the_way_back(edit: Edit) -> None:
    joined(edit)
    edit.drop("back")


@broken(WEB, SERVE, "database-reachable")
def peering_to_another_range(edit: Edit) -> None:
    joined(edit)
    for letter in "ab":
        edit.set(f"there-{letter}", "destinationCidrBlock", "10.8.0.0/16")


@broken("cache_with_a_replica", SERVE, "data-store-reachable")
def cache_in_a_network_of_its_own(edit: Edit) -> None:
    edit.add("apart", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"})
    for number, letter in enumerate("ab"):
        zone = {"availabilityZone": f"eu-west-1{letter}", "cidrBlock": f"10.9.{number}.0/24"}
        edit.add(f"apart-{letter}", "aws:ec2/subnet:Subnet", {"vpcId": Ref("apart"), **zone})
    edit.set("cache-subnets", "subnetIds", [Ref("apart-a"), Ref("apart-b")])
    edit.set("cache-guard", "vpcId", Ref("apart"))
    edit.set("cache-guard", "ingress", opening(6379, cidrBlocks=["10.0.0.0/16"]))


# --- groups of proxies ------------------------------------------------------------------------------


@broken(PROXY, SERVE, "data-store-reachable", engine=True)
def proxy_in_the_group_of_the_application(edit: Edit) -> None:
    edit.set("proxy", "vpcSecurityGroupIds", [Ref("app")])


@broken("proxy_before_aurora", SERVE, "data-store-reachable")
def aurora_proxy_in_the_group_of_the_application(edit: Edit) -> None:
    edit.set("proxy", "vpcSecurityGroupIds", [Ref("app")])


# --- Regions ----------------------------------------------------------------------------------------


@broken("accelerator_in_front", SERVE, "accelerator-sends-requests")
def endpoints_of_another_region(edit: Edit) -> None:
    edit.set("endpoints", "endpointGroupRegion", "us-east-1")


# --- hooks ------------------------------------------------------------------------------------------


def hook(edit: Edit, **more: Any) -> None:
    given = {
        "name": "boot",
        "autoscalingGroupName": Ref("fleet", "name"),
        "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
        **more,
    }
    edit.add("boot", HOOK, given)


@broken(WEB, SURVIVE, "asg-launch-hook-completed", engine=True)
def hook_told_to_a_queue_of_nobody(edit: Edit) -> None:
    edit.add("hooks", "aws:sqs/queue:Queue", {"sqsManagedSseEnabled": True})
    trust = bricks.trust("autoscaling.amazonaws.com")
    edit.add("teller", "aws:iam/role:Role", {"assumeRolePolicy": trust})
    sends = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = {"role": Ref("teller"), "policy": bricks.document(sends)}
    edit.add("teller-sends", "aws:iam/rolePolicy:RolePolicy", policy)
    hook(edit, notificationTargetArn=Ref("hooks", "arn"), roleArn=Ref("teller", "arn"))


@broken(WEB, SURVIVE, "asg-launch-hook-completed")
def hook_beside_a_rule_by_the_clock(edit: Edit) -> None:
    edit.add("daily", "aws:cloudwatch/eventRule:EventRule", {"scheduleExpression": "rate(1 day)"})
    hook(edit)


# --- keys -------------------------------------------------------------------------------------------


def imported_key(edit: Edit, **more: Any) -> None:
    key = {"keyMaterialBase64": "$(from the vault)", **more}
    edit.add("imported", "aws:kms/externalKey:ExternalKey", key)
    edit.set("database", "kmsKeyId", Ref("imported", "arn"))


@broken(WEB, SURVIVE, "kms-key-enabled", engine=True)
def material_of_the_key_expires(edit: Edit) -> None:
    imported_key(edit, validTo="2028-01-01T00:00:00Z")


@broken(WEB, SURVIVE, "kms-key-enabled")
def imported_key_that_is_switched_off(edit: Edit) -> None:
    imported_key(edit, enabled=False)


# --- zones ------------------------------------------------------------------------------------------


@broken(AURORA, SURVIVE, "aurora-zones-settle", engine=True)
def aurora_names_two_zones(edit: Edit) -> None:
    """Aurora has three: the provider takes the third for a change, and replaces the cluster."""
    edit.set("cluster", "availabilityZones", ["eu-west-1a", "eu-west-1b"])


# --- functions and policies ---------------------------------------------------------------------------


@broken("lambda_behind_the_balancer", SERVE, "lambda-not-throttled")
def function_for_one_visitor_at_a_time(edit: Edit) -> None:
    edit.set("function", "reservedConcurrentExecutions", 1)


@broken(WEB, SURVIVE, "asg-scaling-policy-works")
def grows_once_a_day(edit: Edit) -> None:
    edit.set("cpu", "policyType", "SimpleScaling")
    edit.set("cpu", "targetTrackingConfiguration", ...)
    for name, value in {
        "adjustmentType": "ChangeInCapacity",
        "scalingAdjustment": 1,
        "cooldown": 86400,
    }.items():
        edit.set("cpu", name, value)
    alarm = {
        "namespace": "AWS/EC2",
        "metricName": "CPUUtilization",
        "dimensions": {"AutoScalingGroupName": Ref("fleet", "name")},
        "statistic": "Average",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 70,
        "period": 60,
        "evaluationPeriods": 2,
        "alarmActions": [Ref("cpu", "arn")],
    }
    edit.add("busy", "aws:cloudwatch/metricAlarm:MetricAlarm", alarm)
