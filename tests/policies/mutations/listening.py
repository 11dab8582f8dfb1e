"""What breaks the rule about load balancers that are asked and do not listen."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.names import RECORD
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides


def another_balancer(stack):
    """Add a record of another name to a second load balancer, which has no listener."""
    stack.twin("load-balancer", "second")
    alias = {
        "name": Ref("second", "dnsName"),
        "zoneId": Ref("second", "zoneId"),
        "evaluateTargetHealth": True,
    }
    record = {"zoneId": "Z0123456789ABC", "name": "www.example.com", "type": "A"}
    stack.add("www", RECORD, {**record, "aliases": [alias]})
    return stack


breaks("elb-has-listener")(another_balancer)


def sends_away(stack, balancer):
    """Let a load balancer listen, and send everybody to another site."""
    redirect = {"protocol": "HTTPS", "host": "www.example.net", "port": "443"}
    stack.add(
        f"{balancer}-http",
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Ref(balancer, "arn"),
            "port": 80.0,
            "protocol": "HTTP",
            "defaultActions": [
                {"type": "redirect", "redirect": {**redirect, "statusCode": "HTTP_301"}}
            ],
        },
    )
    return stack


def let_it_listen(stack):
    """Give the second load balancer a listener like the first one's."""
    stack.twin("https", "listens")
    stack.set("listens", "loadBalancerArn", Ref("second", "arn"))


def _listening(stack):
    another_balancer(stack)
    let_it_listen(stack)


decides(
    "elb-has-listener", "listens", "loadBalancerArn", absent=BREAKS, unknown=KEEPS, given=_listening
)
