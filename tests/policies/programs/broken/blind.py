"""Alarms on something else, routes that lead back, one path of many, versions in an archive."""

from __future__ import annotations

from typing import Any

from tests.policies.programs.broken.astray import another
from tests.policies.programs.cases import (
    DEPLOY,
    SERVE,
    SURVIVE,
    Edit,
    Ref,
    broken,
)
from tests.policies.programs.innocents.watching import watches

WEB = "plain_web_service"
STORE = "revision_in_a_bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
NOT_FOUND = [
    {
        "type": "fixed-response",
        "fixedResponse": {"contentType": "text/plain", "messageBody": "?", "statusCode": "404"},
    }
]


# --- alarms ---------------------------------------------------------------------------------------


@broken(WEB, DEPLOY, "alarm-can-go-off")
def database_watched_by_the_name_of_the_fleet(edit: Edit) -> None:
    watches(edit, "AWS/RDS", {"DBInstanceIdentifier": Ref("fleet", "name")})


@broken(WEB, DEPLOY, "alarm-can-go-off")
def fleet_watched_by_the_name_of_its_template(edit: Edit) -> None:
    watches(edit, "AWS/EC2", {"AutoScalingGroupName": Ref("template", "name")})


@broken(WEB, DEPLOY, "alarm-can-go-off")
def database_watched_by_a_dimension_of_nobodys(edit: Edit) -> None:
    watches(edit, "AWS/RDS", {"DBInstance": Ref("database", "identifier")})


@broken(WEB, DEPLOY, "alarm-can-go-off")
def dimension_in_another_case(edit: Edit) -> None:
    watches(edit, "AWS/EC2", {"AutoscalingGroupName": Ref("fleet", "name")})


@broken(WEB, DEPLOY, "alarm-can-go-off")
def database_watched_by_its_arn(edit: Edit) -> None:
    arn = "arn:aws:rds:eu-west-1:123456789012:db:shop"
    watches(edit, "AWS/RDS", {"DBInstanceIdentifier": arn})


@broken(WEB, DEPLOY, "alarm-can-go-off")
def answers_in_milliseconds(edit: Edit) -> None:
    edit.set("errors", "unit", "Milliseconds")


@broken(WEB, DEPLOY, "alarm-can-go-off")
def asked_every_ten_seconds(edit: Edit) -> None:
    edit.set("unhealthy", "period", 10)


# --- routes ---------------------------------------------------------------------------------------


def lead(edit: Edit, letter: str, **target: Any) -> None:
    edit.set(f"private-out-{letter}", "natGatewayId", ...)
    for name, value in target.items():
        edit.set(f"private-out-{letter}", name, value)


def machine(edit: Edit, letter: str, **more: Any) -> None:
    """Add an instance that is to translate addresses."""
    server = {
        "ami": "ami-0aa11bb22cc33dd44",
        "instanceType": "t4g.nano",
        "subnetId": Ref(f"public-{letter}"),
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "rootBlockDevice": {"encrypted": True},
        "iamInstanceProfile": Ref("app-profile", "name"),
        **more,
    }
    edit.add(f"translator-{letter}", "aws:ec2/instance:Instance", server)
    lead(edit, letter, networkInterfaceId=Ref(f"translator-{letter}", "primaryNetworkInterfaceId"))


@broken(WEB, (DEPLOY, SERVE, SURVIVE), "asg-reaches-codedeploy")
def default_route_to_the_vpc_itself(edit: Edit) -> None:
    lead(edit, "a", gatewayId="local")


@broken(WEB, (DEPLOY, SERVE, SURVIVE), "asg-reaches-codedeploy")
def default_route_to_an_endpoint_of_s3(edit: Edit) -> None:
    service = {"vpcId": Ref("vpc"), "serviceName": "com.amazonaws.eu-west-1.s3"}
    edit.add("to-s3", "aws:ec2/vpcEndpoint:VpcEndpoint", service)
    lead(edit, "a", vpcEndpointId=Ref("to-s3"))


@broken(WEB, (DEPLOY, SERVE, SURVIVE), "asg-reaches-codedeploy")
def default_route_to_an_interface_of_nobody(edit: Edit) -> None:
    edit.add("loose", "aws:ec2/networkInterface:NetworkInterface", {"subnetId": Ref("public-a")})
    lead(edit, "a", networkInterfaceId=Ref("loose"))


@broken(WEB, (DEPLOY, SERVE, SURVIVE), "asg-reaches-codedeploy")
def translators_that_drop_what_is_not_theirs(edit: Edit) -> None:
    machine(edit, "a")
    machine(edit, "b")


@broken(WEB, (DEPLOY, SERVE, SURVIVE), "asg-reaches-codedeploy", advisory=True)
def default_route_to_an_interface_of_others(edit: Edit) -> None:
    lead(edit, "a", networkInterfaceId="eni-0123456789abcdef0")


# --- paths ----------------------------------------------------------------------------------------


def only(edit: Edit, path: str) -> None:
    rule = {
        "listenerArn": Ref("http", "arn"),
        "priority": 1,
        "conditions": [{"pathPattern": {"values": [path]}}],
        "actions": [{"type": "forward", "targetGroupArn": Ref("web", "arn")}],
    }
    edit.add("some", "aws:lb/listenerRule:ListenerRule", rule)


@broken(WEB, SERVE, "listener-no-maintenance-page", advisory=True)
def one_path_served_and_the_rest_not_found(edit: Edit) -> None:
    edit.set("http", "defaultActions", NOT_FOUND)
    only(edit, "/api/*")


@broken(WEB, SERVE, "tg-has-targets")
def one_path_served_and_the_rest_by_nobody(edit: Edit) -> None:
    another(edit, "empty")
    action = {"type": "forward", "targetGroupArn": Ref("empty", "arn")}
    edit.set("http", "defaultActions", [action])
    only(edit, "/api/*")


# --- revisions ------------------------------------------------------------------------------------


def archived(edit: Edit, **rule: Any) -> None:
    edit.set("revision", "key", "app.zip")
    rules = [{"id": "old", "status": "Enabled", **rule}]
    edit.add("old-versions", LIFECYCLE, {"bucket": Ref("revisions"), "rules": rules})


@broken(STORE, DEPLOY, "s3-revision-versions-kept")
def last_revision_in_an_archive(edit: Edit) -> None:
    archived(edit, noncurrentVersionTransitions=[{"noncurrentDays": 30, "storageClass": "GLACIER"}])


@broken(STORE, DEPLOY, "s3-revision-versions-kept")
def last_revision_forgotten_after_a_month(edit: Edit) -> None:
    archived(edit, noncurrentVersionExpiration={"noncurrentDays": 30})
