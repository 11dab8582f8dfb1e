"""Listeners of Application Load Balancers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, given
from region.provider.operation import Operation
from region.provider.resources.lb import actions, common
from region.provider.resources.lb.load_balancer import await_active
from region.provider.values import Properties


class Listener(Handler):
    """`aws.lb.Listener` of HTTP."""

    resource_type = "aws:lb/listener:Listener"
    supported = frozenset(
        {
            "loadBalancerArn",
            "port",
            "protocol",
            *(f"defaultActions.{member}" for member in actions.MEMBERS),
            "tags",
        }
    )
    hints: ClassVar = {
        "certificateArn": (
            "rehearse without a domain: the local region has no name service and no certificate "
            "that a client would trust, so use protocol HTTP in it"
        ),
        "sslPolicy": "rehearse without a domain: use protocol HTTP",
    }
    defaults: ClassVar = {"protocol": "HTTP"}

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check for HTTP on a port, with one action that the region does."""
        yield from checks.one_of("protocol", inputs.get("protocol"), ["HTTP"])
        if inputs.get("port") is None:
            yield CheckFailure("port", "a listener needs 'port', such as 80; set it")
        yield from checks.within("port", inputs.get("port"), 1, 65535)
        yield from actions.check("defaultActions", inputs.get("defaultActions"))

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateListener; the id is the ARN."""
        response = op.aws.elbv2.create_listener(
            LoadBalancerArn=inputs["loadBalancerArn"],
            **common.tags_parameter(inputs),
            **_listener(inputs),
        )
        return response["Listeners"][0]["ListenerArn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ModifyListener."""
        if old is not None and _listener(new) != _listener(old):
            op.aws.elbv2.modify_listener(ListenerArn=identity, **_listener(new))
        # The load balancer adds a listener after the call, and only then notices a port that is taken.
        await_active(op, new["loadBalancerArn"])
        common.retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the listener."""
        for listener in op.aws.elbv2.describe_listeners(ListenerArns=[identity])["Listeners"]:
            return {
                "loadBalancerArn": listener["LoadBalancerArn"],
                "port": listener["Port"],
                "protocol": listener["Protocol"],
                "defaultActions": actions.described(listener["DefaultActions"]),
                "arn": identity,
                "tags": common.tags_of(op, identity),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteListener."""
        op.aws.elbv2.delete_listener(ListenerArn=identity)


def _listener(inputs: Properties) -> dict[str, Any]:
    made = actions.parameters(inputs["defaultActions"])
    return {**given({"Port": "port", "Protocol": "protocol"}, inputs), "DefaultActions": made}
