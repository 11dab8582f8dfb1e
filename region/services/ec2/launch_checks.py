"""What EC2, or the local region, refuses to launch: in the call, and not when the machine would boot."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import psutil
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend

from region.machines.instance_types import INSTANCE_TYPES, InstanceType
from region.services.tag_keys import is_reserved

_GIBIBYTE: Final = 1024**3
_TOKENS_ONLY: Final = "al2023-ami-"
"""How the names of images begin whose instances answer no request without a token by default."""
MOST_HOPS: Final = 64
"""API reference, InstanceMetadataOptionsRequest."""


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


def check_metadata_options(options: Mapping[str, Any] | None) -> None:
    """Refuse a hop limit that EC2 does not take.

    Raises:
        EC2ClientError: It is not from 1 to 64.
    """
    limit = (options or {}).get("HttpPutResponseHopLimit")
    if limit is not None and not 1 <= int(limit) <= MOST_HOPS:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({limit}) for parameter HttpPutResponseHopLimit is invalid. It must be between 1 and "
            f"{MOST_HOPS}.",
        )


def metadata_defaults(backend: EC2Backend, image_id: str | None) -> dict[str, Any]:
    """Return the metadata options of a launch that gives none: an image's own come before EC2's.

    Amazon Linux 2023 has `imds-support: v2.0` (EC2 User Guide, "Order of precedence for instance metadata
    options").
    """
    image = backend.amis.get(image_id or "")
    if image is not None and str(image.name).startswith(_TOKENS_ONLY):
        return {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    return {}


def check_key(backend: EC2Backend, name: str | None) -> None:
    """Refuse a key pair that is not there.

    Raises:
        EC2ClientError: It is not.
    """
    if name and name not in backend.key_pairs:
        raise EC2ClientError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")


def check_placement(zone: str, wanted: str | None) -> None:
    """Refuse an Availability Zone that is not that of the subnet.

    Raises:
        EC2ClientError: It is another one.
    """
    if wanted and wanted != zone:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({wanted}) for parameter availabilityZone is invalid. Subnets can currently only be "
            f"used in {zone}.",
        )


def require_image(image_id: str | None) -> str:
    """Return the image of a launch, which has one.

    An image that is not known is one of the user's own, of which the region cannot hear: its instances
    get the region's image.

    Raises:
        EC2ClientError: There is none.
    """
    if not image_id:
        message = "The request must contain the parameter ImageId"
        raise EC2ClientError("MissingParameter", message)
    return image_id


def check_group_names(positional: Sequence[object], named: Mapping[str, Any]) -> None:
    """Refuse security groups by name together with a subnet.

    Raises:
        EC2ClientError: Both are given.
    """
    names = positional[3] if len(positional) > 3 else named.get("security_group_names")
    if names and named.get("subnet_id"):
        message = "The parameter groupName cannot be used with the parameter subnet"
        raise EC2ClientError("InvalidParameterCombination", message)


def check_call(option: str, tags: Iterable[Iterable[Mapping[str, Any]]]) -> None:
    """Refuse an option for credits that there is not, and tags that EC2 does not take.

    Args:
        option: Of the CPU credits; empty without one.
        tags: Of each kind of resource that is tagged.

    Raises:
        EC2ClientError: One of them.
    """
    if option not in {"", "standard", "unlimited"}:
        message = (
            f"Value ({option}) for parameter cpuCredits is invalid: use standard or unlimited."
        )
        raise EC2ClientError("InvalidParameterValue", message)
    for of_a_kind in tags:
        check_tags(of_a_kind)


def check_tags(tags: Iterable[Mapping[str, Any]]) -> None:
    """Refuse tags of AWS's own, and one key twice.

    Raises:
        EC2ClientError: One of them.
    """
    seen: set[object] = set()
    for tag in tags:
        if tag.get("Key") in seen:
            message = f"Duplicate tag key '{tag.get('Key')}' specified."
            raise EC2ClientError("InvalidParameterValue", message)
        seen.add(tag.get("Key"))
        if is_reserved(tag.get("Key", "")):
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Value ( {tag['Key']} ) for parameter key is invalid. Tag keys starting with 'aws:' are "
                "reserved for internal use",
            )


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
