"""What breaks the rule about settings that two resources write."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import ADVISORY, KEEPS, breaks, decides

INLINE = [{"protocol": "tcp", "fromPort": 9100, "toPort": 9100, "cidrBlocks": ["10.20.0.0/16"]}]


@breaks("settings-in-one-place", ADVISORY)
def rules_inline_and_apart(stack):
    stack.set("database-group", "ingress", INLINE)


@breaks("settings-in-one-place", ADVISORY)
def routes_inline_and_apart(stack):
    gateway = Ref("aws:ec2/internetGateway:InternetGateway::web-network-gateway")
    stack.set("public-routes", "routes", [{"cidrBlock": "172.16.0.0/12", "gatewayId": gateway}])


decides("settings-in-one-place", "database-group", "ingress", absent=KEEPS, unknown=KEEPS)


@breaks("settings-in-one-place", ADVISORY)
def capacity_by_the_program_and_by_its_load(stack):
    stack.option("group", ignored=[])
