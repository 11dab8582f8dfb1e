"""Elastic IP addresses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2.common import retag, tag_specifications
from region.provider.values import Properties

ADDRESS_IN_USE = ("AuthFailure", "InvalidIPAddress.InUse")


class Eip(Handler):
    """`aws.ec2.Eip` of a VPC; the NAT gateway that uses it refers to it."""

    resource_type = "aws:ec2/eip:Eip"
    supported = frozenset({"domain", "tags"})
    hints: ClassVar = {"instance": "give the instance's subnet 'mapPublicIpOnLaunch'"}
    defaults: ClassVar = {"domain": "vpc"}
    volatile = frozenset(
        {"associationId", "privateIp", "privateDns", "networkInterface", "instance"}
    )

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the domain is a VPC: EC2-Classic was shut down."""
        yield from checks.one_of("domain", inputs.get("domain"), ["vpc"])

    @override
    def changes_outputs(self, changed: frozenset[str]) -> frozenset[str]:
        """Return nothing: an update only changes the tags."""
        return frozenset()

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call AllocateAddress; the id is the allocation's."""
        response = op.aws.ec2.allocate_address(
            Domain=inputs["domain"],
            TagSpecifications=tag_specifications("elastic-ip", inputs.get("tags")),
        )
        return response["AllocationId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Update the tags; nothing else can change."""
        retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the address and, if something uses it, the private one behind it."""
        response = op.aws.ec2.describe_addresses(AllocationIds=[identity])
        for address in response["Addresses"]:
            return {
                "domain": address.get("Domain", "vpc"),
                "allocationId": identity,
                "associationId": address.get("AssociationId", ""),
                "publicIp": address["PublicIp"],
                "privateIp": address.get("PrivateIpAddress", ""),
                "arn": op.arn("ec2", f"elastic-ip/{identity}"),
                "tags": tag_map(address.get("Tags")),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call ReleaseAddress, again while a gateway that is being deleted still holds it."""
        op.release(
            f"address {identity}",
            lambda: op.aws.ec2.release_address(AllocationId=identity),
            *ADDRESS_IN_USE,
        )
