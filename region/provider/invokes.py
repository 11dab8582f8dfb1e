"""The functions that a program can call: lookups without a resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from region.provider.errors import CheckFailure, error_code
from region.provider.operation import ProviderContext
from region.provider.values import Properties, Secret

Invoke = Callable[[ProviderContext, Properties], Properties]
_FILTER: Final = {"Name": "name", "Values": "values"}

_DESCRIPTIONS: Final = {
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "us-east-1": "US East (N. Virginia)",
}


def call(
    context: ProviderContext, token: str, arguments: Properties
) -> tuple[Properties, list[CheckFailure]]:
    """Return the result of a function, or why it cannot be called."""
    invoke = INVOKES.get(token)
    if invoke is None:
        known = ", ".join(sorted(INVOKES))
        raise LookupError(
            f"the local region does not implement the function {token}; leave it out of the "
            f"rehearsal (implemented: {known})"
        )
    region = arguments.get("region", context.region)
    if region != context.region and token != _REGION:
        reason = f"the local region is {context.region!r} and not {region!r}; remove 'region'"
        return {}, [CheckFailure("region", reason)]
    try:
        return invoke(context, arguments), []
    except ClientError as error:
        if error_code(error) == "ParameterNotFound":
            name = arguments.get("name")
            reason = f"there is no parameter {name!r}; check its name or create it with the AWS CLI"
            return {}, [CheckFailure("name", reason)]
        raise


def _filters(arguments: Properties) -> list[dict[str, Any]]:
    return [
        {parameter: item[name] for parameter, name in _FILTER.items()}
        for item in arguments.get("filters") or ()
    ]


def _availability_zones(context: ProviderContext, arguments: Properties) -> Properties:
    filters = _filters(arguments)
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


def _region(context: ProviderContext, arguments: Properties) -> Properties:
    name = arguments.get("region") or arguments.get("name") or context.region
    return {
        "id": name,
        "name": name,
        "region": name,
        "description": _DESCRIPTIONS.get(name, name),
        "endpoint": f"ec2.{name}.amazonaws.com",
    }


def _caller_identity(context: ProviderContext, arguments: Properties) -> Properties:
    del arguments
    identity = context.aws.sts.get_caller_identity()
    account = identity["Account"]
    return {
        "id": account,
        "accountId": account,
        "arn": identity["Arn"],
        "userId": identity["UserId"],
    }


def _instance_type_offerings(context: ProviderContext, arguments: Properties) -> Properties:
    kind = arguments.get("locationType", "region")
    pages = context.aws.ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType=kind, Filters=_filters(arguments)
    )
    offerings = [item for page in pages for item in page["InstanceTypeOfferings"]]
    return {
        **arguments,
        "id": context.region,
        "region": context.region,
        "instanceTypes": [item["InstanceType"] for item in offerings],
        "locations": [item["Location"] for item in offerings],
        "locationTypes": [item["LocationType"] for item in offerings],
    }


def _parameter(context: ProviderContext, arguments: Properties) -> Properties:
    decrypt = arguments.get("withDecryption", True)
    response = context.aws.ssm.get_parameter(Name=arguments["name"], WithDecryption=decrypt)
    parameter: Mapping[str, Any] = response["Parameter"]
    public = parameter["Type"] != "SecureString"
    return {
        "id": parameter["Name"],
        "name": parameter["Name"],
        "region": context.region,
        "arn": parameter.get("ARN", ""),
        "type": parameter["Type"],
        "value": Secret(parameter["Value"]),  # always secret, as in the real provider
        "insecureValue": parameter["Value"] if public else "",
        "version": parameter.get("Version", 1),
        "withDecryption": decrypt,
    }


_REGION: Final = "aws:index/getRegion:getRegion"
INVOKES: Final[Mapping[str, Invoke]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    _REGION: _region,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": _instance_type_offerings,
    "aws:ssm/getParameter:getParameter": _parameter,
}
"""Tokens to functions."""
