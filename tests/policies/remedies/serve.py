"""What cures the rules about whether a request is served."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.remedies.registry import cures, sets

FORWARD = [{"type": "forward", "targetGroupArn": Ref("target-group", "arn")}]
REDIRECT = {"port": "443", "protocol": "HTTPS", "statusCode": "HTTP_301"}
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ROUTE = "aws:ec2/route:Route"
TCP = {"ipProtocol": "tcp"}


def ports(port):
    return {**TCP, "fromPort": port, "toPort": port}


# --- routing --------------------------------------------------------------------------------------


@cures("a_path_without_targets", "everything_to_nobody")
def stop_forwarding(stack):
    stack.drop("spare")
    for rule in ("reports", "canary"):
        if rule in getattr(stack, "parts", {}):
            stack.drop(rule)


sets("half_of_the_requests_to_nobody", ("https", "defaultActions", FORWARD))
sets("weight_of_nothing", ("https", "defaultActions.0.forward.targetGroups.0.weight", 1))


@cures("maintenance_page_left_on", "maintenance_page_for_every_host_and_get")
def maintenance_is_over(stack):
    stack.drop("maintenance")


@cures("everybody_to_the_status_page")
def nobody_to_the_status_page(stack):
    stack.drop("status")


sets(
    "listener-redirect-ends",
    ("http", "defaultActions", [{"type": "redirect", "redirect": REDIRECT}]),
)
sets("redirect_in_a_circle", ("app", "actions", FORWARD))

# --- target groups --------------------------------------------------------------------------------


@cures("an_address_among_instances")
def another_target_group(stack):
    stack.drop("by-address")


@cures("a_function_among_instances")
def a_group_for_the_function(stack):
    stack.drop("function")


sets("tg-same-vpc", ("target-group", "vpcId", Ref("vpc")))
sets("tg-health-check-port", ("target-group", "healthCheck.port", "traffic-port"))
sets("tg-health-check-matcher", ("target-group", "healthCheck.matcher", "200"))


@cures("tg-port-served")
def one_port_for_both(stack):
    for handle, prop in (
        ("target-group", "port"),
        ("from-balancer", "fromPort"),
        ("from-balancer", "toPort"),
        ("to-instances", "fromPort"),
        ("to-instances", "toPort"),
    ):
        stack.set(handle, prop, 9090)


# --- reachability ---------------------------------------------------------------------------------


def open_port(stack, port):
    group = {"securityGroupId": Ref("security-group"), "cidrIpv4": "0.0.0.0/0"}
    stack.add("visitors", INGRESS, {**group, **ports(port)})


@cures("open_on_443_with_a_listener_on_80")
def open_80(stack):
    open_port(stack, 80)


@cures("https_is_closed", "open_to_private_addresses_only")
def open_443(stack):
    open_port(stack, 443)


@cures("listener_on_a_port_that_is_closed")
def open_8443(stack):
    open_port(stack, 8443)


def admit_balancer(stack, port):
    groups = {
        "securityGroupId": Ref("instances-group"),
        "referencedSecurityGroupId": Ref("security-group"),
    }
    stack.add("from-the-balancer", INGRESS, {**groups, **ports(port)})


def let_balancer_out(stack, port):
    groups = {
        "securityGroupId": Ref("security-group"),
        "referencedSecurityGroupId": Ref("instances-group"),
    }
    stack.add("to-the-instances", EGRESS, {**groups, **ports(port)})


@cures("elb-reaches-targets")
def let_it_in(stack):
    admit_balancer(stack, 8080)


@cures("balancer_is_let_out_to_nobody")
def let_it_out(stack):
    let_balancer_out(stack, 8080)


sets("target_group_on_80_application_on_8080", ("target-group", "port", 8080))
sets(
    "load_balancer_in_private_subnets",
    ("load-balancer", "subnets", [Ref("public-a"), Ref("public-b")]),
)


@cures("no_route_to_the_internet")
def route_to_the_gateway(stack):
    gateway = Ref("aws:ec2/internetGateway:InternetGateway::web-network-gateway")
    route = {"destinationCidrBlock": "0.0.0.0/0", "gatewayId": gateway}
    stack.add("new-route", ROUTE, {**route, "routeTableId": Ref("public-routes")})


sets("elb-internet-facing", ("load-balancer", "internal", False))

# --- the fleet's network --------------------------------------------------------------------------

sets(
    "elbv2-covers-fleet-zones",
    ("group", "vpcZoneIdentifiers", [Ref("subnet-a"), Ref("subnet-b")]),
)
sets(
    "load_balancer_in_other_zones",
    ("load-balancer", "subnets", [Ref("public-a"), Ref("public-b"), Ref("third")]),
)
sets("elbv2-no-empty-zone", ("target-group", "loadBalancingCrossZoneEnabled", "true"))


@cures("private_subnet_without_a_default_route")
def route_through_the_nat_gateway(stack):
    route = {"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": Ref("nat")}
    stack.add("new-route", ROUTE, {**route, "routeTableId": Ref("private-routes")})


sets(
    "public_subnets_without_public_addresses",
    ("group", "vpcZoneIdentifiers", [Ref("subnet-a"), Ref("subnet-b")]),
)


@cures("instances_are_not_let_out")
def let_out_to_https(stack):
    rule = {"securityGroupId": Ref("instances-group"), "cidrIpv4": "0.0.0.0/0"}
    stack.add("new-egress", EGRESS, {**rule, **ports(443)})


sets("nat_gateway_in_a_private_subnet", ("nat", "subnetId", Ref("public-a")))


def database_rule(stack, kind, owner, other):
    groups = {"securityGroupId": Ref(owner), "referencedSecurityGroupId": Ref(other)}
    stack.add("new-rule", kind, {**groups, **ports(5432)})


@cures("instances_are_not_let_out_to_the_database")
def let_out_to_the_database(stack):
    database_rule(stack, EGRESS, "instances-group", "database-group")


@cures("database_admits_the_wrong_port", "database_admits_the_load_balancer")
def let_the_instances_in(stack):
    database_rule(stack, INGRESS, "database-group", "instances-group")
