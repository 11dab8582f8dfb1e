"""What Amazon EC2 refuses about volumes, wherever they are: part of `launch-template-accepted`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from guardrails import tokens
from guardrails.refusals import Refusal
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show

_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
_EBS = f"{_EC2}API_EbsBlockDevice.html"
_USER_GUIDE = "https://docs.aws.amazon.com/ebs/latest/userguide/"


@dataclass(frozen=True)
class _Kind:
    """What volumes of a type may have: GiB, IOPS, IOPS per GiB, and MiB/s; `None` for what they lack."""

    size: tuple[int, int]
    iops: tuple[int, int] | None = None
    ratio: int = 0
    throughput: tuple[int, int] | None = None


_KINDS: Final = {
    "gp2": _Kind((1, 16384)),
    "gp3": _Kind((1, 65536), (3000, 80000), 500, (125, 2000)),
    "io1": _Kind((4, 16384), (100, 64000), 50),
    "io2": _Kind((4, 65536), (100, 256000), 1000),
    "st1": _Kind((125, 16384)),
    "sc1": _Kind((125, 16384)),
    "standard": _Kind((1, 1024)),
}
"""Amazon EC2's API reference, EbsBlockDevice; ratios from the EBS user guide."""
_BASELINE: Final = 3000
"""IOPS that each gp3 volume has, whatever its size."""
_SHARE: Final = 0.25
"""MiB/s of a gp3 volume per IOPS."""


@dataclass(frozen=True)
class _Volume:
    """One volume that a resource describes; `name` is how a message calls it."""

    name: str
    kind: Any
    size: Any
    iops: Any
    throughput: Any
    attached_often: Any = None


def _volumes(resource: Resource) -> Iterator[_Volume]:
    if resource.type in tokens.VOLUME:
        found = resource.properties
        yield _Volume(
            "the volume",
            found.get("type"),
            found.get("size"),
            found.get("iops"),
            found.get("throughput"),
            found.get("multiAttachEnabled"),
        )
        return
    for name, device in _devices(resource):
        yield _Volume(
            name,
            dig(device, "volumeType"),
            dig(device, "volumeSize"),
            dig(device, "iops"),
            dig(device, "throughput"),
        )


def _devices(resource: Resource) -> Iterator[tuple[str, Any]]:
    for mapping in items(resource.get("blockDeviceMappings")):
        yield f"device {show(dig(mapping, 'deviceName'))}", dig(mapping, "ebs")
    root = resource.get("rootBlockDevice")
    if not is_absent(root) and root is not UNKNOWN:
        yield "the root device", root
    for device in items(resource.get("ebsBlockDevices")):
        yield f"device {show(dig(device, 'deviceName'))}", device


def _other_kind(resource: Resource) -> Iterator[str]:
    for volume in _volumes(resource):
        if isinstance(volume.kind, str) and volume.kind and volume.kind not in _KINDS:
            yield f"{volume.name} is of type {show(volume.kind)}"


def _operations(resource: Resource) -> Iterator[str]:
    for volume in _volumes(resource):
        kind, iops = _KINDS.get(str(volume.kind)), number(volume.iops)
        if kind is None:
            continue
        if kind.iops is None and iops:
            yield f"{volume.name} is {volume.kind} with iops {iops:g}"
        if kind.iops is not None and iops and not kind.iops[0] <= iops <= kind.iops[1]:
            yield f"{volume.name} is {volume.kind} with iops {iops:g}, outside {_span(kind.iops)}"
        if volume.kind in ("io1", "io2") and is_absent(volume.iops):
            yield f"{volume.name} is {volume.kind} without iops"
        if kind.throughput is None and number(volume.throughput):
            yield f"{volume.name} is {volume.kind} with throughput"


def _span(limits: tuple[int, int]) -> str:
    return f"{limits[0]} to {limits[1]}"


def _ratio(resource: Resource) -> Iterator[str]:
    for volume in _volumes(resource):
        kind = _KINDS.get(str(volume.kind))
        size, iops = number(volume.size), number(volume.iops)
        if kind is None or kind.iops is None or not size or not iops or iops > kind.iops[1]:
            continue
        most = size * kind.ratio
        if iops > most and not (volume.kind == "gp3" and iops <= _BASELINE):
            yield (
                f"{volume.name} has iops {iops:g}, and {size:g} GiB of {volume.kind} have {most:g} at "
                "most"
            )


def _throughput(resource: Resource) -> Iterator[str]:
    for volume in _volumes(resource):
        kind, given = _KINDS.get(str(volume.kind)), number(volume.throughput)
        if kind is None or kind.throughput is None or not given:
            continue
        if not kind.throughput[0] <= given <= kind.throughput[1]:
            yield f"{volume.name} has throughput {given:g}, outside {_span(kind.throughput)}"
        elif volume.iops is not UNKNOWN:
            iops = number(volume.iops) or _BASELINE
            if given > iops * _SHARE:
                yield (
                    f"{volume.name} has throughput {given:g}, and {iops:g} IOPS have {iops * _SHARE:g} at "
                    "most"
                )


def _size(resource: Resource) -> Iterator[str]:
    for volume in _volumes(resource):
        kind, size = _KINDS.get(str(volume.kind)), number(volume.size)
        if kind is not None and size is not None and not kind.size[0] <= size <= kind.size[1]:
            yield f"{volume.name} is {volume.kind} with {size:g} GiB, outside {_span(kind.size)}"


def _sizeless(volume: Resource) -> str | None:
    if all(is_absent(volume.get(name)) for name in ("size", "snapshotId")):
        return "neither size nor snapshot_id is set"
    return None


def _shared(resource: Resource) -> Iterator[str]:
    for volume in _volumes(resource):
        if is_true(volume.attached_often) and volume.kind not in ("io1", "io2", UNKNOWN):
            yield f"multi_attach_enabled is true, type is {show(volume.kind)}"


def _twice(resource: Resource) -> Iterator[str]:
    names = [dig(one, "deviceName") for one in items(resource.get("blockDeviceMappings"))]
    for name in dict.fromkeys(
        one for one in names if isinstance(one, str) and names.count(one) > 1
    ):
        yield f"block_device_mappings has {show(name)} twice"


_ANYWHERE = (*tokens.LAUNCH_TEMPLATE, *tokens.VOLUME, *tokens.INSTANCE)

_IMAGES: Final = (
    (re.compile(r"/ami-amazon-linux-latest/al2023-ami-kernel-"), "/dev/xvda", 8),
    (re.compile(r"/ami-amazon-linux-latest/(?:amzn2|al2023)-ami-(?:hvm|minimal)-"), "/dev/xvda", 2),
    (re.compile(r"/canonical/ubuntu/"), "/dev/sda1", 8),
    (re.compile(r"/ami-windows-latest/"), "/dev/sda1", 30),
)
"""Parameters by which AWS publishes images, with their root device and the GiB of its snapshot."""


def _smaller_than_image(template: Resource) -> str | None:
    image = template.get("imageId")
    for name, device, least in _IMAGES if isinstance(image, str) else ():
        if name.search(str(image)) is None:
            continue
        for mapping in items(template.get("blockDeviceMappings")):
            size = number(dig(mapping, "ebs", "volumeSize"))
            if dig(mapping, "deviceName") == device and size is not None and size < least:
                return f"its root volume {device} has {size:g} GiB, and the image has {least} GiB"
    return None


TABLE = (
    Refusal(
        types=tokens.LAUNCH_TEMPLATE,
        says="InvalidBlockDeviceMapping: the volume is smaller than its snapshot.",
        source=_EBS,
        remedy="set volume_size in ebs to that of the image or more, for example 20.",
        find=_smaller_than_image,
    ),
    Refusal(
        types=_ANYWHERE,
        says="InvalidParameterValue: Volume type: gp2, gp3, io1, io2, st1, sc1 or standard.",
        source=_EBS,
        remedy='set volume_type (type of a volume) to "gp3".',
        find=_other_kind,
    ),
    Refusal(
        types=_ANYWHERE,
        says="Iops and throughput: io1 and io2 need iops, gp3 takes 3000 to 80000 iops, gp2 takes none.",
        source=_EBS,
        remedy="set volume_type (type of a volume) to gp3, and iops to 3000 or more or leave it out.",
        find=_operations,
    ),
    Refusal(
        types=_ANYWHERE,
        says=(
            "InvalidParameterCombination: Iops to volume size ratio is too high: at most 500 IOPS per "
            "GiB of gp3, 50 of io1, 1000 of io2."
        ),
        source=f"{_USER_GUIDE}ebs-volume-types.html",
        remedy="lower iops, or raise volume_size (size of a volume).",
        find=_ratio,
    ),
    Refusal(
        types=_ANYWHERE,
        says=(
            "InvalidParameterCombination: Throughput of gp3: 125 to 2000 MiB/s, at most 0.25 MiB/s per "
            "IOPS."
        ),
        source=f"{_USER_GUIDE}general-purpose.html",
        remedy="lower throughput, or raise iops to four times its value.",
        find=_throughput,
    ),
    Refusal(
        types=_ANYWHERE,
        says=(
            "InvalidParameterValue: VolumeSize in GiB: gp2 1 to 16384, gp3 1 to 65536, io1 4 to 16384, "
            "io2 4 to 65536, st1 and sc1 125 to 16384, standard 1 to 1024."
        ),
        source=_EBS,
        remedy="set volume_size (size of a volume) to what the type has.",
        find=_size,
    ),
    Refusal(
        types=tokens.VOLUME,
        says="MissingParameter: The request must contain the parameter size/snapshot.",
        source=f"{_EC2}API_CreateVolume.html",
        remedy="set size, or snapshot_id.",
        find=_sizeless,
    ),
    Refusal(
        types=tokens.VOLUME,
        says="InvalidParameterCombination: Multi-Attach is for io1 and io2 volumes.",
        source=f"{_USER_GUIDE}ebs-volumes-multi.html",
        remedy='set type to "io2", or leave multi_attach_enabled out.',
        find=_shared,
    ),
    Refusal(
        types=tokens.LAUNCH_TEMPLATE,
        says="InvalidBlockDeviceMapping: each device of a launch template has one mapping.",
        source=f"{_EC2}API_RequestLaunchTemplateData.html",
        remedy="keep one entry of block_device_mappings for the device.",
        find=_twice,
    ),
)
"""Appended to the table of `launch-template-accepted`."""
