"""VPCs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, ClassVar

from typing_extensions import override

from region.loopback.addresses import AddressError, check_vpc_cidr
from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, changed, known, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2.common import IN_USE, retag, tag_specifications
from region.provider.values import Properties


class Vpc(Handler):
    """`aws.ec2.Vpc`."""

    resource_type = "aws:ec2/vpc:Vpc"
    supported = frozenset(
        {"cidrBlock", "enableDnsHostnames", "enableDnsSupport", "instanceTenancy", "tags"}
    )
    defaults: ClassVar = {"enableDnsSupport": True, "instanceTenancy": "default"}
    computed = frozenset({"enableDnsHostnames"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the VPC's addresses can be the machine's: private ones that no other VPC has."""
        yield from checks.one_of("instanceTenancy", inputs.get("instanceTenancy"), ["default"])
        if inputs.get("cidrBlock") is None:
            yield CheckFailure("cidrBlock", "a VPC needs 'cidrBlock'; set one such as 10.10.0.0/16")
        if not known(inputs, "cidrBlock"):
            return
        block = checks.network(inputs["cidrBlock"])
        if isinstance(block, str):
            yield CheckFailure("cidrBlock", block)
        elif not 16 <= block.prefixlen <= 28:
            yield CheckFailure("cidrBlock", f"{block} is not between /16 and /28, as a VPC must be")
        else:
            yield from _unfit(op, inputs, block, new=not old)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateVpc."""
        response = op.aws.ec2.create_vpc(
            CidrBlock=inputs["cidrBlock"],
            InstanceTenancy=inputs["instanceTenancy"],
            TagSpecifications=tag_specifications("vpc", inputs.get("tags")),
        )
        return response["Vpc"]["VpcId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ModifyVpcAttribute, one attribute per call as EC2 requires; support before host names."""
        for name, parameter in (
            ("enableDnsSupport", "EnableDnsSupport"),
            ("enableDnsHostnames", "EnableDnsHostnames"),
        ):
            if changed(new, old, name) and new.get(name) is not None:
                setting = {"Value": new[name]}
                op.aws.ec2.modify_vpc_attribute(VpcId=identity, **{parameter: setting})
        retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the VPC with its default parts."""
        ec2 = op.aws.ec2
        vpcs = ec2.describe_vpcs(VpcIds=[identity])["Vpcs"]
        if not vpcs:
            return None
        mine = [{"Name": "vpc-id", "Values": [identity]}]
        return {
            "cidrBlock": vpcs[0]["CidrBlock"],
            "instanceTenancy": vpcs[0].get("InstanceTenancy", "default"),
            "dhcpOptionsId": vpcs[0].get("DhcpOptionsId", ""),
            "ownerId": vpcs[0].get("OwnerId", op.account),
            "arn": op.arn("ec2", f"vpc/{identity}"),
            "tags": tag_map(vpcs[0].get("Tags")),
            "enableDnsSupport": _attribute(ec2, identity, "enableDnsSupport"),
            "enableDnsHostnames": _attribute(ec2, identity, "enableDnsHostnames"),
            "ipv6AssociationId": "",
            **_default_parts(ec2, mine),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteVpc, again while something is left in it."""
        op.release(f"VPC {identity}", lambda: op.aws.ec2.delete_vpc(VpcId=identity), *IN_USE)


def _attribute(ec2: Any, identity: str, name: str) -> bool:
    response = ec2.describe_vpc_attribute(VpcId=identity, Attribute=name)
    return bool(response[name[0].upper() + name[1:]]["Value"])


def _default_parts(ec2: Any, mine: list[dict[str, Any]]) -> Properties:
    main = [*mine, {"Name": "association.main", "Values": ["true"]}]
    tables = ec2.describe_route_tables(Filters=main)["RouteTables"]
    default = [*mine, {"Name": "group-name", "Values": ["default"]}]
    groups = ec2.describe_security_groups(Filters=default)["SecurityGroups"]
    acls = ec2.describe_network_acls(Filters=[*mine, {"Name": "default", "Values": ["true"]}])
    table = tables[0]["RouteTableId"] if tables else ""
    return {
        "mainRouteTableId": table,
        "defaultRouteTableId": table,
        "defaultSecurityGroupId": groups[0]["GroupId"] if groups else "",
        "defaultNetworkAclId": next(
            (acl["NetworkAclId"] for acl in acls["NetworkAcls"] if acl.get("IsDefault")), ""
        ),
    }


def _unfit(
    op: Operation, inputs: Properties, block: ipaddress.IPv4Network, *, new: bool
) -> Iterable[CheckFailure]:
    # One like this may be what an interrupted `up` has created: CreateVpc tells.
    others = {
        str(vpc["CidrBlock"]): str(vpc["VpcId"])
        for vpc in (op.aws.ec2.describe_vpcs()["Vpcs"] if new else ())
        if vpc.get("IsDefault") or not _alike(vpc, inputs)
    }
    try:
        check_vpc_cidr(str(block), others)
    except AddressError as error:
        yield CheckFailure("cidrBlock", str(error))


def _alike(vpc: dict[str, Any], inputs: Properties) -> bool:
    tags = inputs.get("tags") or {}
    return vpc["CidrBlock"] == inputs["cidrBlock"] and tag_map(vpc.get("Tags")) == tags
