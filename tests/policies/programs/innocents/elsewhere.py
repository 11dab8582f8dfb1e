"""What is somewhere else, and found there: joined networks, completed hooks, listeners of others."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.bricks import opening
from tests.policies.programs.cases import Edit, Ref, also_sound, innocent

WEB = "plain_web_service"
ROUTE = "aws:ec2/route:Route"
ELSEWHERE = "Another stack adds the listener: an output hands on the ARN."

# --- networks -------------------------------------------------------------------------------------


def database_network(edit: Edit) -> None:
    """Put the database into a network of its own, whose group admits the application's addresses."""
    edit.add("apart", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"})
    for number, letter in enumerate("ab"):
        zone = {"availabilityZone": f"eu-west-1{letter}", "cidrBlock": f"10.9.{number}.0/24"}
        edit.add(f"apart-{letter}", "aws:ec2/subnet:Subnet", {"vpcId": Ref("apart"), **zone})
    edit.set("database-subnets", "subnetIds", [Ref("apart-a"), Ref("apart-b")])
    edit.set("database-guard", "vpcId", Ref("apart"))
    edit.set("database-guard", "ingress", opening(5432, cidrBlocks=["10.0.0.0/16"]))


def joined(edit: Edit, **way: Any) -> None:
    """Join the two networks by a peering, or by what `way` says, with routes in both directions."""
    database_network(edit)
    if not way:
        peering = {"vpcId": Ref("vpc"), "peerVpcId": Ref("apart"), "autoAccept": True}
        edit.add("peering", "aws:ec2/vpcPeeringConnection:VpcPeeringConnection", peering)
        way = {"vpcPeeringConnectionId": Ref("peering")}
    for letter in "ab":
        there = {"routeTableId": Ref(f"routes-{letter}"), "destinationCidrBlock": "10.9.0.0/16"}
        edit.add(f"there-{letter}", ROUTE, {**there, **way})
    table = Ref("apart", "mainRouteTableId")
    edit.add("back", ROUTE, {"routeTableId": table, "destinationCidrBlock": "10.0.0.0/16", **way})


@also_sound(WEB, engine=True)
def database_in_a_peered_network(edit: Edit) -> None:
    joined(edit)


@also_sound(WEB)
def database_behind_a_transit_gateway(edit: Edit) -> None:
    joined(edit, transitGatewayId="tgw-0123456789abcdef0")


@also_sound(WEB)
def peering_accepted_by_a_resource_of_its_own(edit: Edit) -> None:
    joined(edit)
    edit.set("peering", "autoAccept", ...)
    accepter = {"vpcPeeringConnectionId": Ref("peering"), "autoAccept": True}
    kind = "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"
    edit.add("accepter", kind, accepter)


# --- load balancers of which others make use --------------------------------------------------------


@innocent(undecided=ELSEWHERE)
def balancer_of_the_platform() -> None:
    """The name leads to it; each team's stack adds its listener."""
    site = bricks.network()
    front = bricks.balancer(site.public_ids(), bricks.balancer_group(site.vpc.id))
    aws.route53.Record(
        "www",
        zone_id="Z0123456789ABC",
        name="www.example.com",
        type="A",
        aliases=[
            {"name": front.dns_name, "zone_id": front.zone_id, "evaluate_target_health": True}
        ],
    )
    pulumi.export("balancerArn", front.arn)


@innocent(undecided=ELSEWHERE)
def balancer_of_the_platform_beside_its_own_service() -> None:
    site = bricks.network()
    bricks.web(site)
    outside = aws.ec2.SecurityGroup(
        "inner", vpc_id=site.vpc.id, ingress=[{**bricks.ANY, "cidr_blocks": ["10.0.0.0/16"]}]
    )
    front = bricks.balancer(site.private_ids(), outside, "inner-front", internal=True)
    aws.route53.Record(
        "inner-name",
        zone_id="Z0123456789ABC",
        name="inner.example.com",
        type="A",
        aliases=[
            {"name": front.dns_name, "zone_id": front.zone_id, "evaluate_target_health": True}
        ],
    )
    pulumi.export("inner", {"loadBalancerArn": front.arn, "name": front.dns_name})


@innocent(undecided="Other stacks add rules to the listener whose ARN an output hands on.")
def listener_of_the_platform() -> None:
    site = bricks.network()
    front = bricks.balancer(site.public_ids(), bricks.balancer_group(site.vpc.id))
    nobody = {"content_type": "text/plain", "status_code": "404", "message_body": "nobody"}
    listener = bricks.http(front, {"type": "fixed-response", "fixed_response": nobody})
    pulumi.export("listenerArn", listener.arn)


# --- hooks ------------------------------------------------------------------------------------------


@innocent()
def hook_told_to_a_function_by_a_queue() -> None:
    """The function registers each instance somewhere, and lets it into service."""
    site = bricks.network()
    service = bricks.web(site)
    queue = aws.sqs.Queue("hooks", sqs_managed_sse_enabled=True, visibility_timeout_seconds=60)
    role = bricks.function_role()
    works = {
        "Effect": "Allow",
        "Action": ["autoscaling:CompleteLifecycleAction", "sqs:ReceiveMessage", "sqs:DeleteMessage",
                   "sqs:GetQueueAttributes"],
        "Resource": "*",
    }  # fmt: skip
    aws.iam.RolePolicy("function-works", role=role.id, policy=bricks.document(works))
    function = bricks.function(role)
    aws.lambda_.EventSourceMapping(
        "reads", event_source_arn=queue.arn, function_name=function.arn, batch_size=1
    )
    teller = aws.iam.Role("teller", assume_role_policy=bricks.trust("autoscaling.amazonaws.com"))
    sends = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    aws.iam.RolePolicy("teller-sends", role=teller.id, policy=bricks.document(sends))
    aws.autoscaling.LifecycleHook(
        "boot",
        autoscaling_group_name=service.fleet.name,
        lifecycle_transition="autoscaling:EC2_INSTANCE_LAUNCHING",
        heartbeat_timeout=300,
        notification_target_arn=queue.arn,
        role_arn=teller.arn,
    )


# --- keys and zones -----------------------------------------------------------------------------------


@also_sound(WEB)
def imported_key_that_somebody_renews(edit: Edit) -> None:
    key = {"keyMaterialBase64": "$(from the vault)", "validTo": "2028-01-01T00:00:00Z"}
    edit.add("imported", "aws:kms/externalKey:ExternalKey", key)
    edit.set("database", "kmsKeyId", Ref("imported", "arn"))
    alarm = {
        "namespace": "AWS/KMS",
        "metricName": "SecondsUntilKeyMaterialExpiration",
        "dimensions": {"KeyId": Ref("imported")},
        "statistic": "Minimum",
        "comparisonOperator": "LessThanThreshold",
        "threshold": 2592000,
        "period": 300,
        "evaluationPeriods": 1,
        "alarmActions": [Ref("operations", "arn")],
    }
    edit.add("expires", "aws:cloudwatch/metricAlarm:MetricAlarm", alarm)


@also_sound(WEB)
def imported_key_for_ever(edit: Edit) -> None:
    edit.add("imported", "aws:kms/externalKey:ExternalKey", {"keyMaterialBase64": "$(vault)"})
    edit.set("database", "kmsKeyId", Ref("imported", "arn"))


@also_sound("aurora_with_two_members")
def aurora_names_all_its_zones(edit: Edit) -> None:
    zones = [f"eu-west-1{letter}" for letter in "abc"]
    edit.set("cluster", "availabilityZones", zones)
