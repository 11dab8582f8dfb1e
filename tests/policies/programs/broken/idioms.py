"""Idioms of Pulumi gone wrong, and what was taken over from another environment or left in a draft."""

from __future__ import annotations

import base64

from tests.policies.programs.bricks import BOOT, WORLD, document
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
SPOKEN = (
    "Calling __str__ on an Output[T] is not supported.\n\nTo get the value of an Output[T] as an "
    'Output[str] consider:\n1. o.apply(lambda v: f"prefix{v}suffix")\n'
)
"""What an output is in an f-string."""
RECORD = "aws:route53/record:Record"

# --- outputs --------------------------------------------------------------------------------------


@broken(WEB, VALID)
def address_of_the_database_by_an_f_string(edit: Edit) -> None:
    text = f"{BOOT}export DATABASE_HOST={SPOKEN}\n"
    edit.set("template", "userData", base64.b64encode(text.encode()).decode())


@broken(WEB, VALID)
def parameter_by_an_f_string(edit: Edit) -> None:
    edit.add(
        "host",
        "aws:ssm/parameter:Parameter",
        {"name": "/shop/database/host", "type": "String", "value": f"postgres://{SPOKEN}/shop"},
    )


@broken(WEB, VALID)
def list_of_outputs_as_a_text(edit: Edit) -> None:
    said = "[<pulumi.output.Output object at 0x7f1c2a3b4c50>]"
    edit.add("subnets", "aws:ssm/parameter:Parameter", {"type": "String", "value": said})


# --- options --------------------------------------------------------------------------------------


@broken(WEB, DEPLOY, advisory=True)
def start_that_never_changes(edit: Edit) -> None:
    edit.option("template", ignored=("userData",))


@broken(WEB, SURVIVE)
def target_group_deleted_before_the_next(edit: Edit) -> None:
    edit.option("web", deleted_first=True)


# --- forgotten ------------------------------------------------------------------------------------


@broken(WEB, DEPLOY, advisory=True)
def start_without_a_word(edit: Edit) -> None:
    """Perhaps the image contains the agent."""
    edit.set("template", "userData", ...)


@broken(WEB, DEPLOY)
def image_of_amazon_without_an_agent(edit: Edit) -> None:
    newest = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    edit.set("template", "imageId", newest)
    edit.set("template", "userData", ...)


@broken(WEB, CLOSED, advisory=True)
def firewall_in_front_of_nothing(edit: Edit) -> None:
    metrics = {
        "cloudwatchMetricsEnabled": True,
        "metricName": "firewall",
        "sampledRequestsEnabled": True,
    }
    given = {"scope": "REGIONAL", "defaultAction": {"allow": {}}, "visibilityConfig": metrics}
    edit.add("firewall", "aws:wafv2/webAcl:WebAcl", given)


@broken("revision_in_a_bucket", CLOSED, advisory=True)
def instances_write_revisions(edit: Edit) -> None:
    edit.set("revisions", "bucket", "revisions-of-the-shop")
    allowed = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::revisions-of-the-shop/*",
    }
    given = {"role": Ref("app-role", "name"), "policy": document(allowed)}
    edit.add("writes", "aws:iam/rolePolicy:RolePolicy", given)


# --- elsewhere ------------------------------------------------------------------------------------


@broken("revision_in_a_bucket", VALID)
def revisions_in_another_region(edit: Edit) -> None:
    edit.set("revisions", "region", "us-east-1")


@broken(WEB, VALID)
def database_by_a_key_of_another_region(edit: Edit) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
    edit.set("database", "kmsKeyId", key)


@broken("worker_beside_the_web", VALID)
def subnet_in_a_zone_of_frankfurt(edit: Edit) -> None:
    edit.add(
        "spare",
        "aws:ec2/subnet:Subnet",
        {
            "vpcId": Ref("vpc"),
            "cidrBlock": "10.0.200.0/24",
            "availabilityZone": "eu-central-1a",
        },
    )


@broken(WEB, VALID)
def peered_with_a_network_of_the_same_range(edit: Edit) -> None:
    edit.add("office", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"})
    edit.add(
        "to-the-office",
        "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
        {"vpcId": Ref("vpc"), "peerVpcId": Ref("office"), "autoAccept": True},
    )


# --- names ----------------------------------------------------------------------------------------


def named(edit: Edit, name: str = "www.example.com", zone_of_alias: str = "front") -> None:
    edit.add("domain", "aws:route53/zone:Zone", {"name": "example.com"})
    alias = {
        "name": Ref("front", "dnsName"),
        "zoneId": Ref(zone_of_alias, "zoneId"),
        "evaluateTargetHealth": True,
    }
    given = {"zoneId": Ref("domain", "zoneId"), "name": name, "type": "A", "aliases": [alias]}
    edit.add("www", RECORD, given)


@broken(WEB, VALID)
def alias_in_a_zone_of_the_program(edit: Edit) -> None:
    named(edit, zone_of_alias="domain")


@broken(WEB, SERVE, advisory=True)
def name_of_another_domain(edit: Edit) -> None:
    named(edit, name="www.example.org")


def checked(edit: Edit, **more: object) -> None:
    named(edit)
    given = {
        "fqdn": "www.example.com",
        "type": "HTTP",
        "port": 80,
        "resourcePath": "/health",
        "requestInterval": 10,
        "failureThreshold": 3,
        **more,
    }
    edit.add("check", "aws:route53/healthCheck:HealthCheck", given)
    edit.set("www", "healthCheckId", Ref("check"))


@broken(WEB, SURVIVE)
def asked_by_http_on_443(edit: Edit) -> None:
    checked(edit, port=443)


@broken(WEB, SURVIVE)
def healthy_while_it_fails(edit: Edit) -> None:
    checked(edit, invertHealthcheck=True)


@broken(WEB, SURVIVE)
def healthy_by_order(edit: Edit) -> None:
    checked(edit, disabled=True)


# --- versions of HTTP -----------------------------------------------------------------------------


@broken("grpc_service", SERVE)
def grpc_without_http_2(edit: Edit) -> None:
    edit.set("front", "enableHttp2", False)


@broken("https_with_redirect", SERVE)
def http_2_behind_a_balancer_without_it(edit: Edit) -> None:
    edit.set("web", "protocolVersion", "HTTP2")
    edit.set("front", "enableHttp2", False)


@broken(WEB, SERVE)
def http_2_behind_plain_http(edit: Edit) -> None:
    edit.set("web", "protocolVersion", "HTTP2")


# --- doors that were closed on one side -----------------------------------------------------------


@broken("dual_stack", SERVE)
def visitors_by_ipv6_not_admitted(edit: Edit) -> None:
    opened = {"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": [WORLD]}
    edit.set("balancer", "ingress", [opened])


@broken("dual_stack", SERVE)
def visitors_by_ipv6_not_answered(edit: Edit) -> None:
    edit.set("outside", "routes", [{"cidrBlock": WORLD, "gatewayId": Ref("gateway")}])


@broken("revision_in_a_bucket", DEPLOY)
def revisions_by_an_endpoint_that_is_not_there(edit: Edit) -> None:
    edit.set("revisions", "bucket", "revisions-of-the-shop")
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::revisions-of-the-shop/*",
        "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}},
    }
    tls = {
        **denied,
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::revisions-of-the-shop", denied["Resource"]],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    edit.set("revisions-tls", "policy", document(tls, denied))


@broken(WEB, SURVIVE, advisory=True)
def topic_by_a_key_that_alarms_may_not_use(edit: Edit) -> None:
    root = {"AWS": "arn:aws:iam::123456789012:root"}
    allowed = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    edit.add("key", "aws:kms/key:Key", {"enableKeyRotation": True, "policy": document(allowed)})
    edit.set("operations", "kmsMasterKeyId", Ref("key", "arn"))


@broken(WEB, VALID)
def asked_from_one_region_only(edit: Edit) -> None:
    checked(edit, regions=["us-east-1"])
