"""The sizes of root volumes: what an AMI has, what a launch asks for, what EC2 refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

patches = Patches()


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
        size = (mapping.get("Ebs") or {}).get("VolumeSize")
        if size is None or mapping.get("DeviceName") != image.root_device_name:
            continue
        if int(size) < AMI_GIB:
            return "InvalidBlockDeviceMapping", (
                f"Volume of size {size}GB is smaller than snapshot '{image.ebs_snapshot.id}', expect "
                f"size >= {AMI_GIB}GB"
            )
        if int(size) > LARGEST_GIB:
            return "InvalidParameterValue", (
                f"Volume of size {size}GB is larger than {LARGEST_GIB}GB, the largest of the local "
                "region: ask for less"
            )
    return None
