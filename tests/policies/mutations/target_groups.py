"""What breaks the rules about target groups."""

from __future__ import annotations

import base64

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

decides("tg-type-fits-targets", "target-group", "targetType", absent=KEEPS, unknown=KEEPS)
decides("tg-same-vpc", "target-group", "vpcId", absent=KEEPS, unknown=KEEPS)
decides("tg-port-served", "template", "userData", absent=KEEPS, unknown=KEEPS)
decides("tg-health-check-port", "target-group", "healthCheck.port", absent=KEEPS, unknown=KEEPS)
decides(
    "tg-health-check-matcher", "target-group", "healthCheck.matcher", absent=KEEPS, unknown=KEEPS
)


@breaks("tg-type-fits-targets")
def an_address_among_instances(stack):
    attachment = {"targetGroupArn": Ref("target-group", "arn"), "targetId": "10.20.96.10"}
    stack.add("by-address", "aws:lb/targetGroupAttachment:TargetGroupAttachment", attachment)


@breaks("tg-type-fits-targets")
def a_function_among_instances(stack):
    function = "arn:aws:lambda:ap-northeast-2:123456789012:function:report"
    attachment = {"targetGroupArn": Ref("target-group", "arn"), "targetId": function}
    stack.add("function", "aws:lb/targetGroupAttachment:TargetGroupAttachment", attachment)


@breaks("tg-same-vpc")
def target_group_in_another_vpc(stack):
    stack.add("other-vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.99.0.0/16"})
    stack.set("target-group", "vpcId", Ref("other-vpc"))


@breaks("tg-same-vpc")
def target_group_in_a_vpc_by_id(stack):
    stack.set("target-group", "vpcId", "vpc-0123456789abcdef0")


@breaks("tg-port-served")
def application_on_another_port(stack):
    script = b"#!/bin/sh\nexport PORT=9090\nexec /opt/app/start\n"
    stack.set("template", "userData", base64.b64encode(script).decode())


@breaks("tg-health-check-port")
def health_check_on_another_port(stack):
    stack.set("target-group", "healthCheck.port", "9000")


@breaks("tg-health-check-port")
def health_check_of_the_ssh_port(stack):
    stack.set("target-group", "healthCheck.port", "22")


@breaks("tg-health-check-matcher")
def client_errors_are_healthy(stack):
    stack.set("target-group", "healthCheck.matcher", "200-499")


@breaks("tg-health-check-matcher")
def a_missing_page_is_healthy(stack):
    stack.set("target-group", "healthCheck.matcher", "200,404")
