"""What EC2, or the local region, refuses to launch: in the call, and not when the machine would boot."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Final

import psutil
from moto.core.responses import BaseResponse
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend

from region.machines.instance_types import INSTANCE_TYPES, InstanceType

_GIBIBYTE: Final = 1024**3
SUPPORTED: Final = frozenset(
    {
        "BlockDeviceMappings",
        "ClientToken",
        "CreditSpecification",
        "DisableApiStop",
        "DisableApiTermination",
        "DryRun",
        "EbsOptimized",
        "IamInstanceProfile",
        "ImageId",
        "InstanceInitiatedShutdownBehavior",
        "InstanceType",
        "KeyName",
        "LaunchTemplate",
        "MaxCount",
        "MetadataOptions",
        "MinCount",
        "Monitoring",
        "NetworkInterfaces",
        "Placement",
        "PrivateIpAddress",
        "SecurityGroupIds",
        "SecurityGroups",
        "SubnetId",
        "TagSpecifications",
        "UserData",
    }
)
"""The parameters of RunInstances that the region implements, and the fields of a launch template."""
_PLACEMENT: Final = frozenset({"AvailabilityZone"})
_REASONS: Final = {
    "InstanceMarketOptions": "there is no Spot market",
    "Placement.Tenancy": "every instance runs on this computer",
    "Placement.GroupName": "every instance runs on this computer",
}


def unsupported(given: dict[str, Any]) -> list[str]:
    """Return the members of RunInstances that would be ignored, with the reason if there is one."""
    placement = given.get("Placement") or {}
    tenancy = placement.get("Tenancy")
    found = [
        *(name for name, value in given.items() if name not in SUPPORTED and _asks(value)),
        *(
            f"Placement.{name}"
            for name, value in placement.items()
            if name not in _PLACEMENT and value and not (name == "Tenancy" and tenancy == "default")
        ),
    ]
    return sorted(f"{name} ({_REASONS[name]})" if name in _REASONS else name for name in found)


def _asks(value: Any) -> bool:
    if isinstance(value, dict):
        # {"Enabled": false}, {"CapacityReservationPreference": "open"}: what EC2 does anyway.
        members: Iterable[Any] = value.values()
        return any(_asks(member) and member not in {"open", "default"} for member in members)
    return bool(value)


def refuse_unsupported(response: BaseResponse) -> None:
    """Refuse RunInstances with a parameter that would be ignored.

    Raises:
        NotImplementedError: It has one; the message names it.
    """
    names = unsupported(dict(response.params))
    if names:
        raise NotImplementedError(f"parameter {', '.join(names)}: leave it out")


def check_type(backend: EC2Backend, name: str, image_id: str | None, zone: str) -> None:
    """Refuse a type that cannot be launched from an image in a zone.

    Raises:
        EC2ClientError: EC2 has no such type, the image is for another architecture, the zone does not
            offer the type, or this computer is smaller.
    """
    found = INSTANCE_TYPES.get(name)
    if found is None:
        raise EC2ClientError("InvalidParameterValue", f"Invalid value '{name}' for InstanceType.")
    image = backend.amis.get(image_id or "")
    if image is not None and image.architecture != found.architecture:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"The architecture '{found.architecture}' of the specified instance type does not match the "
            f"architecture '{image.architecture}' of the specified AMI. Specify an instance type and an "
            "AMI that have matching architectures, and try again.",
        )
    _check_offer(backend, name, zone)
    too_large = beyond_this_computer(found)
    if too_large:
        raise EC2ClientError("InsufficientInstanceCapacity", too_large)


def _check_offer(backend: EC2Backend, name: str, zone: str) -> None:
    filters = {"location": [zone], "instance-type": [name]}
    if not backend.describe_instance_type_offerings("availability-zone", filters):
        raise EC2ClientError(
            "Unsupported",
            f"Your requested instance type ({name}) is not supported in your requested Availability Zone "
            f"({zone}). Please retry your request by not specifying an Availability Zone or choosing "
            "another one.",
        )


def beyond_this_computer(
    wanted: InstanceType, cores: int | None = None, memory: int | None = None
) -> str:
    """Return why a type is more than this computer can be; empty if it is not."""
    cores = cores or len(os.sched_getaffinity(0))
    if memory is None:
        memory = int(psutil.virtual_memory().total)
    if wanted.baseline_cpu > cores:
        return (
            f"{wanted.name} has {wanted.baseline_cpu:g} vCPUs all the time and this computer has "
            f"{cores}: use a smaller type."
        )
    if wanted.memory_bytes > memory:
        return (
            f"{wanted.name} has {wanted.memory_bytes / _GIBIBYTE:g} GiB of memory and this computer has "
            f"{memory / _GIBIBYTE:.1f}: use a smaller type."
        )
    return ""
