"""What breaks the rule about Global Accelerator."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides


def accelerated(stack, port=443, **more):
    """Put an accelerator before the load balancer."""
    stack.add("accelerator", "aws:globalaccelerator/accelerator:Accelerator", {"name": "web"})
    listener = {
        "acceleratorArn": Ref("accelerator", "arn"),
        "protocol": "TCP",
        "portRanges": [{"fromPort": port, "toPort": port}],
    }
    stack.add("entry", "aws:globalaccelerator/listener:Listener", listener)
    group = {
        "listenerArn": Ref("entry", "arn"),
        "endpointConfigurations": [{"endpointId": Ref("load-balancer", "arn"), "weight": 100}],
        **more,
    }
    stack.add("endpoints", "aws:globalaccelerator/endpointGroup:EndpointGroup", group)


decides(
    "accelerator-sends-requests",
    "endpoints",
    "trafficDialPercentage",
    absent=KEEPS,
    unknown=KEEPS,
    given=accelerated,
)


@breaks("accelerator-sends-requests")
def turned_down(stack):
    accelerated(stack, trafficDialPercentage=0)


@breaks("accelerator-sends-requests")
def asked_on_a_port_without_listener(stack):
    accelerated(stack, 8443)
