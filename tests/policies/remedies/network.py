"""What cures the rules about routes, security groups and where requests go."""

from __future__ import annotations

from typing import Any

from tests.policies.draft import Ref
from tests.policies.remedies.registry import cures, sets

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
GATEWAY = "aws:ec2/internetGateway:InternetGateway::web-network-gateway"
ANYWHERE = {"cidrIpv4": "0.0.0.0/0"}


def rule(*keys: str, kind: str, group: str, port: int, other: dict[str, Any]) -> None:
    """Register a remedy that adds a rule of a security group."""

    def change(stack: Any) -> None:
        own = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, **other}
        stack.add("new-rule", kind, {"securityGroupId": Ref(group), **own})

    cures(*keys)(change)


def of(group: str) -> dict[str, Any]:
    return {"referencedSecurityGroupId": Ref(group)}


def route(*keys: str, table: str, target: dict[str, Any]) -> None:
    """Register a remedy that adds a default route."""

    def change(stack: Any) -> None:
        properties = {"routeTableId": Ref(table), "destinationCidrBlock": "0.0.0.0/0", **target}
        stack.add("new-route", "aws:ec2/route:Route", properties)

    cures(*keys)(change)


# --- zones ----------------------------------------------------------------------------------------

TWO_ZONES = [Ref("subnet-a"), Ref("subnet-b")]
sets("elbv2-covers-fleet-zones", ("group", "vpcZoneIdentifiers", TWO_ZONES))
sets(
    "load_balancer_in_other_zones", ("load-balancer", "subnets", [Ref("public-a"), Ref("public-b")])
)
sets("elbv2-no-empty-zone", ("target-group", "loadBalancingCrossZoneEnabled", "true"))

# --- ways out -------------------------------------------------------------------------------------

route("asg-reaches-codedeploy", table="private-routes", target={"natGatewayId": Ref("nat")})
sets(
    "public_subnets_without_public_addresses",
    ("group", "vpcZoneIdentifiers", [Ref("subnet-a"), Ref("subnet-b")]),
)
rule("instances_are_not_let_out", kind=EGRESS, group="instances-group", port=443, other=ANYWHERE)
sets("nat_gateway_in_a_private_subnet", ("nat", "subnetId", Ref("public-a")))
rule(
    "database-reachable",
    kind=INGRESS,
    group="database-group",
    port=5432,
    other=of("instances-group"),
)
rule(
    "instances_are_not_let_out_to_the_database",
    kind=EGRESS,
    group="instances-group",
    port=5432,
    other=of("database-group"),
)

# --- visitors to the load balancer ----------------------------------------------------------------

rule(
    "elb-open-on-listener-ports",
    kind=INGRESS,
    group="security-group",
    port=443,
    other=ANYWHERE,
)
rule(
    "open_on_443_with_a_listener_on_80",
    kind=INGRESS,
    group="security-group",
    port=80,
    other=ANYWHERE,
)
rule(
    "listener_on_a_port_that_is_closed",
    kind=INGRESS,
    group="security-group",
    port=8443,
    other=ANYWHERE,
)
rule(
    "elb-reaches-targets",
    kind=INGRESS,
    group="instances-group",
    port=8080,
    other=of("security-group"),
)
sets("target_group_on_80_application_on_8080", ("target-group", "port", 8080))
rule(
    "balancer_is_let_out_to_nobody",
    kind=EGRESS,
    group="security-group",
    port=8080,
    other=of("instances-group"),
)
sets(
    "load_balancer_in_private_subnets",
    ("load-balancer", "subnets", [Ref("public-a"), Ref("public-b")]),
)
route("elb-in-public-subnets", table="public-routes", target={"gatewayId": Ref(GATEWAY)})
sets("elb-internet-facing", ("load-balancer", "internal", False))

# --- requests -------------------------------------------------------------------------------------

TARGETS = [{"type": "forward", "targetGroupArn": Ref("target-group", "arn")}]
REDIRECT = {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}
sets("half_of_the_requests_to_nobody", ("https", "defaultActions", TARGETS))


@cures("a_path_without_targets")
def stop_forwarding_the_path(stack: Any) -> None:
    stack.drop("reports")


@cures("everything_to_nobody")
def stop_forwarding(stack: Any) -> None:
    stack.drop("canary")


sets(
    "weight_of_nothing",
    (
        "https",
        "defaultActions",
        [
            {
                "type": "forward",
                "forward": {"targetGroups": [{"arn": Ref("target-group", "arn"), "weight": 1}]},
            }
        ],
    ),
)


@cures("maintenance_page_left_on", "maintenance_page_for_every_host_and_get")
def maintenance_is_over(stack: Any) -> None:
    stack.drop("maintenance")


sets(
    "everybody_to_the_status_page",
    ("status", "conditions", [{"pathPattern": {"values": ["/status"]}}]),
)
sets(
    "listener-redirect-ends",
    ("http", "defaultActions", [{"type": "redirect", "redirect": REDIRECT}]),
)
sets("redirect_in_a_circle", ("app", "actions", TARGETS))


@cures("an_address_among_instances")
def in_a_target_group_of_its_type(stack: Any) -> None:
    stack.drop("by-address")


@cures("a_function_among_instances")
def functions_elsewhere(stack: Any) -> None:
    stack.drop("function")


sets("tg-same-vpc", ("target-group", "vpcId", Ref("vpc")))
sets(
    "tg-port-served",
    ("template", "userData", "IyEvYmluL3NoCmV4cG9ydCBQT1JUPTgwODAKZXhlYyAvb3B0L2FwcC9zdGFydAo="),
)
sets("tg-health-check-port", ("target-group", "healthCheck.port", "traffic-port"))
sets("tg-health-check-matcher", ("target-group", "healthCheck.matcher", "200"))


# --- rules of a listener, functions, containers ---------------------------------------------------

sets("listener-rules-in-order", ("narrow", "priority", 5))


def permission(*keys: str, name: str) -> None:
    """Register a remedy that lets Elastic Load Balancing call the function."""

    def change(stack: Any) -> None:
        given = {
            "action": "lambda:InvokeFunction",
            "function": Ref("resize", "name"),
            "principal": "elasticloadbalancing.amazonaws.com",
            "sourceArn": Ref("pictures", "arn"),
        }
        stack.add(name, "aws:lambda/permission:Permission", given)

    cures(*keys)(change)


permission("lambda-admits-load-balancer", name="new-permission")
BOTH_ZONES = {
    "subnets": [Ref("subnet-a"), Ref("subnet-b")],
    "securityGroups": [Ref("instances-group")],
}
sets("ecs-service-multi-az", ("tasks", "networkConfiguration", BOTH_ZONES))
sets("ecs-service-survives-zone-loss", ("tasks", "desiredCount", 2))
sets("tasks_that_scale_down_to_one", ("limits", "minCapacity", 2))
sets("ecs-service-keeps-tasks", ("tasks", "deploymentMinimumHealthyPercent", 100))

# --- borders --------------------------------------------------------------------------------------


def acl_rule(*keys: str, number: int, first: int, last: int) -> None:
    """Register a remedy that adds a rule to the network ACL."""

    def change(stack: Any) -> None:
        properties = {
            "networkAclId": Ref("border"),
            "ruleNumber": number,
            "ruleAction": "allow",
            "protocol": "tcp",
            "fromPort": first,
            "toPort": last,
            "cidrBlock": "0.0.0.0/0",
        }
        stack.add("new-rule", "aws:ec2/networkAclRule:NetworkAclRule", properties)

    cures(*keys)(change)


acl_rule("network-acl-passes-traffic", number=300, first=1024, last=65535)
acl_rule("visitors_are_let_in_on_another_port", number=300, first=80, last=80)
acl_rule("requests_are_denied_before_they_are_allowed", number=40, first=8080, last=8080)
rule(
    "endpoint_behind_a_closed_door",
    kind=INGRESS,
    group="endpoint-group",
    port=443,
    other=of("instances-group"),
)
sets("vpc-accepted", ("security-group", "vpcId", Ref("vpc")))
sets("instances_with_a_group_of_another_vpc", ("instances-group", "vpcId", Ref("vpc")))
sets("endpoint_whose_name_leads_nowhere", ("vpc", "enableDnsHostnames", True))
sets("fleet_in_a_group_of_addresses", ("target-group", "targetType", "instance"))
