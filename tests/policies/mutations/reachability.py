"""What breaks the rules about who reaches the load balancer, and whom it reaches."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides("elb-open-on-listener-ports", "ingress", "cidrIpv4", absent=BREAKS, unknown=KEEPS)
decides(
    "elb-reaches-targets",
    "from-balancer",
    "referencedSecurityGroupId",
    absent=BREAKS,
    unknown=KEEPS,
)
decides("elb-in-public-subnets", "load-balancer", "subnets", absent=KEEPS, unknown=KEEPS)
decides("elb-internet-facing", "load-balancer", "internal", absent=KEEPS, unknown=KEEPS)


@breaks("elb-open-on-listener-ports")
def open_on_443_with_a_listener_on_80(stack):
    stack.drop("ingress")


@breaks("elb-open-on-listener-ports")
def https_is_closed(stack):
    stack.drop("ingress-https")


@breaks("elb-open-on-listener-ports")
def listener_on_a_port_that_is_closed(stack):
    stack.set("https", "port", 8443)
    redirect = {"port": "8443", "protocol": "HTTPS", "statusCode": "HTTP_301"}
    stack.set("http", "defaultActions", [{"type": "redirect", "redirect": redirect}])


@breaks("elb-open-on-listener-ports")
def open_to_private_addresses_only(stack):
    stack.set("ingress-https", "cidrIpv4", "10.0.0.0/8")


@breaks("elb-reaches-targets")
def instances_admit_the_wrong_port(stack):
    stack.set("from-balancer", "fromPort", 80)
    stack.set("from-balancer", "toPort", 80)


@breaks("elb-reaches-targets")
def target_group_on_80_application_on_8080(stack):
    stack.set("target-group", "port", 80)


@breaks("elb-reaches-targets")
def balancer_is_let_out_to_nobody(stack):
    stack.drop("to-instances")


@breaks("elb-reaches-targets")
def instances_admit_another_group(stack):
    stack.set("from-balancer", "referencedSecurityGroupId", Ref("database-group"))


@breaks("elb-reaches-targets")
def instances_admit_other_subnets(stack):
    stack.set("from-balancer", "referencedSecurityGroupId", ...)
    stack.set("from-balancer", "cidrIpv4", "10.99.0.0/16")


@breaks("elb-in-public-subnets")
def load_balancer_in_private_subnets(stack):
    stack.set("load-balancer", "subnets", [Ref("subnet-a"), Ref("subnet-b")])


@breaks("elb-in-public-subnets")
def no_route_to_the_internet(stack):
    stack.drop("internet-route")


@breaks("elb-internet-facing")
def internal_load_balancer(stack):
    stack.set("load-balancer", "internal", True)
