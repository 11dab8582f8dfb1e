"""Functions about the caller's place: region, zones, account, partition."""

from __future__ import annotations

from typing import Final

from region.provider.invokes import lookup
from region.provider.operation import ProviderContext
from region.provider.values import Properties

_DESCRIPTIONS: Final = {
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "us-east-1": "US East (N. Virginia)",
}


def availability_zones(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.get_availability_zones`."""
    filters = lookup.filters(arguments)
    if arguments.get("state"):
        filters.append({"Name": "state", "Values": [arguments["state"]]})
    response = context.aws.ec2.describe_availability_zones(Filters=filters)
    excluded = {*arguments.get("excludeNames", ()), *arguments.get("excludeZoneIds", ())}
    zones = [
        zone
        for zone in sorted(response["AvailabilityZones"], key=lambda item: item["ZoneName"])
        if zone["ZoneName"] not in excluded and zone.get("ZoneId") not in excluded
    ]
    return {
        **arguments,
        "id": context.region,
        "region": context.region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone.get("ZoneId", "") for zone in zones],
        "groupNames": sorted({zone.get("GroupName") or context.region for zone in zones}),
    }


def region(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.get_region`."""
    name = arguments.get("region") or arguments.get("name") or context.region
    return {
        "id": name,
        "name": name,
        "region": name,
        "description": _DESCRIPTIONS.get(name, name),
        "endpoint": f"ec2.{name}.amazonaws.com",
    }


def caller_identity(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.get_caller_identity`."""
    del arguments
    identity = context.aws.sts.get_caller_identity()
    account = identity["Account"]
    return {
        "id": account,
        "accountId": account,
        "arn": identity["Arn"],
        "userId": identity["UserId"],
    }


def partition(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.get_partition`."""
    del context, arguments
    return {
        "id": "aws",
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }
