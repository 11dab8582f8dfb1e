"""The sizes of root volumes: what an AMI has, what a launch asks for, what EC2 refuses."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami
from moto.ec2.models.elastic_block_store import EBSBackend, Volume
from moto.ec2.models.instances import Instance

from region.api.patching import Original, Patches

AMI_GIB: Final = 8
"""The root volume of Amazon Linux 2023's AMIs, and of the snapshots that they are made from."""
LARGEST_GIB: Final = 16_000
"""What a file of a computer's ext4 holds; gp3 itself ends at 64 TiB."""

_GP3_THROUGHPUT: Final = 125
_IOPS: Final[Mapping[str, tuple[int, int]]] = {
    "gp3": (3000, 80_000),
    "io1": (100, 64_000),
    "io2": (100, 256_000),
}
_THROUGHPUTS: Final = (_GP3_THROUGHPUT, 2000)
"""Least and most of a volume, in operations and MiB a second (API reference, EbsBlockDevice)."""
_DESCRIBED: ContextVar[Mapping[str, Mapping[str, Any]]] = ContextVar("_DESCRIBED")

_MOTO_S: Final = (
    "snapshot_id",
    "encrypted",
    "delete_on_termination",
    "kms_key_id",
    "volume_type",
)
"""Parameters of moto's `add_block_device` after the device."""

patches = Patches()


@contextmanager
def described(mappings: Sequence[Mapping[str, Any]]) -> Generator[None]:
    """Have the volumes of a launch get the performance that its block devices ask for."""
    token = _DESCRIBED.set({str(one.get("DeviceName")): one.get("Ebs") or {} for one in mappings})
    try:
        yield
    finally:
        _DESCRIBED.reset(token)


@patches.method(Instance)
def add_block_device(
    self: Instance, size: int | None, device_path: str, *given: Any, **named: Any
) -> None:
    """Attach a volume; one that a launch template describes replaces the default one.

    moto leaves out what it shall do in a second.
    """
    wanted = dict(zip(_MOTO_S, given, strict=False)) | named
    backend = self.ec2_backend
    replaced = self.block_device_mapping.get(device_path)
    if replaced is not None:
        backend.detach_volume(replaced.volume_id, self.id, device_path)
        backend.delete_volume(replaced.volume_id)
    kind = wanted.get("volume_type")
    speed = _DESCRIBED.get({}).get(device_path, {})
    volume = backend.create_volume(
        size=size or AMI_GIB,
        zone_name=str(self.placement.zone),
        snapshot_id=wanted.get("snapshot_id"),
        encrypted=bool(wanted.get("encrypted")),
        kms_key_id=wanted.get("kms_key_id"),
        volume_type=kind,
        iops=speed.get("Iops"),
        throughput=speed.get("Throughput") or (_GP3_THROUGHPUT if kind == "gp3" else None),
    )
    backend.attach_volume(
        volume.id, self.id, device_path, bool(wanted.get("delete_on_termination"))
    )


@patches.value(Ami, "block_device_mappings")
def _block_device_mappings(self: Ami) -> list[dict[str, Any]]:
    """Describe the AMI's root volume: moto gives all 15 GiB of the type `standard`."""
    ebs = {
        "SnapshotId": self.ebs_snapshot.id,
        "VolumeSize": AMI_GIB,
        "DeleteOnTermination": True,
        "VolumeType": "gp3",
        "Encrypted": False,
    }
    return [{"DeviceName": self.root_device_name, "Ebs": ebs}]


@patches.around(EBSBackend, "modify_volume")
def _modify_volume(
    moto: Original,
    self: EC2Backend,
    volume_id: str,
    target_size: int | None = None,
    *args: object,
    **kwargs: object,
) -> Volume:
    """Enlarge a volume: the instance's file system follows at its next boot, as by cloud-init."""
    if target_size is not None and target_size < self.get_volume(volume_id).size:
        raise EC2ClientError(
            "InvalidParameterValue", "New size cannot be smaller than existing size"
        )
    return moto(self, volume_id, target_size, *args, **kwargs)


def size_of(instance: Instance) -> int:
    """Return the size of an instance's root volume in GiB, as its volume has it now."""
    device = instance.block_device_mapping.get(instance.root_device_name)
    volume = instance.ec2_backend.volumes.get(device.volume_id) if device is not None else None
    return int(volume.size) if volume is not None else AMI_GIB


def check(
    backend: EC2Backend, mappings: Sequence[Mapping[str, Any]] | None, image_id: str | None
) -> None:
    """Refuse a launch whose root volume cannot be.

    Raises:
        EC2ClientError: It is smaller than its AMI's snapshot, or larger than a computer can have it.
    """
    wrong = refused(backend, mappings, image_id)
    if wrong:
        raise EC2ClientError(*wrong)


def refused(
    backend: EC2Backend, mappings: Sequence[Mapping[str, Any]] | None, image_id: str | None
) -> tuple[str, str] | None:
    """Return EC2's error code and message for a root volume that cannot be; None if it can."""
    image = backend.amis.get(image_id or "")
    if image is None:
        return None
    for mapping in mappings or ():
        wanted: Mapping[str, Any] = mapping.get("Ebs") or {}
        size = (
            wanted.get("VolumeSize")
            if mapping.get("DeviceName") == image.root_device_name
            else None
        )
        if wrong := _refused_size(size, str(image.ebs_snapshot.id)) or _refused_speed(wanted):
            return wrong
    return None


def _refused_size(size: Any, snapshot: str) -> tuple[str, str] | None:
    if size is not None and int(size) < AMI_GIB:
        return "InvalidBlockDeviceMapping", (
            f"Volume of size {size}GB is smaller than snapshot '{snapshot}', expect size >= {AMI_GIB}GB"
        )
    if size is not None and int(size) > LARGEST_GIB:
        return "InvalidParameterValue", (
            f"Volume of size {size}GB is larger than {LARGEST_GIB}GB, the largest of the local region: "
            "ask for less"
        )
    return None


def _refused_speed(wanted: Mapping[str, Any]) -> tuple[str, str] | None:
    kind = str(wanted.get("VolumeType") or "gp2")
    iops, throughput = wanted.get("Iops"), wanted.get("Throughput")
    if kind.startswith("io") and iops is None:
        return "MissingParameter", f"The parameter iops must be specified for {kind} volumes."
    for name, value, limits in (
        ("iops", iops, _IOPS.get(kind)),
        ("throughput", throughput, _THROUGHPUTS if kind == "gp3" else None),
    ):
        if value is not None and limits is None:
            message = f"The parameter {name} is not supported for {kind} volumes."
            return "InvalidParameterCombination", message
        if value is not None and limits is not None and not limits[0] <= int(value) <= limits[1]:
            message = f"Volume {name} of {value} must be from {limits[0]} to {limits[1]}."
            return "InvalidParameterValue", message
    return None
