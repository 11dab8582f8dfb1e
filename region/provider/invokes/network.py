"""Functions about networks that are there already, the default VPC's among them."""

from __future__ import annotations

from typing import Any, Final

from botocore.exceptions import ClientError

from region.provider.errors import is_missing
from region.provider.handler import tag_map
from region.provider.invokes import lookup
from region.provider.operation import ProviderContext
from region.provider.values import Properties

_VPCS: Final = ("vpcs", "Vpcs", "VpcIds")
_SUBNETS: Final = ("subnets", "Subnets", "SubnetIds")
_GROUPS: Final = ("security_groups", "SecurityGroups", "GroupIds")


def vpc(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.ec2.get_vpc`."""
    every = _described(
        context,
        _VPCS,
        arguments,
        cidrBlock="cidr",
        default="is-default",
        dhcpOptionsId="dhcp-options-id",
        state="state",
    )
    found = lookup.only_result(every, "VPC")
    identity, ec2 = found["VpcId"], context.aws.ec2
    main = [
        {"Name": "vpc-id", "Values": [identity]},
        {"Name": "association.main", "Values": ["true"]},
    ]
    tables = ec2.describe_route_tables(Filters=main)["RouteTables"]

    def attribute(name: str) -> bool:
        answer = ec2.describe_vpc_attribute(VpcId=identity, Attribute=name)
        return bool(answer[name[0].upper() + name[1:]]["Value"])

    return {
        **arguments,
        "id": identity,
        "region": context.region,
        "arn": _arn(context, found, "vpc", identity),
        "cidrBlock": found["CidrBlock"],
        "cidrBlockAssociations": [
            {
                "associationId": block.get("AssociationId", ""),
                "cidrBlock": block["CidrBlock"],
                "state": (block.get("CidrBlockState") or {}).get("State", ""),
            }
            for block in found.get("CidrBlockAssociationSet") or ()
        ],
        "default": bool(found.get("IsDefault")),
        "dhcpOptionsId": found.get("DhcpOptionsId", ""),
        "enableDnsHostnames": attribute("enableDnsHostnames"),
        "enableDnsSupport": attribute("enableDnsSupport"),
        "enableNetworkAddressUsageMetrics": False,
        "instanceTenancy": found.get("InstanceTenancy", "default"),
        "ipv6AssociationId": "",
        "ipv6CidrBlock": "",
        "ipv6CidrBlockAssociations": [],
        "mainRouteTableId": tables[0]["RouteTableId"] if tables else "",
        "ownerId": found.get("OwnerId", ""),
        "state": found.get("State", ""),
        "tags": tag_map(found.get("Tags")),
    }


def subnet(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.ec2.get_subnet`."""
    every = _described(
        context,
        _SUBNETS,
        arguments,
        availabilityZone="availability-zone",
        availabilityZoneId="availability-zone-id",
        cidrBlock="cidr-block",
        defaultForAz="default-for-az",
        state="state",
        vpcId="vpc-id",
    )
    found = lookup.only_result(every, "subnet")
    return {
        **arguments,
        "id": found["SubnetId"],
        "region": context.region,
        "arn": found.get("SubnetArn") or _arn(context, found, "subnet", found["SubnetId"]),
        "assignIpv6AddressOnCreation": False,
        "availabilityZone": found["AvailabilityZone"],
        "availabilityZoneId": found.get("AvailabilityZoneId", ""),
        "availableIpAddressCount": found.get("AvailableIpAddressCount", 0),
        "cidrBlock": found["CidrBlock"],
        "defaultForAz": bool(found.get("DefaultForAz")),
        "mapPublicIpOnLaunch": bool(found.get("MapPublicIpOnLaunch")),
        "ownerId": found.get("OwnerId", ""),
        "state": found.get("State", ""),
        "tags": tag_map(found.get("Tags")),
        "vpcId": found["VpcId"],
    }


def subnets(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.ec2.get_subnets`."""
    found = _described(context, _SUBNETS, arguments)
    return {
        **arguments,
        "id": context.region,
        "region": context.region,
        "ids": [one["SubnetId"] for one in found],
    }


def security_group(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.ec2.get_security_group`."""
    every = _described(context, _GROUPS, arguments, name="group-name", vpcId="vpc-id")
    found = lookup.only_result(every, "security group")
    return {
        **arguments,
        "id": found["GroupId"],
        "region": context.region,
        "arn": _arn(context, found, "security-group", found["GroupId"]),
        "description": found.get("Description", ""),
        "name": found["GroupName"],
        "tags": tag_map(found.get("Tags")),
        "vpcId": found.get("VpcId", ""),
    }


def security_groups(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.ec2.get_security_groups`."""
    found = _described(context, _GROUPS, arguments)
    return {
        **arguments,
        "id": context.region,
        "region": context.region,
        "arns": [_arn(context, one, "security-group", one["GroupId"]) for one in found],
        "ids": [one["GroupId"] for one in found],
        "vpcIds": [one.get("VpcId", "") for one in found],
    }


def _described(
    context: ProviderContext, kind: tuple[str, str, str], arguments: Properties, **named: str
) -> list[dict[str, Any]]:
    """Return what a describe call finds: nothing for an id that does not exist.

    Args:
        context: Whom to ask.
        kind: The noun of the call's name, the member of its answer, and its parameter for ids.
        arguments: The function's arguments.
        named: The filters of arguments that are not filters themselves.
    """
    noun, key, ids = kind
    wanted: dict[str, Any] = {"Filters": lookup.filters(arguments, **named)}
    if arguments.get("id"):
        wanted[ids] = [arguments["id"]]
    pages = context.aws.ec2.get_paginator(f"describe_{noun}").paginate(**wanted)
    try:
        return [item for page in pages for item in page[key]]
    except ClientError as error:
        if not is_missing(error):
            raise
        return []


def _arn(context: ProviderContext, found: dict[str, Any], kind: str, identity: str) -> str:
    owner = found.get("OwnerId", "")
    return f"arn:aws:ec2:{context.region}:{owner}:{kind}/{identity}"
