"""Application Load Balancers and their listeners."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import ProviderError, Refusal
from region.provider.handler import MINUTE, Handler, given
from region.provider.operation import Operation
from region.provider.resources.lb import common
from region.provider.values import Properties

NAMING = Naming(
    limit=32,
    pattern=r"(?!-|internal-)[A-Za-z0-9-]*[A-Za-z0-9]",
    rule="letters, digits and hyphens, not at either end, and not starting with internal-",
)

_ATTRIBUTES = {
    "deletion_protection.enabled": "enableDeletionProtection",
    "idle_timeout.timeout_seconds": "idleTimeout",
    "routing.http2.enabled": "enableHttp2",
    "routing.http.drop_invalid_header_fields.enabled": "dropInvalidHeaderFields",
    "routing.http.desync_mitigation_mode": "desyncMitigationMode",
    "routing.http.preserve_host_header.enabled": "preserveHostHeader",
    "routing.http.xff_header_processing.mode": "xffHeaderProcessingMode",
    # Kept and told: it only allows a shift, which takes a call of Application Recovery Controller.
    "zonal_shift.config.enabled": "enableZonalShift",
}


class LoadBalancer(Handler):
    """``aws.lb.LoadBalancer`` of the application type."""

    resource_type = "aws:lb/loadBalancer:LoadBalancer"
    supported = frozenset(
        {
            "name",
            "namePrefix",
            "internal",
            "loadBalancerType",
            "ipAddressType",
            "subnets",
            "securityGroups",
            "tags",
            *_ATTRIBUTES.values(),
        }
    )
    hints: ClassVar = {"accessLogs": "remove it for the rehearsal; HAProxy's log takes its place"}
    force_new = frozenset({"name", "namePrefix", "internal", "loadBalancerType"})
    defaults: ClassVar = {
        "loadBalancerType": "application",
        "internal": False,
        "idleTimeout": 60,
        "enableHttp2": True,
        "enableDeletionProtection": False,
        "dropInvalidHeaderFields": False,
        "desyncMitigationMode": "defensive",
        "preserveHostHeader": False,
        "xffHeaderProcessingMode": "append",
        "enableZonalShift": False,
    }
    sets = frozenset({"subnets", "securityGroups"})
    naming = NAMING
    computed = frozenset({"ipAddressType", "securityGroups", "subnets"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """An Application Load Balancer spans two zones."""
        kind, stack = inputs.get("loadBalancerType"), inputs.get("ipAddressType")
        yield from checks.one_of("loadBalancerType", kind, ["application"])
        yield from checks.one_of("ipAddressType", stack, ["ipv4"])
        yield from checks.within("idleTimeout", inputs.get("idleTimeout"), 1, 4000, " seconds")
        if inputs.get("subnets") is None:
            yield Refusal("subnets", "a load balancer needs 'subnets' in two Availability Zones")
        else:
            what = "an Application Load Balancer"
            yield from checks.zones(op, "subnets", inputs["subnets"], what)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateLoadBalancer; the id is the ARN."""
        response = op.aws.elbv2.create_load_balancer(
            Name=inputs["name"],
            Scheme="internal" if inputs["internal"] else "internet-facing",
            Type=inputs["loadBalancerType"],
            **common.tags_parameter(inputs),
            **given(
                {
                    "Subnets": "subnets",
                    "SecurityGroups": "securityGroups",
                    "IpAddressType": "ipAddressType",
                },
                inputs,
            ),
        )
        return response["LoadBalancers"][0]["LoadBalancerArn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """The attributes, subnets and security groups; waits until it is active."""
        elb = op.aws.elbv2
        before = old or {}
        differing = {name: value for name, value in new.items() if before.get(name) != value}
        attributes = common.attribute_list(_ATTRIBUTES, differing)
        if attributes:
            elb.modify_load_balancer_attributes(LoadBalancerArn=identity, Attributes=attributes)
        if old is not None and set(new["subnets"]) != set(old.get("subnets") or ()):
            elb.set_subnets(LoadBalancerArn=identity, Subnets=new["subnets"])
        if old is not None and "securityGroups" in differing:
            groups = new["securityGroups"]
            elb.set_security_groups(LoadBalancerArn=identity, SecurityGroups=groups)
        common.retag(op, identity, new, old)
        await_active(op, identity)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The load balancer."""
        elb = op.aws.elbv2
        described = elb.describe_load_balancers(LoadBalancerArns=[identity])["LoadBalancers"]
        if not described:
            return None
        balancer = described[0]
        attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=identity)["Attributes"]
        return {
            "name": balancer["LoadBalancerName"],
            "internal": balancer.get("Scheme") == "internal",
            "loadBalancerType": balancer["Type"],
            "ipAddressType": balancer.get("IpAddressType", "ipv4"),
            "subnets": [zone["SubnetId"] for zone in balancer["AvailabilityZones"]],
            "securityGroups": list(balancer.get("SecurityGroups") or ()),
            "arn": identity,
            "arnSuffix": identity.split(":loadbalancer/", 1)[-1],
            "dnsName": balancer["DNSName"],
            "zoneId": balancer.get("CanonicalHostedZoneId", ""),
            "vpcId": balancer.get("VpcId", ""),
            "tags": common.tags_of(op, identity),
            **common.described_attributes(_ATTRIBUTES, attributes),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DeleteLoadBalancer, and waits until it is gone: its address must be free."""
        elb = op.aws.elbv2
        elb.delete_load_balancer(LoadBalancerArn=identity)

        def probe() -> tuple[bool | None, str]:
            try:
                left = elb.describe_load_balancers(LoadBalancerArns=[identity])["LoadBalancers"]
            except elb.exceptions.LoadBalancerNotFoundException:
                left = []
            return (None if left else True), "still there"

        op.wait("the load balancer to be gone", probe, default_timeout=10 * MINUTE)


class Listener(Handler):
    """``aws.lb.Listener`` that forwards HTTP to one target group."""

    resource_type = "aws:lb/listener:Listener"
    supported = frozenset(
        {
            "loadBalancerArn",
            "port",
            "protocol",
            "defaultActions.type",
            "defaultActions.order",
            "defaultActions.targetGroupArn",
            "tags",
        }
    )
    hints: ClassVar = {
        "certificateArn": (
            "rehearse without a domain: the local region has no name service and no certificate "
            "that a client would trust, so use protocol HTTP in it"
        ),
        "sslPolicy": "rehearse without a domain: use protocol HTTP",
        "defaultActions.redirect": "rehearse without a domain: there is no HTTPS to redirect to",
        "defaultActions.forward": "use 'targetGroupArn' of the action",
    }
    force_new = frozenset({"loadBalancerArn"})
    defaults: ClassVar = {"protocol": "HTTP"}

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """HTTP on a port, forwarding."""
        yield from checks.one_of("protocol", inputs.get("protocol"), ["HTTP"])
        if inputs.get("port") is None:
            yield Refusal("port", "a listener needs 'port', such as 80; set it")
        yield from checks.within("port", inputs.get("port"), 1, 65535)
        actions: Any = inputs.get("defaultActions")
        if not isinstance(actions, list):
            return
        if len(actions) != 1:  # pyright: ignore[reportUnknownArgumentType]
            yield Refusal("defaultActions", "the local region takes exactly one default action")
        for action in actions:  # pyright: ignore[reportUnknownVariableType]
            if not isinstance(action, dict):
                continue
            kind: Any = action.get("type")  # pyright: ignore[reportUnknownMemberType]
            yield from checks.one_of("defaultActions.type", kind, ["forward"])
            if kind == "forward" and not action.get("targetGroupArn"):  # pyright: ignore[reportUnknownMemberType]
                reason = "a forwarding action needs 'targetGroupArn'; set it"
                yield Refusal("defaultActions.targetGroupArn", reason)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateListener; the id is the ARN."""
        response = op.aws.elbv2.create_listener(
            LoadBalancerArn=inputs["loadBalancerArn"],
            **common.tags_parameter(inputs),
            **_listener(inputs),
        )
        return response["Listeners"][0]["ListenerArn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """ModifyListener."""
        if old is not None and _listener(new) != _listener(old):
            op.aws.elbv2.modify_listener(ListenerArn=identity, **_listener(new))
        # The load balancer takes up a listener after the call, and only then finds a port taken.
        await_active(op, new["loadBalancerArn"])
        common.retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The listener."""
        for listener in op.aws.elbv2.describe_listeners(ListenerArns=[identity])["Listeners"]:
            return {
                "loadBalancerArn": listener["LoadBalancerArn"],
                "port": listener["Port"],
                "protocol": listener["Protocol"],
                "defaultActions": [_action(item) for item in listener["DefaultActions"]],
                "arn": identity,
                "tags": common.tags_of(op, identity),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DeleteListener."""
        op.aws.elbv2.delete_listener(ListenerArn=identity)


def await_active(op: Operation, arn: str) -> None:
    """Waits until the load balancer serves its listeners; raises ProviderError if it cannot."""

    def probe() -> tuple[bool | None, str]:
        described = op.aws.elbv2.describe_load_balancers(LoadBalancerArns=[arn])
        state = described["LoadBalancers"][0]["State"]
        if state["Code"] == "failed":
            why = state.get("Reason") or "no reason told"
            raise ProviderError(f"the load balancer failed to start: {why}")
        return (True if state["Code"] in {"active", "active_impaired"} else None), state["Code"]

    op.wait("the load balancer to be active", probe, default_timeout=10 * MINUTE)


def _listener(inputs: Properties) -> dict[str, Any]:
    actions = [
        given(
            {"Type": "type", "Order": "order", "TargetGroupArn": "targetGroupArn"},
            action,
        )
        for action in inputs["defaultActions"]
    ]
    return {**given({"Port": "port", "Protocol": "protocol"}, inputs), "DefaultActions": actions}


def _action(described: dict[str, Any]) -> Properties:
    """A forwarding action; ELB tells the target group in one of two places."""
    arn = described.get("TargetGroupArn")
    if not arn:
        groups = (described.get("ForwardConfig") or {}).get("TargetGroups") or [{}]
        arn = groups[0].get("TargetGroupArn", "")
    return {"type": described["Type"], "targetGroupArn": arn, "order": described.get("Order", 1)}
