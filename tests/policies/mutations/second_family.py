"""What breaks the rule about IPv6 at a load balancer with both families."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides

RULE = "elb-serves-both-families"


def both_families(stack):
    stack.set("load-balancer", "ipAddressType", "dualstack")
    for number, name in enumerate(("public-a", "public-b")):
        stack.set(name, "ipv6CidrBlock", f"2001:db8:0:{number}::/64")


@breaks(RULE)
def dual_stack_without_a_route(stack):
    both_families(stack)


decides(RULE, "load-balancer", "ipAddressType", absent=KEEPS, unknown=KEEPS)
