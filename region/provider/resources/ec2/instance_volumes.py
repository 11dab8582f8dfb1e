"""The volumes of an instance, as far as its own inputs describe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from region.provider.handler import sync_tags, tag_list
from region.provider.operation import Operation
from region.provider.values import Properties

_SIZE = {
    "Size": "volumeSize",
    "VolumeType": "volumeType",
    "Iops": "iops",
    "Throughput": "throughput",
}
_KEPT = "deleteOnTermination"


def update_volumes(
    op: Operation, instance: Mapping[str, Any], new: Properties, old: Properties | None
) -> None:
    """Bring the volumes of a described instance to `rootBlockDevice` and `volumeTags`.

    RunInstances has done so except for the root device's own tags: it gives all volumes the same.
    """
    devices = instance.get("BlockDeviceMappings") or ()
    root = [item for item in devices if item["DeviceName"] == instance.get("RootDeviceName")]
    after: Properties = new.get("rootBlockDevice") or {}
    before: Properties = {} if old is None else old.get("rootBlockDevice") or {}
    _retag(op, root, after, before)
    if old is None:
        return
    _retag(op, devices, {"tags": new.get("volumeTags")}, {"tags": old.get("volumeTags")})
    changes = {
        parameter: after[name]
        for parameter, name in _SIZE.items()
        if after.get(name) is not None and after[name] != before.get(name)
    }
    for device in root:
        if changes:
            op.aws.ec2.modify_volume(VolumeId=device["Ebs"]["VolumeId"], **changes)
        if after.get(_KEPT) is not None and after[_KEPT] != before.get(_KEPT):
            setting = {
                "DeviceName": device["DeviceName"],
                "Ebs": {"DeleteOnTermination": after[_KEPT]},
            }
            op.aws.ec2.modify_instance_attribute(
                InstanceId=instance["InstanceId"], BlockDeviceMappings=[setting]
            )


def _retag(
    op: Operation, devices: Sequence[Mapping[str, Any]], new: Properties, old: Properties
) -> None:
    volumes = [device["Ebs"]["VolumeId"] for device in devices]
    if not volumes:
        return
    sync_tags(
        new,
        old,
        lambda tags: op.aws.ec2.create_tags(Resources=volumes, Tags=tag_list(tags)),
        lambda keys: op.aws.ec2.delete_tags(Resources=volumes, Tags=[{"Key": key} for key in keys]),
    )
