"""Functions about what instances are launched from: images and types."""

from __future__ import annotations

import re
from typing import Any, Final

from region.provider.invokes import lookup
from region.provider.operation import ProviderContext
from region.provider.values import Properties

_PARAMETER: Final = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
_IMAGE: Final = {
    "architecture": "Architecture",
    "creationDate": "CreationDate",
    "description": "Description",
    "imageLocation": "ImageLocation",
    "imageType": "ImageType",
    "name": "Name",
    "ownerId": "OwnerId",
    "rootDeviceName": "RootDeviceName",
    "rootDeviceType": "RootDeviceType",
    "state": "State",
    "virtualizationType": "VirtualizationType",
}


def instance_type_offerings(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.ec2.get_instance_type_offerings`."""
    kind = arguments.get("locationType", "region")
    pages = context.aws.ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType=kind, Filters=lookup.filters(arguments)
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


def ami(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.ec2.get_ami`: the newest image that matches, or the only one."""
    owners = arguments.get("owners")
    found: list[dict[str, Any]] = context.aws.ec2.describe_images(
        Filters=lookup.filters(arguments), **({"Owners": owners} if owners else {})
    )["Images"]
    pattern = re.compile(arguments.get("nameRegex") or "")
    found = [image for image in found if pattern.search(image.get("Name") or "")]
    if not found:
        raise lookup.NoResultError(
            "filters",
            "the local region has no such image; use one that it has, such as that of "
            f"aws.ssm.get_parameter(name={_PARAMETER!r})",
        )
    if arguments.get("mostRecent"):
        found = [max(found, key=lambda image: str(image.get("CreationDate") or ""))]
    image = lookup.only_result(found, "image", "mostRecent")
    root = image.get("RootDeviceName")
    snapshots = [
        device["Ebs"]["SnapshotId"]
        for device in image.get("BlockDeviceMappings") or ()
        if device.get("DeviceName") == root and (device.get("Ebs") or {}).get("SnapshotId")
    ]
    return {
        **arguments,
        **{name: image.get(described, "") for name, described in _IMAGE.items()},
        "id": image["ImageId"],
        "imageId": image["ImageId"],
        "region": context.region,
        "arn": f"arn:aws:ec2:{context.region}::image/{image['ImageId']}",
        "public": bool(image.get("Public")),
        "rootSnapshotId": next(iter(snapshots), ""),
        "tags": {tag["Key"]: tag["Value"] for tag in image.get("Tags") or ()},
    }
