"""Application Load Balancers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure, ProviderError
from region.provider.handler import MINUTE, Handler, given
from region.provider.operation import Operation
from region.provider.resources.lb import common
from region.provider.values import Properties

_ATTRIBUTES = {
    "deletion_protection.enabled": "enableDeletionProtection",
    "idle_timeout.timeout_seconds": "idleTimeout",
    "routing.http2.enabled": "enableHttp2",
    "routing.http.drop_invalid_header_fields.enabled": "dropInvalidHeaderFields",
    "routing.http.desync_mitigation_mode": "desyncMitigationMode",
    "routing.http.preserve_host_header.enabled": "preserveHostHeader",
    "routing.http.xff_header_processing.mode": "xffHeaderProcessingMode",
    "routing.http.xff_client_port.enabled": "enableXffClientPort",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "enableTlsVersionAndCipherSuiteHeaders",
    "client_keep_alive.seconds": "clientKeepAlive",
    "zonal_shift.config.enabled": "enableZonalShift",
}


class LoadBalancer(Handler):
    """`aws.lb.LoadBalancer` of the application type."""

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
        "enableXffClientPort": False,
        "enableTlsVersionAndCipherSuiteHeaders": False,
        "clientKeepAlive": 3600,
        "enableZonalShift": False,
    }
    sets = frozenset({"subnets", "securityGroups"})
    naming = common.NAMING
    computed = frozenset({"ipAddressType", "securityGroups", "subnets"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check for an Application Load Balancer in two zones."""
        kind, stack = inputs.get("loadBalancerType"), inputs.get("ipAddressType")
        yield from checks.one_of("loadBalancerType", kind, ["application"])
        yield from checks.one_of("ipAddressType", stack, ["ipv4"])
        yield from checks.within("idleTimeout", inputs.get("idleTimeout"), 1, 4000, " seconds")
        alive = inputs.get("clientKeepAlive")
        yield from checks.within("clientKeepAlive", alive, 60, 604_800, " seconds")
        for name, values in (
            ("desyncMitigationMode", ["defensive"]),
            ("xffHeaderProcessingMode", ["append", "preserve", "remove"]),
        ):
            yield from checks.one_of(name, inputs.get(name), values)
        if inputs.get("subnets") is None:
            yield CheckFailure(
                "subnets", "a load balancer needs 'subnets' in two Availability Zones"
            )
        else:
            what = "an Application Load Balancer"
            yield from checks.zones(op, "subnets", inputs["subnets"], what)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateLoadBalancer; the id is the ARN."""
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
        """Update attributes, subnets and security groups; wait until it is active."""
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
        """Describe the load balancer."""
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
        """Call DeleteLoadBalancer, and wait until it is gone: its address must be free."""
        elb = op.aws.elbv2
        elb.delete_load_balancer(LoadBalancerArn=identity)

        def probe() -> tuple[bool | None, str]:
            try:
                left = elb.describe_load_balancers(LoadBalancerArns=[identity])["LoadBalancers"]
            except elb.exceptions.LoadBalancerNotFoundException:
                left = []
            return (None if left else True), "still there"

        op.wait("the load balancer to be gone", probe, default_timeout=10 * MINUTE)


def await_active(op: Operation, arn: str) -> None:
    """Wait until the load balancer serves its listeners.

    Raises:
        ProviderError: It failed to start.
    """

    def probe() -> tuple[bool | None, str]:
        described = op.aws.elbv2.describe_load_balancers(LoadBalancerArns=[arn])
        state = described["LoadBalancers"][0]["State"]
        if state["Code"] == "failed":
            why = state.get("Reason") or "no reason given"
            raise ProviderError(f"the load balancer failed to start: {why}")
        return (True if state["Code"] in {"active", "active_impaired"} else None), state["Code"]

    op.wait("the load balancer to be active", probe, default_timeout=10 * MINUTE)
