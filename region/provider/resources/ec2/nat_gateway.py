"""NAT gateways.

Like an internet gateway's, its routes are stored and described but forward no packets: whatever
instances of the local region send stays on this machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure, ProviderError
from region.provider.handler import MINUTE, Handler, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2.common import retag, tag_specifications
from region.provider.values import Properties

GONE = ("deleted", "deleting")


class NatGateway(Handler):
    """`aws.ec2.NatGateway` of one zone, public."""

    resource_type = "aws:ec2/natGateway:NatGateway"
    supported = frozenset({"subnetId", "allocationId", "connectivityType", "tags"})
    hints: ClassVar = {"availabilityMode": "use one gateway per zone, each with its 'subnetId'"}
    defaults: ClassVar = {"connectivityType": "public"}

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the gateway is public and has a subnet and an address."""
        yield from checks.one_of("connectivityType", inputs.get("connectivityType"), ["public"])
        for name, what in (("subnetId", "the subnet it is in"), ("allocationId", "an Eip's")):
            if inputs.get(name) is None:
                yield CheckFailure(name, f"a NAT gateway needs {name!r}, {what}; set it")

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateNatGateway."""
        response = op.aws.ec2.create_nat_gateway(
            SubnetId=inputs["subnetId"],
            AllocationId=inputs["allocationId"],
            ConnectivityType=inputs["connectivityType"],
            TagSpecifications=tag_specifications("natgateway", inputs.get("tags")),
        )
        return response["NatGateway"]["NatGatewayId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Update the tags, and wait until the gateway is available."""
        retag(op, identity, new, old)

        def probe() -> tuple[bool | None, str]:
            found = _describe(op, identity)
            state = found["State"] if found else "gone"
            if state in {"failed", "gone", *GONE}:
                why = (found or {}).get("FailureMessage") or "no reason given"
                raise ProviderError(f"the NAT gateway {identity} is {state}: {why}")
            return (True if state == "available" else None), state

        op.wait(f"the NAT gateway {identity}", probe, default_timeout=10 * MINUTE)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the gateway; EC2 lists deleted ones for a while."""
        found = _describe(op, identity)
        if found is None or found["State"] in GONE:
            return None
        address: Mapping[str, Any] = next(iter(found.get("NatGatewayAddresses") or ()), {})
        return {
            "subnetId": found["SubnetId"],
            "connectivityType": found.get("ConnectivityType", "public"),
            "allocationId": address.get("AllocationId", ""),
            "associationId": address.get("AssociationId", ""),
            "networkInterfaceId": address.get("NetworkInterfaceId", ""),
            "privateIp": address.get("PrivateIp", ""),
            "publicIp": address.get("PublicIp", ""),
            "vpcId": found.get("VpcId", ""),
            "tags": tag_map(found.get("Tags")),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteNatGateway, and wait until it is gone: its address and subnet must be free."""
        found = _describe(op, identity)
        if found is None or found["State"] == "deleted":
            return
        if found["State"] != "deleting":
            op.aws.ec2.delete_nat_gateway(NatGatewayId=identity)

        def probe() -> tuple[bool | None, str]:
            left = _describe(op, identity)
            state = left["State"] if left else "deleted"
            return (True if state == "deleted" else None), state

        op.wait(f"the NAT gateway {identity} to be gone", probe, default_timeout=10 * MINUTE)


def _describe(op: Operation, identity: str) -> Mapping[str, Any] | None:
    response = op.aws.ec2.describe_nat_gateways(NatGatewayIds=[identity])
    return next(iter(response["NatGateways"]), None)
