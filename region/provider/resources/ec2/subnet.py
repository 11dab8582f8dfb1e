"""Subnets."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import ClassVar

from botocore.exceptions import ClientError
from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure, is_missing
from region.provider.handler import Handler, changed, given, known, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2.common import IN_USE, retag, tag_specifications
from region.provider.values import Properties


class Subnet(Handler):
    """`aws.ec2.Subnet`."""

    resource_type = "aws:ec2/subnet:Subnet"
    supported = frozenset({"vpcId", "cidrBlock", "availabilityZone", "mapPublicIpOnLaunch", "tags"})
    defaults: ClassVar = {"mapPublicIpOnLaunch": False}
    computed = frozenset({"availabilityZone", "availabilityZoneId"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the subnet lies in its VPC and in one of the region's zones."""
        if inputs.get("cidrBlock") is None:
            yield CheckFailure("cidrBlock", "a subnet needs 'cidrBlock'; set one inside the VPC's")
        yield from checks.cidr("cidrBlock", inputs.get("cidrBlock"))
        if known(inputs, "availabilityZone"):
            listed = op.aws.ec2.describe_availability_zones()["AvailabilityZones"]
            names = sorted(zone["ZoneName"] for zone in listed)
            if inputs["availabilityZone"] not in names:
                zone = inputs["availabilityZone"]
                reason = f"{zone!r} is not a zone of {op.region}; use one of {', '.join(names)}"
                yield CheckFailure("availabilityZone", reason)
        if known(inputs, "vpcId", "cidrBlock"):
            yield from _outside(op, inputs["vpcId"], checks.network(inputs["cidrBlock"]))

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateSubnet."""
        response = op.aws.ec2.create_subnet(
            VpcId=inputs["vpcId"],
            CidrBlock=inputs["cidrBlock"],
            TagSpecifications=tag_specifications("subnet", inputs.get("tags")),
            **given({"AvailabilityZone": "availabilityZone"}, inputs),
        )
        return response["Subnet"]["SubnetId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ModifySubnetAttribute."""
        if changed(new, old, "mapPublicIpOnLaunch"):
            op.aws.ec2.modify_subnet_attribute(
                SubnetId=identity, MapPublicIpOnLaunch={"Value": new["mapPublicIpOnLaunch"]}
            )
        retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the subnet."""
        for subnet in op.aws.ec2.describe_subnets(SubnetIds=[identity])["Subnets"]:
            return {
                "vpcId": subnet["VpcId"],
                "cidrBlock": subnet["CidrBlock"],
                "availabilityZone": subnet["AvailabilityZone"],
                "availabilityZoneId": subnet.get("AvailabilityZoneId", ""),
                "mapPublicIpOnLaunch": bool(subnet.get("MapPublicIpOnLaunch")),
                "arn": subnet.get("SubnetArn") or op.arn("ec2", f"subnet/{identity}"),
                "ownerId": subnet.get("OwnerId", op.account),
                "tags": tag_map(subnet.get("Tags")),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteSubnet, again while instances or load balancers are leaving it."""
        op.release(
            f"subnet {identity}", lambda: op.aws.ec2.delete_subnet(SubnetId=identity), *IN_USE
        )


def _outside(op: Operation, vpc: str, block: ipaddress.IPv4Network | str) -> Iterable[CheckFailure]:
    if isinstance(block, str):
        return
    try:
        described = op.aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    except ClientError as error:
        if not is_missing(error):
            raise
        yield CheckFailure(
            "vpcId", f"the VPC {vpc!r} does not exist; use the id of an existing one"
        )
        return
    for found in described:
        around = ipaddress.IPv4Network(found["CidrBlock"])
        if not block.subnet_of(around):
            yield CheckFailure(
                "cidrBlock",
                f"{block} is not inside {around} of {vpc}; choose a block inside the VPC's",
            )
