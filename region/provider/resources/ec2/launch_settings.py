"""The parameters that instances and launch templates have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import found, given
from region.provider.values import Properties
from region.quotas import USER_DATA_BYTES

METADATA = {
    "HttpEndpoint": "httpEndpoint",
    "HttpTokens": "httpTokens",
    "HttpPutResponseHopLimit": "httpPutResponseHopLimit",
    "InstanceMetadataTags": "instanceMetadataTags",
}
METADATA_PATHS = frozenset(f"metadataOptions.{name}" for name in METADATA.values())

EBS = {
    "VolumeSize": "volumeSize",
    "VolumeType": "volumeType",
    "Encrypted": "encrypted",
    "DeleteOnTermination": "deleteOnTermination",
    "Iops": "iops",
    "Throughput": "throughput",
}
CREDITS = ("standard", "unlimited")


def metadata_options(inputs: Properties) -> dict[str, Any]:
    """Return the `MetadataOptions` parameter, as keyword arguments."""
    options = given(METADATA, inputs.get("metadataOptions") or {})
    return {"MetadataOptions": options} if options else {}


def described_metadata(description: Mapping[str, Any]) -> Properties:
    """Return the `metadataOptions` property, empty if the service reports none."""
    options = found(METADATA, description.get("MetadataOptions") or {})
    return {"metadataOptions": options} if options else {}


def credit_specification(inputs: Properties) -> dict[str, Any]:
    """Return the `CreditSpecification` parameter, as keyword arguments."""
    mode = (inputs.get("creditSpecification") or {}).get("cpuCredits")
    return {"CreditSpecification": {"CpuCredits": mode}} if mode else {}


def check_machine(inputs: Properties) -> Iterable[CheckFailure]:
    """Check what instances and launch templates have in common."""
    options: Any = inputs.get("metadataOptions")
    if isinstance(options, dict):
        path = "metadataOptions"
        yield from checks.one_of(
            f"{path}.httpTokens", options.get("httpTokens"), ["optional", "required"]
        )
        yield from checks.one_of(
            f"{path}.httpEndpoint", options.get("httpEndpoint"), ["enabled", "disabled"]
        )
        hops = options.get("httpPutResponseHopLimit")
        yield from checks.within(f"{path}.httpPutResponseHopLimit", hops, 1, 64)
    specification: Any = inputs.get("creditSpecification")
    if isinstance(specification, dict):
        path = "creditSpecification.cpuCredits"
        yield from checks.one_of(path, specification.get("cpuCredits"), CREDITS)


def check_user_data(path: str, size: int) -> Iterable[CheckFailure]:
    """Check that user data of `size` bytes fits into 16 KiB."""
    if size > USER_DATA_BYTES:
        yield CheckFailure(
            path,
            f"user data has {size} bytes and EC2 takes {USER_DATA_BYTES}; shorten it or fetch "
            "parts of it from S3",
        )
